-- Versions of a memory in hot storage, newest first.
-- KEYS: 1 meta of the cube. ARGV: 1 token, 2 classes (see view), 3 id, 4 only below this ("" all),
--   5 most rows, 6 most bytes of content, 7 most versions to look at
-- Returns { "ok", version to go on below or "" at the end, rows... } or what view answers
-- flags: no-writes
-- uses: memory view rows
local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local id, below, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local reader = rows.reader(base, sees, nil, nil, false)
local archived = tonumber(redis.call('HGET', KEYS[1], 'g') or 0)
local reply, bytes = { 'ok', '' }, 0

local number
if id == '@cube' then
  -- The header is the system's to read.
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
return reply
