-- States of tasks by key.
-- KEYS: see modules/queue.lua
-- ARGV: fields <tenant>\0<key>
-- Returns the phase of each, "" for what is not queued. O(keys).
-- flags: no-writes
-- uses: queue
local reply = {}
for at, field in ipairs(ARGV) do
  local id = redis.call('HGET', KEYS[1], field)
  local task = id and queue.load(KEYS, id)
  reply[at] = task and task.phase or ''
end
return reply
