-- Queues tasks; one whose key is queued already is left as it is.
-- KEYS: see modules/queue.lua
-- ARGV: 1 time; then for each task: tenant, key, type, priority, attempts at most, time before which it
--   does not run or "", body
-- Returns how many are new. O(tasks x log queue).
-- uses: queue integers
local now, added = tonumber(ARGV[1]), 0
for at = 2, #ARGV, 7 do
  local tenant, key = ARGV[at], ARGV[at + 1]
  local field = tenant .. '\0' .. key
  if redis.call('HEXISTS', KEYS[1], field) == 0 then
    local id = integers.text(queue.next(KEYS, 'id'))
    local due = tonumber(ARGV[at + 5]) or now
    redis.call('HSET', KEYS[1], field, id)
    redis.call('HSET', KEYS[2], id, ARGV[at + 6])
    queue.enter(KEYS, id, {
      tenant = tenant, key = key, type = ARGV[at + 2], rank = queue.rank(tonumber(ARGV[at + 3])),
      most = tonumber(ARGV[at + 4]), attempt = 0, token = 0,
    }, due <= now and 'ready' or 'delayed', due)
    added = added + 1
  end
end
return added
