-- A job that no worker can read: out of the way, with the reason. Its hash is kept for people to look at.
-- ARGV: prefix, queue, job id, JSON of the entry, now in epoch seconds, life of a failure, base64 of the zipped reason
local prefix, queue, id, entry, now, life, reason = unpack(ARGV)
local job, taken = prefix .. ':job:' .. id, prefix .. ':queue:' .. queue .. ':intermediate'
redis.call('HSET', prefix .. ':quarantine', id, entry) -- first: a full Redis stops here
if redis.call('TYPE', job).ok == 'hash' then
  redis.call('HSET', job, 'status', 'failed')
  redis.call('ZADD', prefix .. ':failed:' .. queue, now + life, id)
  redis.call('EXPIRE', job, life)
  if redis.call('TYPE', prefix .. ':results:' .. id).ok ~= 'string' then
    redis.pcall('XADD', prefix .. ':results:' .. id, 'MAXLEN', 10, '*', 'type', '2', 'created_at', now, 'exc_string', reason)
    redis.call('EXPIRE', prefix .. ':results:' .. id, life)
  end
end
redis.call('LREM', taken, 0, id)
return 1
