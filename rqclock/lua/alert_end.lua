--import activity alert
-- An alert is over: likewise, if it is still the one that was seen.
-- ARGV: prefix, root, id, the JSON that must stand there, now (ms), the entry, 'back' or
--       'over' (nobody looks after it any more); then of each message its channel, id, JSON
-- Answers 'over' and the entry's place; or 'changed'.
local id = ARGV[3]
redis.call('EXPIRE', alerts .. 'turn', 86400) -- see alert_turn.lua
refuse_strange_keys()
if redis.call('HGET', alerts .. 'open', id) ~= ARGV[4] then return {'changed', ''} end
redis.call('HDEL', alerts .. 'open', id)
-- What comes and goes is told once in a while; what nobody looked after meanwhile is told anew when it is watched again.
if ARGV[7] == 'over' then redis.call('ZREM', alerts .. 'raised', id) end
send(ARGV[5])
return {'over', keep(ARGV[2], ARGV[6])}
