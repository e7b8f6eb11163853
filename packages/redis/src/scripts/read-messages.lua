-- Hands messages of a topic to a consumer of a group: those that others did not acknowledge in time,
-- then new ones. They are nobody else's until the time given.
-- KEYS: 1 stream; 2 hash of the topic; 3 sorted set of what the group was given, by when it lapses
-- ARGV: 1 group; 2 how many at most; 3 time in milliseconds; 4 when they lapse
-- Returns id, time, value for each, in the order of ids. O(messages returned).
-- uses: integers
local limit, given = tonumber(ARGV[2]), {}
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[3], 'LIMIT', 0, limit)
-- Those that lapse at the same time are in order, others need not be.
table.sort(lapsed)
for _, member in ipairs(lapsed) do
  local id = integers.text(tonumber(member)) .. '-0'
  local found = redis.call('XRANGE', KEYS[1], id, id)[1]
  if found then
    given[#given + 1] = found
  else
    -- Dropped from the topic before it was acknowledged: it never comes again.
    redis.call('ZREM', KEYS[3], member)
  end
end
local field = 'g' .. ARGV[1]
if #given < limit then
  local from = (redis.call('HGET', KEYS[2], field) or '0') .. '-1'
  local fresh = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', limit - #given)
  for _, entry in ipairs(fresh) do given[#given + 1] = entry end
  if #fresh > 0 then
    redis.call('HSET', KEYS[2], field, (string.gsub(fresh[#fresh][1], '%-.*', '')))
  end
end
local reply = {}
for _, entry in ipairs(given) do
  local id = string.gsub(entry[1], '%-.*', '')
  redis.call('ZADD', KEYS[3], ARGV[4], string.format('%016.0f', tonumber(id)))
  reply[#reply + 1] = id
  reply[#reply + 1] = entry[2][2]
  reply[#reply + 1] = entry[2][4]
end
return reply
