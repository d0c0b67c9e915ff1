package domain

import "time"

// RateLimit allows Requests per Per, of which Burst may come at once. It is a GCRA:
// capacity comes back evenly, not at the turn of a minute. The zero value allows
// everything.
type RateLimit struct {
	Requests int
	Per      time.Duration
	Burst    int // 0 means Requests
}

// RateDecision is the answer to one request under a RateLimit.
type RateDecision struct {
	Allowed    bool
	Limit      int           // size of the burst
	Remaining  int           // how many more may come at once now
	ResetAfter time.Duration // until the whole burst is there again
	RetryAfter time.Duration // until the next is allowed; zero if this one was
}
