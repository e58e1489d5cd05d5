--import activity
-- Run now: a job beside the timetable, once for each token of a schedule; cursor and pause have no say in it.
-- ARGV: root, prefix, slug, ledger field, instant (s), now (ms), now as RQ writes it, job id, queue, ttl or '',
--       overlap ('skip' or ''), the ledger row, number of fields to change, fields and values, the activity entry, the token
local root, prefix, slug, field, job = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[8]
local template, hash, queue = root .. 'template:' .. slug, prefix .. ':job:' .. job, prefix .. ':queue:' .. ARGV[9]
local request = root .. 'request:' .. slug .. ':' .. ARGV[#ARGV]
local before = redis.call('GET', request)
if before then return {before, ''} end
-- All checks before the first write: nothing here is rolled back.
local kinds = {[template] = 'hash', [queue] = 'list', [prefix .. ':queues'] = 'set', [root .. 'open'] = 'zset',
  [root .. 'ledger:' .. slug] = 'hash', [root .. 'index:' .. slug] = 'zset', [root .. 'running:' .. slug] = 'set',
  [root .. 'activity'] = 'stream'}
for key, kind in pairs(kinds) do
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then return {'wrong type', key} end
end
if redis.call('EXISTS', template) == 0 then return {'unknown', ''} end

redis.call('SET', request, job, 'EX', 86400)
redis.call('COPY', template, hash)
redis.call('HSET', hash, 'created_at', ARGV[7], 'enqueued_at', ARGV[7], 'scheduled_for', ARGV[5])
for i = 14, 13 + 2 * tonumber(ARGV[13]), 2 do redis.call('HSET', hash, ARGV[i], ARGV[i + 1]) end
if ARGV[10] ~= '' then redis.call('EXPIRE', hash, ARGV[10]) end
redis.call('ZADD', root .. 'open', ARGV[6], job)
if ARGV[11] == 'skip' then redis.call('SADD', root .. 'running:' .. slug, job) end
redis.call('HSET', root .. 'ledger:' .. slug, field, ARGV[12])
redis.call('ZADD', root .. 'index:' .. slug, ARGV[5], field)
redis.call('SADD', prefix .. ':queues', queue)
redis.call('RPUSH', queue, job)
return {job, keep(root, ARGV[#ARGV - 1])}
