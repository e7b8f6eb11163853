-- Deletes a thread, or only when it has expired.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time by which it must have expired, or "" to delete it in any case
-- Returns { "deleted" }, { "none" }, or { "kept", when it expires or "" }. O(1): freed in the background.
-- flags: allow-oom
-- uses: thread integers
local record = thread.read(KEYS[1], tonumber(ARGV[1]))
if not record then return { 'none' } end
if ARGV[1] ~= '' and not record.expired then
  return { 'kept', record.expires and integers.text(record.expires) or '' }
end
redis.call('UNLINK', KEYS[1], KEYS[2])
return { 'deleted' }
