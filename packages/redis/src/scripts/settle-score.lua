-- Takes a member out of a sorted set, or sets its score anew, unless another has set it meanwhile.
-- KEYS: 1 sorted set
-- ARGV: 1 member; 2 score that was found; 3 new score, or "" to take it out
-- Returns 1 when it did. O(log members).
-- flags: allow-oom
local found = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not found or tonumber(found) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1
