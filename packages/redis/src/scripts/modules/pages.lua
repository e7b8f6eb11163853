-- An ordered map of many short entries, without the hundred bytes that a field and a member each cost:
-- entries, a key and a value each, lie in pages of some kilobytes.
--   hash   "p"<first> page: cmsgpack of { key, value, key, value, ... } in the order of keys
--   set    <first> of each page, by which it is found: no key of the page comes before it
-- The first byte of a key is its kind; kinds share no page. A map is a table of the names `hash` and `set`
-- and of what is `loaded` and `changed`; flush what was changed.
local pages = {}
local PAGE_BYTES = 4096
-- By bytes, as sorted sets have it. Lua compares as the server's locale wants, by bytes in most; one that
-- does not is found out by what it does with case and punctuation.
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
      -- What grows at its end leaves full pages behind, other pages are cut into equal parts.
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
-- Entries with from <= key < to, last first, at most limit: each calls visit(key, value). Nothing may be
-- changed meanwhile.
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
-- The first key that does not come before from, within its kind.
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
return pages
