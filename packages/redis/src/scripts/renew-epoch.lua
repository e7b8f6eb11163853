-- Gives a cube whose log went back a new epoch, unless somebody did so already.
-- KEYS: 1 meta of the cube, 2 channel of its feed. ARGV: 1 epoch it has, 2 new epoch, 3 PUBLISH or SPUBLISH
-- Returns 1 when it was given
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[1] then return 0 end
redis.call(ARGV[3], KEYS[2], 'epoch')
redis.call('HSET', KEYS[1], 'e', ARGV[2])
return 1
