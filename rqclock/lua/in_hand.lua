-- A running job is alive: renews, or writes anew after an outage, all by which RQ and the reaper tell that.
-- Answers 0 when the job is not this worker's any more.
-- ARGV: prefix, queue, job id, worker, execution id, life in seconds, now in epoch seconds, now as RQ writes it, begin
local prefix, queue, id, worker, execution, life, now, stamp, began = unpack(ARGV)
local job = prefix .. ':job:' .. id
if redis.call('TYPE', job).ok ~= 'hash' then return 0 end
local state = redis.call('HMGET', job, 'status', 'worker_name')
if state[1] ~= 'started' or state[2] ~= worker then return 0 end

local record, mine = prefix .. ':execution:' .. id .. ':' .. execution, prefix .. ':worker:' .. worker .. ':executions'
redis.call('HSET', job, 'last_heartbeat', stamp)
redis.call('HSET', record, 'id', execution, 'job_id', id, 'created_at', began, 'last_heartbeat', now, 'worker_name', worker)
redis.call('EXPIRE', record, life)
redis.call('ZADD', prefix .. ':wip:' .. queue, now + life, id .. ':' .. execution)
redis.call('ZADD', prefix .. ':executions:' .. id, now + life + 60, execution)
redis.call('EXPIRE', prefix .. ':executions:' .. id, life + 60)
redis.call('SADD', mine, id .. ':' .. execution)
redis.call('EXPIRE', mine, life + 60)
return 1
