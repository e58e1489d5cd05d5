-- Jobs that nobody can read, and that a person wants to be gone. One that was repaired and queued again in the meantime
-- only loses its entry.
-- ARGV: prefix, then the ids
-- Answers a word for each: 'done', 'gone' (it is not quarantined any more), 'kept' (it lives again).
local prefix, answers = ARGV[1], {}
for n = 2, #ARGV do
  local id = ARGV[n]
  local job, entry = prefix .. ':job:' .. id, redis.call('HGET', prefix .. ':quarantine', id)
  local lives = redis.call('TYPE', job).ok == 'hash' and redis.call('HGET', job, 'status') ~= 'failed'
  if not entry then
    answers[n - 1] = 'gone'
  else
    redis.call('HDEL', prefix .. ':quarantine', id)
    if not lives then
      local read, facts = pcall(cjson.decode, entry)
      if read and type(facts) == 'table' and type(facts.queue) == 'string' then
        redis.pcall('ZREM', prefix .. ':failed:' .. facts.queue, id)
      end
      redis.call('DEL', job, job .. ':dependents', prefix .. ':job::' .. id .. ':dependencies', prefix .. ':results:' .. id)
    end
    answers[n - 1] = lives and 'kept' or 'done'
  end
end
return answers
