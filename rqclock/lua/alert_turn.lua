-- Whose turn it is to look whether anything is wrong: one watcher's, of all that there are, in so many milliseconds.
-- ARGV: key, now (ms, the server's time), the interval (ms)
-- Answers 1 to the one that looks now, else 0.
local key, now = ARGV[1], tonumber(ARGV[2])
-- Not refused by a full Redis, and after it the rest of the script is not either: a full Redis is what one must hear of.
redis.call('EXPIRE', key, 86400)
local at = tonumber(redis.call('GET', key) or '')
-- A time to come is one from before the server's clock was set back.
if at and at <= now and now < at + tonumber(ARGV[3]) then return 0 end
redis.call('SET', key, ARGV[2], 'EX', 86400)
return 1
