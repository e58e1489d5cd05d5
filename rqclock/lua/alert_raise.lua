--import activity alert
-- An alert begins: it is open, its messages are to be sent, and it is in the activity; all of it once, or nothing.
-- ARGV: prefix, root of the Clock in whose activity it belongs, id, JSON of the alert, now (ms, the server's time),
--       for how long (ms) after it was raised it is not raised again, the entry; then of each message its channel, id, JSON
-- Answers 'raised' and the entry's place; or 'open'; or 'quiet'.
local id, now = ARGV[3], tonumber(ARGV[5])
redis.call('EXPIRE', alerts .. 'turn', 86400) -- see alert_turn.lua: a full Redis must not keep it from us
refuse_strange_keys()
if redis.call('HEXISTS', alerts .. 'open', id) == 1 then return {'open', ''} end
local last = tonumber(redis.call('ZSCORE', alerts .. 'raised', id) or '')
if last and last <= now and now - last < tonumber(ARGV[6]) then return {'quiet', ''} end
redis.call('HSET', alerts .. 'open', id, ARGV[4])
redis.call('ZADD', alerts .. 'raised', now, id)
redis.call('ZREMRANGEBYSCORE', alerts .. 'raised', '-inf', now - 86400000)
send(now)
return {'raised', keep(ARGV[2], ARGV[7])}
