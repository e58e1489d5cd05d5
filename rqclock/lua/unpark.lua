-- Entries that jobs have left behind: in the intermediate list after their end (RQ takes them for stuck, and fails a
-- finished job), and in the registry of started jobs when neither execution nor started job is there any more.
-- ARGV: prefix, queue, number of ids in the intermediate list, these, then entries JOB:EXECUTION of the registry
local prefix, queue, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ENDED = {finished = true, failed = true, stopped = true, canceled = true}
local function status_of(id)
  local job = prefix .. ':job:' .. id
  if redis.call('TYPE', job).ok ~= 'hash' then return nil end
  return redis.call('HGET', job, 'status') or nil
end
local removed = 0
for i = 4, 3 + count do
  local status = status_of(ARGV[i])
  if not status or ENDED[status] then
    removed = removed + redis.call('LREM', prefix .. ':queue:' .. queue .. ':intermediate', 0, ARGV[i])
  end
end
for i = 4 + count, #ARGV do
  local id = string.match(ARGV[i], '^(.*):[^:]*$') or ARGV[i]
  local status = status_of(id)
  if (not status or ENDED[status] or status == 'scheduled') and redis.call('EXISTS', prefix .. ':execution:' .. ARGV[i]) == 0 then
    removed = removed + redis.call('ZREM', prefix .. ':wip:' .. queue, ARGV[i])
  end
end
return removed
