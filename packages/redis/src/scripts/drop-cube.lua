-- Destroys a cube: at once for whoever reads, slice by slice for the bytes it takes.
-- KEYS: 1 meta of the cube, 2 channel of its feed. ARGV: 1 PUBLISH or SPUBLISH, 2 slice, 3 "1" for the
--   first call
-- Returns { 1 when there was a cube, 1 when more is left to destroy, how many heard of it }
-- flags: allow-oom
-- uses: memory
local meta = KEYS[1]
local base = memory.base(meta)
local gone = base .. 'gone'
local there, heard = 0, 0
if ARGV[3] == '1' and redis.call('EXISTS', gone) == 0 then
  there = redis.call('EXISTS', meta)
  if there == 1 then
    heard = redis.call(ARGV[1], KEYS[2], 'gone')
    redis.call('RENAME', meta, gone)
  end
end
if redis.call('EXISTS', gone) == 0 then return { there, 0, heard } end

local function unlinkFound(head)
  for _, tag in ipairs(head[12]) do redis.call('UNLINK', base .. 't:' .. tag) end
  for _, target in ipairs(head[13]) do redis.call('UNLINK', base .. 'i:' .. target) end
  if head[9] ~= '' then redis.call('UNLINK', base .. 's:' .. head[9]) end
  if head[8] ~= '' then redis.call('UNLINK', base .. 'k:' .. head[8]) end
end

local slice = tonumber(ARGV[2])
local ids = redis.call('ZRANGE', base .. 'all', 0, slice - 1)
for _, id in ipairs(ids) do
  local key, history = base .. 'm:' .. id, base .. 'h:' .. id
  local packed = redis.call('HGET', key, 'm')
  if packed then unlinkFound(cmsgpack.unpack(packed)) end
  for _, field in ipairs(redis.call('HKEYS', history)) do
    if string.sub(field, 1, 1) ~= 'c' then
      unlinkFound(cmsgpack.unpack(redis.call('HGET', history, field))[2])
    end
  end
  redis.call('UNLINK', key, history, memory.document(base, id))
end
if #ids > 0 then redis.call('ZREM', base .. 'all', unpack(ids)) end
if #ids == slice then return { there, 1, heard } end

for _, group in ipairs(redis.call('HKEYS', base .. 'groups')) do
  redis.call('UNLINK', base .. 'g:' .. group)
end
for _, name in ipairs({ 'all', 'groups', 'x', 'exp', 'ended', 'classes', 'class', 'log', 'once',
  'once:expires', 'once:seq', 'outbox', 'seals', 'segments', 'leases', 'marks', 'usage', 'h:@cube',
  'gone' }) do
  redis.call('UNLINK', base .. name)
end
return { there, 0, heard }
