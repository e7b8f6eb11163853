-- Ids of cubes that name one of the principals, in order of their bytes.
-- KEYS: 1 "at" of the tenant's list. ARGV: 1 after this id ("" start), 2 most ids, then principals
-- Returns ids, each once
-- flags: no-writes
local function isBefore(one, other)
  for place = 1, math.min(#one, #other) do
    local left, right = string.byte(one, place), string.byte(other, place)
    if left ~= right then return left < right end
  end
  return #one < #other
end

local base = string.sub(KEYS[1], 1, -3)
local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local limit = tonumber(ARGV[2])
local found, ids = {}, {}
for place = 3, #ARGV do
  local part = redis.call('ZRANGEBYLEX', base .. 'by:' .. ARGV[place], after, '+', 'LIMIT', 0, limit)
  for _, id in ipairs(part) do
    if not found[id] then
      found[id] = true
      ids[#ids + 1] = id
    end
  end
end
-- By bytes: Lua's own order follows the locale.
if #ARGV > 3 then table.sort(ids, isBefore) end
local reply = {}
for place = 1, math.min(limit, #ids) do reply[place] = ids[place] end
return reply
