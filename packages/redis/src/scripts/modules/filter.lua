-- Which memories a listing wants. Conditions come as arguments: from, to, session ("" for none), then
-- for kinds, types, states and tags each how many (-1 for no condition) and the values.
local filter = {}

local function set(args, at)
  local count = tonumber(args[at])
  if count < 0 then return nil, at + 1 end
  local values = {}
  for place = at + 1, at + count do values[args[place]] = true end
  return values, at + count + 1
end

function filter.parse(args, at)
  local wanted = { from = tonumber(args[at]), to = tonumber(args[at + 1]), session = args[at + 2] }
  if wanted.session == '' then wanted.session = nil end
  wanted.kinds, at = set(args, at + 3)
  wanted.types, at = set(args, at)
  wanted.states, at = set(args, at)
  wanted.tags = {}
  local count = tonumber(args[at])
  for place = at + 1, at + count do wanted.tags[#wanted.tags + 1] = args[place] end
  return wanted
end

local function hasAll(tags, wanted)
  for _, tag in ipairs(wanted) do
    local found = false
    for _, own in ipairs(tags) do
      if own == tag then
        found = true
        break
      end
    end
    if not found then return false end
  end
  return true
end

function filter.fits(wanted, head)
  if wanted.kinds and not wanted.kinds[head[5]] then return false end
  if wanted.types and not wanted.types[head[6]] then return false end
  if wanted.states and not wanted.states[head[7]] then return false end
  if wanted.session and wanted.session ~= head[9] then return false end
  if wanted.from and head[10] < wanted.from then return false end
  if wanted.to and head[10] >= wanted.to then return false end
  return hasAll(head[12], wanted.tags)
end

-- Whether the memories of a group can be wanted: class, kind, type, state.
function filter.fitsGroup(wanted, sees, group)
  local class, kind, type, state = string.match(group, '^(%d+)%z([^%z]*)%z([^%z]*)%z([^%z]*)$')
  return (not sees or sees[tonumber(class)]) and (not wanted.kinds or wanted.kinds[kind])
    and (not wanted.types or wanted.types[type]) and (not wanted.states or wanted.states[state])
end

-- Whether nothing but the group decides.
function filter.isGroupOnly(wanted)
  return not wanted.session and not wanted.from and not wanted.to and #wanted.tags == 0
end

return filter
