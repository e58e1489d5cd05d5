--import activity
-- Write a local account, or remove it, in one step with its entry of the activity.
-- ARGV: the key of all accounts, the address, whether something must stand there (1, 0), what ("": an empty value, or
-- nothing), what is to stand there ("": nothing), root, the entry
-- Answers two words: 'done'; 'changed' when something else stands there; or 'wrong type' and the key.
-- All checks before the first write: nothing here is rolled back.
for key, kind in pairs({[ARGV[1]] = 'hash', [ARGV[6] .. 'activity'] = 'stream'}) do
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then return {'wrong type', key} end
end
local stands = redis.call('HGET', ARGV[1], ARGV[2])
if (stands and '1' .. stands or '0') ~= ARGV[3] .. ARGV[4] then
  return {'changed', ''}
end
if ARGV[5] == '' then
  redis.call('HDEL', ARGV[1], ARGV[2])
else
  redis.call('HSET', ARGV[1], ARGV[2], ARGV[5])
end
keep(ARGV[6], ARGV[7])
return {'done', ''}
