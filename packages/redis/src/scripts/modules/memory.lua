-- A memory as it lies in Redis. Keys of a cube begin with its base, `<prefix>:{c:<tenant>:<cube>}:`.
--   meta        HASH of the cube: e epoch, s seq, h head, a time, v version, f first seq of that version,
--               c content, t salt, k commitment, o last ordinal, l classes, g last archived seq,
--               n memories, p past versions, x vectors, b bytes of content
--   m:<id>      HASH of a memory: m head (below), c content, e edges; vector: x model, y fingerprint, z
--   h:<id>      HASH of its past versions: <v> { ended at seq, head }, c<v> content
--   all, g:<group>, t:<tag>, s:<session>, i:<target>   ZSET ordinal -> id, current memories
--   groups      HASH group -> how many; a group is class, kind, type and state
--   x           HASH external key -> id;  k:<key> ZSET seq it was given up at -> id
--   exp         ZSET time -> id, of those that expire
--   ended       ZSET "<id>\0<version>\0<seq>", in order of the bytes
--   classes     LIST of visibility keys; class HASH the other way round
--   log         STREAM "<seq>-0" of commits
local memory = {}

-- Places in a head.
memory.VERSION, memory.FROM, memory.ORDINAL, memory.CLASS = 1, 2, 3, 4
memory.KIND, memory.TYPE, memory.STATE, memory.KEY, memory.SESSION = 5, 6, 7, 8, 9
memory.AT, memory.EXPIRES, memory.TAGS, memory.TARGETS = 10, 11, 12, 13
memory.SALT, memory.COMMITMENT = 14, 15

-- Integers as text: Lua's own conversion writes 1e+15 for large ones.
function memory.text(value)
  return string.format('%.0f', value)
end

function memory.group(head)
  return table.concat({ memory.text(head[4]), head[5], head[6], head[7] }, '\0')
end

function memory.ended(id, version, seq)
  return id .. '\0' .. string.format('%016.0f', version) .. '\0' .. memory.text(seq)
end

-- Search document of a memory, where there are any: HASH of terms, cube, class and what filters need.
function memory.document(base, id)
  local open = string.find(base, '{', 1, true)
  return string.sub(base, 1, open - 1) .. 'd:' .. string.sub(base, open) .. id
end

-- Base of the cube whose meta key is given.
function memory.base(meta)
  return string.sub(meta, 1, -5)
end

return memory
