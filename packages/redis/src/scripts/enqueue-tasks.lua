-- Queues tasks; one whose key is queued already is left as it is.
-- KEYS: see modules/queue.lua
-- ARGV: 1 time; then for each task: tenant, key, type, priority, attempts at most, time before which it
--   does not run or "", body
-- Returns how many are new. O(tasks x log queue).
-- uses: queue
return queue.enqueue(KEYS, tonumber(ARGV[1]), ARGV, 2)
