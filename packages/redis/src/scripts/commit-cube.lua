-- One commit: every check first, then every write.
-- KEYS: 1 meta of the cube, 2 channel of its feed; outside a cluster also 3 to 8 the queue's
-- ARGV: 1 at, 2 digest, 3 body, 4 epoch ("" none), 5 version of the header it was authorised under
--   ("" none), 6 its commitment ("" none), 7 idempotency key ("" none), 8 when that expires, 9 PUBLISH or
--   SPUBLISH, 10 tasks as JSON for the outbox ("" none), 11 number of writes, then the writes:
--   p id expected version content salt commitment visibility group at optional, where the group is kind,
--     type and state with \0 between them, and `optional` names what follows of it, in this order:
--     k external key, s session, x expires, e edges, t number of tags, tags, o number of targets,
--     targets, d number of fields and values of its search document, these (1: it has none)
--   e id expected ("" any)
--   v id fingerprint model vector
--   c expected version content salt commitment
--   and then, with keys of the queue, its tasks (see enqueue-tasks)
-- Returns { "ok", epoch, seq, head, at, how many heard of it, 1 when somebody may see less than before }
--   or { "replayed", epoch, seq, head, at, body } or { "missing" } or { "exists" } or
--   { "conflict", id, expected, actual } or { "header", commitment expected, actual } or
--   { "duplicate", id of the holder } or { "epoch" } or
--   { "purging" } while a dropped cube of this id is still being destroyed
-- uses: memory queue
local meta, channel = KEYS[1], KEYS[2]
local base = memory.base(meta)
local text = memory.text
local requested = tonumber(ARGV[1])

local cube = redis.call('HMGET', meta, 'e', 's', 'h', 'a', 'v', 'o', 'f', 'c', 't', 'k', 'l')
local epoch, seq, head = cube[1], tonumber(cube[2] or 0), cube[3] or ''
local headerVersion = tonumber(cube[5] or 0)
local lastOrdinal = tonumber(cube[6] or 0)

if epoch and ARGV[7] ~= '' then
  local packed = redis.call('HGET', base .. 'once', ARGV[7])
  local seen = packed and cmsgpack.unpack(packed)
  if seen and seen[4] > requested then
    local body = seen[5]
    if not body then
      local id = text(seen[1]) .. '-0'
      local entry = redis.call('XRANGE', base .. 'log', id, id)[1]
      body = entry and entry[2][8] or ''
    end
    return { 'replayed', epoch, seen[1], seen[2], seen[3], body }
  end
end

-- Reads the writes into records, and what they touch as it is before the commit. Tables are made whole:
-- this loop and that of the additions are what a large commit costs.
local writes, current, touched = {}, {}, {}
local creates = false
local place = 12
local NONE = {}
local parts = {}
local function groupParts(group)
  local known = parts[group]
  if not known then
    known = { string.match(group, '^([^%z]*)%z([^%z]*)%z([^%z]*)$') }
    parts[group] = known
  end
  return known
end
local function list(at)
  local count = tonumber(ARGV[at])
  return { unpack(ARGV, at + 1, at + count) }, at + count + 1
end
for number = 1, tonumber(ARGV[11]) do
  local op, id = ARGV[place], ARGV[place + 1]
  local write
  if op == 'p' then
    local optional, after = ARGV[place + 10], place + 11
    local key, session, expires, edges = '', '', false, ''
    local tags, targets, fields = NONE, NONE, NONE
    for option in string.gmatch(optional, '.') do
      if option == 'k' then
        key, after = ARGV[after], after + 1
      elseif option == 's' then
        session, after = ARGV[after], after + 1
      elseif option == 'x' then
        expires, after = tonumber(ARGV[after]), after + 1
      elseif option == 'e' then
        edges, after = ARGV[after], after + 1
      elseif option == 't' then
        tags, after = list(after)
      elseif option == 'o' then
        targets, after = list(after)
      else
        fields, after = list(after)
      end
    end
    local group = groupParts(ARGV[place + 8])
    write = {
      op = op, id = id, expected = tonumber(ARGV[place + 2]), content = ARGV[place + 4], edges = edges,
      visibility = ARGV[place + 7], key = key, fields = fields,
      head = { tonumber(ARGV[place + 3]), 0, 0, 0, group[1], group[2], group[3], key, session,
        tonumber(ARGV[place + 9]), expires, tags, targets, ARGV[place + 5], ARGV[place + 6] },
    }
    place = after
  elseif op == 'e' then
    write = { op = op, id = id, expected = tonumber(ARGV[place + 2]) }
    place = place + 3
  elseif op == 'v' then
    write = { op = op, id = id, fingerprint = ARGV[place + 2], model = ARGV[place + 3],
      vector = ARGV[place + 4] }
    place = place + 5
  else
    write = { op = op, id = '@cube', expected = tonumber(id), version = ARGV[place + 2],
      content = ARGV[place + 3], salt = ARGV[place + 4], commitment = ARGV[place + 5] }
    if write.expected == 0 then creates = true end
    place = place + 6
  end
  if op ~= 'c' and current[id] == nil then
    local packed = epoch and redis.call('HGET', base .. 'm:' .. id, 'm')
    current[id] = packed and cmsgpack.unpack(packed) or false
  end
  if op ~= 'v' then touched[write.id] = true end
  writes[number] = write
