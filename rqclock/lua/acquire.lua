-- Take the lease if it is free, or if it is still at the very beat that was seen to stand still.
-- ARGV: root, owner, seen owner, seen epoch, seen beat, then fields and values for display
local root, owner = ARGV[1], ARGV[2]
local lease = root .. 'lease'

redis.call('EXPIRE', root .. 'members', 86400) -- see beat.lua: lets the rest pass in a full Redis
local current = redis.call('HMGET', lease, 'owner', 'epoch', 'beat')
local free = not current[1] or current[1] == ''
local stood_still = current[1] == ARGV[3] and current[2] == ARGV[4] and current[3] == ARGV[5]
if not free and not stood_still then return 0 end

local epoch = redis.call('HINCRBY', root .. 'counters', 'epoch', 1)
redis.call('HSET', lease, 'owner', owner, 'epoch', epoch, 'beat', 0)
for i = 6, #ARGV, 2 do redis.call('HSET', lease, ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', lease, 86400)
return epoch
