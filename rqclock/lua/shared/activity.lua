local ACTIVITY_KEPT = 7776000 -- seconds: 90 days
-- Keep one entry of the activity below a root; answers its place.
local function keep(root, entry)
  local since = redis.call('TIME')[1] - ACTIVITY_KEPT
  return redis.call('XADD', root .. 'activity', 'MINID', '~', since .. '000', '*', 'entry', entry)
end
