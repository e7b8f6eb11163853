-- One checkpoint with its pending writes and chunks.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua)
-- ARGV: 1 time; 2 namespace; 3 id, or "" for the newest of the namespace; 4 parts of thread.reply
-- Returns a reply of thread.reply; nothing when it is not there or the thread expired.
-- O(log checkpoints + writes + chunks).
-- flags: no-writes
-- uses: thread entries thread-record
local found = redis.call('HMGET', KEYS[1], 'm', 'n' .. ARGV[2])
local record, id = thread_record.parse(found[1], tonumber(ARGV[1])), ARGV[3]
if not record or record.expired then return {} end
if id == '' then id = found[2] end
if not id then return {} end
local map, place = entries.open(KEYS, record), ARGV[2] .. '\0' .. id
local row = redis.call('HMGET', KEYS[1], 'c' .. place, 'i' .. place)
local value = row[1] or entries.get(map, 'c' .. place)
if not value then return {} end
value = entries.whole(map, 'c' .. place, value)
return thread.reply(map, { { place, value, row[2] } }, ARGV[4])
