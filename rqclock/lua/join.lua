-- A clock process announces itself and is given the number of its timetable's generation.
-- ARGV: root, owner, host, fingerprint, now (ms), a member counts as live for (ms), its JSON but for the generation
local root, owner, host, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local now, life = tonumber(ARGV[5]), tonumber(ARGV[6])
local members, hosts, counters = root .. 'members', root .. 'hosts', root .. 'counters'

local highest, same = 0, nil
local all = redis.call('HGETALL', members)
for i = 2, #all, 2 do
  local read, member = pcall(cjson.decode, all[i])
  local ours = read and type(member) == 'table' and tonumber(member.at) and tonumber(member.generation)
  local age = ours and now - member.at - (tonumber(member.held) or 0) -- `at` is in its own time
  if not ours then
    redis.call('HDEL', members, all[i - 1])
  elseif age <= life then
    highest = math.max(highest, member.generation)
    if member.fingerprint == fingerprint then same = math.max(same or 0, member.generation) end
  elseif age > 3600000 then
    redis.call('HDEL', members, all[i - 1])
  end
end

-- A container that crashed and comes back amid a deploy is an old clock, not a new one: it gets its old number.
local home = host .. ' ' .. fingerprint
local before = tonumber(redis.call('HGET', hosts, home) or 0)
local generation = same
if not generation and before > 0 and highest > before then generation = before end
if not generation then -- newer than every live one also when Redis has forgotten its counters
  generation = math.max(redis.call('HINCRBY', counters, 'generation', 1), highest + 1)
  redis.call('HSET', counters, 'generation', generation)
end

redis.call('HSET', hosts, home, generation)
redis.call('EXPIRE', hosts, 86400)
redis.call('HSET', members, owner, '{"generation":' .. generation .. ',' .. string.sub(ARGV[7], 2))
redis.call('EXPIRE', members, 86400)
return generation
