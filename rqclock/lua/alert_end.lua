-- An alert is over: likewise, if it is still the one that was seen.
-- ARGV: prefix, root, id, the JSON that must stand there, now (ms), the entry, 'back' or
--       'over' (nobody looks after it any more); then of each message its channel, id, JSON
-- Answers 'over' and the entry's place; or 'changed'.
local alerts, id = ARGV[1] .. ':alerts:', ARGV[3]
redis.call('EXPIRE', alerts .. 'turn', 86400) -- see alert_turn.lua
-- A script is not undone: with a key of another type the alert would be closed and its end never told.
local function sound(key, kind)
  local found = redis.call('TYPE', key)['ok']
  if found ~= kind and found ~= 'none' then error('WRONGTYPE ' .. key .. ' is a ' .. found .. ', not a ' .. kind) end
end
sound(alerts .. 'open', 'hash')
sound(alerts .. 'outbox', 'hash')
sound(alerts .. 'raised', 'zset')
sound(ARGV[2] .. 'activity', 'stream')
for n = 8, #ARGV, 3 do sound(alerts .. 'due:' .. ARGV[n], 'zset') end
if redis.call('HGET', alerts .. 'open', id) ~= ARGV[4] then return {'changed', ''} end
redis.call('HDEL', alerts .. 'open', id)
-- What comes and goes is told once in a while; what nobody looked after meanwhile is told anew when it is watched again.
if ARGV[7] == 'over' then redis.call('ZREM', alerts .. 'raised', id) end
for n = 8, #ARGV, 3 do
  redis.call('HSET', alerts .. 'outbox', ARGV[n + 1], ARGV[n + 2])
  redis.call('ZADD', alerts .. 'due:' .. ARGV[n], ARGV[5], ARGV[n + 1])
end
return {'over', redis.call('XADD', ARGV[2] .. 'activity', 'MINID', '~', (redis.call('TIME')[1] - 7776000) .. '000', '*', 'entry', ARGV[6])}
