-- Checkpoints of a thread, newest first.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 upper and 3 lower bound of members, both of "n" or both of "i"; 4 how many at most
-- Returns member and checkpoint for each; nothing when the thread expired. O(log checkpoints + those
-- returned).
-- flags: no-writes
-- uses: thread
local record = thread.read(KEYS[1], tonumber(ARGV[1]))
if not record or record.expired then return {} end
local reply = {}
local members = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])
for _, member in ipairs(members) do
  local place = string.sub(member, 2)
  if string.sub(member, 1, 1) == 'i' then
    local border = string.find(place, '%z')
    place = string.sub(place, border + 1) .. '\0' .. string.sub(place, 1, border - 1)
  end
  reply[#reply + 1] = member
  reply[#reply + 1] = redis.call('HGET', KEYS[1], 'c' .. place)
end
return reply
