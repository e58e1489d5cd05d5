-- A job whose worker died, or that is in no list: queued again under its id, or failed for good after too many deaths.
-- Everything by which it was judged is looked at once more here, for in the meantime it may have gone on.
-- ARGV: prefix, job id, what was seen of it (status, enqueued_at, started_at), an execution is dead below so many ms,
--       now as RQ writes it, JSON members of the event, text if given up as base64 of its zip, the same zipped,
--       most attempts where the job doesn't say, life of a failure where the job doesn't say
-- Answers {'queued' or 'failed' or 'stays', deaths}, {'limited', its rate limit}, or {'changed'}.
local prefix, id, seen, alive, stamp = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[6]), ARGV[7]
local job = prefix .. ':job:' .. id
local function of(key, kind)
  local found = redis.call('TYPE', key).ok
  return found == kind or found == 'none'
end
if redis.call('TYPE', job).ok ~= 'hash' then return {'changed'} end
local facts = redis.call('HMGET', job, 'status', 'enqueued_at', 'started_at', 'origin', 'lost', 'max_attempts', 'failure_ttl',
  'ttl', 'rate_limit_key', 'retries_left', 'attempts', 'number_of_retries', 'lost_story', 'worker_name', 'requeued')
local status, queue = facts[1], facts[4] or ''
if status ~= seen or (facts[2] or '') ~= ARGV[4] or (facts[3] or '') ~= ARGV[5] or queue == '' then return {'changed'} end

-- Is it in its place after all?
local list, taken = prefix .. ':queue:' .. queue, prefix .. ':queue:' .. queue .. ':intermediate'
local failed, planned = prefix .. ':failed:' .. queue, prefix .. ':scheduled:' .. queue
local wip, executions = prefix .. ':wip:' .. queue, prefix .. ':executions:' .. id
local old = prefix .. ':scheduler:scheduled_jobs'
for key, kind in pairs({[list] = 'list', [taken] = 'list', [failed] = 'zset', [planned] = 'zset', [old] = 'zset',
    [wip] = 'zset', [executions] = 'zset', [prefix .. ':results:' .. id] = 'stream'}) do
  if not of(key, kind) then return {'changed'} end
end
if redis.call('LPOS', list, id) then return {'changed'} end
local dead = redis.call('ZRANGE', executions, 0, -1)
if status == 'queued' or status == 'started' then
  for _, execution in ipairs(dead) do
    local left = redis.call('PTTL', prefix .. ':execution:' .. id .. ':' .. execution)
    if left == -1 or left >= alive then return {'changed'} end
  end
elseif status == 'scheduled' then
  if redis.call('ZSCORE', planned, id) or redis.call('ZSCORE', old, id) then return {'changed'} end
elseif status ~= 'failed' or not redis.call('ZSCORE', failed, id) then
  return {'changed'}
end

local function number_of(text, else_) return tonumber(text or else_) or else_ end -- a hash may hold anything

local deaths = number_of(facts[5], 0) + 1
local raised = facts[11] and facts[10] and (number_of(facts[11], 1) - 1 - number_of(facts[10], 0)) or 0
local number = deaths + raised + number_of(facts[12], 0)
local most = number_of(facts[6], tonumber(ARGV[11]))
if status == 'failed' and number >= most then return {'stays', deaths} end -- RQ's own retries are used up by then
local give_up = status ~= 'scheduled' and status ~= 'failed' and deaths >= most
local event = '{"attempt":' .. number + number_of(facts[15], 0) .. ',' .. ARGV[8] .. '}'
local story = string.sub((facts[13] and facts[13] .. '\n' or '') .. event, -4000)
local limit = facts[9] and facts[9] ~= '' and facts[9] or nil
local waits = limit and not give_up and not redis.call('ZSCORE', prefix .. ':rl:' .. limit .. ':allowed', id)

-- Write. The first command is one that a full Redis refuses.
if give_up then
  redis.call('HSET', job, 'status', 'failed', 'ended_at', stamp, 'exc_info', ARGV[10]) -- `lost`: those made up for
elseif status == 'scheduled' then -- RQ said so and then lost its transaction: the attempt is counted as RQ would have
  redis.call('HSET', job, 'status', waits and 'rate_limited' or 'queued', 'enqueued_at', stamp)
  if number_of(facts[10], 0) > 0 then redis.call('HINCRBY', job, 'retries_left', -1) end
else
  redis.call('HSET', job, 'status', waits and 'rate_limited' or 'queued', 'enqueued_at', stamp, 'started_at', '',
    'ended_at', '', 'worker_name', '', 'lost', deaths, 'lost_story', story)
end
for _, execution in ipairs(dead) do
  local key = prefix .. ':execution:' .. id .. ':' .. execution
  local worker = of(key, 'hash') and redis.call('HGET', key, 'worker_name') or facts[14]
  if worker and worker ~= '' then
    redis.call('SREM', prefix .. ':worker:' .. worker .. ':executions', id .. ':' .. execution)
  end
  redis.call('DEL', key)
  redis.call('ZREM', wip, id .. ':' .. execution)
end
redis.call('DEL', executions)
redis.call('LREM', taken, 0, id)
redis.call('ZREM', failed, id)

if give_up then
  local time, life = redis.call('TIME')[1], number_of(facts[7], tonumber(ARGV[12]))
  redis.call('ZADD', failed, life < 0 and life or time + life, id)
  redis.call('XADD', prefix .. ':results:' .. id, 'MAXLEN', 10, '*', 'type', '2', 'worker_name', facts[14] or '',
    'exc_string', ARGV[9])
  if life > 0 then
    redis.call('EXPIRE', job, life)
    redis.call('EXPIRE', prefix .. ':results:' .. id, life)
  end
  return {'failed', deaths}
end
local ttl = number_of(facts[8], 0)
if ttl > 0 then redis.call('EXPIRE', job, ttl) else redis.call('PERSIST', job) end
if waits then
  redis.call('ZADD', prefix .. ':rl:' .. limit .. ':rate_limited', redis.call('TIME')[1], id)
  return {'limited', limit}
end
redis.call('SADD', prefix .. ':queues', list)
redis.call(status == 'scheduled' and 'RPUSH' or 'LPUSH', list, id) -- to the front: its turn had come
return {'queued', deaths}