end

if epoch and creates then return { 'exists' } end
if not epoch and not creates then return { 'missing' } end
if creates and ARGV[4] == '' then return { 'epoch' } end
if creates and redis.call('EXISTS', base .. 'gone') == 1 then return { 'purging' } end

local authorised = tonumber(ARGV[5])
if authorised and authorised ~= headerVersion then
  return { 'conflict', '@cube', authorised, headerVersion }
end
if ARGV[6] ~= '' and ARGV[6] ~= cube[10] then
  return { 'header', ARGV[6], cube[10] or '' }
end
for _, write in ipairs(writes) do
  local actual = headerVersion
  if write.op ~= 'c' then actual = current[write.id] and current[write.id][1] or 0 end
  if write.op ~= 'v' and write.expected and write.expected ~= actual then
    return { 'conflict', write.id, write.expected, actual }
  end
end
local taken = {}
for _, write in ipairs(writes) do
  if write.op == 'p' and write.key ~= '' then
    local holder = taken[write.key]
    if not holder and epoch then
      holder = redis.call('HGET', base .. 'x', write.key)
      if holder and touched[holder] then holder = nil end
    end
    if holder and holder ~= write.id then return { 'duplicate', holder } end
    taken[write.key] = write.id
  end
end

-- From here on nothing is refused. Publishing comes first: where that is not allowed, nothing is
-- written; whoever hears of it reads after this script.
local at = math.max(tonumber(cube[4] or 0), requested)
seq = seq + 1
epoch = epoch or ARGV[4]
head = redis.sha1hex(table.concat({ head, text(seq), text(at), ARGV[2] }, '\n'))
local version = headerVersion
for _, write in ipairs(writes) do
  if write.op == 'c' then version = tonumber(write.version) end
end
local heard = redis.call(ARGV[9], channel,
  table.concat({ epoch, text(seq), head, text(at), text(version) }, '\n'))

local classCount = tonumber(cube[11] or 0)
local classes = {}
local counted = { n = 0, p = 0, x = 0, b = 0 }
local narrowed = 0

local function classOf(visibility)
  local class = classes[visibility]
  if class == nil then
    class = tonumber(redis.call('HGET', base .. 'class', visibility))
    if not class then
      class = classCount
      classCount = classCount + 1
      redis.call('RPUSH', base .. 'classes', visibility)
      redis.call('HSET', base .. 'class', visibility, class)
    end
    classes[visibility] = class
  end
  return class
end

-- Names of groups, by class and then by kind, type and state.
local named = {}
local function groupOf(head)
  local ofClass = named[head[4]]
  if not ofClass then
    ofClass = {}
    named[head[4]] = ofClass
  end
  local rest = head[5] .. '\0' .. head[6] .. '\0' .. head[7]
  local group = ofClass[rest]
  if not group then
    group = memory.group(head)
    ofClass[rest] = group
  end
  return group
end

-- Additions to sorted sets wait, so that each set is written to once.
local waiting, groups = {}, {}
local function add(key, score, member)
  local members = waiting[key]
  if not members then
    waiting[key] = { score, member }
    return
  end
  local count = #members
  members[count + 1] = score
  members[count + 2] = member
