package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// crowd counts the requests that are worked on.
type crowd struct {
	requests atomic.Int64
	writes   atomic.Int64
	logged   atomic.Int64 // Unix seconds of the last line about refused ones
}

// enter takes a place for a request, or refuses it at once: an answer that comes
// after the client has given up is work for nothing, and keeps others waiting.
func (x *exchange) enter(r *http.Request) error {
	g := x.g
	if limit := int64(g.c.InFlight); limit > 0 {
		x.entered = true
		if g.crowd.requests.Add(1) > limit {
			return x.shed(r.Context(), "requests")
		}
	}
	if limit := int64(g.c.WritesInFlight); limit > 0 && !safe(r.Method) {
		x.writes = true
		if g.crowd.writes.Add(1) > limit {
			return x.shed(r.Context(), "writes")
		}
	}
	return nil
}

// shed refuses a request. The log has a line a minute about them, not one for each.
func (x *exchange) shed(ctx context.Context, what string) error {
	x.leave()
	x.quiet = true
	x.g.count("shed", what)
	last, now := x.g.crowd.logged.Load(), time.Now().Unix()
	if now-last >= 60 && x.g.crowd.logged.CompareAndSwap(last, now) {
		x.g.c.Logger.WarnContext(ctx, "requests shed", slog.String("limit", what))
	}
	return &domain.Error{Code: domain.CodeUnavailable, Message: "The server is busy. Try again in a moment.", RetryAfter: time.Second}
}

// leave gives back the places of the request; more than once does no harm.
func (x *exchange) leave() {
	if x.entered {
		x.g.crowd.requests.Add(-1)
		x.entered = false
	}
	if x.writes {
		x.g.crowd.writes.Add(-1)
		x.writes = false
	}
}

// safe reports whether a method changes nothing, RFC 9110 §9.2.1.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
