-- The one step: decide up to 250 due ticks and write decision, cursor and job together.
-- Neither Lua nor EXEC rolls back, so everything is decided before anything is written; and the first write is one
-- that a full Redis refuses, so that then nothing is written at all.
-- ARGV: root, prefix, owner, epoch, fingerprint, now (ms), now as RQ writes it, the ticks as a JSON list of lists:
--   slug, tick, what ('enqueue' or a decision taken already), the cursor that the clock read, job id, queue,
--   ttl or '', overlap ('skip' or ''), further JSON members of the ledger row, each after a comma (all are texts);
--   the upper bounds of the buckets of lateness in ms, as a JSON list
local root, prefix, owner, epoch, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now, stamp, ticks, bounds = ARGV[6], ARGV[7], cjson.decode(ARGV[8]), cjson.decode(ARGV[9])
local SLUG, TICK, WHAT, READ, JOB, QUEUE, TTL, OVERLAP, MORE = 1, 2, 3, 4, 5, 6, 7, 8, 9
local OPEN = {queued = true, started = true, scheduled = true, deferred = true, created = true,
  rate_limited = true, ready_to_enqueue = true}

local call = redis.call

local function is(key, kind)
  local found = call('TYPE', key).ok
  return found == kind or found == 'none'
end

for name, kind in pairs({lease = 'hash', timetable = 'hash', cursors = 'hash', paused = 'hash', skips = 'hash', open = 'zset'}) do
  if not is(root .. name, kind) then return {'wrong type', root .. name} end
end
if not is(prefix .. ':queues', 'set') then return {'wrong type', prefix .. ':queues'} end
local lease = redis.call('HMGET', root .. 'lease', 'owner', 'epoch')
if lease[1] ~= owner or lease[2] ~= epoch then return {'fenced', lease[1] or ''} end
if redis.call('HGET', root .. 'timetable', 'fingerprint') ~= fingerprint then return {'not published', ''} end

-- What people want: pauses with an end that a tick may lie behind, and marks that skip one run. What cannot be read
-- holds, so that nothing runs that somebody stopped.
local function wish(text)
  if not text then return nil end
  local read, found = pcall(cjson.decode, text)
  return read and type(found) == 'table' and found or {}
end

local paused = redis.call('HLEN', root .. 'paused')
local everyone = paused > 0 and wish(redis.call('HGET', root .. 'paused', '*')) or nil
local some_paused = paused > (everyone and 1 or 0)
local some_skip = redis.call('HLEN', root .. 'skips') > 0
local over, skip_of = {}, {}

local function holds(pause, tick)
  return pause and not (type(pause['until']) == 'number' and tick >= pause['until'])
end

local function pause_of(slug, tick)
  local own = some_paused and wish(redis.call('HGET', root .. 'paused', slug)) or nil
  if holds(own, tick) then return own end
  if own then over[slug] = true end
  return holds(everyone, tick) and everyone or nil
end

local function by_whom(done, wish)
  local why = type(wish.why) == 'string' and wish.why ~= '' and (': ' .. wish.why) or ''
  return done .. ' by ' .. tostring(wish.by or '?') .. why
end

local function still_running(slug)
  for _, id in ipairs(redis.call('SMEMBERS', root .. 'running:' .. slug)) do
    local status = redis.call('HGET', prefix .. ':job:' .. id, 'status')
    if status and OPEN[status] then return id end
  end
  return nil
end

-- What one command can tell of all ticks.
local slugs, jobs, templates = {}, {}, {}
for n, tick in ipairs(ticks) do
  slugs[n], jobs[n] = tick[SLUG], prefix .. ':job:' .. tick[JOB]
  templates[n] = root .. 'template:' .. tick[SLUG]
end
local cursor_of = {}
for n, cursor in ipairs(redis.call('HMGET', root .. 'cursors', unpack(slugs))) do cursor_of[slugs[n]] = cursor or '' end
if some_skip then
  for n, mark in ipairs(redis.call('HMGET', root .. 'skips', unpack(slugs))) do
    local found = wish(mark)
    if found then skip_of[slugs[n]] = {tick = tonumber(found.tick) or 0, words = by_whom('skipped', found)} end
  end
end
local any_duplicate = redis.call('EXISTS', unpack(jobs)) > 0
local all_templates = redis.call('EXISTS', unpack(templates)) == #ticks

-- First pass: decide.
local unsound, queues, running, fired, decisions = {}, {}, {}, {}, {}

-- The key of a schedule that holds something else than we write, if one does.
local LEDGER, INDEX, TEMPLATE, RUNNING = root .. 'ledger:', root .. 'index:', root .. 'template:', root .. 'running:'

local function broken(slug, skips)
  if not is(LEDGER .. slug, 'hash') then return LEDGER .. slug end
  if not is(INDEX .. slug, 'zset') then return INDEX .. slug end
  if not is(TEMPLATE .. slug, 'hash') then return TEMPLATE .. slug end
  if skips and not is(RUNNING .. slug, 'set') then return RUNNING .. slug end
  return false
end

local function because(decision, text, extra)
  return {decision, ',"why":' .. cjson.encode(text) .. (extra or '')}
end

