--import activity
-- What a person wants of the coming ticks: a pause or its end, or the skipping of one run; with its activity entry.
-- ARGV: root, the hash ('paused' or 'skips'), its field (a slug, or '*'), what must stand there ('' nothing, '-' whatever),
--       the new value ('' none), a tick that must not be decided yet ('' none), the entry
local root, hash, field, seen = ARGV[1], ARGV[1] .. ARGV[2], ARGV[3], ARGV[4]
for key, kind in pairs({[hash] = 'hash', [root .. 'activity'] = 'stream', [root .. 'definitions'] = 'hash'}) do
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then return {'wrong type', key} end
end
if field ~= '*' and redis.call('HEXISTS', root .. 'definitions', field) == 0 then return {'unknown', ''} end
if seen ~= '-' and (redis.call('HGET', hash, field) or '') ~= seen then return {'changed', ''} end
if ARGV[6] ~= '' and tonumber(ARGV[6]) <= tonumber(redis.call('HGET', root .. 'cursors', field) or 0) then
  return {'changed', ''}
end

redis.call('EXPIRE', root .. 'members', 86400) -- see beat.lua: people can pause although Redis is full
if ARGV[5] == '' then redis.call('HDEL', hash, field) else redis.call('HSET', hash, field, ARGV[5]) end
return {'ok', keep(root, ARGV[7])}
