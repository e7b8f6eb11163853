-- Deletes checkpoints with their pending writes, and chunks that no other checkpoint needs.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: for each: place <namespace>\0<id>, <id>\0<namespace>
-- Returns how many there were. O(checkpoints + their chunks and writes).
-- flags: allow-oom
-- uses: thread
local record = thread.read(KEYS[1])
if not record then return 0 end
local deleted = 0
for at = 1, #ARGV, 2 do
  local place = ARGV[at]
  if redis.call('HDEL', KEYS[1], 'c' .. place) == 1 then
    deleted = deleted + 1
    thread.release(KEYS[1], place)
    redis.call('ZREM', KEYS[2], 'n' .. place, 'i' .. ARGV[at + 1])
  end
  local from, to = '[w' .. place .. '\0', '(w' .. place .. '\1'
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[2], from, to)) do
    redis.call('HDEL', KEYS[1], member)
    redis.call('ZREM', KEYS[2], member)
  end
end
record.count = record.count - deleted
thread.write(KEYS[1], record)
return deleted
