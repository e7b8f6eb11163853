-- Integers as text: Lua's own conversion writes 1e+15 for large ones.
local integers = {}
function integers.text(value)
  return string.format('%.0f', value)
end
return integers
