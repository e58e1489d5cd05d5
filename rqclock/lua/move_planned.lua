-- One-off jobs that were planned through rq-scheduler's set, and whose time has come: into their queues.
-- A job is pushed only if it was still in the set and still waits for its time: a daemon that died after its push and
-- before its removal has left an entry of a job that was queued already.
-- ARGV: prefix, now as RQ writes it, the queue of those that name none, the instant up to which they are due, then ids
-- that were read as one-off
local prefix, later = ARGV[1], ARGV[1] .. ':scheduler:scheduled_jobs'
local due = tonumber(ARGV[4])
local moved = 0
for i = 5, #ARGV do
  local id, job = ARGV[i], prefix .. ':job:' .. ARGV[i]
  local at = tonumber(redis.call('ZSCORE', later, id) or nil)
  if at and at <= due then
    if redis.call('TYPE', job).ok ~= 'hash' then
      redis.call('ZREM', later, id)
    else
      local facts = redis.call('HMGET', job, 'status', 'origin', 'enqueue_at_front')
      local queue = facts[2] and facts[2] ~= '' and facts[2] or ARGV[3]
      local list = prefix .. ':queue:' .. queue
      local kind = redis.call('TYPE', list).ok
      if (facts[1] or 'scheduled') ~= 'scheduled' and facts[1] ~= 'created' and facts[1] ~= '' then
        redis.call('ZREM', later, id)
      elseif kind == 'list' or kind == 'none' then
        redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[2], 'origin', queue) -- first: a full Redis stops here
        redis.call('ZREM', later, id)
        redis.call(facts[3] == '1' and 'LPUSH' or 'RPUSH', list, id)
        redis.call('SADD', prefix .. ':queues', list)
        moved = moved + 1
      end
    end
  end
end
return moved
