-- Hold some locks: each is taken when it is free, ours, or of an earlier leader of our Clock; or by force.
-- ARGV: token, what the tokens of our Clock begin with, life (s), '1' to take it whoever has it, then the locks
-- Answers for each lock its holder and the milliseconds left to him.
local token, ours = ARGV[1], ARGV[2]
local answers = {}
for i = 5, #ARGV do
  local lock = ARGV[i]
  local odd = redis.call('TYPE', lock).ok
  local holder = odd == 'string' and redis.call('GET', lock) or nil
  if odd ~= 'string' and odd ~= 'none' then
    answers[#answers + 1] = odd -- something else: nobody can hold it
  elseif holder == token and ARGV[4] ~= '1' then
    redis.call('EXPIRE', lock, ARGV[3]) -- not refused by a full Redis
    answers[#answers + 1] = token
  elseif not holder or ARGV[4] == '1' or string.sub(holder, 1, #ours) == ours then
    redis.call('SET', lock, token, 'EX', ARGV[3])
    answers[#answers + 1] = token
  else
    answers[#answers + 1] = holder
  end
  answers[#answers + 1] = redis.call('PTTL', lock)
end
return answers
