-- One commit: every check first, then every write.
-- KEYS: 1 meta of the cube, 2 channel of its feed; outside a cluster also 3 to 8 the queue's
-- ARGV: 1 at, 2 digest, 3 body, 4 epoch ("" none), 5 version of the header it was authorised under
--   ("" none), 6 its commitment ("" none), 7 idempotency key ("" none), 8 when that expires, 9 PUBLISH or
--   SPUBLISH, 10 tasks as JSON for the outbox ("" none), 11 the writes as JSON, a list of
--     { "p", id, expected version, visibility, edges as JSON ("" none), number of arguments that make its
--       search document: fields and values, 1 when it has none, 0 when there is no index; head }, where the
--       head is as in modules/memory.lua, with 0 for from, ordinal and class
--     { "e", id, expected version or false }
--     { "v", id, fingerprint, model, field of its search document ("" none), 1 when an argument follows with
--       what goes there, 0 when it is the vector itself }
--     { "c", "@cube", expected version, version, salt, commitment };
--   then what is long, in the order of the writes: of "p" content and search document, of "v" the vector, of
--   "c" content; and then, with keys of the queue, its tasks (see enqueue-tasks)
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

-- Places in a write.
local OP, ID, EXPECTED, VISIBILITY, EDGES, FIELDS, HEAD = 1, 2, 3, 4, 5, 6, 7

