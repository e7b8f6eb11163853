-- Stores a checkpoint with its new chunks, in place of an earlier one of the same place.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 when the thread expires, or "" for as before; 3 place <namespace>\0<id>;
--   4 <id>\0<namespace>; 5 the checkpoint; 6 how many chunks it needs; their hashes;
--   then hash and bytes of those that come with it
-- Returns { "stored" }, or { "missing", hash } of a chunk neither stored nor given: then nothing is
-- written. O(chunks needed, now and by the checkpoint that is replaced).
-- uses: thread
local now, place, count = tonumber(ARGV[1]), ARGV[3], tonumber(ARGV[6])
local given, needed = {}, {}
for at = 7 + count, #ARGV, 2 do given[ARGV[at]] = ARGV[at + 1] end
local before = thread.read(KEYS[1], now)
local isStored = before ~= nil and not before.expired
for at = 7, 6 + count do
  local hash = ARGV[at]
  if not given[hash] and not (isStored and redis.call('HEXISTS', KEYS[1], 'k' .. hash) == 1) then
    return { 'missing', hash }
  end
  if not needed[hash] then
    needed[hash] = true
    needed[#needed + 1] = hash
  end
end
local record = thread.touch(KEYS, now)
local replaces = redis.call('HEXISTS', KEYS[1], 'c' .. place) == 1
for _, hash in ipairs(needed) do
  if given[hash] then redis.call('HSETNX', KEYS[1], 'k' .. hash, given[hash]) end
  redis.call('HINCRBY', KEYS[1], 'r' .. hash, 1)
end
if replaces then thread.release(KEYS[1], place) end
redis.call('HSET', KEYS[1], 'c' .. place, ARGV[5])
if #needed > 0 then redis.call('HSET', KEYS[1], 'x' .. place, table.concat(needed, ',')) end
redis.call('ZADD', KEYS[2], 0, 'n' .. place, 0, 'i' .. ARGV[4])
if not replaces then record.count = record.count + 1 end
if ARGV[2] ~= '' then record.expires = tonumber(ARGV[2]) end
thread.write(KEYS[1], record)
return { 'stored' }
