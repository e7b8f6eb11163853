-- What the scripts of the task queue share. Their KEYS are the same six:
--   1 hash <tenant>\0<key> -> id        2 hash id -> body (JSON of the client)
--   3 hash id -> what changes of a task 4 sorted set of members, all of score 0: the indexes below
--   5 hash of counts                    6 hash tenant -> its turn, for tenants with ready tasks
-- Members of 4; numbers are written with 16 digits, so that their order is that of the members:
--   "r"<type>\0<rank>\0<tenant>\0<id>   a ready task; a higher priority is a lower rank
--   "u"<type>\0<rank>\0<turn>\0<tenant> a tenant that has ready tasks there
--   "c"<tenant>\0<type>\0<rank>         the same by tenant
--   "t"<type>\0<due>\0<id>              a task that waits for its time, or whose lease ends then
--   "d"<tenant>\0<id>                   a dead one
-- Phases: ready, delayed, leased, lapsed (its lease is over: another may have it, its holder may
-- finish it until then), dead.
-- uses: integers
local queue = {}
local STATE = { ready = 'w', delayed = 'w', leased = 'l', lapsed = 'l', dead = 'd' }
local WIDEST = 4503599627370496
function queue.digits(value)
  return string.format('%016.0f', value)
end
function queue.rank(priority)
  return queue.digits(WIDEST - priority)
end
function queue.load(keys, id)
  local packed = redis.call('HGET', keys[3], id)
  return packed and cmsgpack.unpack(packed)
end
function queue.next(keys, name)
  return redis.call('HINCRBY', keys[5], '#' .. name, 1)
end
function queue.first(keys, prefix)
  local found = redis.call('ZRANGEBYLEX', keys[4], '[' .. prefix .. '\0', '(' .. prefix .. '\1', 'LIMIT', 0, 1)
  return found[1]
end
local function count(keys, task, by)
  for _, field in ipairs({ STATE[task.phase], STATE[task.phase] .. '\0' .. task.tenant }) do
    if redis.call('HINCRBY', keys[5], field, by) == 0 then redis.call('HDEL', keys[5], field) end
  end
end
local function member(id, task)
  if task.phase == 'dead' then return 'd' .. task.tenant .. '\0' .. queue.digits(id) end
  if task.phase == 'ready' or task.phase == 'lapsed' then
    return table.concat({ 'r' .. task.type, task.rank, task.tenant, queue.digits(id) }, '\0')
  end
  return table.concat({ 't' .. task.type, queue.digits(task.due), queue.digits(id) }, '\0')
end
local function turnMember(task, turn)
  return table.concat({ 'u' .. task.type, task.rank, queue.digits(turn), task.tenant }, '\0')
end
-- Puts a task where its phase says, and stores it.
function queue.enter(keys, id, task, phase, due)
  task.phase = phase
  task.due = due
  redis.call('HSET', keys[3], id, cmsgpack.pack(task))
  redis.call('ZADD', keys[4], 0, member(id, task))
  count(keys, task, 1)
  if phase ~= 'ready' and phase ~= 'lapsed' then return end
  local place = table.concat({ 'c' .. task.tenant, task.type, task.rank }, '\0')
  if redis.call('ZADD', keys[4], 0, place) == 0 then return end
  local turn = redis.call('HGET', keys[6], task.tenant)
  if not turn then
    turn = queue.next(keys, 'turn')
    redis.call('HSET', keys[6], task.tenant, turn)
  end
  redis.call('ZADD', keys[4], 0, turnMember(task, tonumber(turn)))
end
-- Takes a task from where it is.
function queue.leave(keys, id, task)
  redis.call('ZREM', keys[4], member(id, task))
  count(keys, task, -1)
  if task.phase ~= 'ready' and task.phase ~= 'lapsed' then return end
  if queue.first(keys, table.concat({ 'r' .. task.type, task.rank, task.tenant }, '\0')) then return end
  local turn = tonumber(redis.call('HGET', keys[6], task.tenant))
  redis.call('ZREM', keys[4], turnMember(task, turn),
    table.concat({ 'c' .. task.tenant, task.type, task.rank }, '\0'))
  if not queue.first(keys, 'c' .. task.tenant) then redis.call('HDEL', keys[6], task.tenant) end
end
-- A tenant had its turn: all others that have ready tasks come before it now.
function queue.pass(keys, tenant)
  local old = redis.call('HGET', keys[6], tenant)
  if not old then return end
  local new = queue.next(keys, 'turn')
  redis.call('HSET', keys[6], tenant, new)
  local prefix = 'c' .. tenant .. '\0'
  local places = redis.call('ZRANGEBYLEX', keys[4], '[' .. prefix, '(c' .. tenant .. '\1')
  for _, place in ipairs(places) do
    local task = {
      tenant = tenant,
      type = string.sub(place, #prefix + 1, -18),
      rank = string.sub(place, -16),
    }
    redis.call('ZREM', keys[4], turnMember(task, tonumber(old)))
    redis.call('ZADD', keys[4], 0, turnMember(task, new))
  end
end
-- A fencing token: higher than all before it. It follows the clock where that is ahead, so that it
-- is so too after a failover that forgot the last ones.
function queue.token(keys, now)
  local last = tonumber(redis.call('HGET', keys[5], '#token') or '0')
  local token = math.max(last + 1, now * 1000)
  redis.call('HSET', keys[5], '#token', integers.text(token))
  return token
end
function queue.held(keys, id, token)
  local task = queue.load(keys, id)
  if not task or (task.phase ~= 'leased' and task.phase ~= 'lapsed') then return nil end
  if task.token ~= tonumber(token) then return nil end
  return task
end
function queue.bury(keys, id, task, message, now)
  queue.leave(keys, id, task)
  task.error = message
  task.died = now
  queue.enter(keys, id, task, 'dead', now)
end
function queue.remove(keys, id, task)
  queue.leave(keys, id, task)
  redis.call('HDEL', keys[1], task.tenant .. '\0' .. task.key)
  redis.call('HDEL', keys[2], id)
  redis.call('HDEL', keys[3], id)
end
-- Queues tasks of seven values each, from a place in a list on; see enqueue-tasks. Returns how many are new.
function queue.enqueue(keys, now, values, first)
  local added = 0
  for at = first, #values, 7 do
    local tenant, key = values[at], values[at + 1]
    local field = tenant .. '\0' .. key
    if redis.call('HEXISTS', keys[1], field) == 0 then
      local id = integers.text(queue.next(keys, 'id'))
      local due = tonumber(values[at + 5]) or now
      redis.call('HSET', keys[1], field, id)
      redis.call('HSET', keys[2], id, values[at + 6])
      queue.enter(keys, id, {
        tenant = tenant, key = key, type = values[at + 2], rank = queue.rank(tonumber(values[at + 3])),
        most = tonumber(values[at + 4]), attempt = 0, token = 0,
      }, due <= now and 'ready' or 'delayed', due)
      added = added + 1
    end
  end
  return added
end

return queue
