-- Finishes a task.
-- KEYS: see modules/queue.lua
-- ARGV: 1 id; 2 token
-- Returns 1, or 0 when the task is held under another lease or by nobody. O(log queue).
-- flags: allow-oom
-- uses: queue
local task = queue.held(KEYS, ARGV[1], ARGV[2])
if not task then return 0 end
queue.remove(KEYS, ARGV[1], task)
return 1
