-- Jobs of one queue that were planned for later, or wait for a retry, and whose time has come: into the queue.
-- A job is pushed only if it was still in the registry, so whoever else moves it (RQ's scheduler), it is queued once.
-- ARGV: prefix, queue, now as RQ writes it
local prefix, queue = ARGV[1], ARGV[2]
local list, later = prefix .. ':queue:' .. queue, prefix .. ':scheduled:' .. queue
local kind = redis.call('TYPE', list).ok
if kind ~= 'list' and kind ~= 'none' then return -1 end

local moved = 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', redis.call('TIME')[1], 'LIMIT', 0, 200)) do
  local job = prefix .. ':job:' .. id
  if redis.call('TYPE', job).ok ~= 'hash' then -- forgotten, or overwritten by something that no worker can run
    redis.call('ZREM', later, id)
  else
    redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[3], 'origin', queue) -- first: a full Redis stops here
    redis.call('ZREM', later, id)
    local at_front = redis.call('HMGET', job, 'enqueue_at_front', 'enqueue_at_front_on_retry', 'ended_at')
    local front = at_front[1] == '1' or (at_front[2] == '1' and (at_front[3] or '') ~= '')
    redis.call(front and 'LPUSH' or 'RPUSH', list, id)
    redis.call('SADD', prefix .. ':queues', list)
    moved = moved + 1
  end
end
return moved
