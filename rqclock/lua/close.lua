-- A job of ours has ended: its end stands in the ledger, and is counted by whoever is first to see it.
-- ARGV: root, job id, slug ('' when the id is not one of ours), field of its run, the outcome's row,
--       the totals that it adds to as a JSON object, a field and the value to be set there ('' none)
local root, slug = ARGV[1], ARGV[3]
local outcomes, attempts = root .. 'outcomes:' .. slug, root .. 'attempts:' .. slug
local broken
local function is(key)
  local found = redis.call('TYPE', key).ok
  if found ~= 'hash' and found ~= 'none' then broken = key end
  return found == 'hash' or found == 'none'
end

if slug ~= '' then
  if is(outcomes) then redis.call('HSET', outcomes, ARGV[4], ARGV[5]) end -- first: a full Redis stops here
  if is(attempts) then redis.call('HDEL', attempts, ARGV[4]) end
end
if redis.call('ZREM', root .. 'open', ARGV[2]) == 1 and slug ~= '' then
  -- Figures are no reason to fail: what is not counted here leaves only them wrong.
  for field, by in pairs(cjson.decode(ARGV[6])) do redis.pcall('HINCRBY', root .. 'totals', field, by) end
  if ARGV[7] ~= '' then redis.pcall('HSET', root .. 'totals', ARGV[7], ARGV[8]) end
end
return broken and redis.error_reply('WRONGTYPE ' .. broken .. ' is no hash') or 1
