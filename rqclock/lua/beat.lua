-- One beat of a clock process, leading or standing by: it says that it lives and learns who else does.
-- ARGV: root, owner, epoch ('' when standing by), now (ms), the member's JSON, the jump of Redis's time that we hold
-- back (ms), the lease's life (ms), what we know of `accept_time`
local root, owner, epoch = ARGV[1], ARGV[2], ARGV[3]
local lease, members = root .. 'lease', root .. 'members'

-- Not refused by a full Redis, and after it the rest of the script is not either: no memory costs no leadership.
redis.call('EXPIRE', members, 86400)
local current = redis.call('HMGET', lease, 'owner', 'epoch')
if epoch ~= '' and current[1] == owner and current[2] == epoch then
  redis.call('EXPIRE', lease, 86400)
  redis.call('HINCRBY', lease, 'beat', 1)
  redis.call('HSET', lease, 'at', ARGV[4], 'held', ARGV[6], 'life', ARGV[7], 'accepted', ARGV[8])
end
redis.call('HSET', members, owner, ARGV[5])
return {redis.call('TIME'), redis.call('HGETALL', lease), redis.call('HGETALL', members),
  redis.call('HGET', root .. 'counters', 'accept_time') or ''}
