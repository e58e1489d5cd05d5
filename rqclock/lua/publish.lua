--import reuse
-- Put a slice of the timetable in force: definitions, templates, first cursors. Only the leader may.
-- ARGV: root, owner, epoch, now (s), count; then per schedule: slug, definition, version to append or '',
--       first cursor, '1' if it counts from there because it was retimed, number of template fields, fields and values
local root, owner, epoch, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local current = redis.call('HMGET', root .. 'lease', 'owner', 'epoch')
if current[1] ~= owner or current[2] ~= epoch then return 0 end

-- Until the last slice no version is in force: whoever leads after a crash in between must publish anew.
redis.call('HSET', root .. 'timetable', 'fingerprint', '')
local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local slug, definition, version, cursor = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local fields = tonumber(ARGV[at + 5])
  local template = root .. 'template:' .. slug
  -- A copy of this message that a slow network delivers late finds its definition in force, and changes nothing.
  local news = redis.call('HGET', root .. 'definitions', slug) ~= definition
  redis.call('HSET', root .. 'definitions', slug, definition)
  redis.call('DEL', template)
  for i = at + 6, at + 5 + 2 * fields, 2 do redis.call('HSET', template, ARGV[i], ARGV[i + 1]) end
  local back = redis.call('HDEL', root .. 'retired', slug) + take_back(root, slug, '') > 0
  local there = redis.call('HGET', root .. 'cursors', slug)
  local decided = there and #there <= 11 and string.match(there, '^%d+$') and tonumber(there) or nil
  if there and not decided and redis.call('TYPE', root .. 'index:' .. slug).ok == 'zset' then
    -- Somebody else has written it: the last run that is recorded tells where we were.
    local last = redis.call('ZREVRANGE', root .. 'index:' .. slug, 0, 0, 'WITHSCORES')
    if last[2] then cursor = string.format('%d', tonumber(last[2])) end
  end
  if back then cursor = now end -- whatever a clock remembers of it
  if news and version ~= '' then
    -- Where time was set back, the new rule begins behind what the old one has decided.
    local began = decided and decided > tonumber(now) and decided or back and tonumber(now)
    if began then version = string.gsub(version, '^{"began": %d+', '{"began": ' .. string.format('%d', began), 1) end
    redis.call('RPUSH', root .. 'versions:' .. slug, version)
  end
  -- Never back behind what was decided, whatever this clock takes for the time.
  if not decided or (news and (back or ARGV[at + 4] == '1') and tonumber(cursor) > decided) then
    redis.call('HSET', root .. 'cursors', slug, cursor)
  end
  at = at + 6 + 2 * fields
end
return 1
