-- Entries of a thread, in three keys:
--   recent  a hash: what was written last, each entry a field. A put writes here and nowhere else.
--   hash    pages of all entries before (see pages.lua), and "v"<key>: a large body of either kind
--   set     firsts of pages
-- When there are many in recent they are folded into the pages; what both have is as recent has it.
-- An entry has a key, whose first byte is "c", "w" or "k", and a value: four bytes with the length of its
-- head, head, body. The highest bit is set where the body is large and lies beside.
-- uses: pages thread-record
local entries = {}
local BODY_BYTES, FOLD_ENTRIES, FOLD_BYTES = 1024, 48, 12288
local BESIDE = 2147483648
local KINDS = { c = true, w = true, k = true }
local FLUSH_ENTRIES = 64
-- Arguments of one call: Lua's stack holds some thousands.
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
-- What recent or a page holds of a value. Writes a large body.
local function stored(map, key, value)
  if #value <= BODY_BYTES then return value end
  local size = struct.unpack('>I4', value)
  if #value - size - 4 <= BODY_BYTES then return value end
  redis.call('HSET', map.hash, 'v' .. key, string.sub(value, 5 + size))
  return struct.pack('>I4', size + BESIDE) .. string.sub(value, 5, 4 + size)
end
-- The value with its body, from what get and descend found; the bit stays.
function entries.whole(map, key, value)
  if string.byte(value) < 128 then return value end
  return value .. (redis.call('HGET', map.hash, 'v' .. key) or '')
end
-- Reads recent at once, where much of it is wanted.
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
-- Writes fields[first] and further on to recent: "m", whatever is there, the record; then others, and from
-- fields[at] on entries. Names and values take turns. They are counted in the record.
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
-- Moves what is in recent into the pages.
function entries.fold(map, record)
  map.fields, map.paged, record.paged = nil, true, math.max(record.paged, 1)
  entries.load(map)
  local keys, gone = {}, {}
  for name in pairs(map.fields) do
    local kind = string.sub(name, 1, 1)
    if KINDS[kind] then keys[#keys + 1] = name end
    if KINDS[kind] or kind == 'i' then gone[#gone + 1] = name end
  end
  -- In order, so that what follows all there is leaves full pages behind.
  table.sort(keys)
  for at, key in ipairs(keys) do
    pages.set(map, key, map.fields[key])
    -- A page is looked through from its start: it is cut before it is long.
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
-- Frees the large body of an entry that is replaced.
function entries.drop_body(map, key)
  redis.call('HDEL', map.hash, 'v' .. key)
end
-- Takes an entry out of the pages: fold first, flush afterwards. Whether it was there.
function entries.remove(map, key)
  local value = pages.remove(map, key)
  if not value then return false end
  if string.byte(value) >= 128 then entries.drop_body(map, key) end
  return true
end
-- Checkpoints with from <= key < to, last first, at most limit: each calls visit(key, value). One that is
-- replaced is folded at once, so none is in both.
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
-- The first key that does not come before from, within its kind.
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
return entries
