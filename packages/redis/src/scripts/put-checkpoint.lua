-- Stores a checkpoint with its new chunks, in place of an earlier one of the same place.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua); 4 and 5 lists (thread.lua), where they lie here
-- ARGV: 1 to 7 of thread.lua; 8 its "n"<namespace> and 9 id; then key and value of the checkpoint, and of
--   the chunks that come with it
-- Returns "stored " and the stamp before or "", "replaced", or "missing" where a chunk is neither stored nor
-- given: then nothing is written. O(what is given); where a checkpoint is replaced, O(thread).
-- uses: thread entries pages thread-record
local args = ARGV
local found = redis.call('HMGET', KEYS[1], 'm', args[8])
local before, newest = thread_record.parse(found[1], tonumber(args[1])), found[2]
local is_expired = before and before.expired
if is_expired then before, newest = nil, nil end
local map = entries.open(KEYS, before)
if thread.is_missing(map, before, args, 10) then return 'missing' end
if is_expired then redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3]) end
local stamp = before and before.stamp or ''
local record = thread.touch(KEYS, before, args)
local is_newest = not newest or pages.comes_before(newest, args[9])
local is_there = not is_newest and entries.has(map, args[10])
if is_there then
  entries.drop_body(map, args[10])
else
  record.count = record.count + 1
end
-- The arguments become the fields: "m", then "n" where it changes, then the entries.
local first = is_newest and 6 or 8
args[first] = 'm'
entries.write(map, record, args, first, 10)
if not is_there then return 'stored ' .. stamp end
entries.fold(map, record)
thread.remove_unneeded(map)
redis.call('HSET', KEYS[1], 'm', thread_record.text(record))
return 'replaced'
