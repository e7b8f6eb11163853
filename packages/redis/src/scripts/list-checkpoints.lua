-- Checkpoints of a thread, newest first, then by namespace.
-- KEYS: 1 recent, 2 pages and 3 their set (entries.lua)
-- ARGV: 1 time; 2 how many at most; 3 parts of thread.reply; 4 "1" and 5 namespace, or "" for all of them;
--   6 "1" and 7 an id above which none is wanted; 8 "1" and 9 id, 10 namespace of the last one seen
-- Returns a reply of thread.reply; nothing when the thread is not there or expired.
-- O(namespaces x (log checkpoints + those returned)).
-- flags: no-writes
-- uses: thread entries pages thread-record
local record = thread_record.parse(redis.call('HGET', KEYS[1], 'm'), tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map, limit = entries.open(KEYS, record), tonumber(ARGV[2])
entries.load(map)
local rows = {}
local function collect(namespace)
  local start = 'c' .. namespace .. '\0'
  local to = 'c' .. namespace .. '\1'
  local function lower(bound)
    if pages.comes_before(bound, to) then to = bound end
  end
  if ARGV[6] == '1' then lower(start .. ARGV[7]) end
  if ARGV[8] == '1' then
    local is_later = pages.comes_before(ARGV[10], namespace)
    lower(start .. ARGV[9] .. (is_later and '\0' or ''))
  end
  entries.descend(map, start, to, limit, function(key, value)
    rows[#rows + 1] = { id = string.sub(key, #start + 1), namespace = namespace, value = value }
  end)
end
if ARGV[4] == '1' then
  collect(ARGV[5])
else
  local key = entries.next_key(map, 'c')
  while key do
    local namespace = string.match(key, '^c(.-)%z')
    collect(namespace)
    key = entries.next_key(map, 'c' .. namespace .. '\1')
  end
  table.sort(rows, function(a, b)
    if a.id == b.id then return pages.comes_before(a.namespace, b.namespace) end
    return pages.comes_before(b.id, a.id)
  end)
end
local page = {}
for at = 1, math.min(limit, #rows) do
  local place = rows[at].namespace .. '\0' .. rows[at].id
  local value = entries.whole(map, 'c' .. place, rows[at].value)
  page[at] = { place, value, map.fields['i' .. place] }
end
return thread.reply(map, page, ARGV[3])
