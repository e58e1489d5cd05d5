-- RQ's own clean-up of one queue, whose lock we hold: what has had its time leaves the registries, and dependents that
-- were made ready by somebody who then died reach their queue. (Jobs of dead workers are the reaper's.)
-- ARGV: prefix, queue, now as RQ writes it
-- Answers the rate limits to be looked at.
local prefix, queue = ARGV[1], ARGV[2]
local list, ready = prefix .. ':queue:' .. queue, prefix .. ':ready:' .. queue
local now = redis.call('TIME')[1]
local limits = {}

for _, registry in ipairs({':finished:', ':failed:'}) do
  local key = prefix .. registry .. queue
  if redis.call('TYPE', key).ok == 'zset' then redis.call('ZREMRANGEBYSCORE', key, 0, now) end
end

local kind = redis.call('TYPE', list).ok
if redis.call('TYPE', ready).ok ~= 'zset' or (kind ~= 'list' and kind ~= 'none') then return limits end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', ready, '-inf', now - 10, 'LIMIT', 0, 200)) do
  local job = prefix .. ':job:' .. id
  local facts = redis.call('TYPE', job).ok == 'hash'
    and redis.call('HMGET', job, 'status', 'rate_limit_key', 'rate_limit_concurrency', 'enqueue_at_front') or {}
  if facts[1] == 'ready_to_enqueue' and facts[2] and facts[2] ~= '' then
    redis.call('HSET', job, 'status', 'rate_limited')
    redis.call('SADD', prefix .. ':rl-keys', facts[2])
    redis.call('HSET', prefix .. ':rl:' .. facts[2], 'concurrency', facts[3] or '1')
    redis.call('ZADD', prefix .. ':rl:' .. facts[2] .. ':rate_limited', now, id)
    limits[#limits + 1] = facts[2]
  elseif facts[1] == 'ready_to_enqueue' then
    redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[3])
    redis.call(facts[4] == '1' and 'LPUSH' or 'RPUSH', list, id)
  end
  redis.call('ZREM', ready, id)
end
return limits
