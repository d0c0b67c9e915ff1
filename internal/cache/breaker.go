package cache

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	breakerFailures = 5                      // in a row, that open it
	breakerPause    = 200 * time.Millisecond // between tries while it is open
)

// breaker spares callers the wait for a server that does not answer. After a few
// failures in a row one call each pause is let through; the first success lets
// through all.
type breaker struct {
	log      *slog.Logger
	failures atomic.Int64 // in a row
	next     atomic.Int64 // when to try again, in Unix nanoseconds; 0 while it is closed
}

// try reports whether a call may be made.
func (b *breaker) try(now time.Time) bool {
	next := b.next.Load()
	if next == 0 {
		return true
	}
	return now.UnixNano() >= next && b.next.CompareAndSwap(next, now.Add(breakerPause).UnixNano())
}

func (b *breaker) succeeded(ctx context.Context) {
	if b.failures.Load() == 0 && b.next.Load() == 0 {
		return
	}
	b.failures.Store(0)
	if b.next.Swap(0) != 0 {
		b.log.InfoContext(ctx, "redis answered again")
	}
}

func (b *breaker) failed(ctx context.Context, now time.Time, err error) {
	if b.failures.Add(1) < breakerFailures {
		return
	}
	if b.next.Swap(now.Add(breakerPause).UnixNano()) == 0 {
		b.log.WarnContext(ctx, "redis stopped answering", "err", err)
	}
}
