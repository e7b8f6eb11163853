-- A slice of taking out of hot storage what history segments cover.
-- KEYS: 1 meta of the cube. ARGV: 1 where to go on in the ended versions ("" start), 2 slice
-- Returns where to go on, or "" when it is done
-- flags: allow-oom
-- uses: memory
local base = memory.base(KEYS[1])
local archived = redis.call('HGET', KEYS[1], 'g')
if not archived then return '' end
local slice = tonumber(ARGV[2])

-- A replayed commit answers with its body, wherever the log line has gone.
local receipts = redis.call('ZRANGEBYSCORE', base .. 'once:seq', '-inf', archived, 'LIMIT', 0, slice)
for _, key in ipairs(receipts) do
  local packed = redis.call('HGET', base .. 'once', key)
  local receipt = packed and cmsgpack.unpack(packed)
  if receipt and not receipt[5] then
    local id = memory.text(receipt[1]) .. '-0'
    local entry = redis.call('XRANGE', base .. 'log', id, id)[1]
    receipt[5] = entry and entry[2][8] or ''
    redis.call('HSET', base .. 'once', key, cmsgpack.pack(receipt))
  end
  redis.call('ZREM', base .. 'once:seq', key)
end
if #receipts == slice then return ARGV[1] == '' and '\0' or ARGV[1] end
redis.call('XTRIM', base .. 'log', 'MINID', memory.text(tonumber(archived) + 1) .. '-0')

local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local found = redis.call('ZRANGEBYLEX', base .. 'ended', after, '+', 'LIMIT', 0, slice)
local gone, bytes = 0, 0
for _, member in ipairs(found) do
  local id, version, ended = string.match(member, '^([^%z]*)%z(%d+)%z(%d+)$')
  if tonumber(ended) <= tonumber(archived) then
    local key, number = base .. 'h:' .. id, memory.text(tonumber(version))
    local packed = redis.call('HGET', key, number)
    local head = packed and cmsgpack.unpack(packed)[2]
    if head and head[8] ~= '' then
      local given = redis.call('ZSCORE', base .. 'k:' .. head[8], id)
      if given and tonumber(given) <= tonumber(archived) then
        redis.call('ZREM', base .. 'k:' .. head[8], id)
      end
    end
    if id ~= '@cube' then
      gone = gone + 1
      bytes = bytes + redis.call('HSTRLEN', key, 'c' .. number)
    end
    redis.call('HDEL', key, number, 'c' .. number)
    redis.call('ZREM', base .. 'ended', member)
  end
end
if gone > 0 then
  redis.call('HINCRBY', KEYS[1], 'p', -gone)
  redis.call('HINCRBY', KEYS[1], 'b', -bytes)
end
if #found < slice then return '' end
return found[#found]
