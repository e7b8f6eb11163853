-- Appends messages to a topic and drops what is more than it keeps.
-- KEYS: 1 stream, entry ids <number>-0; 2 hash, field "last": number of the last message
-- ARGV: 1 time in milliseconds; 2 messages to keep; then the values
-- Returns the number of the first one; the others follow without a gap. O(messages).
-- uses: integers
local last = tonumber(redis.call('HGET', KEYS[2], 'last') or '0')
for at = 3, #ARGV do
  last = last + 1
  redis.call('XADD', KEYS[1], integers.text(last) .. '-0', 'a', ARGV[1], 'v', ARGV[at])
end
redis.call('HSET', KEYS[2], 'last', integers.text(last))
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[2])
return integers.text(last - (#ARGV - 3))
