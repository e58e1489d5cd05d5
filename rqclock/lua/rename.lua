--import reuse
-- A schedule goes on under another name: its history, cursor, pause and mark go with it.
-- ARGV: root, owner, epoch, old slug, new slug, its definition under the new name ('' when it has left the timetable)
-- Answers 2 when there was another schedule of the new name, whose history stays.
local root, owner, epoch, old, new, definition = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local current = redis.call('HMGET', root .. 'lease', 'owner', 'epoch')
if current[1] ~= owner or current[2] ~= epoch then return 0 end

local in_force = redis.call('HEXISTS', root .. 'definitions', old) == 1
-- A copy of this message that a slow network delivers late finds nothing under the old name.
if not in_force and redis.call('HEXISTS', root .. 'retired', old) == 0 then return 1 end
-- A key that holds something else must not stop this midway: nothing here is rolled back.
local function is_hash(key) return redis.call('TYPE', key).ok == 'hash' end

local function move(kind)
  local value = is_hash(root .. kind) and redis.call('HGET', root .. kind, old)
  if value then
    redis.call('HSET', root .. kind, new, value)
    redis.call('HDEL', root .. kind, old)
  end
end

if redis.call('HEXISTS', root .. 'definitions', new) == 1 then return 2 end
if redis.call('EXISTS', root .. 'ledger:' .. new) == 1 then
  -- Two histories stay two; what a person has stopped stays so under either name.
  for _, kind in ipairs({'paused', 'skips'}) do move(kind) end
  return 2
end

-- Whoever leads after a crash before the publication must publish anew: the names in force are nobody's now.
redis.call('HSET', root .. 'timetable', 'fingerprint', '')
if in_force then
  redis.call('HSET', root .. 'definitions', new, definition)
  redis.call('HDEL', root .. 'definitions', old)
end
-- The jobs of these rows keep their ids, which are made of the old name.
local rows = is_hash(root .. 'ledger:' .. old) and redis.call('HGETALL', root .. 'ledger:' .. old) or {}
for i = 1, #rows, 2 do
  if string.find(rows[i + 1], '^{"is": ?"enqueued"') and not string.find(rows[i + 1], '"slug":', 1, true) then
    redis.call('HSET', root .. 'ledger:' .. old, rows[i], string.sub(rows[i + 1], 1, -2) .. ',"slug":"' .. old .. '"}')
  end
end
for _, kind in ipairs({'ledger:', 'outcomes:', 'attempts:', 'index:', 'folded:', 'running:', 'versions:', 'template:'}) do
  if redis.call('EXISTS', root .. kind .. old) == 1 then redis.call('RENAME', root .. kind .. old, root .. kind .. new) end
end
-- What an earlier schedule of the new name has left behind would pass for this one's.
for _, kind in ipairs({'cursors', 'paused', 'skips', 'retired'}) do
  if is_hash(root .. kind) then redis.call('HDEL', root .. kind, new) end
end
for _, kind in ipairs({'cursors', 'paused', 'skips', 'retired'}) do move(kind) end
take_back(root, new, old) -- first: while it leads from the new name to the old one, that shows whose it was
redis.call('HSET', root .. 'renamed', old, new)
return 1
