-- A checkpoint and its ancestors, nearest first, with pending writes and chunks.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua)
-- ARGV: 1 time; 2 place of the checkpoint; 3 how many at most; 4 parts of thread.reply
-- Returns a reply of thread.reply; nothing when the thread is not there or expired. O(those returned).
-- flags: no-writes
-- uses: thread entries thread-record
local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map = entries.open(KEYS, record)
entries.load(map)
local rows, place = {}, ARGV[2]
while place and #rows < tonumber(ARGV[3]) do
  local value = entries.get(map, 'c' .. place)
  if not value then break end
  value = entries.whole(map, 'c' .. place, value)
  rows[#rows + 1] = { place, value, map.fields['i' .. place] }
  place = thread.parent_place(place, value)
end
return thread.reply(map, rows, ARGV[4])
