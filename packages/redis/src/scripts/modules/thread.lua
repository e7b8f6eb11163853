-- What the scripts of threads share. A thread is the entries of entries.lua:
--   "c"<namespace>\0<id>                          checkpoint; head: its chunks; body: parent, value
--   "w"<namespace>\0<id>\0<index>:<task>          write; head: its chunks
--   "k"<chunk>                                    chunk; head: the chunks it needs
-- and in recent, beside its record "m":
--   "n"<namespace>                                id of the newest checkpoint
--   "i"<namespace>\0<id>                          cmsgpack of { <index>:<task>, ... } of the writes in recent
-- A head lists chunks, each with a byte before it that is its length. <namespace>\0<id> is a place; names in
-- it are escaped so that they hold no \0. A parent is two bytes of length, and then nothing, "t"<escaped
-- id>, or "u" and the 16 bytes of a UUID.
-- uses: entries pages thread-record
local thread = {}
-- The first seven arguments of a writing script:
--   1 time; 2 when the thread expires, or "" for as before; 3 stamp after which the caller knows the thread,
--   or ""; 4 stamp of this write; 5 chunks that are needed, not given and not known to be stored when
--   the stamp is 3; 6 the thread in the list KEYS[4] of its owner, 7 in the list KEYS[5] of those that expire
local function each_chunk_name(head, visit)
  local at = 1
  while at <= #head do
    local size = string.byte(head, at)
    visit(string.sub(head, at + 1, at + size))
    at = at + 1 + size
  end
end
-- Whether a chunk that the entries need (key and value in turn, from args[at] on) is neither stored nor among
-- them. before: the record, or nil where nothing is stored.
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
-- Says in the lists that the thread is used, and returns its record as it will be.
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
-- Calls visit(name, value) for each chunk that the heads need, directly or not, once.
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
-- Removes chunks that nothing needs from the pages: fold first. O(entries of the thread).
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
-- The place of a checkpoint's parent.
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
-- Calls visit(<index>:<task>, key) for each write of a checkpoint; index is its field "i" of recent.
function thread.each_write(map, place, index, visit)
  local from, seen = 'w' .. place .. '\0', {}
  for _, name in ipairs(index and cmsgpack.unpack(index) or {}) do
    seen[name] = true
    visit(name, from .. name)
  end
  -- Writes of a checkpoint in recent came after it.
  if not map.paged or not map.has_orphans and entries.is_recent(map, 'c' .. place) then return end
  pages.descend(map, from, 'w' .. place .. '\1', math.huge, function(key)
    local name = string.sub(key, #from + 1)
    if not seen[name] then visit(name, key) end
  end)
end
-- A page of checkpoints as a reply: how many; place, value, how many writes, and <index>:<task> and value of
-- each, of every checkpoint; then name and value of all chunks they need. Flat, as every list within a reply takes
-- its time. Rows are { place, whole value, field "i" of the place }. Parts: "all"; "writes": without chunks;
-- "bare": without writes, too.
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
return thread
