-- Deletes checkpoints with their pending writes, and chunks that nothing needs any more.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua)
-- ARGV: 1 stamp of this write; then the place of each
-- Returns how many there were. O(thread).
-- flags: allow-oom
-- uses: thread entries pages thread-record
local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'))
if not record then return 0 end
local map = entries.open(KEYS, record)
entries.fold(map, record)
local deleted, namespaces = 0, {}
for at = 2, #ARGV do
  local place, keys = ARGV[at], {}
  if entries.remove(map, 'c' .. place) then deleted = deleted + 1 end
  pages.descend(map, 'w' .. place .. '\0', 'w' .. place .. '\1', math.huge, function(key)
    keys[#keys + 1] = key
  end)
  for _, key in ipairs(keys) do entries.remove(map, key) end
  namespaces[string.match(place, '^(.-)%z')] = true
end
pages.flush(map)
thread.remove_unneeded(map)
for namespace in pairs(namespaces) do
  local start, newest = 'c' .. namespace .. '\0', nil
  pages.descend(map, start, 'c' .. namespace .. '\1', 1, function(key) newest = key end)
  if newest then
    redis.call('HSET', KEYS[1], 'n' .. namespace, string.sub(newest, #start + 1))
  else
    redis.call('HDEL', KEYS[1], 'n' .. namespace)
  end
end
record.count, record.stamp = record.count - deleted, ARGV[1]
redis.call('HSET', KEYS[1], 'm', thread_record.text(record))
return deleted
