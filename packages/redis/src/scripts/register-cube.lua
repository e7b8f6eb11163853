-- Lists a cube for those who may see it. Done before the commit that lets them, so that no cube that
-- somebody sees is ever missing; whoever lists looks at the cube itself.
-- KEYS: 1 "at" of the tenant's list. ARGV: 1 cube, then principals ("*" for all cubes)
-- Returns nothing. The time is the server's: one clock for all.
local base = string.sub(KEYS[1], 1, -3)
local time = redis.call('TIME')
local at = time[1] .. string.format('%06d', tonumber(time[2]))
for place = 2, #ARGV do
  redis.call('ZADD', base .. 'by:' .. ARGV[place], 0, ARGV[1])
  redis.call('HSET', KEYS[1], ARGV[place] .. '\0' .. ARGV[1], at)
end
return at
