-- When the next task of some types is due.
-- KEYS: see modules/queue.lua
-- ARGV: types
-- Returns milliseconds as text, "" when there is none. O(types x log queue).
-- flags: no-writes
-- uses: queue integers
local next
for _, kind in ipairs(ARGV) do
  local ready, timed = queue.first(KEYS, 'r' .. kind), queue.first(KEYS, 't' .. kind)
  local due
  if ready then
    due = queue.load(KEYS, integers.text(tonumber(string.sub(ready, -16)))).due
  elseif timed then
    due = tonumber(string.sub(timed, -33, -18))
  end
  if due and (not next or due < next) then next = due end
end
return next and integers.text(next) or ''
