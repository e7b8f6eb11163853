-- Position of the last hot commit not younger than a time: times never go back along a log, so it is
-- found by halving.
-- KEYS: 1 meta of the cube. ARGV: 1 time
-- Returns { epoch, seq, head } or nothing
-- flags: no-writes
-- uses: memory
local base = memory.base(KEYS[1])
local cube = redis.call('HMGET', KEYS[1], 'e', 's', 'g')
if not cube[1] then return false end
local at = tonumber(ARGV[1])
local low, high = tonumber(cube[3] or 0) + 1, tonumber(cube[2])
local found = false
while low <= high do
  local middle = math.floor((low + high) / 2)
  local id = memory.text(middle) .. '-0'
  local entry = redis.call('XRANGE', base .. 'log', id, id)[1]
  if entry and tonumber(entry[2][2]) <= at then
    found = { cube[1], middle, entry[2][6] }
    low = middle + 1
  else
    high = middle - 1
  end
end
return found
