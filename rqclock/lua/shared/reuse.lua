-- A name comes back, for a schedule that was called `own` until now ('' a new one); answers 1 if one had been renamed
-- from it. Jobs that were queued before have it in their ids, so the schedule that it led to is remembered: see of_jobs.py.
local function take_back(root, slug, own)
  local renamed, reused = root .. 'renamed', root .. 'reused'
  local after = redis.call('HGET', renamed, slug)
  if not after then return 0 end
  local last, seen = after, {[slug] = true}
  while not seen[last] do
    seen[last] = true
    last = redis.call('HGET', renamed, last) or last
  end
  -- What led here leads on to the schedule that had this name, unless that is the one which takes it back.
  local all = last ~= own and redis.call('HGETALL', renamed) or {}
  for i = 1, #all, 2 do
    if all[i + 1] == slug then redis.call('HSET', renamed, all[i], after) end
  end
  local before = redis.call('HGET', reused, slug)
  if not before then
    redis.call('HSET', reused, slug, after)
  elseif not string.find(' ' .. before .. ' ', ' ' .. after .. ' ', 1, true) then
    redis.call('HSET', reused, slug, before .. ' ' .. after)
  end
  return redis.call('HDEL', renamed, slug)
end
