-- Stores a checkpoint with its new chunks, in place of an earlier one of the same place.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 when the thread expires, or "" for as before; 3 place; 4 head and 5 body of the
--   checkpoint; then hash, head and body of the chunks that come with it
-- Returns { "stored" }, or { "missing", hash } of a chunk neither stored nor given: then nothing is
-- written. O(chunks); where a checkpoint is replaced, O(thread).
-- uses: thread pages
local now, place = tonumber(ARGV[1]), ARGV[3]
local map = pages.open(KEYS)
local before = thread.read(KEYS[1], now)
local is_stored = before ~= nil and not before.expired
local roots = string.match(ARGV[4], '^[^\n]*')
local missing = thread.missing(map, is_stored, { roots }, ARGV, 6)
if missing then return { 'missing', missing } end
local record = thread.touch(KEYS, now, ARGV[2])
if not is_stored then map = pages.open(KEYS) end
thread.put_chunks(map, ARGV, 6)
if pages.set(map, 'c' .. place, ARGV[4], ARGV[5]) then
  record.count = record.count + 1
else
  pages.flush(map)
  thread.remove_unneeded(map)
end
pages.flush(map)
thread.write(KEYS[1], record)
return { 'stored' }