local function decide(n, tick)
  local slug, job, queue = tick[SLUG], jobs[n], prefix .. ':queue:' .. tick[QUEUE]
  local skips = tick[OVERLAP] == 'skip'
  if unsound[slug] == nil then unsound[slug] = broken(slug, skips) end
  if unsound[slug] then return {'stuck', 'wrong type of ' .. unsound[slug]} end
  local cursor = cursor_of[slug]
  if not string.match(cursor, '^%d+$') or #cursor > 11 then return {'stuck', 'cursor missing'} end -- or not ours
  if cursor ~= tick[READ] or tonumber(tick[TICK]) <= tonumber(cursor) then return {'decided', cursor} end
  if tick[WHAT] ~= 'enqueue' then return {tick[WHAT], tick[MORE]} end

  local pause = pause_of(slug, tonumber(tick[TICK]))
  if pause then return because('skipped', by_whom('paused', pause)) end
  local mark = skip_of[slug]
  if mark and mark.tick == tonumber(tick[TICK]) then return because('skipped', mark.words) end
  if skips then
    if running[slug] == nil then running[slug] = still_running(slug) or false end
    if running[slug] then
      return because('skipped', 'the previous run is still going', ',"job":' .. cjson.encode(running[slug]))
    end
  end
  if queues[queue] == nil then queues[queue] = is(queue, 'list') end
  if not queues[queue] then return because('refused', 'wrong type: ' .. queue .. ' is no list') end
  if fired[job] or (any_duplicate and redis.call('EXISTS', job) == 1) then
    local there = is(job, 'hash') and redis.call('HMGET', job, 'description', 'created_at') or {}
    return because('refused', 'duplicate id: there is a job ' .. tick[JOB] .. ' already (' .. string.sub(there[1] or '?', 1, 200)
      .. ', created ' .. tostring(there[2] or '?') .. ')')
  end
  if not all_templates and redis.call('EXISTS', templates[n]) == 0 then return {'stuck', 'template missing'} end
  fired[job] = true
  if skips then running[slug] = tick[JOB] end
  return {'enqueued', tick[MORE]}
end

for n, tick in ipairs(ticks) do
  decisions[n] = decide(n, tick)
  if decisions[n][1] ~= 'decided' and decisions[n][1] ~= 'stuck' then cursor_of[tick[SLUG]] = tick[TICK] end
end

-- Second pass: write.
local pushes, order, opened, moved, totals = {}, {}, {}, {}, {}

local function count(field, by) totals[field] = (totals[field] or 0) + by end

local function count_lateness(tick)
  local late = math.max(0, tonumber(now) - tonumber(tick) * 1000)
  local n = 1
  while bounds[n] and late > bounds[n] do n = n + 1 end
  count('late:' .. (bounds[n] and string.format('%d', bounds[n]) or 'more'), 1)
  count('late:sum', late)
end

for n, tick in ipairs(ticks) do
  local slug, decision = tick[SLUG], decisions[n][1]
  if decision == 'enqueued' then
    redis.call('COPY', templates[n], jobs[n])
    redis.call('HSET', jobs[n], 'created_at', stamp, 'enqueued_at', stamp, 'scheduled_for', tick[TICK])
    if tick[TTL] ~= '' then redis.call('EXPIRE', jobs[n], tick[TTL]) end
    local queue = prefix .. ':queue:' .. tick[QUEUE]
    if not pushes[queue] then
      pushes[queue] = {}
      order[#order + 1] = queue
    end
    table.insert(pushes[queue], tick[JOB])
    opened[#opened + 1] = now
    opened[#opened + 1] = tick[JOB]
    if tick[OVERLAP] == 'skip' then
      redis.call('DEL', RUNNING .. slug) -- whatever is in it has ended, else we would not be here
      redis.call('SADD', RUNNING .. slug, tick[JOB])
    end
  end
  if decision ~= 'decided' and decision ~= 'stuck' then
    local row = '{"is":"' .. decision .. '","at":' .. now .. decisions[n][2] .. '}'
    redis.call('HSET', LEDGER .. slug, tick[TICK], row)
    redis.call('ZADD', INDEX .. slug, tick[TICK], tick[TICK])
    moved[#moved + 1] = slug
    moved[#moved + 1] = tick[TICK]
    local many = decision ~= 'enqueued' and tonumber(string.match(decisions[n][2], ',"n":(%d+)')) or 1 -- a span of them
    count('runs:' .. decision, many)
    count('runs:' .. decision .. ':' .. slug, many)
    if decision == 'enqueued' then count_lateness(tick[TICK]) end
    if over[slug] then redis.call('HDEL', root .. 'paused', slug) end -- its ticks are all decided
    if skip_of[slug] and tonumber(tick[TICK]) >= skip_of[slug].tick then redis.call('HDEL', root .. 'skips', slug) end
  end
end
-- At most 500 values each, which unpack can take.
if #opened > 0 then redis.call('ZADD', root .. 'open', unpack(opened)) end
if #moved > 0 then redis.call('HSET', root .. 'cursors', unpack(moved)) end
for _, queue in ipairs(order) do
  redis.call('SADD', prefix .. ':queues', queue)
  redis.call('RPUSH', queue, unpack(pushes[queue]))
end
-- Figures are no reason to fail: what is not counted here leaves only them wrong.
for field, by in pairs(totals) do redis.pcall('HINCRBY', root .. 'totals', field, string.format('%d', by)) end

local answers, all_enqueued = {'ok', ''}, true
for n = 1, #ticks do
  answers[2 * n + 1], answers[2 * n + 2] = decisions[n][1], decisions[n][2]
  all_enqueued = all_enqueued and decisions[n][1] == 'enqueued'
end
return all_enqueued and {'ok', 'all enqueued'} or answers -- the usual answer is not worth 500 texts
