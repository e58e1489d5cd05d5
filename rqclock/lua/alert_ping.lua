-- What happened to runs, to be told to a monitor: each event of each run once.
-- ARGV: prefix, root, now (ms, the server's time), channel, for how long (ms) an event is remembered; then of each its id, JSON
-- Answers how many are new.
local outbox, due, told = ARGV[1] .. ':alerts:outbox', ARGV[1] .. ':alerts:due:' .. ARGV[4], ARGV[2] .. 'pinged'
local now, new = tonumber(ARGV[3]), 0
redis.call('EXPIRE', told, 86400) -- see alert_turn.lua
for n = 6, #ARGV, 2 do
  if redis.call('ZADD', told, 'NX', now, ARGV[n]) == 1 then
    redis.call('HSET', outbox, ARGV[n], ARGV[n + 1])
    redis.call('ZADD', due, now + new, ARGV[n]) -- in their order: a run starts before it ends
    new = new + 1
  end
end
redis.call('ZREMRANGEBYSCORE', told, '-inf', now - tonumber(ARGV[5]))
redis.call('EXPIRE', told, 86400)
return new
