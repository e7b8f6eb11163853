-- Checkpoints of a thread, newest first, then by namespace.
-- KEYS: 1 hash of the thread; 2 its sorted set
-- ARGV: 1 time; 2 how many at most; 3 parts of thread.reply; 4 "1" and 5 namespace, or "" for all of them;
--   6 "1" and 7 an id above which none is wanted; 8 "1" and 9 id, 10 namespace of the last one seen
-- Returns a reply of thread.reply; nothing when the thread is not there or expired.
-- O(namespaces x (log checkpoints + those returned)).
-- flags: no-writes
-- uses: thread pages
local record = thread.read(KEYS[1], tonumber(ARGV[1]))
if not record or record.expired then return {} end
local map, limit = pages.open(KEYS), tonumber(ARGV[2])
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
  pages.descend(map, start, to, limit, function(key)
    rows[#rows + 1] = { id = string.sub(key, #start + 1), namespace = namespace }
  end)
end
if ARGV[4] == '1' then
  collect(ARGV[5])
else
  local key = pages.next_key(map, 'c')
  while key do
    local namespace = string.match(key, '^c(.-)%z')
    collect(namespace)
    key = pages.next_key(map, 'c' .. namespace .. '\1')
  end
  table.sort(rows, function(a, b)
    if a.id == b.id then return pages.comes_before(a.namespace, b.namespace) end
    return pages.comes_before(b.id, a.id)
  end)
end
local places = {}
for at = 1, math.min(limit, #rows) do places[at] = rows[at].namespace .. '\0' .. rows[at].id end
return thread.reply(map, places, ARGV[3])
