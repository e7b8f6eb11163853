-- Cubes registered so long ago that their commits are over, oldest first.
-- KEYS: 1 list of outboxes. ARGV: 1 milliseconds, 2 most
-- Returns names and times in turn
-- flags: no-writes
local time = redis.call('TIME')
local latest = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[1])
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', latest), 'WITHSCORES',
  'LIMIT', 0, ARGV[2])
