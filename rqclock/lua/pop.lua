-- The next job of several queues, first queue first, with its hash: moved into RQ's intermediate list in the same step,
-- so a reply that is lost loses no job. A job whose hash is gone is dropped.
-- ARGV: prefix, then the names of the queues
-- Answers {"suspended"}, {"none", queues that are no list…} or {"job", name, id, field, value…}; for a job key that is
-- no hash {"broken", name, id}
local prefix = ARGV[1]
if redis.call('EXISTS', prefix .. ':suspended') == 1 then return { 'suspended' } end

local answer = { 'none' }
for n = 2, #ARGV do
  local list = prefix .. ':queue:' .. ARGV[n]
  for _ = 1, 1000 do -- a bound, should very many jobs have been deleted while they were queued
    local id = redis.pcall('LMOVE', list, list .. ':intermediate', 'LEFT', 'RIGHT')
    if not id then break end
    if type(id) == 'table' then
      if not string.find(id.err, 'WRONGTYPE') then return id end -- full, read-only: nothing was moved
      answer[#answer + 1] = ARGV[n]
      break
    end
    local hash = redis.pcall('HGETALL', prefix .. ':job:' .. id)
    if hash.err then return { 'broken', ARGV[n], id } end
    if #hash > 0 then
      local found = { 'job', ARGV[n], id }
      for i = 1, #hash do found[i + 3] = hash[i] end
      return found
    end
    redis.call('LREM', list .. ':intermediate', 1, id)
  end
end
return answer
