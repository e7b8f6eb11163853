-- Memories whose current version points to a target, oldest first.
-- KEYS: 1 meta of the cube. ARGV: 1 token, 2 classes (see view), 3 target "<cube>\0<id>", 4 ordinal to
--   begin at, 5 most memories to look at
-- Returns { "ok", 1 at the end, { id, version, ordinal, edges }... } or what view answers
-- flags: no-writes
-- uses: memory view rows
local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local reader = rows.reader(base, sees, nil, nil, false)
local found = redis.call('ZRANGEBYSCORE', base .. 'i:' .. ARGV[3], ARGV[4], '+inf', 'WITHSCORES',
  'LIMIT', 0, ARGV[5])
local reply = { 'ok', #found < 2 * tonumber(ARGV[5]) and 1 or 0, 0 }
for place = 1, #found, 2 do
  local head = rows.head(reader, found[place])
  if head then
    reply[#reply + 1] = { found[place], head[1], head[3],
      redis.call('HGET', base .. 'm:' .. found[place], 'e') or '[]' }
  end
  reply[3] = tonumber(found[place + 1])
end
return reply
