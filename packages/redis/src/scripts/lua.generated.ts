// Made by scripts/embed-lua.ts from the .lua files beside it. Do not edit.

export const LUA_MODULES = {
  "entries": {
    uses: ["pages", "thread-record"],
    source: String.raw`local entries = {}
local BODY_BYTES, FOLD_ENTRIES, FOLD_BYTES = 1024, 48, 12288
local BESIDE = 2147483648
local KINDS = { c = true, w = true, k = true }
local FLUSH_ENTRIES = 64
local SLICE = 500
function entries.open(keys, record)
  return {
    recent = keys[1], hash = keys[2], set = keys[3],
    paged = record ~= nil and record.paged > 0,
    has_orphans = record ~= nil and record.paged > 1,
    loaded = {}, changed = {},
  }
end
function entries.head(value)
  return string.sub(value, 5, 4 + struct.unpack('>I4', value) % BESIDE)
end
local function stored(map, key, value)
  if #value <= BODY_BYTES then return value end
  local size = struct.unpack('>I4', value)
  if #value - size - 4 <= BODY_BYTES then return value end
  redis.call('HSET', map.hash, 'v' .. key, string.sub(value, 5 + size))
  return struct.pack('>I4', size + BESIDE) .. string.sub(value, 5, 4 + size)
end
function entries.whole(map, key, value)
  if string.byte(value) < 128 then return value end
  return value .. (redis.call('HGET', map.hash, 'v' .. key) or '')
end
function entries.load(map)
  if map.fields then return end
  map.fields = {}
  local flat = redis.call('HGETALL', map.recent)
  for at = 1, #flat, 2 do map.fields[flat[at]] = flat[at + 1] end
end
function entries.field(map, name)
  if map.fields then return map.fields[name] end
  return redis.call('HGET', map.recent, name)
end
function entries.get(map, key)
  return entries.field(map, key) or (map.paged and pages.get(map, key))
end
function entries.is_recent(map, key)
  if map.fields then return map.fields[key] ~= nil end
  return redis.call('HEXISTS', map.recent, key) == 1
end
function entries.has(map, key)
  return entries.is_recent(map, key) or (map.paged and pages.get(map, key) ~= nil)
end
function entries.write(map, record, fields, first, at)
  for from = at, #fields, 2 do
    local value = stored(map, fields[from], fields[from + 1])
    fields[from + 1] = value
    record.entries = record.entries + 1
    record.bytes = record.bytes + #value
  end
  fields[first + 1] = thread_record.text(record)
  for from = first, #fields, SLICE do
    redis.call('HSET', map.recent, unpack(fields, from, math.min(#fields, from + SLICE - 1)))
  end
  if record.entries <= FOLD_ENTRIES and record.bytes <= FOLD_BYTES then return end
  entries.fold(map, record)
  redis.call('HSET', map.recent, 'm', thread_record.text(record))
end
function entries.fold(map, record)
  map.fields, map.paged, record.paged = nil, true, math.max(record.paged, 1)
  entries.load(map)
  local keys, gone = {}, {}
  for name in pairs(map.fields) do
    local kind = string.sub(name, 1, 1)
    if KINDS[kind] then keys[#keys + 1] = name end
    if KINDS[kind] or kind == 'i' then gone[#gone + 1] = name end
  end
  table.sort(keys)
  for at, key in ipairs(keys) do
    pages.set(map, key, map.fields[key])
    if at % FLUSH_ENTRIES == 0 then pages.flush(map) end
    local place = string.match(key, '^w(.-%z.-)%z')
    if place and not map.fields['c' .. place] and not pages.get(map, 'c' .. place) then record.paged = 2 end
  end
  pages.flush(map)
  for from = 1, #gone, SLICE do
    redis.call('HDEL', map.recent, unpack(gone, from, math.min(#gone, from + SLICE - 1)))
  end
  map.fields, record.entries, record.bytes = nil, 0, 0
end
function entries.drop_body(map, key)
  redis.call('HDEL', map.hash, 'v' .. key)
end
function entries.remove(map, key)
  local value = pages.remove(map, key)
  if not value then return false end
  if string.byte(value) >= 128 then entries.drop_body(map, key) end
  return true
end
function entries.descend(map, from, to, limit, visit)
  entries.load(map)
  local kind, keys = string.sub(from, 1, 1), {}
  for key in pairs(map.fields) do
    local is_between = string.sub(key, 1, 1) == kind and pages.comes_before(key, to)
    if is_between and not pages.comes_before(key, from) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b) return pages.comes_before(b, a) end)
  local at, left = 1, limit
  local function visit_after(key)
    while left > 0 and keys[at] and (not key or pages.comes_before(key, keys[at])) do
      visit(keys[at], map.fields[keys[at]])
      at, left = at + 1, left - 1
    end
  end
  if map.paged then
    pages.descend(map, from, to, limit, function(key, value)
      visit_after(key)
      if left > 0 then
        left = left - 1
        visit(key, value)
      end
    end)
  end
  visit_after(nil)
end
function entries.next_key(map, from)
  entries.load(map)
  local kind = string.sub(from, 1, 1)
  local next = map.paged and pages.next_key(map, from) or nil
  for key in pairs(map.fields) do
    local is_ahead = string.sub(key, 1, 1) == kind and not pages.comes_before(key, from)
    if is_ahead and (not next or pages.comes_before(key, next)) then next = key end
  end
  return next
end
return entries`,
  },
  "filter": {
    uses: [],
    source: String.raw`local filter = {}
local function set(args, at)
  local count = tonumber(args[at])
  if count < 0 then return nil, at + 1 end
  local values = {}
  for place = at + 1, at + count do values[args[place]] = true end
  return values, at + count + 1
end
function filter.parse(args, at)
  local wanted = { from = tonumber(args[at]), to = tonumber(args[at + 1]), session = args[at + 2] }
  if wanted.session == '' then wanted.session = nil end
  wanted.kinds, at = set(args, at + 3)
  wanted.types, at = set(args, at)
  wanted.states, at = set(args, at)
  wanted.tags = {}
  local count = tonumber(args[at])
  for place = at + 1, at + count do wanted.tags[#wanted.tags + 1] = args[place] end
  return wanted
end
local function hasAll(tags, wanted)
  for _, tag in ipairs(wanted) do
    local found = false
    for _, own in ipairs(tags) do
      if own == tag then
        found = true
        break
      end
    end
    if not found then return false end
  end
  return true
end
function filter.fits(wanted, head)
  if wanted.kinds and not wanted.kinds[head[5]] then return false end
  if wanted.types and not wanted.types[head[6]] then return false end
  if wanted.states and not wanted.states[head[7]] then return false end
  if wanted.session and wanted.session ~= head[9] then return false end
  if wanted.from and head[10] < wanted.from then return false end
  if wanted.to and head[10] >= wanted.to then return false end
  return hasAll(head[12], wanted.tags)
end
function filter.fitsGroup(wanted, sees, group)
  local class, kind, type, state = string.match(group, '^(%d+)%z([^%z]*)%z([^%z]*)%z([^%z]*)$')
  return (not sees or sees[tonumber(class)]) and (not wanted.kinds or wanted.kinds[kind])
    and (not wanted.types or wanted.types[type]) and (not wanted.states or wanted.states[state])
end
function filter.isGroupOnly(wanted)
  return not wanted.session and not wanted.from and not wanted.to and #wanted.tags == 0
end
return filter`,
  },
  "integers": {
    uses: [],
    source: String.raw`local integers = {}
function integers.text(value)
  return string.format('%.0f', value)
end
return integers`,
  },
  "memory": {
    uses: [],
    source: String.raw`local memory = {}
memory.VERSION, memory.FROM, memory.ORDINAL, memory.CLASS = 1, 2, 3, 4
memory.KIND, memory.TYPE, memory.STATE, memory.KEY, memory.SESSION = 5, 6, 7, 8, 9
memory.AT, memory.EXPIRES, memory.TAGS, memory.TARGETS = 10, 11, 12, 13
memory.SALT, memory.COMMITMENT = 14, 15
function memory.text(value)
  return string.format('%.0f', value)
end
function memory.group(head)
  return table.concat({ memory.text(head[4]), head[5], head[6], head[7] }, '\0')
end
function memory.ended(id, version, seq)
  return id .. '\0' .. string.format('%016.0f', version) .. '\0' .. memory.text(seq)
end
function memory.document(base, id)
  local open = string.find(base, '{', 1, true)
  return string.sub(base, 1, open - 1) .. 'd:' .. string.sub(base, open) .. id
end
function memory.base(meta)
  return string.sub(meta, 1, -5)
end
return memory`,
  },
  "pages": {
    uses: [],
    source: String.raw`local pages = {}
local PAGE_BYTES = 4096
local function comes_before(a, b)
  if 'B' < 'a' and 'Z' < '_' and '_' < 'a' and 'A-B' < 'AAB' then return a < b end
  local shorter = math.min(#a, #b)
  for at = 1, shorter do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x < y end
  end
  return #a < #b
end
pages.comes_before = comes_before
local function find_page(map, bound, kind)
  return redis.call('ZREVRANGEBYLEX', map.set, bound, '[' .. kind, 'LIMIT', 0, 1)[1]
end
local function load_page(map, first)
  local page = map.loaded[first]
  if not page then
    local packed = redis.call('HGET', map.hash, 'p' .. first)
    page = packed and cmsgpack.unpack(packed) or {}
    map.loaded[first] = page
  end
  return page
end
local function locate(map, key)
  local kind = string.sub(key, 1, 1)
  local first = find_page(map, '[' .. key, kind) or kind
  local page = load_page(map, first)
  for at = 1, #page, 2 do
    if page[at] == key then return first, page, at end
  end
  return first, page, nil
end
function pages.get(map, key)
  local _, page, at = locate(map, key)
  return at and page[at + 1]
end
function pages.set(map, key, value)
  local first, page, at = locate(map, key)
  if at then
    map.changed[first] = map.changed[first] or 'middle'
  else
    at = #page + 1
    while at > 1 and comes_before(key, page[at - 2]) do at = at - 2 end
    local appends = at > #page
    for from = #page, at, -1 do page[from + 2] = page[from] end
    map.changed[first] = appends and (map.changed[first] or 'end') or 'middle'
  end
  page[at], page[at + 1] = key, value
end
function pages.remove(map, key)
  local first, page, at = locate(map, key)
  if not at then return nil end
  local value, size = page[at + 1], #page
  for to = at, size do page[to] = page[to + 2] end
  map.changed[first] = 'middle'
  return value
end
local function write_page(map, first, page, from, to)
  local part = {}
  for at = from, to do part[#part + 1] = page[at] end
  redis.call('HSET', map.hash, 'p' .. first, cmsgpack.pack(part))
  redis.call('ZADD', map.set, 0, first)
end
local function entry_bytes(page, at)
  return #page[at] + #page[at + 1] + 4
end
function pages.flush(map)
  for first, where in pairs(map.changed) do
    local page = map.loaded[first]
    local total = 0
    for at = 1, #page, 2 do total = total + entry_bytes(page, at) end
    if #page == 0 then
      redis.call('HDEL', map.hash, 'p' .. first)
      redis.call('ZREM', map.set, first)
    else
      local parts = math.ceil(total / PAGE_BYTES)
      local most = where == 'end' and PAGE_BYTES or total / parts
      local from, size, name = 1, 0, first
      for at = 1, #page, 2 do
        local bytes = entry_bytes(page, at)
        if at > from and size + bytes > most then
          write_page(map, name, page, from, at - 1)
          from, size, name = at, 0, page[at]
        end
        size = size + bytes
      end
      write_page(map, name, page, from, #page)
    end
  end
  map.loaded, map.changed = {}, {}
end
function pages.descend(map, from, to, limit, visit)
  local kind = string.sub(from, 1, 1)
  local first = find_page(map, '(' .. to, kind)
  local left = limit
  while first and left > 0 do
    local page = load_page(map, first)
    for at = #page - 1, 1, -2 do
      local key = page[at]
      if left > 0 and comes_before(key, to) and not comes_before(key, from) then
        left = left - 1
        visit(key, page[at + 1])
      end
    end
    if not comes_before(from, first) then return end
    first = find_page(map, '(' .. first, kind)
  end
end
function pages.next_key(map, from)
  local kind = string.sub(from, 1, 1)
  local first = find_page(map, '[' .. from, kind) or kind
  while first do
    local page = load_page(map, first)
    for at = 1, #page, 2 do
      if not comes_before(page[at], from) then return page[at] end
    end
    local upper = '(' .. string.char(string.byte(kind) + 1)
    first = redis.call('ZRANGEBYLEX', map.set, '(' .. first, upper, 'LIMIT', 0, 1)[1]
  end
  return nil
end
return pages`,
  },
  "queue": {
    uses: ["integers"],
    source: String.raw`local queue = {}
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
return queue`,
  },
  "rows": {
    uses: ["memory"],
    source: String.raw`local rows = {}
function rows.reader(base, sees, now, seq, vectors)
  return { base = base, sees = sees, now = now, seq = seq, vectors = vectors, classes = {},
    archived = seq and tonumber(redis.call('HGET', base .. 'meta', 'g') or 0) or 0 }
end
function rows.class(reader, class)
  local key = reader.classes[class]
  if key == nil then
    key = class < 0 and '[[],[]]' or redis.call('LINDEX', reader.base .. 'classes', class) or ''
    reader.classes[class] = key
  end
  return key
end
local function past(reader, id, current)
  local key = reader.base .. 'h:' .. id
  local last = current[1] - 1
  local low, high = last - redis.call('HLEN', key) / 2 + 1, last
  local found
  while low <= high do
    local middle = math.floor((low + high) / 2)
    local packed = redis.call('HGET', key, memory.text(middle))
    local version = packed and cmsgpack.unpack(packed)
    if version and version[1] > reader.seq then
      found = version
      high = middle - 1
    else
      low = middle + 1
    end
  end
  if not found or found[1] <= reader.archived or found[2][2] > reader.seq then return nil end
  return found[2], found[1]
end
function rows.head(reader, id, packed)
  packed = packed or redis.call('HGET', reader.base .. 'm:' .. id, 'm')
  if not packed then return nil end
  local head, to = cmsgpack.unpack(packed), false
  if reader.seq and head[2] > reader.seq then
    head, to = past(reader, id, head)
    if not head then return nil end
  end
  if reader.sees and not reader.sees[head[4]] then return nil end
  if reader.now and head[11] and head[11] <= reader.now then return nil end
  return head, to
end
function rows.past(reader, id, head, to)
  local content = redis.call('HGET', reader.base .. 'h:' .. id, 'c' .. memory.text(head[1]))
  return { id, head[1], head[2], to, head[3], rows.class(reader, head[4]), head[14], head[15],
    content }
end
function rows.row(reader, id, head, to, content)
  local row
  local key = reader.base .. 'm:' .. id
  if to then
    row = rows.past(reader, id, head, to)
  else
    row = { id, head[1], head[2], false, head[3], rows.class(reader, head[4]), head[14],
      head[15], content or redis.call('HGET', key, 'c') }
  end
  if reader.vectors then
    local vector = redis.call('HMGET', key, 'x', 'y', 'z')
    row[10], row[11], row[12] = vector[1], vector[2], vector[3]
  end
  return row
end
function rows.read(reader, id)
  local found = redis.call('HMGET', reader.base .. 'm:' .. id, 'm', 'c')
  if not found[1] then return nil end
  local head, to = rows.head(reader, id, found[1])
  if head then return rows.row(reader, id, head, to, found[2]) end
end
return rows`,
  },
  "thread-record": {
    uses: [],
    source: String.raw`local thread_record = {}
local LAYOUT = '<ddddddB'
function thread_record.new(now)
  return { created = now, updated = now, expires = math.huge, count = 0, entries = 0, bytes = 0, paged = 0 }
end
function thread_record.parse(text, now)
  if not text then return nil end
  local created, updated, expires, count, entries, bytes, paged, at = struct.unpack(LAYOUT, text)
  return {
    created = created,
    updated = updated,
    expires = expires,
    count = count,
    entries = entries,
    bytes = bytes,
    paged = paged,
    stamp = string.sub(text, at),
    expired = now ~= nil and expires <= now,
  }
end
function thread_record.text(record)
  return struct.pack(
    LAYOUT, record.created, record.updated, record.expires, record.count, record.entries, record.bytes,
    record.paged
  ) .. record.stamp
end
return thread_record`,
  },
  "thread": {
    uses: ["entries", "pages", "thread-record"],
    source: String.raw`local thread = {}
local function each_chunk_name(head, visit)
  local at = 1
  while at <= #head do
    local size = string.byte(head, at)
    visit(string.sub(head, at + 1, at + size))
    at = at + 1 + size
  end
end
function thread.is_missing(map, before, args, at)
  if before and before.stamp == args[3] and args[5] == '' then return false end
  local known, missing = {}, false
  local function check(name)
    local key = 'k' .. name
    if missing or known[key] then return end
    if before and entries.has(map, key) then known[key] = true else missing = true end
  end
  if before and before.stamp == args[3] then
    each_chunk_name(args[5], check)
  else
    for from = at, #args, 2 do known[args[from]] = true end
    for from = at, #args, 2 do each_chunk_name(entries.head(args[from + 1]), check) end
  end
  return missing
end
function thread.touch(keys, before, args)
  local now = tonumber(args[1])
  local record = before or thread_record.new(now)
  if now > record.updated then record.updated = now end
  if args[2] ~= '' then record.expires = tonumber(args[2]) end
  record.stamp = args[4]
  if keys[4] then redis.call('ZADD', keys[4], 'GT', args[1], args[6]) end
  if keys[5] and args[2] ~= '' then redis.call('ZADD', keys[5], args[2], args[7]) end
  return record
end
local function each_needed(map, heads, visit)
  local open, seen = {}, {}
  local function add(name)
    if not seen[name] then
      seen[name] = true
      open[#open + 1] = name
    end
  end
  for _, head in ipairs(heads) do each_chunk_name(head, add) end
  while #open > 0 do
    local name = table.remove(open)
    local value = entries.get(map, 'k' .. name)
    if value then
      each_chunk_name(entries.head(value), add)
      visit(name, value)
    end
  end
end
function thread.remove_unneeded(map)
  local open, needed, heads = {}, {}, {}
  local function add(name)
    if not needed[name] then
      needed[name] = true
      open[#open + 1] = name
    end
  end
  local function roots(_, value) each_chunk_name(entries.head(value), add) end
  pages.descend(map, 'c', 'd', math.huge, roots)
  pages.descend(map, 'w', 'x', math.huge, roots)
  pages.descend(map, 'k', 'l', math.huge, function(key, value)
    heads[string.sub(key, 2)] = entries.head(value)
  end)
  while #open > 0 do each_chunk_name(heads[table.remove(open)] or '', add) end
  for name in pairs(heads) do
    if not needed[name] then entries.remove(map, 'k' .. name) end
  end
  pages.flush(map)
end
function thread.parent_place(place, value)
  local body = 5 + #entries.head(value)
  local size = struct.unpack('>I2', value, body)
  if size == 0 then return nil end
  local parent = string.sub(value, body + 2, body + 1 + size)
  local namespace = string.match(place, '^(.-%z)')
  if string.sub(parent, 1, 1) == 't' then return namespace .. string.sub(parent, 2) end
  local hex = string.gsub(string.sub(parent, 2), '.', function(byte)
    return string.format('%02x', string.byte(byte))
  end)
  return namespace .. string.gsub(hex, '^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)', '%1-%2-%3-%4-')
end
function thread.each_write(map, place, index, visit)
  local from, seen = 'w' .. place .. '\0', {}
  for _, name in ipairs(index and cmsgpack.unpack(index) or {}) do
    seen[name] = true
    visit(name, from .. name)
  end
  if not map.paged or not map.has_orphans and entries.is_recent(map, 'c' .. place) then return end
  pages.descend(map, from, 'w' .. place .. '\1', math.huge, function(key)
    local name = string.sub(key, #from + 1)
    if not seen[name] then visit(name, key) end
  end)
end
function thread.reply(map, rows, parts)
  local reply, heads = { #rows }, {}
  for _, row in ipairs(rows) do
    local place = row[1]
    reply[#reply + 1] = place
    reply[#reply + 1] = row[2]
    reply[#reply + 1] = 0
    if parts == 'all' then heads[#heads + 1] = entries.head(row[2]) end
    if parts ~= 'bare' and (row[3] or map.paged) then
      local count, at = 0, #reply
      thread.each_write(map, place, row[3], function(name, key)
        local value = entries.whole(map, key, entries.get(map, key))
        if parts == 'all' then heads[#heads + 1] = entries.head(value) end
        count = count + 1
        reply[#reply + 1] = name
        reply[#reply + 1] = value
      end)
      reply[at] = count
    end
  end
  if #heads > 0 then
    entries.load(map)
    each_needed(map, heads, function(name, value)
      reply[#reply + 1] = name
      reply[#reply + 1] = entries.whole(map, 'k' .. name, value)
    end)
  end
  return reply
end
return thread`,
  },
  "view": {
    uses: [],
    source: String.raw`local view = {}
function view.open(base, token, list)
  local state = redis.call('HMGET', base .. 'meta', 'e', 'v', 'l')
  if not state[1] then return { 'missing' } end
  if token == '*' then return nil, nil end
  local now = table.concat(state, ':')
  if token ~= now then
    local known = 0
    local epoch = state[1] .. ':'
    if string.sub(token, 1, #epoch) == epoch then
      known = tonumber(string.match(token, ':(%d+)$')) or 0
    end
    local reply = { 'stale', now, redis.call('HGET', base .. 'meta', 'c'), known }
    for _, class in ipairs(redis.call('LRANGE', base .. 'classes', known, -1)) do
      reply[#reply + 1] = class
    end
    return reply
  end
  if list == '*' then return nil, nil end
  local sees = {}
  for class in string.gmatch(list, '%d+') do sees[tonumber(class)] = true end
  return nil, sees
end
return view`,
  },
};

