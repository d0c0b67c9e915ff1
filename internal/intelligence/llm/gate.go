package llm

import (
	"context"
	"sync"
	"time"
)

// Limits are what a vendor allows this installation; 0: no limit of ours. Each
// process keeps them by itself.
type Limits struct {
	RequestsPerMinute int
	TokensPerMinute   int // input that is expected, and the most that may be answered
}

// Breaker says when an endpoint that fails is left alone. Without one (Failures 0)
// every call is tried.
type Breaker struct {
	Failures int           // in a row, after which it is left alone
	Pause    time.Duration // for how long, before one call tries it again
}

// maxPause bounds how long a vendor's own word (Retry-After) is kept to.
const maxPause = 5 * time.Minute

// The states of an endpoint.
const (
	EndpointOK      = "ok"
	EndpointPaused  = "paused"  // the vendor asked to wait
	EndpointOpen    = "open"    // it failed too often: the breaker is open
	EndpointProbing = "probing" // one call tries whether it works again
)

// Health is how an endpoint does, as this process sees it.
type Health struct {
	Provider  string
	State     string    // EndpointOK, …
	Until     time.Time // when it is tried again; zero: now
	Failures  int       // in a row
	Calls     int64     // that were sent, since the start
	Faults    int64     // of them, those that failed
	LastClass Class     // of the fault that was seen last
	LastAt    time.Time
}

// gate stands before an endpoint.
type gate struct {
	limits  Limits
	breaker Breaker
	now     func() time.Time

	mu       sync.Mutex
	health   Health
	probing  bool
	requests bucket
	tokens   bucket
}

// bucket fills up steadily. What is taken beyond what is in it has to be waited for.
type bucket struct {
	level float64
	at    time.Time // of level; zero: it is full
}

// take removes n and returns how long to wait until it would have been there.
func (b *bucket) take(now time.Time, perMinute, n int) time.Duration {
	if perMinute <= 0 {
		return 0
	}
	full, rate := float64(perMinute), float64(perMinute)/60 // in a second
	if b.at.IsZero() {
		b.level = full
	} else {
		b.level = min(full, b.level+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	b.level -= min(float64(n), full) // more than a minute's worth cannot be waited for
	if b.level >= 0 {
		return 0
	}
	return time.Duration(-b.level / rate * float64(time.Second))
}

// blocked reports whether the endpoint is left alone now.
func (g *gate) blocked() (until time.Time, blocked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.health.Until, g.closed(g.now())
}

func (g *gate) closed(now time.Time) bool {
	return now.Before(g.health.Until) || g.probing
}

// enter waits until a call may be sent, within the time of ctx.
func (g *gate) enter(ctx context.Context, tokens int) error {
	g.mu.Lock()
	now := g.now()
	if g.closed(now) {
		wait := g.health.Until.Sub(now)
		g.mu.Unlock()
		return Fail(&Error{Provider: g.health.Provider, Class: Overloaded, Detail: "it is left alone after faults"}, max(wait, 0))
	}
	if g.health.State == EndpointOpen {
		g.probing, g.health.State = true, EndpointProbing
	}
	wait := max(g.requests.take(now, g.limits.RequestsPerMinute, 1), g.tokens.take(now, g.limits.TokensPerMinute, tokens))
	g.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	err := g.wait(ctx, now, wait)
	if err != nil { // what was taken goes back
		g.mu.Lock()
		g.requests.level += 1
		g.tokens.level += min(float64(tokens), float64(g.limits.TokensPerMinute))
		g.unprobe()
		g.mu.Unlock()
	}
	return err
}

func (g *gate) wait(ctx context.Context, now time.Time, wait time.Duration) error {
	limited := Fail(&Error{Provider: g.health.Provider, Class: RateLimited, Detail: "by models.limits of this installation"}, wait)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(now.Add(wait)) {
		return limited
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return Fail(&Error{Provider: g.health.Provider, Class: Unsent, Err: ctx.Err()}, 0)
	}
}

func (g *gate) unprobe() {
	if g.probing {
		g.probing, g.health.State = false, EndpointOpen
	}
}

// note takes what became of a call that was sent.
func (g *gate) note(class Class, retryAfter time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	h := &g.health
	h.Calls++
	if class == "" || class == Blocked { // it answered
		h.Failures, h.State, h.Until, g.probing = 0, EndpointOK, time.Time{}, false
		return
	}
	h.Faults++
	h.LastClass, h.LastAt = class, now
	switch {
	case class == RateLimited && retryAfter > 0 && g.breaker.Failures > 0:
		g.probing, h.State, h.Until = false, EndpointPaused, now.Add(min(retryAfter, maxPause))
	case !rules[class].trips: // the endpoint is not to blame
		if g.probing {
			h.Failures, h.State, h.Until, g.probing = 0, EndpointOK, time.Time{}, false
		}
	default:
		h.Failures++
		hopeless := class == Quota || class == BadCredential // until a person acts
		if g.breaker.Failures > 0 && (hopeless || g.probing || h.Failures >= g.breaker.Failures) {
			h.State, h.Until = EndpointOpen, now.Add(max(g.breaker.Pause, min(retryAfter, maxPause)))
		}
		g.probing = false
	}
}

// look returns the health now: a pause that is over is none.
func (g *gate) look() Health {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.health
	if h.State == EndpointPaused && !g.now().Before(h.Until) {
		h.State, h.Until = EndpointOK, time.Time{}
	}
	return h
}
