-- Jobs of one queue that were planned for later, or wait for a retry, and whose time has come: into the queue.
-- A job is pushed only if it was still in the registry, so whoever else moves it (RQ's scheduler), it is queued once.
-- ARGV: prefix, queue, now as RQ writes it, how many at most, the instant up to which they are due
-- Answers how many were taken out (-1, -2: queue or registry hold something else), then the rate limits to be looked at
local prefix, queue = ARGV[1], ARGV[2]
local list, later = prefix .. ':queue:' .. queue, prefix .. ':scheduled:' .. queue
local function is(key, kind)
  local found = redis.call('TYPE', key).ok
  return found == kind or found == 'none'
end
if not is(list, 'list') then return {-1} end
if not is(later, 'zset') then return {-2} end

local now = tonumber(ARGV[5])
local answer = {0}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, ARGV[4])) do
  local job = prefix .. ':job:' .. id
  if redis.call('TYPE', job).ok ~= 'hash' then -- forgotten, or overwritten by something that no worker can run
    redis.call('ZREM', later, id)
  else
    local facts = redis.call('HMGET', job, 'enqueue_at_front', 'enqueue_at_front_on_retry', 'ended_at',
      'rate_limit_key', 'rate_limit_concurrency')
    local front = facts[1] == '1' or (facts[2] == '1' and (facts[3] or '') ~= '')
    local limit = facts[4]
    if limit and limit ~= '' then -- it needs a place among those that may run: RQ's own script gives it one
      redis.call('HSET', job, 'status', 'rate_limited', 'origin', queue, 'enqueue_at_front', front and '1' or '0')
      redis.call('ZREM', later, id)
      redis.call('SADD', prefix .. ':rl-keys', limit)
      redis.call('HSET', prefix .. ':rl:' .. limit, 'concurrency', facts[5] or '1')
      redis.call('ZADD', prefix .. ':rl:' .. limit .. ':rate_limited', now, id)
      answer[#answer + 1] = limit
    else
      redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[3], 'origin', queue) -- first: a full Redis stops here
      redis.call('ZREM', later, id)
      redis.call(front and 'LPUSH' or 'RPUSH', list, id)
      redis.call('SADD', prefix .. ':queues', list)
    end
  end
  answer[1] = answer[1] + 1
end
return answer
