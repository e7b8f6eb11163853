-- Stores pending writes of a checkpoint, which need not be there yet.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; then for each write: place <namespace>\0<id>\0<task>\0<index>, write
-- Returns 0. O(writes).
-- uses: thread
local record = thread.touch(KEYS, tonumber(ARGV[1]))
for at = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], 'w' .. ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[2], 0, 'w' .. ARGV[at])
end
thread.write(KEYS[1], record)
return 0
