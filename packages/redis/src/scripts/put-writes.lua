-- Stores pending writes of a checkpoint, which need not be there yet, with their new chunks.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 when the thread expires, or "" for as before; 3 place of the checkpoint; 4 how many
--   writes; then <index>:<task>, head and body of each; then hash, head and body of the chunks
-- Returns { "stored" }, or { "missing", hash } of a chunk neither stored nor given: then nothing is
-- written. A write of the same index and task stays, or is replaced where the index is below zero.
-- O(writes + chunks).
-- uses: thread pages
local now, count = tonumber(ARGV[1]), tonumber(ARGV[4])
local map = pages.open(KEYS)
local before = thread.read(KEYS[1], now)
local is_stored = before ~= nil and not before.expired
local roots, last = {}, 4 + 3 * count
for at = 5, last, 3 do roots[#roots + 1] = ARGV[at + 1] end
local missing = thread.missing(map, is_stored, roots, ARGV, last + 1)
if missing then return { 'missing', missing } end
local record = thread.touch(KEYS, now, ARGV[2])
if not is_stored then map = pages.open(KEYS) end
thread.put_chunks(map, ARGV, last + 1)
for at = 5, last, 3 do
  local key = 'w' .. ARGV[3] .. '\0' .. ARGV[at]
  local replaces = string.sub(ARGV[at], 1, 1) == '-'
  if replaces or not pages.has(map, key) then pages.set(map, key, ARGV[at + 1], ARGV[at + 2]) end
end
pages.flush(map)
thread.write(KEYS[1], record)
return { 'stored' }
