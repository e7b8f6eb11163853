-- Says that a cube may have tasks to be handed on.
-- KEYS: 1 list of outboxes. ARGV: 1 name of the cube. The time is the server's: one clock for all.
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), ARGV[1])
return 1
