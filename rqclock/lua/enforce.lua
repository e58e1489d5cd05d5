-- The last step of a publication: retire what is no longer in the timetable, and name the version in force.
-- ARGV: root, owner, epoch, now (s), prefix, number of retired, their slugs, then fields and values of the timetable
local root, owner, epoch, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local current = redis.call('HMGET', root .. 'lease', 'owner', 'epoch')
if current[1] ~= owner or current[2] ~= epoch then return 0 end

local retired = tonumber(ARGV[6])
for i = 7, 6 + retired do
  local slug = ARGV[i]
  redis.call('HSET', root .. 'retired', slug, now)
  if redis.call('HDEL', root .. 'definitions', slug) == 1 then
    redis.call('RPUSH', root .. 'versions:' .. slug, '{"ended":' .. now .. '}')
  end
  redis.call('DEL', root .. 'template:' .. slug)
end
for i = 7 + retired, #ARGV, 2 do redis.call('HSET', root .. 'timetable', ARGV[i], ARGV[i + 1]) end
redis.call('SADD', ARGV[5] .. ':clocks', ARGV[#ARGV])
return 1
