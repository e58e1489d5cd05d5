-- A name comes back for another schedule; answers 1 if one had been renamed from it.
-- Jobs that were queued before have it in their ids, so the schedule that it led to is remembered: see of_jobs.py.
local function take_back(root, slug)
  local after = redis.call('HGET', root .. 'renamed', slug)
  if not after then return 0 end
  local before = redis.call('HGET', root .. 'reused', slug)
  if not before then
    redis.call('HSET', root .. 'reused', slug, after)
  elseif not string.find(' ' .. before .. ' ', ' ' .. after .. ' ', 1, true) then
    redis.call('HSET', root .. 'reused', slug, before .. ' ' .. after)
  end
  return redis.call('HDEL', root .. 'renamed', slug)
end
