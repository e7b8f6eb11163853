-- One checkpoint with its pending writes.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 namespace; 3 id, or "" for the newest of the namespace
-- Returns the checkpoint and then each write; nothing when it is not there or the thread expired.
-- O(log checkpoints + writes).
-- flags: no-writes
-- uses: thread
local record = thread.read(KEYS[1], tonumber(ARGV[1]))
if not record or record.expired then return {} end
local place = ARGV[2] .. '\0' .. ARGV[3]
if ARGV[3] == '' then
  local from, to = '[n' .. ARGV[2] .. '\0', '(n' .. ARGV[2] .. '\1'
  local newest = redis.call('ZREVRANGEBYLEX', KEYS[2], to, from, 'LIMIT', 0, 1)[1]
  if not newest then return {} end
  place = string.sub(newest, 2)
end
local found = redis.call('HGET', KEYS[1], 'c' .. place)
if not found then return {} end
local reply = { found }
local writes = redis.call('ZRANGEBYLEX', KEYS[2], '[w' .. place .. '\0', '(w' .. place .. '\1')
for _, member in ipairs(writes) do
  reply[#reply + 1] = redis.call('HGET', KEYS[1], member)
end
return reply
