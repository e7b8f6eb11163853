-- Takes a cube off the list of principals, unless it was registered lately.
-- A registration that was made lately may be that of a commit under way: it stays.
-- KEYS: 1 "at" of the tenant's list. ARGV: 1 cube, 2 how old a registration must be in milliseconds, then
--   principals
-- Returns how many were taken off
-- flags: allow-oom
local base = string.sub(KEYS[1], 1, -3)
local time = redis.call('TIME')
local latest = (tonumber(time[1]) * 1000 - tonumber(ARGV[2])) * 1000
local removed = 0
for place = 3, #ARGV do
  local field = ARGV[place] .. '\0' .. ARGV[1]
  local at = tonumber(redis.call('HGET', KEYS[1], field) or 0)
  if at <= latest then
    redis.call('HDEL', KEYS[1], field)
    redis.call('ZREM', base .. 'by:' .. ARGV[place], ARGV[1])
    removed = removed + 1
  end
end
return removed
