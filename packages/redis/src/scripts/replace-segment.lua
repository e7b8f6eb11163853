-- Points a segment to another blob, if it has the one named.
-- KEYS: 1 meta of the cube. ARGV: 1 to, 2 the segment as it is, JSON, 3 as it will be
-- Returns { "ok" } or { "missing" } or { "conflict" }
-- flags: allow-oom
-- uses: memory
local segments = memory.base(KEYS[1]) .. 'segments'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
if not redis.call('ZSCORE', segments, ARGV[2]) then return { 'conflict' } end
redis.call('ZREM', segments, ARGV[2])
redis.call('ZADD', segments, ARGV[1], ARGV[3])
return { 'ok' }
