-- An alert begins: it is open, its messages are to be sent, and it is in the activity; all of it once, or nothing.
-- ARGV: prefix, root of the Clock in whose activity it belongs, id, JSON of the alert, now (ms, the server's time),
--       for how long (ms) after it was raised it is not raised again, the entry; then of each message its channel, id, JSON
-- Answers 'raised' and the entry's place; or 'open'; or 'quiet'.
local alerts, id, now = ARGV[1] .. ':alerts:', ARGV[3], tonumber(ARGV[5])
redis.call('EXPIRE', alerts .. 'turn', 86400) -- see alert_turn.lua: a full Redis must not keep it from us
-- A script is not undone: with a key of another type the alert would be noted and never told.
local function sound(key, kind)
  local found = redis.call('TYPE', key)['ok']
  if found ~= kind and found ~= 'none' then error('WRONGTYPE ' .. key .. ' is a ' .. found .. ', not a ' .. kind) end
end
sound(alerts .. 'open', 'hash')
sound(alerts .. 'outbox', 'hash')
sound(alerts .. 'raised', 'zset')
sound(ARGV[2] .. 'activity', 'stream')
for n = 8, #ARGV, 3 do sound(alerts .. 'due:' .. ARGV[n], 'zset') end
if redis.call('HEXISTS', alerts .. 'open', id) == 1 then return {'open', ''} end
local last = tonumber(redis.call('ZSCORE', alerts .. 'raised', id) or '')
if last and last <= now and now - last < tonumber(ARGV[6]) then return {'quiet', ''} end
redis.call('HSET', alerts .. 'open', id, ARGV[4])
redis.call('ZADD', alerts .. 'raised', now, id)
redis.call('ZREMRANGEBYSCORE', alerts .. 'raised', '-inf', now - 86400000)
for n = 8, #ARGV, 3 do
  redis.call('HSET', alerts .. 'outbox', ARGV[n + 1], ARGV[n + 2])
  redis.call('ZADD', alerts .. 'due:' .. ARGV[n], now, ARGV[n + 1])
end
return {'raised', redis.call('XADD', ARGV[2] .. 'activity', 'MINID', '~', (redis.call('TIME')[1] - 7776000) .. '000', '*', 'entry', ARGV[7])}
