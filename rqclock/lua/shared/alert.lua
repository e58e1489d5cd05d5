local alerts = ARGV[1] .. ':alerts:'
local FIRST = 8 -- from here on ARGV has of each message its channel, id, JSON
-- A script is not undone: with a key of another type the alert would be noted, or closed, and never told.
local function refuse_strange_keys()
  local kinds = {[alerts .. 'open'] = 'hash', [alerts .. 'outbox'] = 'hash', [alerts .. 'raised'] = 'zset',
    [ARGV[2] .. 'activity'] = 'stream'}
  for n = FIRST, #ARGV, 3 do kinds[alerts .. 'due:' .. ARGV[n]] = 'zset' end
  for key, kind in pairs(kinds) do
    local found = redis.call('TYPE', key).ok
    if found ~= kind and found ~= 'none' then error('WRONGTYPE ' .. key .. ' is a ' .. found .. ', not a ' .. kind) end
  end
end
-- Have the messages sent from that instant (ms) on.
local function send(at)
  for n = FIRST, #ARGV, 3 do
    redis.call('HSET', alerts .. 'outbox', ARGV[n + 1], ARGV[n + 2])
    redis.call('ZADD', alerts .. 'due:' .. ARGV[n], at, ARGV[n + 1])
  end
end
