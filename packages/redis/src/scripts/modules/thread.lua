-- What the scripts of threads share. A thread is one hash and one sorted set ordered by member:
--   hash   "m" record; "c"<place> checkpoint; "x"<place> its chunks, joined by commas;
--          "k"<chunk> bytes; "r"<chunk> how many checkpoints need it; "w"<place of a write> write
--   set    "n"<namespace>\0<id>, "i"<id>\0<namespace>, "w"<namespace>\0<id>\0<task>\0<index>
-- A place is <namespace>\0<id>; names in it are escaped so that they hold no \0.
-- uses: integers
local thread = {}
function thread.read(key, now)
  local text = redis.call('HGET', key, 'm')
  if not text then return nil end
  local created, updated, expires, count = string.match(text, '^(%-?%d+),(%-?%d+),(%-?%d*),(%d+)$')
  return {
    created = tonumber(created),
    updated = tonumber(updated),
    expires = tonumber(expires),
    count = tonumber(count),
    expired = now and expires ~= '' and tonumber(expires) <= now or false,
  }
end
function thread.touch(keys, now)
  local record = thread.read(keys[1], now)
  if record and record.expired then
    redis.call('UNLINK', keys[1], keys[2])
    record = nil
  end
  record = record or { created = now, updated = now, count = 0 }
  if now > record.updated then record.updated = now end
  return record
end
function thread.write(key, record)
  local expires = record.expires and integers.text(record.expires) or ''
  redis.call('HSET', key, 'm', table.concat({
    integers.text(record.created), integers.text(record.updated), expires, integers.text(record.count),
  }, ','))
end
function thread.release(key, place)
  local chunks = redis.call('HGET', key, 'x' .. place)
  if not chunks then return end
  redis.call('HDEL', key, 'x' .. place)
  for hash in string.gmatch(chunks, '[^,]+') do
    if redis.call('HINCRBY', key, 'r' .. hash, -1) <= 0 then
      redis.call('HDEL', key, 'r' .. hash, 'k' .. hash)
    end
  end
end
return thread
