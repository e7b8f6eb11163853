-- Deletes checkpoints with their pending writes, and chunks that nothing needs any more.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: place of each
-- Returns how many there were. O(thread).
-- flags: allow-oom
-- uses: thread pages
local record = thread.read(KEYS[1])
if not record then return 0 end
local map = pages.open(KEYS)
local deleted = 0
for _, place in ipairs(ARGV) do
  if pages.remove(map, 'c' .. place) then deleted = deleted + 1 end
  local writes = {}
  pages.descend(map, 'w' .. place .. '\0', 'w' .. place .. '\1', math.huge, function(key)
    writes[#writes + 1] = key
  end)
  for _, key in ipairs(writes) do pages.remove(map, key) end
end
pages.flush(map)
thread.remove_unneeded(map)
pages.flush(map)
record.count = record.count - deleted
thread.write(KEYS[1], record)
return deleted
