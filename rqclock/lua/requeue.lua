-- Jobs that failed for good, and that a person wants to be run again, or gone. One step for a batch.
-- ARGV: prefix, root, 'requeue' or 'discard', now (ms), now as RQ writes it, the jobs as a JSON list of lists:
--   id, queue, and for a job of our timetable: slug, field of its row, 'skip' if its runs must not overlap (else '')
-- Answers a word for each: 'done', 'gone' (it is no failed job any more), 'wrong type'.
local prefix, root, what, now, stamp = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ID, QUEUE, SLUG, FIELD, OVERLAP = 1, 2, 3, 4, 5
local function is(key, kind)
  local found = redis.call('TYPE', key).ok
  return found == kind or found == 'none'
end

-- The attempts that it has made, as JSON; nil if nothing is known of them. Its row is overwritten when it ends again.
-- Those that were lost with their worker stand in the job's own story.
local function attempts_of(slug, field)
  local read, row = pcall(cjson.decode, redis.call('HGET', root .. 'outcomes:' .. slug, field) or '')
  if not (read and type(row) == 'table') then return nil end
  local seen = {}
  for _, one in ipairs(type(row.attempts) == 'table' and row.attempts or {}) do
    if type(one) == 'table' and one.is ~= 'lost' then seen[#seen + 1] = one end
  end
  local number, is = tonumber(row.attempt) or 1, row.status or 'failed'
  seen[#seen + 1] = {attempt = number, is = is, started = row.started, ended = row.ended, worker = row.worker}
  local packed, text = pcall(cjson.encode, seen) -- it may hold what is no JSON
  return packed and text or nil
end

local answers = {}
for n, one in ipairs(cjson.decode(ARGV[6])) do
  local id, queue, slug = one[ID], one[QUEUE], one[SLUG]
  local job, list, failed = prefix .. ':job:' .. id, prefix .. ':queue:' .. queue, prefix .. ':failed:' .. queue
  local sound = is(job, 'hash') and is(list, 'list') and is(prefix .. ':results:' .. id, 'stream')
    and (slug == '' or (is(root .. 'open', 'zset') and is(root .. 'outcomes:' .. slug, 'hash')
      and is(root .. 'attempts:' .. slug, 'hash')))
  local facts = sound and redis.call('HMGET', job, 'status', 'ttl', 'group_id', 'requeued') or {}
  if not sound then
    answers[n] = 'wrong type'
  elseif not redis.call('ZSCORE', failed, id) then
    answers[n] = 'gone'
  elseif facts[1] ~= 'failed' and facts[1] ~= 'stopped' then
    redis.call('ZREM', failed, id) -- its hash has gone, or it was run again by somebody else
    answers[n] = 'gone'
  elseif what == 'discard' then
    redis.call('ZREM', failed, id)
    redis.call('HDEL', prefix .. ':quarantine', id)
    if facts[3] and facts[3] ~= '' then redis.call('SREM', prefix .. ':group:' .. facts[3], id) end
    redis.call('DEL', job, job .. ':dependents', prefix .. ':job::' .. id .. ':dependencies', prefix .. ':results:' .. id)
    answers[n] = 'done'
  else
    local ours = slug ~= '' and redis.call('HEXISTS', root .. 'ledger:' .. slug, one[FIELD]) == 1
    local attempts = ours and attempts_of(slug, one[FIELD])
    redis.call('HSET', job, 'requeued', (tonumber(facts[4] or '') or 0) + 1, 'status', 'queued', 'enqueued_at', stamp,
      'started_at', '', 'ended_at', '', 'exc_info', '')
    redis.call('ZREM', failed, id)
    redis.call('HDEL', prefix .. ':quarantine', id)
    local ttl = tonumber(facts[2] or 0) or 0
    if ttl > 0 then redis.call('EXPIRE', job, ttl) else redis.call('PERSIST', job) end
    redis.call('SADD', prefix .. ':queues', list)
    redis.call('RPUSH', list, id)
    if ours then
      if attempts then redis.call('HSET', root .. 'attempts:' .. slug, one[FIELD], attempts) end
      redis.call('HDEL', root .. 'outcomes:' .. slug, one[FIELD]) -- it has not ended after all
      redis.call('ZADD', root .. 'open', now, id)
      if one[OVERLAP] == 'skip' then redis.call('SADD', root .. 'running:' .. slug, id) end
    end
    answers[n] = 'done'
  end
end
return answers