export const LUA_SCRIPTS = {
  "add-seal": {
    flags: [],
    uses: ["memory"],
    source: String.raw`local seals = memory.base(KEYS[1]) .. 'seals'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local last = redis.call('ZREVRANGE', seals, 0, 0, 'WITHSCORES')
local expected = tonumber(last[2] or 0) + 1
if tonumber(ARGV[1]) ~= expected or tonumber(ARGV[2]) < expected then return { 'conflict', expected } end
redis.call('ZADD', seals, ARGV[2], ARGV[3])
return { 'ok' }`,
  },
  "add-segment": {
    flags: ["allow-oom"],
    uses: ["memory"],
    source: String.raw`local segments = memory.base(KEYS[1]) .. 'segments'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local expected = tonumber(redis.call('HGET', KEYS[1], 'g') or 0) + 1
if tonumber(ARGV[1]) ~= expected or tonumber(ARGV[2]) < expected then return { 'conflict', expected } end
if ARGV[4] ~= '' then
  local archived, last, held = expected - 1, tonumber(ARGV[2]), 0
  for _, member in ipairs(redis.call('ZRANGE', memory.base(KEYS[1]) .. 'ended', 0, -1)) do
    local ended = tonumber(string.match(member, '%z(%d+)$'))
    if ended > archived and ended <= last then held = held + 1 end
  end
  if held ~= tonumber(ARGV[4]) then return { 'conflict', expected } end
end
redis.call('ZADD', segments, ARGV[2], ARGV[3])
redis.call('HSET', KEYS[1], 'g', ARGV[2])
return { 'ok' }`,
  },
  "add-usage": {
    flags: [],
    uses: ["integers"],
    source: String.raw`for at = 1, #ARGV, 5 do
  local id = ARGV[at]
  for place, counter in ipairs({ 'r', 'i', 'u' }) do
    local more = tonumber(ARGV[at + place])
    if more ~= 0 then
      local old = tonumber(redis.call('HGET', KEYS[1], counter .. id) or '0')
      redis.call('HSET', KEYS[1], counter .. id, integers.text(old + more))
    end
  end
  local last = tonumber(redis.call('HGET', KEYS[1], 'a' .. id) or '-1')
  if tonumber(ARGV[at + 4]) > last then
    redis.call('HSET', KEYS[1], 'a' .. id, ARGV[at + 4])
  end
end
return 0`,
  },
  "check-memories": {
    flags: ["no-writes"],
    uses: ["memory", "view", "rows", "filter"],
    source: String.raw`local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local count = tonumber(ARGV[4])
local wanted = filter.parse(ARGV, 5 + count)
local reader = rows.reader(base, sees, tonumber(ARGV[3]), nil, false)
local kept = {}
for place = 5, 4 + count do
  local head = rows.head(reader, ARGV[place])
  if head and filter.fits(wanted, head) then kept[#kept + 1] = ARGV[place] end
end
return { 'ok', kept }`,
  },
  "commit-cube": {
    flags: [],
    uses: ["memory", "queue"],
    source: String.raw`local meta, channel = KEYS[1], KEYS[2]
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
return { 'ok', epoch, seq, head, at, heard, narrowed }`,
  },
  "complete-task": {
    flags: ["allow-oom"],
    uses: ["queue"],
    source: String.raw`local task = queue.held(KEYS, ARGV[1], ARGV[2])
if not task then return 0 end
queue.remove(KEYS, ARGV[1], task)
return 1`,
  },
  "delete-blob": {
    flags: ["allow-oom"],
    uses: [],
    source: String.raw`redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])`,
  },
  "delete-checkpoints": {
    flags: ["allow-oom"],
    uses: ["thread", "entries", "pages", "thread-record"],
    source: String.raw`local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'))
if not record then return 0 end
local map = entries.open(KEYS, record)
entries.fold(map, record)
local deleted, namespaces = 0, {}
for at = 2, #ARGV do
  local place, keys = ARGV[at], {}
  if entries.remove(map, 'c' .. place) then deleted = deleted + 1 end
  pages.descend(map, 'w' .. place .. '\0', 'w' .. place .. '\1', math.huge, function(key)
    keys[#keys + 1] = key
  end)
  for _, key in ipairs(keys) do entries.remove(map, key) end
  namespaces[string.match(place, '^(.-)%z')] = true
end
pages.flush(map)
thread.remove_unneeded(map)
for namespace in pairs(namespaces) do
  local start, newest = 'c' .. namespace .. '\0', nil
  pages.descend(map, start, 'c' .. namespace .. '\1', 1, function(key) newest = key end)
  if newest then
    redis.call('HSET', KEYS[1], 'n' .. namespace, string.sub(newest, #start + 1))
  else
    redis.call('HDEL', KEYS[1], 'n' .. namespace)
  end
end
record.count, record.stamp = record.count - deleted, ARGV[1]
redis.call('HSET', KEYS[1], 'm', thread_record.text(record))
return deleted`,
  },
  "delete-thread": {
    flags: ["allow-oom"],
    uses: ["thread-record", "integers"],
    source: String.raw`local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if record and ARGV[1] ~= '' and not record.expired then
  local expires = record.expires < math.huge and integers.text(record.expires) or ''
  if KEYS[5] and expires ~= '' then
    redis.call('ZADD', KEYS[5], expires, ARGV[3])
  elseif KEYS[5] then
    redis.call('ZREM', KEYS[5], ARGV[3])
  end
  return { 'kept', expires }
end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
if KEYS[4] then
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('ZREM', KEYS[5], ARGV[3])
end
return { record and 'deleted' or 'none' }`,
  },
  "drop-cube": {
    flags: ["allow-oom"],
    uses: ["memory"],
    source: String.raw`local meta = KEYS[1]
local base = memory.base(meta)
local gone = base .. 'gone'
local there, heard = 0, 0
if ARGV[3] == '1' and redis.call('EXISTS', gone) == 0 then
  there = redis.call('EXISTS', meta)
  if there == 1 then
    heard = redis.call(ARGV[1], KEYS[2], 'gone')
    redis.call('RENAME', meta, gone)
  end
end
if redis.call('EXISTS', gone) == 0 then return { there, 0, heard } end
local function unlinkFound(head)
  for _, tag in ipairs(head[12]) do redis.call('UNLINK', base .. 't:' .. tag) end
  for _, target in ipairs(head[13]) do redis.call('UNLINK', base .. 'i:' .. target) end
  if head[9] ~= '' then redis.call('UNLINK', base .. 's:' .. head[9]) end
  if head[8] ~= '' then redis.call('UNLINK', base .. 'k:' .. head[8]) end
end
local slice = tonumber(ARGV[2])
local ids = redis.call('ZRANGE', base .. 'all', 0, slice - 1)
for _, id in ipairs(ids) do
  local key, history = base .. 'm:' .. id, base .. 'h:' .. id
  local packed = redis.call('HGET', key, 'm')
  if packed then unlinkFound(cmsgpack.unpack(packed)) end
  for _, field in ipairs(redis.call('HKEYS', history)) do
    if string.sub(field, 1, 1) ~= 'c' then
      unlinkFound(cmsgpack.unpack(redis.call('HGET', history, field))[2])
    end
  end
  redis.call('UNLINK', key, history, memory.document(base, id))
end
if #ids > 0 then redis.call('ZREM', base .. 'all', unpack(ids)) end
if #ids == slice then return { there, 1, heard } end
for _, group in ipairs(redis.call('HKEYS', base .. 'groups')) do
  redis.call('UNLINK', base .. 'g:' .. group)
end
for _, name in ipairs({ 'all', 'groups', 'x', 'exp', 'ended', 'classes', 'class', 'log', 'once',
  'once:expires', 'once:seq', 'outbox', 'seals', 'segments', 'leases', 'marks', 'usage', 'h:@cube',
  'gone' }) do
  redis.call('UNLINK', base .. name)
end
return { there, 0, heard }`,
  },
  "enqueue-tasks": {
    flags: [],
    uses: ["queue"],
    source: String.raw`return queue.enqueue(KEYS, tonumber(ARGV[1]), ARGV, 2)`,
  },
  "extend-lease": {
    flags: [],
    uses: ["queue"],
    source: String.raw`local task = queue.held(KEYS, ARGV[1], ARGV[2])
if not task then return 0 end
queue.leave(KEYS, ARGV[1], task)
queue.enter(KEYS, ARGV[1], task, 'leased', tonumber(ARGV[3]))
return 1`,
  },
  "fail-task": {
    flags: [],
    uses: ["queue"],
    source: String.raw`local task = queue.held(KEYS, ARGV[1], ARGV[2])
if not task then return 0 end
if ARGV[4] == '' or task.attempt >= task.most then
  queue.bury(KEYS, ARGV[1], task, ARGV[5], tonumber(ARGV[3]))
else
  queue.leave(KEYS, ARGV[1], task)
  queue.enter(KEYS, ARGV[1], task, 'delayed', tonumber(ARGV[4]))
end
return 1`,
  },
  "find-edges": {
    flags: ["no-writes"],
    uses: ["memory", "view", "rows"],
    source: String.raw`local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local reader = rows.reader(base, sees, nil, nil, false)
local found = redis.call('ZRANGEBYSCORE', base .. 'i:' .. ARGV[3], ARGV[4], '+inf', 'WITHSCORES',
  'LIMIT', 0, ARGV[5])
local reply = { 'ok', #found < 2 * tonumber(ARGV[5]) and 1 or 0, 0 }
for place = 1, #found, 2 do
  local head = rows.head(reader, found[place])
  if head then
    reply[#reply + 1] = { found[place], head[1], head[3],
      redis.call('HGET', base .. 'm:' .. found[place], 'e') or '[]' }
  end
  reply[3] = tonumber(found[place + 1])
end
return reply`,
  },
  "find-position": {
    flags: ["no-writes"],
    uses: ["memory"],
    source: String.raw`local base = memory.base(KEYS[1])
local cube = redis.call('HMGET', KEYS[1], 'e', 's', 'g')
if not cube[1] then return false end
local at = tonumber(ARGV[1])
local low, high = tonumber(cube[3] or 0) + 1, tonumber(cube[2])
local found = false
while low <= high do
  local middle = math.floor((low + high) / 2)
  local id = memory.text(middle) .. '-0'
  local entry = redis.call('XRANGE', base .. 'log', id, id)[1]
  if entry and tonumber(entry[2][2]) <= at then
    found = { cube[1], middle, entry[2][6] }
    low = middle + 1
  else
    high = middle - 1
  end
end
return found`,
  },
  "get-checkpoint": {
    flags: ["no-writes"],
    uses: ["thread", "entries", "thread-record"],
    source: String.raw`local found = redis.call('HMGET', KEYS[1], 'm', 'n' .. ARGV[2])
local record, id = thread_record.parse(found[1], tonumber(ARGV[1])), ARGV[3]
if not record or record.expired then return {} end
if id == '' then id = found[2] end
if not id then return {} end
local map, place = entries.open(KEYS, record), ARGV[2] .. '\0' .. id
local row = redis.call('HMGET', KEYS[1], 'c' .. place, 'i' .. place)
local value = row[1] or entries.get(map, 'c' .. place)
if not value then return {} end
value = entries.whole(map, 'c' .. place, value)
return thread.reply(map, { { place, value, row[2] } }, ARGV[4])`,
  },
  "lease-tasks": {
    flags: [],
    uses: ["queue", "integers"],
    source: String.raw`local now, ends, limit, reply = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), {}
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
return reply`,
  },
  "list-checkpoints": {
    flags: ["no-writes"],
    uses: ["thread", "entries", "pages", "thread-record"],
    source: String.raw`local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map, limit = entries.open(KEYS, record), tonumber(ARGV[2])
entries.load(map)
local rows = {}
local function collect(namespace)
  local start = 'c' .. namespace .. '\0'
  local to = 'c' .. namespace .. '\1'
  local function lower(bound)
    if pages.comes_before(bound, to) then to = bound end
  end
  if ARGV[6] == '1' then lower(start .. ARGV[7]) end
  if ARGV[8] == '1' then
    local is_later = pages.comes_before(ARGV[10], namespace)
    lower(start .. ARGV[9] .. (is_later and '\0' or ''))
  end
  entries.descend(map, start, to, limit, function(key, value)
    rows[#rows + 1] = { id = string.sub(key, #start + 1), namespace = namespace, value = value }
  end)
end
if ARGV[4] == '1' then
  collect(ARGV[5])
else
  local key = entries.next_key(map, 'c')
  while key do
    local namespace = string.match(key, '^c(.-)%z')
    collect(namespace)
    key = entries.next_key(map, 'c' .. namespace .. '\1')
  end
  table.sort(rows, function(a, b)
    if a.id == b.id then return pages.comes_before(a.namespace, b.namespace) end
    return pages.comes_before(b.id, a.id)
  end)
end
local page = {}
for at = 1, math.min(limit, #rows) do
  local place = rows[at].namespace .. '\0' .. rows[at].id
  local value = entries.whole(map, 'c' .. place, rows[at].value)
  page[at] = { place, value, map.fields['i' .. place] }
end
return thread.reply(map, page, ARGV[3])`,
  },
  "list-cubes": {
    flags: ["no-writes"],
    uses: [],
    source: String.raw`local function isBefore(one, other)
  for place = 1, math.min(#one, #other) do
    local left, right = string.byte(one, place), string.byte(other, place)
    if left ~= right then return left < right end
  end
  return #one < #other
end
local base = string.sub(KEYS[1], 1, -3)
local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local limit = tonumber(ARGV[2])
local found, ids = {}, {}
for place = 3, #ARGV do
  local part = redis.call('ZRANGEBYLEX', base .. 'by:' .. ARGV[place], after, '+', 'LIMIT', 0, limit)
  for _, id in ipairs(part) do
    if not found[id] then
      found[id] = true
      ids[#ids + 1] = id
    end
  end
end
if #ARGV > 3 then table.sort(ids, isBefore) end
local reply = {}
for place = 1, math.min(limit, #ids) do reply[place] = ids[place] end
return reply`,
  },
  "list-dead-letters": {
    flags: ["no-writes"],
    uses: ["queue", "integers"],
    source: String.raw`local reply = {}
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
return reply`,
  },
  "list-memories": {
    flags: ["no-writes"],
    uses: ["memory", "view", "rows", "filter"],
    source: String.raw`local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local now, seq, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6])
local upwards, limit, looks = ARGV[7] == '1', tonumber(ARGV[9]), tonumber(ARGV[10])
local wanted = filter.parse(ARGV, 11)
local reader = rows.reader(base, sees, now, seq, ARGV[5] == '1')
local SIDE_BY_SIDE = 16
local function groupKeys()
  local keys, every, size = {}, true, 0
  local groups = redis.call('HGETALL', base .. 'groups')
  for place = 1, #groups, 2 do
    if filter.fitsGroup(wanted, sees, groups[place]) then
      keys[#keys + 1] = base .. 'g:' .. groups[place]
      size = size + tonumber(groups[place + 1])
    else
      every = false
    end
  end
  return keys, every, size
end
local function sources()
  if seq then return { base .. 'all' }, nil, false end
  local narrow, size
  local function consider(key)
    local count = redis.call('ZCARD', key)
    if not size or count < size then narrow, size = key, count end
  end
  for _, tag in ipairs(wanted.tags) do consider(base .. 't:' .. tag) end
  if wanted.session then consider(base .. 's:' .. wanted.session) end
  local keys, every, total = groupKeys()
  if narrow and size <= total then return { narrow }, size, false end
  local exact = filter.isGroupOnly(wanted)
  if every or #keys > SIDE_BY_SIDE then
    return { base .. 'all' }, total, exact and every
  end
  return keys, total, exact
end
local keys, size, exact = sources()
local function fits(id)
  local head, to = rows.head(reader, id)
  if head and filter.fits(wanted, head) then return head, to end
end
if limit == 0 and exact then
  local expired = now and redis.call('ZCOUNT', base .. 'exp', '-inf', ARGV[3]) or 0
  if expired <= looks then
    if expired > 0 then
      reader.now = nil
      for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'exp', '-inf', ARGV[3])) do
        if fits(id) then size = size - 1 end
      end
    end
    return { 'ok', '', size }
  end
end
local function stretch()
  local found = {}
  for _, key in ipairs(keys) do
    local part
    if upwards then
      part = redis.call('ZRANGEBYSCORE', key, ARGV[8] == '' and '-inf' or '(' .. ARGV[8], '+inf',
        'WITHSCORES', 'LIMIT', 0, looks)
    else
      part = redis.call('ZREVRANGEBYSCORE', key, ARGV[8] == '' and '+inf' or '(' .. ARGV[8], '-inf',
        'WITHSCORES', 'LIMIT', 0, looks)
    end
    for place = 1, #part, 2 do found[#found + 1] = { part[place], tonumber(part[place + 1]) } end
  end
  if #keys > 1 then
    table.sort(found, function(one, other)
      if upwards then return one[2] < other[2] end
      return one[2] > other[2]
    end)
  end
  return found
end
local found = stretch()
local reply, bytes, count, last = { 'ok', '', 0 }, 0, 0, ''
for place, pair in ipairs(found) do
  if place > looks or bytes > most or (limit > 0 and count == limit) then break end
  local id = pair[1]
  local head, to = fits(id)
  if head then
    count = count + 1
    if limit > 0 then
      local row = rows.row(reader, id, head, to)
      reply[#reply + 1] = row
      bytes = bytes + #row[9] + (row[12] and #row[12] or 0)
    end
  end
  last = memory.text(pair[2])
  if place == #found and #found < looks then last = '' end
end
reply[2], reply[3] = last, count
return reply`,
  },
  "list-outboxes": {
    flags: ["no-writes"],
    uses: [],
    source: String.raw`local time = redis.call('TIME')
local latest = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[1])
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', latest), 'WITHSCORES',
  'LIMIT', 0, ARGV[2])`,
  },
  "list-threads": {
    flags: ["no-writes"],
    uses: ["pages"],
    source: String.raw`local start = 0
if ARGV[2] ~= '' then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[3])
  if score and tonumber(score) == tonumber(ARGV[2]) then
    start = redis.call('ZREVRANK', KEYS[1], ARGV[3]) + 1
  else
    start = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[2], '+inf')
    local ties = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[2], 'LIMIT', 0, 1000)
    for _, id in ipairs(ties) do
      if not pages.comes_before(ARGV[3], id) then break end
      start = start + 1
    end
  end
end
return redis.call('ZREVRANGE', KEYS[1], start, start + tonumber(ARGV[1]) - 1, 'WITHSCORES')`,
  },
  "next-due-task": {
    flags: ["no-writes"],
    uses: ["queue", "integers"],
    source: String.raw`local next
for _, kind in ipairs(ARGV) do
  local ready, timed = queue.first(KEYS, 'r' .. kind), queue.first(KEYS, 't' .. kind)
  local due
  if ready then
    due = queue.load(KEYS, integers.text(tonumber(string.sub(ready, -16)))).due
  elseif timed then
    due = tonumber(string.sub(timed, -33, -18))
  end
  if due and (not next or due < next) then next = due end
end
return next and integers.text(next) or ''`,
  },
  "publish-messages": {
    flags: [],
    uses: ["integers"],
    source: String.raw`local last = tonumber(redis.call('HGET', KEYS[2], 'last') or '0')
for at = 3, #ARGV do
  last = last + 1
  redis.call('XADD', KEYS[1], integers.text(last) .. '-0', 'a', ARGV[1], 'v', ARGV[at])
end
redis.call('HSET', KEYS[2], 'last', integers.text(last))
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[2])
return integers.text(last - (#ARGV - 3))`,
  },
  "purge-history": {
    flags: ["allow-oom"],
    uses: ["memory"],
    source: String.raw`local base = memory.base(KEYS[1])
local archived = redis.call('HGET', KEYS[1], 'g')
if not archived then return '' end
local slice = tonumber(ARGV[2])
local receipts = redis.call('ZRANGEBYSCORE', base .. 'once:seq', '-inf', archived, 'LIMIT', 0, slice)
for _, key in ipairs(receipts) do
  local packed = redis.call('HGET', base .. 'once', key)
  local receipt = packed and cmsgpack.unpack(packed)
  if receipt and not receipt[5] then
    local id = memory.text(receipt[1]) .. '-0'
    local entry = redis.call('XRANGE', base .. 'log', id, id)[1]
    receipt[5] = entry and entry[2][8] or ''
    redis.call('HSET', base .. 'once', key, cmsgpack.pack(receipt))
  end
  redis.call('ZREM', base .. 'once:seq', key)
end
if #receipts == slice then return ARGV[1] == '' and '\0' or ARGV[1] end
redis.call('XTRIM', base .. 'log', 'MINID', memory.text(tonumber(archived) + 1) .. '-0')
local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local found = redis.call('ZRANGEBYLEX', base .. 'ended', after, '+', 'LIMIT', 0, slice)
local gone, bytes = 0, 0
for _, member in ipairs(found) do
  local id, version, ended = string.match(member, '^([^%z]*)%z(%d+)%z(%d+)$')
  if tonumber(ended) <= tonumber(archived) then
    local key, number = base .. 'h:' .. id, memory.text(tonumber(version))
    local packed = redis.call('HGET', key, number)
    local head = packed and cmsgpack.unpack(packed)[2]
    if head and head[8] ~= '' then
      local given = redis.call('ZSCORE', base .. 'k:' .. head[8], id)
      if given and tonumber(given) <= tonumber(archived) then
        redis.call('ZREM', base .. 'k:' .. head[8], id)
      end
    end
    if id ~= '@cube' then
      gone = gone + 1
      bytes = bytes + redis.call('HSTRLEN', key, 'c' .. number)
    end
    redis.call('HDEL', key, number, 'c' .. number)
    redis.call('ZREM', base .. 'ended', member)
  end
end
if gone > 0 then
  redis.call('HINCRBY', KEYS[1], 'p', -gone)
  redis.call('HINCRBY', KEYS[1], 'b', -bytes)
end
if #found < slice then return '' end
return found[#found]`,
  },
  "put-blob": {
    flags: [],
    uses: [],
    source: String.raw`redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 0`,
  },
  "put-checkpoint": {
    flags: [],
    uses: ["thread", "entries", "pages", "thread-record"],
    source: String.raw`local args = ARGV
local found = redis.call('HMGET', KEYS[1], 'm', args[8])
local before, newest = thread_record.parse(found[1], tonumber(args[1])), found[2]
local is_expired = before and before.expired
if is_expired then before, newest = nil, nil end
local map = entries.open(KEYS, before)
if thread.is_missing(map, before, args, 10) then return 'missing' end
if is_expired then redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3]) end
local stamp = before and before.stamp or ''
local record = thread.touch(KEYS, before, args)
local is_newest = not newest or pages.comes_before(newest, args[9])
local is_there = not is_newest and entries.has(map, args[10])
if is_there then
  entries.drop_body(map, args[10])
else
  record.count = record.count + 1
end
local first = is_newest and 6 or 8
args[first] = 'm'
entries.write(map, record, args, first, 10)
if not is_there then return 'stored ' .. stamp end
entries.fold(map, record)
thread.remove_unneeded(map)
redis.call('HSET', KEYS[1], 'm', thread_record.text(record))
return 'replaced'`,
  },
  "put-writes": {
    flags: [],
    uses: ["thread", "entries", "thread-record"],
    source: String.raw`local args = ARGV
local place = args[8]
local index_field, prefix = 'i' .. place, 'w' .. place .. '\0'
local found = redis.call('HMGET', KEYS[1], 'm', index_field)
local before, index = thread_record.parse(found[1], tonumber(args[1])), found[2]
local is_expired = before and before.expired
if is_expired then before, index = nil, nil end
local map = entries.open(KEYS, before)
if thread.is_missing(map, before, args, 9) then return 'missing' end
if is_expired then redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3]) end
local names, has = index and cmsgpack.unpack(index) or {}, {}
if before then
  thread.each_write(map, place, index, function(name) has[name] = true end)
end
local stamp = before and before.stamp or ''
local record = thread.touch(KEYS, before, args)
local is_listed = {}
for _, name in ipairs(names) do is_listed[name] = true end
local fields = { 'm', '', index_field, '' }
for at = 9, #args, 2 do
  local key = args[at]
  local name = string.byte(key) == 119 and string.sub(key, #prefix + 1)
  if name and has[name] and string.byte(name) == 45 then
    entries.drop_body(map, key)
    has[name] = nil
  end
  if not (name and has[name]) then
    fields[#fields + 1] = key
    fields[#fields + 1] = args[at + 1]
    if name then
      has[name] = true
      if not is_listed[name] then names[#names + 1] = name end
      is_listed[name] = true
    end
  end
end
fields[4] = cmsgpack.pack(names)
entries.write(map, record, fields, 1, 5)
return 'stored ' .. stamp`,
  },
  "read-ended": {
    flags: ["no-writes"],
    uses: ["memory", "rows"],
    source: String.raw`local base = memory.base(KEYS[1])
local after = math.max(tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'g') or 0))
local reader = rows.reader(base, nil, nil, nil, false)
local start = ARGV[4] == '' and '-' or '(' .. ARGV[4]
local looks = tonumber(ARGV[6])
local found = redis.call('ZRANGEBYLEX', base .. 'ended', start, '+', 'LIMIT', 0, looks)
local reply, bytes = { '' }, 0
for place, member in ipairs(found) do
  if #reply > tonumber(ARGV[3]) or bytes > tonumber(ARGV[5]) then return reply end
  local id, version, ended = string.match(member, '^([^%z]*)%z(%d+)%z(%d+)$')
  ended = tonumber(ended)
  if ended > after and ended <= tonumber(ARGV[2]) then
    local packed = redis.call('HGET', base .. 'h:' .. id, memory.text(tonumber(version)))
    local row = rows.past(reader, id, cmsgpack.unpack(packed)[2], ended)
    reply[#reply + 1] = row
    bytes = bytes + #row[9]
  end
  reply[1] = (place == #found and #found < looks) and '' or member
end
return reply`,
  },
  "read-keys": {
    flags: ["no-writes"],
    uses: ["memory", "view", "rows"],
    source: String.raw`local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local reader = rows.reader(base, sees, tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1')
local function find(key)
  local holder = redis.call('HGET', base .. 'x', key)
  local holders = { holder or nil }
  if reader.seq then
    local former = redis.call('ZRANGEBYSCORE', base .. 'k:' .. key, '(' .. ARGV[4], '+inf')
    for _, id in ipairs(former) do holders[#holders + 1] = id end
  end
  for _, id in ipairs(holders) do
    local head, to = rows.head(reader, id)
    if head and head[8] == key then return rows.row(reader, id, head, to) end
  end
end
local reply, bytes, most = { 'ok', #ARGV - 6 }, 0, tonumber(ARGV[6])
for place = 7, #ARGV do
  if bytes > most then
    reply[2] = place - 7
    break
  end
  local row = find(ARGV[place])
  if row then
    reply[#reply + 1] = row
    bytes = bytes + #row[9] + (row[12] and #row[12] or 0)
  end
end
return reply`,
  },
  "read-lineage": {
    flags: ["no-writes"],
    uses: ["thread", "entries", "thread-record"],
    source: String.raw`local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map = entries.open(KEYS, record)
entries.load(map)
local rows, place = {}, ARGV[2]
while place and #rows < tonumber(ARGV[3]) do
  local value = entries.get(map, 'c' .. place)
  if not value then break end
  value = entries.whole(map, 'c' .. place, value)
  rows[#rows + 1] = { place, value, map.fields['i' .. place] }
  place = thread.parent_place(place, value)
end
return thread.reply(map, rows, ARGV[4])`,
  },
  "read-log": {
    flags: ["no-writes"],
    uses: ["memory"],
    source: String.raw`local base = memory.base(KEYS[1])
local archived = tonumber(redis.call('HGET', KEYS[1], 'g') or 0)
local after = math.max(tonumber(ARGV[1]), archived)
local reply = {}
local found = redis.call('XRANGE', base .. 'log', memory.text(after + 1) .. '-0', '+', 'COUNT', ARGV[2])
for place, entry in ipairs(found) do
  local fields = entry[2]
  reply[place] = { tonumber(string.match(entry[1], '^%d+')), tonumber(fields[2]), fields[4], fields[6],
    fields[8] }
end
return reply`,
  },
  "read-memories": {
    flags: ["no-writes"],
    uses: ["memory", "view", "rows"],
    source: String.raw`local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local reader = rows.reader(base, sees, tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1')
local reply, bytes, most = { 'ok', #ARGV - 6 }, 0, tonumber(ARGV[6])
for place = 7, #ARGV do
  if bytes > most then
    reply[2] = place - 7
    break
  end
  local row = ARGV[place] ~= '@cube' and rows.read(reader, ARGV[place])
  if row then
    reply[#reply + 1] = row
    bytes = bytes + #row[9] + (row[12] and #row[12] or 0)
  end
end
return reply`,
  },
  "read-messages": {
    flags: [],
    uses: ["integers"],
    source: String.raw`local limit, given = tonumber(ARGV[2]), {}
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[3], 'LIMIT', 0, limit)
table.sort(lapsed)
for _, member in ipairs(lapsed) do
  local id = integers.text(tonumber(member)) .. '-0'
  local found = redis.call('XRANGE', KEYS[1], id, id)[1]
  if found then
    given[#given + 1] = found
  else
    redis.call('ZREM', KEYS[3], member)
  end
end
local field = 'g' .. ARGV[1]
if #given < limit then
  local from = (redis.call('HGET', KEYS[2], field) or '0') .. '-1'
  local fresh = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', limit - #given)
  for _, entry in ipairs(fresh) do given[#given + 1] = entry end
  if #fresh > 0 then
    redis.call('HSET', KEYS[2], field, (string.gsub(fresh[#fresh][1], '%-.*', '')))
  end
end
local reply = {}
for _, entry in ipairs(given) do
  local id = string.gsub(entry[1], '%-.*', '')
  redis.call('ZADD', KEYS[3], ARGV[4], string.format('%016.0f', tonumber(id)))
  reply[#reply + 1] = id
  reply[#reply + 1] = entry[2][2]
  reply[#reply + 1] = entry[2][4]
end
return reply`,
  },
  "read-outbox": {
    flags: ["no-writes"],
    uses: [],
    source: String.raw`return redis.call('HGETALL', KEYS[1])`,
  },
  "read-task-states": {
    flags: ["no-writes"],
    uses: ["queue"],
    source: String.raw`local reply = {}
for at, field in ipairs(ARGV) do
  local id = redis.call('HGET', KEYS[1], field)
  local task = id and queue.load(KEYS, id)
  reply[at] = task and task.phase or ''
end
return reply`,
  },
  "read-versions": {
    flags: ["no-writes"],
    uses: ["memory", "view", "rows"],
    source: String.raw`local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local id, below, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local reader = rows.reader(base, sees, nil, nil, false)
local archived = tonumber(redis.call('HGET', KEYS[1], 'g') or 0)
local reply, bytes = { 'ok', '' }, 0
local number
if id == '@cube' then
  if ARGV[1] ~= '*' then return reply end
  local header = redis.call('HMGET', KEYS[1], 'v', 'f', 'c', 't', 'k')
  number = tonumber(header[1])
  if not below or number < below then
    reply[3] = { id, number, tonumber(header[2]), false, 0, '[[],[]]', header[4], header[5], header[3] }
  end
else
  local packed = redis.call('HGET', base .. 'm:' .. id, 'm')
  if not packed then return reply end
  local head = cmsgpack.unpack(packed)
  number = head[1]
  if (not below or number < below) and (not sees or sees[head[4]]) then
    reply[3] = rows.row(reader, id, head, false)
  end
end
if below and below < number then number = below end
local oldest = number - tonumber(ARGV[7])
while #reply < limit + 2 do
  number = number - 1
  local packed = redis.call('HGET', base .. 'h:' .. id, memory.text(number))
  if not packed then return reply end
  local version = cmsgpack.unpack(packed)
  if version[1] <= archived then return reply end
  if not sees or sees[version[2][4]] then
    local row = rows.past(reader, id, version[2], version[1])
    reply[#reply + 1] = row
    bytes = bytes + #row[9]
  end
  if bytes > tonumber(ARGV[6]) or number < oldest then break end
end
reply[2] = memory.text(number)
return reply`,
  },
  "register-cube": {
    flags: [],
    uses: [],
    source: String.raw`local base = string.sub(KEYS[1], 1, -3)
local time = redis.call('TIME')
local at = time[1] .. string.format('%06d', tonumber(time[2]))
for place = 2, #ARGV do
  redis.call('ZADD', base .. 'by:' .. ARGV[place], 0, ARGV[1])
  redis.call('HSET', KEYS[1], ARGV[place] .. '\0' .. ARGV[1], at)
end
return at`,
  },
  "register-outbox": {
    flags: [],
    uses: [],
    source: String.raw`local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), ARGV[1])
return 1`,
  },
  "renew-epoch": {
    flags: [],
    uses: [],
    source: String.raw`if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return 0 end
redis.call(ARGV[3], KEYS[2], 'epoch')
redis.call('HSET', KEYS[1], 'e', ARGV[2])
return 1`,
  },
  "replace-segment": {
    flags: ["allow-oom"],
    uses: ["memory"],
    source: String.raw`local segments = memory.base(KEYS[1]) .. 'segments'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
if not redis.call('ZSCORE', segments, ARGV[2]) then return { 'conflict' } end
redis.call('ZREM', segments, ARGV[2])
redis.call('ZADD', segments, ARGV[1], ARGV[3])
return { 'ok' }`,
  },
  "revive-tasks": {
    flags: ["allow-oom"],
    uses: ["queue"],
    source: String.raw`local now, found = tonumber(ARGV[2]), 0
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
return found`,
  },
  "set-mark": {
    flags: [],
    uses: ["memory"],
    source: String.raw`local marks = memory.base(KEYS[1]) .. 'marks'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
if ARGV[2] then
  redis.call('HSET', marks, ARGV[1], ARGV[2])
else
  redis.call('HDEL', marks, ARGV[1])
end
return { 'ok' }`,
  },
  "settle-score": {
    flags: ["allow-oom"],
    uses: [],
    source: String.raw`local found = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not found or tonumber(found) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1`,
  },
  "take-lease": {
    flags: [],
    uses: ["memory"],
    source: String.raw`local leases = memory.base(KEYS[1]) .. 'leases'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local packed = redis.call('HGET', leases, ARGV[1])
local held = packed and cmsgpack.unpack(packed)
if held and held[1] ~= ARGV[2] and held[2] > tonumber(ARGV[3]) then return { 'ok', 0 } end
redis.call('HSET', leases, ARGV[1], cmsgpack.pack({ ARGV[2], tonumber(ARGV[4]) }))
return { 'ok', 1 }`,
  },
  "unregister-cube": {
    flags: ["allow-oom"],
    uses: [],
    source: String.raw`local base = string.sub(KEYS[1], 1, -3)
local time = redis.call('TIME')
local latest = (tonumber(time[1]) * 1000 - tonumber(ARGV[2])) * 1000
local removed = 0
for place = 3, #ARGV do
  local field = ARGV[place] .. '\0' .. ARGV[1]
  local at = tonumber(redis.call('HGET', KEYS[1], field) or 0)
  if at <= latest then
    redis.call('HDEL', KEYS[1], field)
    redis.call('ZREM', base .. 'by:' .. ARGV[place], ARGV[1])
    removed = removed + 1
  end
end
return removed`,
  },
  "unregister-outbox": {
    flags: ["allow-oom"],
    uses: [],
    source: String.raw`local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at or tonumber(at) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`,
  },
};

