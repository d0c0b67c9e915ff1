-- Adds one to a counter that ends a fixed time after its first increment.
-- KEYS: the counter. ARGV: its life in milliseconds.
local n = redis.call('INCR', KEYS[1])
if n == 1 then
	redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return n
