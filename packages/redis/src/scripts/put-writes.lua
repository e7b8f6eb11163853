-- Stores pending writes of a checkpoint, which need not be there yet, with their new chunks.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua); 4 and 5 lists (thread.lua), where they lie here
-- ARGV: 1 to 7 of thread.lua; 8 place of the checkpoint; then key and value of the writes and chunks
-- Returns "stored " and the stamp before or "", or "missing" where a chunk is neither stored nor given: then
-- nothing is written. A write of the same index and task stays, or is replaced where the index is below zero.
-- O(writes of the checkpoint + chunks).
-- uses: thread entries thread-record
local args = ARGV
local place = args[8]
local index_field, prefix = 'i' .. place, 'w' .. place .. '\0'
local found = redis.call('HMGET', KEYS[1], 'm', index_field)
local before, index = thread_record.parse(found[1], tonumber(args[1])), found[2]
local is_expired = before and before.expired
if is_expired then before, index = nil, nil end
local map = entries.open(KEYS, before)
if thread.is_missing(map, before, args, 9) then return 'missing' end
if is_expired then redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3]) end
local names, has = index and cmsgpack.unpack(index) or {}, {}
if before then
  thread.each_write(map, place, index, function(name) has[name] = true end)
end
local stamp = before and before.stamp or ''
local record = thread.touch(KEYS, before, args)
local is_listed = {}
for _, name in ipairs(names) do is_listed[name] = true end
local fields = { 'm', '', index_field, '' }
for at = 9, #args, 2 do
  local key = args[at]
  local name = string.byte(key) == 119 and string.sub(key, #prefix + 1)
  if name and has[name] and string.byte(name) == 45 then
    entries.drop_body(map, key)
    has[name] = nil
  end
  if not (name and has[name]) then
    fields[#fields + 1] = key
    fields[#fields + 1] = args[at + 1]
    if name then
      has[name] = true
      if not is_listed[name] then names[#names + 1] = name end
      is_listed[name] = true
    end
  end
end
fields[4] = cmsgpack.pack(names)
entries.write(map, record, fields, 1, 5)
return 'stored ' .. stamp
