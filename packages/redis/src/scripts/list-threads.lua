-- Threads of an owner, last used first.
-- KEYS: 1 sorted set of thread ids by when they were used
-- ARGV: 1 how many at most; 2 and 3 time and id of the last one of the page before, or ""
-- Returns id and time for each. O(log threads + those returned), and those used in the same
-- millisecond as the last one where that was deleted meanwhile.
-- flags: no-writes
-- uses: pages
local start = 0
if ARGV[2] ~= '' then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[3])
  if score and tonumber(score) == tonumber(ARGV[2]) then
    start = redis.call('ZREVRANK', KEYS[1], ARGV[3]) + 1
  else
    -- It is not where it was: after those that were used later, and those of its time that came first.
    start = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[2], '+inf')
    local ties = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[2], 'LIMIT', 0, 1000)
    for _, id in ipairs(ties) do
      if not pages.comes_before(ARGV[3], id) then break end
      start = start + 1
    end
  end
end
return redis.call('ZREVRANGE', KEYS[1], start, start + tonumber(ARGV[1]) - 1, 'WITHSCORES')
