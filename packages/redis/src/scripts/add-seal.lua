-- Appends a seal, if it continues the last one.
-- KEYS: 1 meta of the cube. ARGV: 1 from, 2 to, 3 the seal as JSON
-- Returns { "ok" } or { "missing" } or { "conflict", expected }
-- uses: memory
local seals = memory.base(KEYS[1]) .. 'seals'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local last = redis.call('ZREVRANGE', seals, 0, 0, 'WITHSCORES')
local expected = tonumber(last[2] or 0) + 1
if tonumber(ARGV[1]) ~= expected or tonumber(ARGV[2]) < expected then return { 'conflict', expected } end
redis.call('ZADD', seals, ARGV[2], ARGV[3])
return { 'ok' }