local writes = cjson.decode(ARGV[11])
local touched = {}
local creates = false
local place = 12
local contents, documents = {}, {}
local added, others = {}, {}
for number, write in ipairs(writes) do
  local op = write[OP]
  if op == 'p' then
    contents[number] = ARGV[place]
    local fields = write[FIELDS]
    if fields > 0 then documents[number] = { unpack(ARGV, place + 1, place + fields) } end
    place = place + 1 + fields
  elseif op ~= 'e' then
    contents[number] = ARGV[place]
    place = place + 1
    if op == 'v' and write[6] == 1 then
      documents[number] = ARGV[place]
      place = place + 1
    end
    if op == 'c' and write[EXPECTED] == 0 then creates = true end
  end
  if op == 'p' and write[EXPECTED] == 0 then
    added[#added + 1] = write[ID]
  elseif op ~= 'c' then
    others[#others + 1] = write[ID]
  end
  if op ~= 'v' then touched[write[ID]] = true end
end

if epoch and creates then return { 'exists' } end
if not epoch and not creates then return { 'missing' } end
if creates and ARGV[4] == '' then return { 'epoch' } end
if creates and redis.call('EXISTS', base .. 'gone') == 1 then return { 'purging' } end

-- What the writes touch as it is before the commit: its head, or false. Most of what is added is not
-- there, which one look tells for many.
local current = {}
local function look(id)
  if current[id] ~= nil then return end
  local packed = redis.call('HGET', base .. 'm:' .. id, 'm')
  current[id] = packed and cmsgpack.unpack(packed) or false
end
for first = 1, #added, 1000 do
  local slice = { unpack(added, first, math.min(first + 999, #added)) }
  for at, ordinal in ipairs(redis.call('ZMSCORE', base .. 'all', unpack(slice))) do
    if ordinal then look(slice[at]) else current[slice[at]] = false end
  end
end
for _, id in ipairs(others) do look(id) end

local authorised = tonumber(ARGV[5])
if authorised and authorised ~= headerVersion then
  return { 'conflict', '@cube', authorised, headerVersion }
end
if ARGV[6] ~= '' and ARGV[6] ~= cube[10] then
  return { 'header', ARGV[6], cube[10] or '' }
end
for _, write in ipairs(writes) do
  local op, id, expected = write[OP], write[ID], write[EXPECTED]
  local actual = headerVersion
  if op ~= 'c' then actual = current[id] and current[id][1] or 0 end
  if op ~= 'v' and expected and expected ~= actual then return { 'conflict', id, expected, actual } end
end
local taken = {}
for _, write in ipairs(writes) do
  local key = write[OP] == 'p' and write[HEAD][8] or ''
  if key ~= '' then
    local holder = taken[key]
    if not holder and epoch then
      holder = redis.call('HGET', base .. 'x', key)
      if holder and touched[holder] then holder = nil end
    end
    if holder and holder ~= write[ID] then return { 'duplicate', holder } end
    taken[key] = write[ID]
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
  if write[OP] == 'c' then version = write[4] end
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

-- Additions to sorted sets and to the external keys wait, so that each is written to once.
local waiting, keyed, groups = {}, {}, {}
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
  for first = 1, #keyed, 1000 do
    redis.call('HSET', base .. 'x', unpack(keyed, first, math.min(first + 999, #keyed)))
  end
  for group, count in pairs(groups) do
    if count ~= 0 and redis.call('HINCRBY', base .. 'groups', group, count) <= 0 then
      redis.call('HDEL', base .. 'groups', group)
    end
  end
  waiting, keyed, groups = {}, {}, {}
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
  local ordinal = head[3]
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
    add(base .. 'exp', text(head[11]), id)
  end
  if head[8] ~= '' then
    keyed[#keyed + 1] = head[8]
    keyed[#keyed + 1] = id
  end
end

local function keepPast(id, old, content)
  local number = text(old[1])
  redis.call('HSET', base .. 'h:' .. id, number, cmsgpack.pack({ seq, old }), 'c' .. number, content)
  add(base .. 'ended', 0, memory.ended(id, old[1], seq))
end

local written = {}
local apply = {}

function apply.p(write, content, document)
  local id, new, edges = write[ID], write[HEAD], write[EDGES]
  if written[id] then flush() end
  written[id] = true
  local key = base .. 'm:' .. id
  local old = current[id]
  new[2], new[4] = seq, classOf(write[VISIBILITY])
  counted.b = counted.b + #content
  if old then
    new[3] = old[3]
    if old[4] ~= new[4] then narrowed = 1 end
    if old[8] ~= '' and old[8] ~= new[8] then add(base .. 'k:' .. old[8], text(seq), id) end
    keepPast(id, old, redis.call('HGET', key, 'c'))
    unlink(id, old, new)
    counted.p = counted.p + 1
    if edges == '' then redis.call('HDEL', key, 'e') end
  else
    lastOrdinal = lastOrdinal + 1
    new[3] = lastOrdinal
    counted.n = counted.n + 1
  end
  if edges == '' then
    redis.call('HSET', key, 'm', cmsgpack.pack(new), 'c', content)
  else
    redis.call('HSET', key, 'm', cmsgpack.pack(new), 'c', content, 'e', edges)
  end
  if document and #document > 1 then
    redis.call('HSET', memory.document(base, id), 'class', text(new[4]), unpack(document))
  elseif document then
    -- Found by nothing any more, as a condition without its field holds for no document; a vector stays.
    redis.call('HDEL', memory.document(base, id), 'terms', 'cube', 'class', 'kind', 'type', 'state',
      'session', 'tags', 'at', 'expires')
  end
  link(id, new, old)
  current[id] = new
end

function apply.e(write)
  local id = write[ID]
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

function apply.v(write, vector, indexed)
  local id, fingerprint, model, field = write[ID], write[3], write[4], write[5]
  if not current[id] then return end
  local key = base .. 'm:' .. id
  counted.x = counted.x + 1 - redis.call('HEXISTS', key, 'z')
  redis.call('HSET', key, 'x', model, 'y', fingerprint, 'z', vector)
  if field ~= '' then redis.call('HSET', memory.document(base, id), field, indexed or vector) end
end

function apply.c(write, content)
  local salt, commitment = write[5], write[6]
  if headerVersion > 0 then
    narrowed = 1
    local number = text(headerVersion)
    local old = { headerVersion, tonumber(cube[7]), 0, -1, '', '', '', '', '', 0, false, {}, {},
      cube[9], cube[10] }
    redis.call('HSET', base .. 'h:@cube', number, cmsgpack.pack({ seq, old }), 'c' .. number, cube[8])
    add(base .. 'ended', 0, memory.ended('@cube', headerVersion, seq))
  end
  headerVersion = write[4]
  cube[7], cube[8], cube[9], cube[10] = seq, content, salt, commitment
  redis.call('HSET', meta, 'v', text(headerVersion), 'f', text(seq), 'c', content, 't', salt,
    'k', commitment)
end

for number, write in ipairs(writes) do
  apply[write[OP]](write, contents[number], documents[number])
end
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
