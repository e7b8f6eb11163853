-- Whose view a read has. The rule who sees a class is the core's and runs in the client; a view is the
-- list of classes it came to, good for one state of the cube.
local view = {}

-- token: "*" for the system, else the state that the list was made of. list: "*" or class numbers.
-- Returns a reply when there is nothing to read ({ "missing" } or { "stale", token, header, first
-- class, classes... }), else nil and the set of classes (nil: all).
function view.open(base, token, list)
  local state = redis.call('HMGET', base .. 'meta', 'e', 'v', 'l')
  if not state[1] then return { 'missing' } end
  if token == '*' then return nil, nil end
  local now = table.concat(state, ':')
  if token ~= now then
    local known = 0
    local epoch = state[1] .. ':'
    if string.sub(token, 1, #epoch) == epoch then
      known = tonumber(string.match(token, ':(%d+)$')) or 0
    end
    local reply = { 'stale', now, redis.call('HGET', base .. 'meta', 'c'), known }
    for _, class in ipairs(redis.call('LRANGE', base .. 'classes', known, -1)) do
      reply[#reply + 1] = class
    end
    return reply
  end
  if list == '*' then return nil, nil end
  local sees = {}
  for class in string.gmatch(list, '%d+') do sees[tonumber(class)] = true end
  return nil, sees
end

return view
