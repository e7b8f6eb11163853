-- Records a history segment: from now on what it covers is not read as hot. purge-history removes it.
-- KEYS: 1 meta of the cube. ARGV: 1 from, 2 to, 3 the segment as JSON, 4 versions it holds ("" unchecked)
-- Returns { "ok" } or { "missing" } or { "conflict", expected }
-- flags: allow-oom
-- uses: memory
local segments = memory.base(KEYS[1]) .. 'segments'
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local expected = tonumber(redis.call('HGET', KEYS[1], 'g') or 0) + 1
if tonumber(ARGV[1]) ~= expected or tonumber(ARGV[2]) < expected then return { 'conflict', expected } end
if ARGV[4] ~= '' then
  -- One that was erased since the segment's bytes were made must not come back with them.
  local archived, last, held = expected - 1, tonumber(ARGV[2]), 0
  for _, member in ipairs(redis.call('ZRANGE', memory.base(KEYS[1]) .. 'ended', 0, -1)) do
    local ended = tonumber(string.match(member, '%z(%d+)$'))
    if ended > archived and ended <= last then held = held + 1 end
  end
  if held ~= tonumber(ARGV[4]) then return { 'conflict', expected } end
end
redis.call('ZADD', segments, ARGV[2], ARGV[3])
redis.call('HSET', KEYS[1], 'g', ARGV[2])
return { 'ok' }
