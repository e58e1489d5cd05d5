-- Give up the lease and wake a standby; with leave = '1' also leave the members.
-- ARGV: root, owner, epoch ('' when standing by), leave, the jump of Redis's time that we hold back (ms), what we know
-- of `accept_time`. These two stay there, for a clock that starts next.
local root, owner, epoch = ARGV[1], ARGV[2], ARGV[3]
local lease = root .. 'lease'
if ARGV[4] == '1' then redis.call('HDEL', root .. 'members', owner) end
local current = redis.call('HMGET', lease, 'owner', 'epoch')
if current[1] ~= owner or current[2] ~= epoch then return 0 end
redis.call('EXPIRE', lease, 86400)
redis.call('HSET', lease, 'owner', '', 'held', ARGV[5], 'accepted', ARGV[6])
redis.call('PUBLISH', root .. 'wake', 'lead')
return 1
