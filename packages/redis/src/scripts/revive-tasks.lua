-- Makes dead tasks of a tenant run again with their attempts counted from zero, or removes them.
-- KEYS: see modules/queue.lua
-- ARGV: 1 tenant; 2 time, or "" to remove them; then ids
-- Returns how many there were. O(ids x log queue).
-- flags: allow-oom
-- uses: queue
local now, found = tonumber(ARGV[2]), 0
for at = 3, #ARGV do
  local task = queue.load(KEYS, ARGV[at])
  if task and task.phase == 'dead' and task.tenant == ARGV[1] then
    found = found + 1
    if now then
      queue.leave(KEYS, ARGV[at], task)
      task.attempt, task.error, task.died = 0, nil, nil
      queue.enter(KEYS, ARGV[at], task, 'ready', now)
    else
      queue.remove(KEYS, ARGV[at], task)
    end
  end
end
return found
