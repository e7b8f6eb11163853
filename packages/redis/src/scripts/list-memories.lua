-- A stretch of a listing, in order of ordinals, along the index with the fewest rows.
-- KEYS: 1 meta of the cube. ARGV: 1 token, 2 classes (see view), 3 now, 4 seq ("" for none), 5 "1" with
--   vectors, 6 most bytes of content, 7 "1" upwards, "-1" downwards, 8 ordinal to go on after ("" start),
--   9 most rows ("0": only count), 10 most memories to look at, then the filter
-- Returns { "ok", ordinal looked at last or "" at the end, how many fit, rows... } or what view answers
-- flags: no-writes
-- uses: memory view rows filter
local base = memory.base(KEYS[1])
local refusal, sees = view.open(base, ARGV[1], ARGV[2])
if refusal then return refusal end
local now, seq, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6])
local upwards, limit, looks = ARGV[7] == '1', tonumber(ARGV[9]), tonumber(ARGV[10])
local wanted = filter.parse(ARGV, 11)
local reader = rows.reader(base, sees, now, seq, ARGV[5] == '1')

-- Most groups that are read side by side; with more the whole cube is gone through.
local SIDE_BY_SIDE = 16

local function groupKeys()
  local keys, every, size = {}, true, 0
  local groups = redis.call('HGETALL', base .. 'groups')
  for place = 1, #groups, 2 do
    if filter.fitsGroup(wanted, sees, groups[place]) then
      keys[#keys + 1] = base .. 'g:' .. groups[place]
      size = size + tonumber(groups[place + 1])
    else
      every = false
    end
  end
  return keys, every, size
end

-- Sorted sets that hold whatever can fit, each memory in one of them; how many that are at most; and
-- whether all of them fit.
local function sources()
  if seq then return { base .. 'all' }, nil, false end
  local narrow, size
  local function consider(key)
    local count = redis.call('ZCARD', key)
    if not size or count < size then narrow, size = key, count end
  end
  for _, tag in ipairs(wanted.tags) do consider(base .. 't:' .. tag) end
  if wanted.session then consider(base .. 's:' .. wanted.session) end
  local keys, every, total = groupKeys()
  if narrow and size <= total then return { narrow }, size, false end
  local exact = filter.isGroupOnly(wanted)
  if every or #keys > SIDE_BY_SIDE then
    return { base .. 'all' }, total, exact and every
  end
  return keys, total, exact
end

local keys, size, exact = sources()

local function fits(id)
  local head, to = rows.head(reader, id)
  if head and filter.fits(wanted, head) then return head, to end
end

-- Counting without looking at each: all fit but those that expired.
if limit == 0 and exact then
  local expired = now and redis.call('ZCOUNT', base .. 'exp', '-inf', ARGV[3]) or 0
  if expired <= looks then
    if expired > 0 then
      reader.now = nil
      for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'exp', '-inf', ARGV[3])) do
        if fits(id) then size = size - 1 end
      end
    end
    return { 'ok', '', size }
  end
end

-- Ids and ordinals of the next stretch.
local function stretch()
  local found = {}
  for _, key in ipairs(keys) do
    local part
    if upwards then
      part = redis.call('ZRANGEBYSCORE', key, ARGV[8] == '' and '-inf' or '(' .. ARGV[8], '+inf',
        'WITHSCORES', 'LIMIT', 0, looks)
    else
      part = redis.call('ZREVRANGEBYSCORE', key, ARGV[8] == '' and '+inf' or '(' .. ARGV[8], '-inf',
        'WITHSCORES', 'LIMIT', 0, looks)
    end
    for place = 1, #part, 2 do found[#found + 1] = { part[place], tonumber(part[place + 1]) } end
  end
  if #keys > 1 then
    table.sort(found, function(one, other)
      if upwards then return one[2] < other[2] end
      return one[2] > other[2]
    end)
  end
  return found
end

local found = stretch()
local reply, bytes, count, last = { 'ok', '', 0 }, 0, 0, ''
for place, pair in ipairs(found) do
  if place > looks or bytes > most or (limit > 0 and count == limit) then break end
  local id = pair[1]
  local head, to = fits(id)
  if head then
    count = count + 1
    if limit > 0 then
      local row = rows.row(reader, id, head, to)
      reply[#reply + 1] = row
      bytes = bytes + #row[9] + (row[12] and #row[12] or 0)
    end
  end
  last = memory.text(pair[2])
  if place == #found and #found < looks then last = '' end
end
reply[2], reply[3] = last, count
return reply
