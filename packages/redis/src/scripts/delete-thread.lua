-- Deletes a thread, or only when it has expired, and takes it out of the lists that are given.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua); 4 and 5 lists (thread.lua), where they lie here
-- ARGV: 1 time by which it must have expired, or "" to delete it in any case; 2 the thread in KEYS[4], 3 in
--   KEYS[5]
-- Returns { "deleted" }, { "none" }, or { "kept", when it expires or "" }. O(1): freed in the background;
-- O(log threads) for the lists.
-- flags: allow-oom
-- uses: thread-record integers
local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if record and ARGV[1] ~= '' and not record.expired then
  local expires = record.expires < math.huge and integers.text(record.expires) or ''
  if KEYS[5] and expires ~= '' then
    redis.call('ZADD', KEYS[5], expires, ARGV[3])
  elseif KEYS[5] then
    redis.call('ZREM', KEYS[5], ARGV[3])
  end
  return { 'kept', expires }
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
if KEYS[4] then
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('ZREM', KEYS[5], ARGV[3])
end
return { record and 'deleted' or 'none' }
