-- A job that a worker has taken and did not end: to the front of its queue, as if it had never been taken. Not a failure.
-- Only while it is still that worker's: started by it, or popped and not started yet.
-- ARGV: prefix, queue, job id, worker, execution id ("" before it was registered)
local prefix, queue, id, worker, execution = unpack(ARGV)
local job, list = prefix .. ':job:' .. id, prefix .. ':queue:' .. queue
local taken = list .. ':intermediate'
if redis.call('TYPE', job).ok ~= 'hash' then
  redis.call('LREM', taken, 0, id)
  return 0
end
local state = redis.call('HMGET', job, 'status', 'worker_name')
local popped = state[1] == 'queued' and redis.call('LPOS', taken, id)
local ours = popped or (state[1] == 'started' and state[2] == worker)
if ours then
  redis.call('HSET', job, 'status', 'queued') -- first: a full Redis stops here, before anything has changed
  redis.call('HDEL', job, 'started_at', 'worker_name', 'last_heartbeat')
  redis.call('LREM', taken, 0, id)
  redis.call('LREM', list, 0, id)
  redis.call('LPUSH', list, id)
  redis.call('SADD', prefix .. ':queues', list)
end
if execution ~= '' then
  redis.call('DEL', prefix .. ':execution:' .. id .. ':' .. execution)
  redis.call('ZREM', prefix .. ':wip:' .. queue, id .. ':' .. execution)
  redis.call('ZREM', prefix .. ':executions:' .. id, execution)
  redis.call('SREM', prefix .. ':worker:' .. worker .. ':executions', id .. ':' .. execution)
end
return ours and 1 or 0
