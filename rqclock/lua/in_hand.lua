-- A job begins, or its worker is alive still: writes, renews, or writes anew after an outage, all by which RQ and the
-- reaper tell that. Sent again after a lost reply it writes the same.
-- Answers 0 when the job is not this worker's any more.
-- ARGV: prefix, queue, job id, worker, execution id, life in seconds, now in epoch seconds, now as RQ writes it, since
-- when, 'begins' or 'beats'
local prefix, queue, id, worker, execution, life, now, stamp, since, what = unpack(ARGV)
local job, whose = prefix .. ':job:' .. id, prefix .. ':worker:' .. worker
if what == 'begins' then
  redis.call('HSET', job, 'status', 'started', 'worker_name', worker, 'started_at', stamp, 'last_heartbeat', stamp)
  redis.call('PERSIST', job)
  redis.call('LREM', prefix .. ':queue:' .. queue .. ':intermediate', 1, id)
  redis.call('HSET', whose, 'state', 'busy')
else
  if redis.call('TYPE', job).ok ~= 'hash' then return 0 end
  local state = redis.call('HMGET', job, 'status', 'worker_name')
  if state[1] ~= 'started' or state[2] ~= worker then return 0 end
  redis.call('HSET', job, 'last_heartbeat', stamp)
end

local record, mine = prefix .. ':execution:' .. id .. ':' .. execution, whose .. ':executions'
redis.call('HSET', record, 'id', execution, 'job_id', id, 'created_at', since, 'last_heartbeat', now, 'worker_name', worker)
redis.call('EXPIRE', record, life)
redis.call('ZADD', prefix .. ':wip:' .. queue, now + life, id .. ':' .. execution)
redis.call('ZADD', prefix .. ':executions:' .. id, now + life + 60, execution)
redis.call('EXPIRE', prefix .. ':executions:' .. id, life + 60)
redis.call('SADD', mine, id .. ':' .. execution)
redis.call('EXPIRE', mine, life + 60)
return 1
