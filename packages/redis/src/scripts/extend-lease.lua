-- Keeps a leased task longer.
-- KEYS: see modules/queue.lua
-- ARGV: 1 id; 2 token; 3 when the lease ends
-- Returns 1, or 0 when the task is held under another lease or by nobody. O(log queue).
-- uses: queue
local task = queue.held(KEYS, ARGV[1], ARGV[2])
if not task then return 0 end
queue.leave(KEYS, ARGV[1], task)
queue.enter(KEYS, ARGV[1], task, 'leased', tonumber(ARGV[3]))
return 1
