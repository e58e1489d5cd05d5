-- Keep one entry of the activity for 90 days.
-- ARGV: root, the entry
return redis.call('XADD', ARGV[1] .. 'activity', 'MINID', '~', (redis.call('TIME')[1] - 7776000) .. '000', '*', 'entry', ARGV[2])
