-- What the scripts of threads share. A thread is one hash with its record in field "m", and an ordered
-- map (see pages.lua) in this hash and a sorted set:
--   "c"<namespace>\0<id>                          checkpoint; head: its chunks, a line end, its parent
--   "w"<namespace>\0<id>\0<index>:<task>          write; head: its chunks
--   "k"<hash>                                     chunk; head: the chunks it needs
-- Chunks are joined by commas. <namespace>\0<id> is a place; names in it are escaped so that they hold
-- no \0. A parent is empty, "t"<escaped id>, or "u" and the 16 bytes of a UUID.
-- uses: integers pages
local thread = {}
function thread.read(key, now)
  local text = redis.call('HGET', key, 'm')
  if not text then return nil end
  local created, updated, expires, count = string.match(text, '^(%-?%d+),(%-?%d+),(%-?%d*),(%d+)$')
  return {
    created = tonumber(created),
    updated = tonumber(updated),
    expires = tonumber(expires),
    count = tonumber(count),
    expired = now and expires ~= '' and tonumber(expires) <= now or false,
  }
end
function thread.touch(keys, now, expires)
  local record = thread.read(keys[1], now)
  if record and record.expired then
    redis.call('UNLINK', keys[1], keys[2])
    record = nil
  end
  record = record or { created = now, updated = now, count = 0 }
  if now > record.updated then record.updated = now end
  if expires ~= '' then record.expires = tonumber(expires) end
  return record
end
function thread.write(key, record)
  local expires = record.expires and integers.text(record.expires) or ''
  redis.call('HSET', key, 'm', table.concat({
    integers.text(record.created), integers.text(record.updated), expires, integers.text(record.count),
  }, ','))
end
local function each_hash(list, visit)
  for hash in string.gmatch(list, '[^,]+') do visit(hash) end
end
-- The first chunk that a step needs and that is neither stored nor given (hash, head and body of each
-- from args[at]).
function thread.missing(map, is_stored, roots, args, at)
  local given, missing = {}, nil
  for from = at, #args, 3 do given[args[from]] = true end
  local function check(hash)
    if missing or given[hash] then return end
    if is_stored and pages.has(map, 'k' .. hash) then given[hash] = true else missing = hash end
  end
  for _, list in ipairs(roots) do each_hash(list, check) end
  for from = at, #args, 3 do each_hash(args[from + 1], check) end
  return missing
end
function thread.put_chunks(map, args, at)
  for from = at, #args, 3 do
    local key = 'k' .. args[from]
    if not pages.has(map, key) then pages.set(map, key, args[from + 1], args[from + 2]) end
  end
end
-- Calls visit(hash, head, body) for each chunk that the lists need, directly or not, once.
function thread.each_chunk(map, lists, visit)
  local open, seen = {}, {}
  local function add(hash)
    if not seen[hash] then
      seen[hash] = true
      open[#open + 1] = hash
    end
  end
  for _, list in ipairs(lists) do each_hash(list, add) end
  while #open > 0 do
    local hash = table.remove(open)
    local head, body = pages.get(map, 'k' .. hash)
    if head then
      each_hash(head, add)
      visit(hash, head, body)
    end
  end
end
-- Removes chunks that nothing needs. O(entries of the thread).
function thread.remove_unneeded(map)
  local open, needed = {}, {}
  local function add(hash)
    if not needed[hash] then
      needed[hash] = true
      open[#open + 1] = hash
    end
  end
  local function roots(_, head) each_hash(string.match(head, '^[^\n]*'), add) end
  pages.descend(map, 'c', 'd', math.huge, roots)
  pages.descend(map, 'w', 'x', math.huge, roots)
  local heads = {}
  pages.descend(map, 'k', 'l', math.huge, function(key, head) heads[string.sub(key, 2)] = head end)
  while #open > 0 do each_hash(heads[table.remove(open)] or '', add) end
  for hash in pairs(heads) do
    if not needed[hash] then pages.remove(map, 'k' .. hash) end
  end
end
function thread.parent_place(place, head)
  local parent = string.match(head, '\n(.*)$')
  if parent == '' then return nil end
  local namespace = string.match(place, '^(.-%z)')
  if string.sub(parent, 1, 1) == 't' then return namespace .. string.sub(parent, 2) end
  local hex = string.gsub(string.sub(parent, 2), '.', function(byte)
    return string.format('%02x', string.byte(byte))
  end)
  return namespace .. string.gsub(hex, '^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)', '%1-%2-%3-%4-')
end
-- A page of checkpoints as a reply: { place, head, body, { write's <index>:<task>, head, body, ... } } of
-- each place, then { hash, head, body, ... } of all chunks they need. Parts: "all"; "writes": without
-- chunks; "bare": without writes, too.
function thread.reply(map, places, parts)
  local rows, lists = {}, {}
  for _, place in ipairs(places) do
    local head, body = pages.get(map, 'c' .. place)
    local writes = {}
    if parts ~= 'bare' then
      lists[#lists + 1] = string.match(head, '^[^\n]*')
      local from = 'w' .. place .. '\0'
      pages.descend(map, from, 'w' .. place .. '\1', math.huge, function(key, write_head, write_body)
        lists[#lists + 1] = write_head
        writes[#writes + 1] = string.sub(key, #from + 1)
        writes[#writes + 1] = write_head
        writes[#writes + 1] = write_body()
      end)
    end
    rows[#rows + 1] = { place, head, body, writes }
  end
  local chunks = {}
  if parts ~= 'all' then lists = {} end
  thread.each_chunk(map, lists, function(hash, head, body)
    chunks[#chunks + 1] = hash
    chunks[#chunks + 1] = head
    chunks[#chunks + 1] = body
  end)
  return { rows, chunks }
end
return thread
