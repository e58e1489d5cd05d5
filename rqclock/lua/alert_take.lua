-- The next message of a channel. Whoever takes it has so long to send it; then it is anybody's again, so that one that
-- dies between taking and sending loses nothing.
-- ARGV: prefix, channel, now (ms, the server's time), how long the taker has (ms), the longest wait there is (ms)
-- Answers its id and JSON, or nothing.
local outbox, due = ARGV[1] .. ':alerts:outbox', ARGV[1] .. ':alerts:due:' .. ARGV[2]
local now = tonumber(ARGV[3])
redis.call('EXPIRE', due, 604800) -- see alert_turn.lua
redis.call('EXPIRE', outbox, 604800)
local id = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 1)[1]
-- Further away than any wait is one from before the server's clock was set back.
if not id then id = redis.call('ZRANGEBYSCORE', due, '(' .. (now + tonumber(ARGV[5])), '+inf', 'LIMIT', 0, 1)[1] end
if not id then return {} end
local message = redis.call('HGET', outbox, id)
if not message then
  redis.call('ZREM', due, id)
  return {}
end
redis.call('ZADD', due, now + tonumber(ARGV[4]), id)
return {id, message}
