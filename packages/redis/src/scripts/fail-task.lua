-- Gives a failed task back, or buries it when it may not run again.
-- KEYS: see modules/queue.lua
-- ARGV: 1 id; 2 token; 3 time; 4 when it runs again, or ""; 5 error
-- Returns 1, or 0 when the task is held under another lease or by nobody. O(log queue).
-- uses: queue
local task = queue.held(KEYS, ARGV[1], ARGV[2])
if not task then return 0 end
if ARGV[4] == '' or task.attempt >= task.most then
  queue.bury(KEYS, ARGV[1], task, ARGV[5], tonumber(ARGV[3]))
else
  queue.leave(KEYS, ARGV[1], task)
  queue.enter(KEYS, ARGV[1], task, 'delayed', tonumber(ARGV[4]))
end
return 1
