-- Leases ready tasks: higher priority first, then the tenant whose turn is longest ago, then the older
-- task. Before that, tasks whose time has come are made ready, 256 of each type at most, and those
-- whose last lease lapsed are buried.
-- KEYS: see modules/queue.lua
-- ARGV: 1 time; 2 when the leases end; 3 how many at most; then the types
-- Returns id, body, attempt, token for each. O(leased x types x log queue).
-- uses: queue integers
local now, ends, limit, reply = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), {}
local function wake(kind)
  local to = '(t' .. kind .. '\0' .. queue.digits(now) .. '\1'
  local due = redis.call('ZRANGEBYLEX', KEYS[4], '[t' .. kind .. '\0', to, 'LIMIT', 0, 256)
  for _, member in ipairs(due) do
    local id = integers.text(tonumber(string.sub(member, -16)))
    local task = queue.load(KEYS, id)
    if task.phase == 'leased' and task.attempt >= task.most then
      queue.bury(KEYS, id, task, 'the lease of the last attempt lapsed', now)
    else
      queue.leave(KEYS, id, task)
      queue.enter(KEYS, id, task, task.phase == 'leased' and 'lapsed' or 'ready', task.due)
    end
  end
end
local function best()
  local found
  for at = 4, #ARGV do
    local member = queue.first(KEYS, 'u' .. ARGV[at])
    if member then
      local rest = string.sub(member, #ARGV[at] + 3)
      local rank, order, tenant = string.sub(rest, 1, 16), string.sub(rest, 1, 33), string.sub(rest, 35)
      local oldest = queue.first(KEYS, table.concat({ 'r' .. ARGV[at], rank, tenant }, '\0'))
      local id = string.sub(oldest, -16)
      order = order .. id
      if not found or order < found.order then found = { order = order, id = id, tenant = tenant } end
    end
  end
  return found
end
for at = 4, #ARGV do wake(ARGV[at]) end
while #reply < limit * 4 do
  local found = best()
  if not found then break end
  local id = integers.text(tonumber(found.id))
  local task = queue.load(KEYS, id)
  queue.leave(KEYS, id, task)
  task.attempt = task.attempt + 1
  task.token = queue.token(KEYS, now)
  queue.enter(KEYS, id, task, 'leased', ends)
  queue.pass(KEYS, found.tenant)
  reply[#reply + 1] = id
  reply[#reply + 1] = redis.call('HGET', KEYS[2], id)
  reply[#reply + 1] = task.attempt
  reply[#reply + 1] = integers.text(task.token)
end
return reply
