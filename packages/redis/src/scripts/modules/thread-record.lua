-- What is known of a thread as a whole: field "m" of recent (see entries.lua). Six doubles, a byte, then the
-- stamp: a name that each write gives it anew, so whoever finds the stamp of a write of its own knows that
-- there was no other since. entries and bytes count what is in recent. paged, the byte: 0, there are no pages;
-- 1, there are; 2, writes went there before their checkpoint had come. So but for 2, a checkpoint in recent
-- has no writes in pages.
local thread_record = {}
local LAYOUT = '<ddddddB'
function thread_record.new(now)
  return { created = now, updated = now, expires = math.huge, count = 0, entries = 0, bytes = 0, paged = 0 }
end
function thread_record.parse(text, now)
  if not text then return nil end
  local created, updated, expires, count, entries, bytes, paged, at = struct.unpack(LAYOUT, text)
  return {
    created = created,
    updated = updated,
    expires = expires,
    count = count,
    entries = entries,
    bytes = bytes,
    paged = paged,
    stamp = string.sub(text, at),
    expired = now ~= nil and expires <= now,
  }
end
function thread_record.text(record)
  return struct.pack(
    LAYOUT, record.created, record.updated, record.expires, record.count, record.entries, record.bytes,
    record.paged
  ) .. record.stamp
end
return thread_record
