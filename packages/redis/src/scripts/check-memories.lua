-- Which of some memories the caller sees now, and fit a filter.
-- KEYS: 1 meta of the cube. ARGV: 1 token, 2 classes (see view), 3 now, 4 number of ids, ids, then the
--   filter
-- Returns { "ok", { ids } } or what view answers
-- flags: no-writes
-- uses: memory view rows filter
local base = memory.base(KEYS[1])
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
return { 'ok', kept }
