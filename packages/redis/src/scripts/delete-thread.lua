-- Deletes a thread, or only when it has expired.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua)
-- ARGV: 1 time by which it must have expired, or "" to delete it in any case
-- Returns { "deleted" }, { "none" }, or { "kept", when it expires or "" }. O(1): freed in the background.
-- flags: allow-oom
-- uses: thread-record integers
local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if not record then return { 'none' } end
if ARGV[1] ~= '' and not record.expired then
  return { 'kept', record.expires < math.huge and integers.text(record.expires) or '' }
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
return { 'deleted' }
