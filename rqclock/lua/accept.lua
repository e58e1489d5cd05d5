--import activity
-- A person says that Redis's time is right: the clocks see the change with their next beat.
-- ARGV: root, the entry of the activity
local time = redis.call('TIME')
redis.call('HSET', ARGV[1] .. 'counters', 'accept_time', time[1] .. '.' .. time[2])
return keep(ARGV[1], ARGV[2])
