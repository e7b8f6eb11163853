-- Commits in hot storage.
-- KEYS: 1 meta of the cube. ARGV: 1 after this sequence number, 2 most entries
-- Returns entries { seq, at, digest, head, body }
-- flags: no-writes
-- uses: memory
local base = memory.base(KEYS[1])
local archived = tonumber(redis.call('HGET', KEYS[1], 'g') or 0)
local after = math.max(tonumber(ARGV[1]), archived)
local reply = {}
local found = redis.call('XRANGE', base .. 'log', memory.text(after + 1) .. '-0', '+', 'COUNT', ARGV[2])
for place, entry in ipairs(found) do
  local fields = entry[2]
  reply[place] = { tonumber(string.match(entry[1], '^%d+')), tonumber(fields[2]), fields[4], fields[6],
    fields[8] }
end
return reply
