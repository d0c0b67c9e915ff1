-- Counts one request under a limit; see gcra in limit.go.
-- KEYS: the limit. ARGV: interval and window in microseconds.
-- Returns how far ahead of the clock the limit is, and how long the next request
-- must wait: 0 if this one is allowed.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])

local tat = now
local stored = redis.call('GET', KEYS[1])
if stored then
	tat = tonumber(stored) or now
end
tat = math.min(math.max(tat, now), now + window)

local over = tat + interval - window - now
if over > 0 then
	return {tat - now, over}
end
tat = tat + interval
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
return {tat - now, 0}
