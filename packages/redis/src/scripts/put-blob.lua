-- Stores bytes by their hash.
-- KEYS: 1 hash of bytes by hash; 2 sorted set of hashes, all of score 0
-- ARGV: 1 hash; 2 bytes
-- Returns 0. Bytes that are there already are written again, which mends damaged ones. O(bytes + log blobs).
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 0
