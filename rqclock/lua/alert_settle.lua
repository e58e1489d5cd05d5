-- What became of sending a message: done (or given up), or to be tried again.
-- ARGV: prefix, channel, id, JSON with what was learnt ('' done), when it is tried again (ms)
local outbox, due = ARGV[1] .. ':alerts:outbox', ARGV[1] .. ':alerts:due:' .. ARGV[2]
redis.call('EXPIRE', due, 604800) -- see alert_turn.lua
if ARGV[4] == '' then
  redis.call('HDEL', outbox, ARGV[3])
  return redis.call('ZREM', due, ARGV[3])
end
if redis.call('HEXISTS', outbox, ARGV[3]) == 0 then return 0 end -- another has sent it meanwhile
redis.call('HSET', outbox, ARGV[3], ARGV[4])
return redis.call('ZADD', due, ARGV[5], ARGV[3])
