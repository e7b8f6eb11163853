-- Takes or extends a named lease.
-- KEYS: 1 meta of the cube. ARGV: 1 name, 2 holder, 3 now, 4 until
-- Returns { "ok", 1 when it is held now } or { "missing" }
-- uses: memory
local leases = memory.base(KEYS[1]) .. 'leases'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local packed = redis.call('HGET', leases, ARGV[1])
local held = packed and cmsgpack.unpack(packed)
if held and held[1] ~= ARGV[2] and held[2] > tonumber(ARGV[3]) then return { 'ok', 0 } end
redis.call('HSET', leases, ARGV[1], cmsgpack.pack({ ARGV[2], tonumber(ARGV[4]) }))
return { 'ok', 1 }
