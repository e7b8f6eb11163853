-- Takes a cube off the list, unless it was registered again.
-- KEYS: 1 list of outboxes. ARGV: 1 name, 2 time it was registered
-- flags: allow-oom
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at or tonumber(at) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
