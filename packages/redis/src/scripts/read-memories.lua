-- Memories by id, in the order asked.
-- KEYS: 1 meta of the cube. ARGV: 1 token, 2 classes (see view), 3 now ("" none), 4 seq ("" newest),
--   5 "1" with vectors, 6 most bytes of content, then ids
-- Returns { "ok", how many of the ids were looked at, rows... } or what view answers
-- flags: no-writes
-- uses: memory view rows
local base = memory.base(KEYS[1])
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
return reply
