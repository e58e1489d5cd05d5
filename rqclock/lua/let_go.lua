-- Give up those of the locks that are ours.
-- ARGV: token, then the locks
local given = 0
for i = 2, #ARGV do
  if redis.call('TYPE', ARGV[i]).ok == 'string' and redis.call('GET', ARGV[i]) == ARGV[1] then
    given = given + redis.call('DEL', ARGV[i])
  end
end
return given
