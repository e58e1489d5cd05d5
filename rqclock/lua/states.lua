-- Where jobs stand, in one short answer: their hashes are read whole only when that has changed.
-- ARGV: prefix, then ids
-- Answers status and queue of each, '' and '' where there is no such job.
local answer = {}
for i = 2, #ARGV do
  local facts = redis.pcall('HMGET', ARGV[1] .. ':job:' .. ARGV[i], 'status', 'origin')
  if facts.err then facts = {} end
  answer[2 * i - 3] = facts[1] or ''
  answer[2 * i - 2] = facts[2] or ''
end
return answer
