-- Sets or removes a mark.
-- KEYS: 1 meta of the cube. ARGV: 1 name, 2 value (left out: removed)
-- Returns { "ok" } or { "missing" }
-- uses: memory
local marks = memory.base(KEYS[1]) .. 'marks'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
if ARGV[2] then
  redis.call('HSET', marks, ARGV[1], ARGV[2])
else
  redis.call('HDEL', marks, ARGV[1])
end
return { 'ok' }
