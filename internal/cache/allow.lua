-- Counts one request under a limit; see gcra in limit.go.
-- KEYS: the limit. ARGV: interval and window in microseconds.
-- Returns how far ahead of the clock the limit is, and how long the next request
-- must wait: 0 if this one is allowed.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])

local stored = tonumber(redis.call('GET', KEYS[1]) or '') or now
local tat = math.min(math.max(stored, now), now + window)

local over = tat + interval - window - now
if over <= 0 then
	tat, over = tat + interval, 0
end
if tat ~= stored then
	redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
end
return {tat - now, over}
