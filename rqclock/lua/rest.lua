-- A worker none of whose horses has a job is idle.
-- ARGV: prefix, worker, state
local worker = ARGV[1] .. ':worker:' .. ARGV[2]
if redis.call('SCARD', worker .. ':executions') == 0 and redis.call('EXISTS', worker) == 1 then
  redis.call('HSET', worker, 'state', ARGV[3])
end
return 1
