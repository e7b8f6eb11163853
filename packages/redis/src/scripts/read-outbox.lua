-- Some commits whose tasks wait to be handed on.
-- KEYS: 1 outbox of a cube
-- Returns sequence numbers and tasks in turn
-- flags: no-writes
return redis.call('HGETALL', KEYS[1])
