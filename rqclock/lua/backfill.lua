--import activity
-- Queue past runs after all: each only if its row of the ledger still is what was seen. The cursor is not touched.
-- Decided before anything is written, like fire.lua.
-- ARGV: root, prefix, slug, now (ms), now as RQ writes it, queue, ttl or '', overlap ('skip' or ''), the activity entry
--       or '', the runs as a JSON list of lists:
--   tick, field of its new row, the row that was seen there ('' none), field of the gap that holds it ('' none), the row
--   that was seen there, job id, the new row
local root, prefix, slug = ARGV[1], ARGV[2], ARGV[3]
local ledger, index = root .. 'ledger:' .. slug, root .. 'index:' .. slug
local template, queue, running = root .. 'template:' .. slug, prefix .. ':queue:' .. ARGV[6], root .. 'running:' .. slug
local TICK, FIELD, SEEN, GAP, GAP_SEEN, JOB, ROW = 1, 2, 3, 4, 5, 6, 7

for key, kind in pairs({[ledger] = 'hash', [index] = 'zset', [template] = 'hash', [running] = 'set', [queue] = 'list',
    [root .. 'open'] = 'zset', [root .. 'activity'] = 'stream', [prefix .. ':queues'] = 'set'}) do
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then return {'wrong type', key} end
end
if redis.call('EXISTS', template) == 0 then return {'unknown', ''} end

local runs, answers, free = cjson.decode(ARGV[10]), {'ok', ''}, {}
for n, run in ipairs(runs) do
  local unchanged = (redis.call('HGET', ledger, run[FIELD]) or '') == run[SEEN]
    and (run[GAP] == '' or redis.call('HGET', ledger, run[GAP]) == run[GAP_SEEN])
  local taken = redis.call('EXISTS', prefix .. ':job:' .. run[JOB]) == 1
  free[n] = unchanged and not taken
  answers[#answers + 1] = free[n] and 'enqueued' or unchanged and 'duplicate' or 'changed'
end

local place = ''
for n, run in ipairs(runs) do
  if free[n] then
    local job = prefix .. ':job:' .. run[JOB]
    redis.call('COPY', template, job) -- first: a full Redis stops here
    redis.call('HSET', job, 'created_at', ARGV[5], 'enqueued_at', ARGV[5], 'scheduled_for', run[TICK])
    if ARGV[7] ~= '' then redis.call('EXPIRE', job, ARGV[7]) end
    redis.call('HSET', ledger, run[FIELD], run[ROW])
    redis.call('ZADD', index, run[TICK], run[FIELD])
    redis.call('ZADD', root .. 'open', ARGV[4], run[JOB])
    if ARGV[8] == 'skip' then redis.call('SADD', running, run[JOB]) end
    redis.call('SADD', prefix .. ':queues', queue)
    redis.call('RPUSH', queue, run[JOB])
    if place == '' and ARGV[9] ~= '' then
      place = keep(root, ARGV[9])
    end
  end
end
answers[2] = place
return answers
