-- Dead tasks of a tenant, by id.
-- KEYS: see modules/queue.lua
-- ARGV: 1 tenant; 2 how many at most; 3 id after which to begin
-- Returns id, body, attempts, error, time for each. O(log queue + those returned).
-- flags: no-writes
-- uses: queue integers
local reply = {}
local from = '(d' .. ARGV[1] .. '\0' .. queue.digits(tonumber(ARGV[3]))
local to = '(d' .. ARGV[1] .. '\1'
for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[4], from, to, 'LIMIT', 0, ARGV[2])) do
  local id = integers.text(tonumber(string.sub(member, -16)))
  local task = queue.load(KEYS, id)
  reply[#reply + 1] = id
  reply[#reply + 1] = redis.call('HGET', KEYS[2], id)
  reply[#reply + 1] = task.attempt
  reply[#reply + 1] = task.error
  reply[#reply + 1] = integers.text(task.died)
end
return reply
