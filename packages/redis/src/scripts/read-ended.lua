-- Versions that ended in a stretch of the log, by id and version.
-- KEYS: 1 meta of the cube. ARGV: 1 after seq, 2 to seq, 3 most rows, 4 member to go on after ("" start),
--   5 most bytes of content, 6 most versions to look at
-- Returns { member looked at last or "" at the end, rows... }
-- flags: no-writes
-- uses: memory rows
local base = memory.base(KEYS[1])
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
return reply
