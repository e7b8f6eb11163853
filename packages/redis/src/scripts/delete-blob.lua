-- Deletes bytes by their hash.
-- KEYS: 1 hash of bytes by hash; 2 sorted set of hashes, all of score 0
-- ARGV: 1 hash
-- Returns 1 when there were some. O(log blobs).
-- flags: allow-oom
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
