package cache

import (
	"time"

	"empire/internal/domain"
)

// maxWindow bounds, in microseconds, how far ahead of the clock a limit may count:
// about 31 years. The clock and the window together stay below 2^53, up to where
// Lua counts exactly.
const maxWindow = 1_000_000_000_000_000

// gcra is a limit in whole microseconds. A key's state is the theoretical arrival
// time: when the whole burst is there again. Each request moves it by one interval
// and is denied if that would lead further ahead of the clock than the window.
//
// The decisions in decide and in allow.lua are the same, digit by digit.
type gcra struct {
	interval int64 // in which one request comes back
	window   int64 // in which the whole burst comes back
}

// newGCRA returns the limit, and false if it allows everything. An interval is
// rounded up to whole microseconds: never is more allowed than asked for, and never
// more than a million a second.
func newGCRA(l domain.RateLimit) (gcra, bool) {
	if l.Requests <= 0 || l.Per <= 0 {
		return gcra{}, false
	}
	requests, per := min(int64(l.Requests), maxWindow), min(int64(l.Per), maxWindow*int64(time.Microsecond))
	nanos := per/requests + min(per%requests, 1)
	interval := nanos/int64(time.Microsecond) + min(nanos%int64(time.Microsecond), 1)
	burst := int64(l.Burst)
	if burst <= 0 {
		burst = requests
	}
	burst = min(burst, maxWindow/interval)
	return gcra{interval: interval, window: interval * burst}, true
}

// decide returns the state after a request at a time and how long, in microseconds,
// the next one must wait: zero if this one is allowed.
func (g gcra) decide(now, tat int64) (next, retry int64) {
	// Never before the clock, and never further ahead than this limit leads: the
	// clock may have been set back, or the limit may have been wider.
	tat = min(max(tat, now), now+g.window)
	next = tat + g.interval
	if over := next - g.window - now; over > 0 {
		return tat, over
	}
	return next, 0
}

// decision puts a state that is ahead of the clock by some microseconds into words.
func (g gcra) decision(ahead, retry int64) domain.RateDecision {
	return domain.RateDecision{
		Allowed:    retry == 0,
		Limit:      int(g.window / g.interval),
		Remaining:  int((g.window - ahead) / g.interval),
		ResetAfter: time.Duration(ahead) * time.Microsecond,
		RetryAfter: time.Duration(retry) * time.Microsecond,
	}
}
