-- A checkpoint and its ancestors, nearest first, with pending writes and chunks.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 place of the checkpoint; 3 how many at most; 4 parts of thread.reply
-- Returns a reply of thread.reply; nothing when the thread is not there or expired. O(those returned).
-- flags: no-writes
-- uses: thread pages
local record = thread.read(KEYS[1], tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map = pages.open(KEYS)
local places, place = {}, ARGV[2]
while place and #places < tonumber(ARGV[3]) do
  local head = pages.get(map, 'c' .. place)
  if not head then break end
  places[#places + 1] = place
  place = thread.parent_place(place, head)
end
return thread.reply(map, places, ARGV[4])