end
local function flush()
  for key, members in pairs(waiting) do
    for first = 1, #members, 1000 do
      redis.call('ZADD', key, unpack(members, first, math.min(first + 999, #members)))
    end
  end
  for group, count in pairs(groups) do
    if count ~= 0 and redis.call('HINCRBY', base .. 'groups', group, count) <= 0 then
      redis.call('HDEL', base .. 'groups', group)
    end
  end
  waiting, groups = {}, {}
end
local function countGroup(group, by)
  groups[group] = (groups[group] or 0) + by
end

local function contains(values, value)
  for _, one in ipairs(values) do
    if one == value then return true end
  end
  return false
end

-- Takes a memory out of what finds it, except where `now` (its next head) is found the same way.
local function unlink(id, old, now)
  local group = groupOf(old)
  if not now or groupOf(now) ~= group then
    redis.call('ZREM', base .. 'g:' .. group, id)
    countGroup(group, -1)
  end
  for _, tag in ipairs(old[12]) do
    if not now or not contains(now[12], tag) then redis.call('ZREM', base .. 't:' .. tag, id) end
  end
  for _, target in ipairs(old[13]) do
    if not now or not contains(now[13], target) then
      redis.call('ZREM', base .. 'i:' .. target, id)
    end
  end
  if old[9] ~= '' and (not now or now[9] ~= old[9]) then
    redis.call('ZREM', base .. 's:' .. old[9], id)
  end
  if old[11] and (not now or not now[11]) then redis.call('ZREM', base .. 'exp', id) end
  if old[8] ~= '' and (not now or now[8] ~= old[8]) then
    if redis.call('HGET', base .. 'x', old[8]) == id then redis.call('HDEL', base .. 'x', old[8]) end
  end
end

local all = base .. 'all'
local function link(id, head, old)
  local ordinal = text(head[3])
  local group = groupOf(head)
  if not old then add(all, ordinal, id) end
  if not old or groupOf(old) ~= group then
    add(base .. 'g:' .. group, ordinal, id)
    countGroup(group, 1)
  end
  for _, tag in ipairs(head[12]) do
    if not old or not contains(old[12], tag) then add(base .. 't:' .. tag, ordinal, id) end
  end
  for _, target in ipairs(head[13]) do
    if not old or not contains(old[13], target) then add(base .. 'i:' .. target, ordinal, id) end
  end
  if head[9] ~= '' and (not old or old[9] ~= head[9]) then
    add(base .. 's:' .. head[9], ordinal, id)
  end
  if head[11] and (not old or old[11] ~= head[11]) then
    redis.call('ZADD', base .. 'exp', text(head[11]), id)
  end
  if head[8] ~= '' then redis.call('HSET', base .. 'x', head[8], id) end
end

local function keepPast(id, old, content)
  local number = text(old[1])
  redis.call('HSET', base .. 'h:' .. id, number, cmsgpack.pack({ seq, old }), 'c' .. number, content)
  add(base .. 'ended', 0, memory.ended(id, old[1], seq))
end

local written = {}
local apply = {}

function apply.p(write)
  local id, new = write.id, write.head
  if written[id] then flush() end
  written[id] = true
  local key = base .. 'm:' .. id
  local old = current[id]
  new[2], new[4] = seq, classOf(write.visibility)
  counted.b = counted.b + #write.content
  if old then
    new[3] = old[3]
    if old[4] ~= new[4] then narrowed = 1 end
    if old[8] ~= '' and old[8] ~= new[8] then add(base .. 'k:' .. old[8], text(seq), id) end
    keepPast(id, old, redis.call('HGET', key, 'c'))
    unlink(id, old, new)
    counted.p = counted.p + 1
    if write.edges == '' then redis.call('HDEL', key, 'e') end
  else
    lastOrdinal = lastOrdinal + 1
    new[3] = lastOrdinal
    counted.n = counted.n + 1
  end
  if write.edges == '' then
    redis.call('HSET', key, 'm', cmsgpack.pack(new), 'c', write.content)
  else
    redis.call('HSET', key, 'm', cmsgpack.pack(new), 'c', write.content, 'e', write.edges)
  end
  local fields = write.fields
  if #fields > 1 then
    redis.call('HSET', memory.document(base, id), 'class', text(new[4]), unpack(fields))
  elseif #fields == 1 then
    redis.call('UNLINK', memory.document(base, id))
  end
  link(id, new, old)
  current[id] = new
end

function apply.e(write)
  local id = write.id
  local old = current[id]
  if not old then return end
  flush()
  narrowed = 1
  local key, history = base .. 'm:' .. id, base .. 'h:' .. id
  unlink(id, old, nil)
  redis.call('ZREM', base .. 'all', id)
  counted.n = counted.n - 1
  counted.b = counted.b - redis.call('HSTRLEN', key, 'c')
  counted.x = counted.x - redis.call('HEXISTS', key, 'z')
  local fields = redis.call('HKEYS', history)
  for _, field in ipairs(fields) do
    if string.sub(field, 1, 1) == 'c' then
      counted.b = counted.b - redis.call('HSTRLEN', history, field)
    else
      counted.p = counted.p - 1
      local ended = cmsgpack.unpack(redis.call('HGET', history, field))
      if ended[2][8] ~= '' then redis.call('ZREM', base .. 'k:' .. ended[2][8], id) end
      redis.call('ZREM', base .. 'ended', memory.ended(id, tonumber(field), ended[1]))
    end
  end
  redis.call('UNLINK', key, history, memory.document(base, id))
  redis.call('HDEL', base .. 'usage', 'r' .. id, 'i' .. id, 'u' .. id, 'a' .. id)
  current[id] = false
end

function apply.v(write)
  if not current[write.id] then return end
  local key = base .. 'm:' .. write.id
  counted.x = counted.x + 1 - redis.call('HEXISTS', key, 'z')
  redis.call('HSET', key, 'x', write.model, 'y', write.fingerprint, 'z', write.vector)
end

function apply.c(write)
  if headerVersion > 0 then
    narrowed = 1
    local number = text(headerVersion)
    local old = { headerVersion, tonumber(cube[7]), 0, -1, '', '', '', '', '', 0, false, {}, {},
      cube[9], cube[10] }
    redis.call('HSET', base .. 'h:@cube', number, cmsgpack.pack({ seq, old }), 'c' .. number, cube[8])
    add(base .. 'ended', 0, memory.ended('@cube', headerVersion, seq))
  end
  headerVersion = tonumber(write.version)
  cube[7], cube[8], cube[9], cube[10] = seq, write.content, write.salt, write.commitment
  redis.call('HSET', meta, 'v', write.version, 'f', text(seq), 'c', write.content, 't', write.salt,
    'k', write.commitment)
end

for _, write in ipairs(writes) do apply[write.op](write) end
flush()

for field, by in pairs(counted) do
  if by ~= 0 then redis.call('HINCRBY', meta, field, text(by)) end
end
redis.call('HSET', meta, 'e', epoch, 's', text(seq), 'h', head, 'a', text(at), 'o', text(lastOrdinal),
  'l', text(classCount))
redis.call('XADD', base .. 'log', text(seq) .. '-0', 'at', text(at), 'digest', ARGV[2], 'head', head,
  'body', ARGV[3])
if ARGV[7] ~= '' then
  redis.call('HSET', base .. 'once', ARGV[7], cmsgpack.pack({ seq, head, at, tonumber(ARGV[8]), false }))
  local stale = redis.call('ZRANGEBYSCORE', base .. 'once:expires', '-inf', text(requested), 'LIMIT', 0, 4)
  for _, key in ipairs(stale) do
    if key ~= ARGV[7] then redis.call('HDEL', base .. 'once', key) end
    redis.call('ZREM', base .. 'once:expires', key)
    if key ~= ARGV[7] then redis.call('ZREM', base .. 'once:seq', key) end
  end
  redis.call('ZADD', base .. 'once:expires', ARGV[8], ARGV[7])
  redis.call('ZADD', base .. 'once:seq', text(seq), ARGV[7])
end
if KEYS[3] and ARGV[place] then
  queue.enqueue({ KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8] }, requested, ARGV, place)
end
if ARGV[10] ~= '' then redis.call('HSET', base .. 'outbox', text(seq), ARGV[10]) end
return { 'ok', epoch, seq, head, at, heard, narrowed }
