-- A schedule goes on under another name: its history, cursor, pause and mark go with it.
-- ARGV: root, owner, epoch; then per schedule: old slug, new slug, the old definition under the new name
local root, owner, epoch = ARGV[1], ARGV[2], ARGV[3]
local current = redis.call('HMGET', root .. 'lease', 'owner', 'epoch')
if current[1] ~= owner or current[2] ~= epoch then return 0 end

local function move(kind, old, new)
  local value = redis.call('HGET', root .. kind, old)
  if value then
    redis.call('HSET', root .. kind, new, value)
    redis.call('HDEL', root .. kind, old)
  end
end

for n = 4, #ARGV, 3 do
  local old, new, definition = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local wanted = redis.call('HEXISTS', root .. 'definitions', old) == 1
    and redis.call('HEXISTS', root .. 'definitions', new) == 0 and redis.call('EXISTS', root .. 'ledger:' .. new) == 0
  if wanted then
    redis.call('HSET', root .. 'definitions', new, definition)
    redis.call('HDEL', root .. 'definitions', old)
    -- The jobs of these rows keep their ids, which are made of the old name.
    local rows = redis.call('HGETALL', root .. 'ledger:' .. old)
    for i = 1, #rows, 2 do
      if string.find(rows[i + 1], '^{"is":"enqueued"') and not string.find(rows[i + 1], '"slug":', 1, true) then
        redis.call('HSET', root .. 'ledger:' .. old, rows[i], string.sub(rows[i + 1], 1, -2) .. ',"slug":"' .. old .. '"}')
      end
    end
    for _, kind in ipairs({'ledger:', 'outcomes:', 'attempts:', 'index:', 'folded:', 'running:', 'versions:', 'template:'}) do
      if redis.call('EXISTS', root .. kind .. old) == 1 then redis.call('RENAME', root .. kind .. old, root .. kind .. new) end
    end
    for _, kind in ipairs({'cursors', 'paused', 'skips'}) do move(kind, old, new) end
    redis.call('HSET', root .. 'renamed', old, new)
    redis.call('HDEL', root .. 'renamed', new) -- a name may come back
  end
end
return 1
