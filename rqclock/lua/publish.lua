-- Put a slice of the timetable in force: definitions, templates, first cursors. Only the leader may.
-- ARGV: root, owner, epoch, now (s), count; then per schedule: slug, definition, version to append or '',
--       cursor to set or '' (keep), number of template fields, fields and values
local root, owner, epoch, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local current = redis.call('HMGET', root .. 'lease', 'owner', 'epoch')
if current[1] ~= owner or current[2] ~= epoch then return 0 end

local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local slug, definition, version, cursor, fields = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  local template = root .. 'template:' .. slug
  redis.call('HSET', root .. 'definitions', slug, definition)
  if version ~= '' then redis.call('RPUSH', root .. 'versions:' .. slug, version) end
  redis.call('DEL', template)
  for i = at + 5, at + 4 + 2 * fields, 2 do redis.call('HSET', template, ARGV[i], ARGV[i + 1]) end
  if cursor ~= '' then redis.call('HSET', root .. 'cursors', slug, cursor) end
  redis.call('HSETNX', root .. 'cursors', slug, now)
  redis.call('HDEL', root .. 'retired', slug)
  at = at + 5 + 2 * fields
end
return 1
