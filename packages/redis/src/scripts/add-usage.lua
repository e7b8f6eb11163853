-- Adds to the usage counters of memories of one cube; of the times the latest stays.
-- KEYS: 1 hash of counters, fields <counter><memory id>
-- ARGV: for each increment: id, reads, injections, uses, time in milliseconds
-- Returns 0. O(increments), whatever the size of the cube.
-- uses: integers
for at = 1, #ARGV, 5 do
  local id = ARGV[at]
  for place, counter in ipairs({ 'r', 'i', 'u' }) do
    local more = tonumber(ARGV[at + place])
    if more ~= 0 then
      local old = tonumber(redis.call('HGET', KEYS[1], counter .. id) or '0')
      redis.call('HSET', KEYS[1], counter .. id, integers.text(old + more))
    end
  end
  local last = tonumber(redis.call('HGET', KEYS[1], 'a' .. id) or '-1')
  if tonumber(ARGV[at + 4]) > last then
    redis.call('HSET', KEYS[1], 'a' .. id, ARGV[at + 4])
  end
end
return 0
