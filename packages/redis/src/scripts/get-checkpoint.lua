-- One checkpoint with its pending writes and chunks.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 namespace; 3 id, or "" for the newest of the namespace; 4 parts
--   of thread.reply
-- Returns a reply of thread.reply; nothing when it is not there or the thread expired.
-- O(log checkpoints + writes + chunks).
-- flags: no-writes
-- uses: thread pages
local record = thread.read(KEYS[1], tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map = pages.open(KEYS)
local place = ARGV[2] .. '\0' .. ARGV[3]
if ARGV[3] == '' then
  local newest
  pages.descend(map, 'c' .. ARGV[2] .. '\0', 'c' .. ARGV[2] .. '\1', 1, function(key) newest = key end)
  if not newest then return {} end
  place = string.sub(newest, 2)
elseif not pages.has(map, 'c' .. place) then
  return {}
end
return thread.reply(map, { place }, ARGV[4])
