-- Memories by external key, in the order asked.
-- KEYS: 1 meta of the cube. ARGV: as read-memories, with external keys for ids
-- Returns as read-memories
-- flags: no-writes
-- uses: memory view rows
local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local reader = rows.reader(base, sees, tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1')

-- Who has the key, or had it at the sequence number asked for.
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
return reply
