-- Versions as rows of a reply:
-- { id, version, from seq, to seq or false, ordinal, visibility, salt, commitment, content,
--   [model, fingerprint, vector] }
-- uses: memory
local rows = {}

-- What rows are made for: `sees` set of classes or nil, `now` or nil, `seq` or nil, `vectors`.
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

-- Head and "to seq" of the version that was current at reader.seq; nil when there was none.
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

-- Head and "to seq" of what the reader may read of a memory, or nil; `packed`: its head, when it was read.
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

-- The row of a head that was read; `content`: that of the current version, when it was read.
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

return rows
