--import activity
-- Write a local account, or remove it, in one step with its entry of the activity.
-- ARGV: the key of all accounts, the address, what must stand there ("": nothing), what is to stand there ("": nothing),
-- root, the entry
-- Answers 1; 0 when something else stands there.
if (redis.call('HGET', ARGV[1], ARGV[2]) or '') ~= ARGV[3] then
  return 0
end
if ARGV[4] == '' then
  redis.call('HDEL', ARGV[1], ARGV[2])
else
  redis.call('HSET', ARGV[1], ARGV[2], ARGV[4])
end
keep(ARGV[5], ARGV[6])
return 1
