package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// lazyContext is a context with a deadline whose timer starts only when somebody
// waits for its end: most requests are answered without that, and a timer costs
// more than all the rest of them. Parent and deadline are set before it is used
// and not changed afterwards.
type lazyContext struct {
	parent   context.Context
	deadline time.Time // zero: that of the parent

	mu    sync.Mutex
	timed atomic.Pointer[timedContext]
}

type timedContext struct {
	context.Context
	cancel context.CancelFunc
}

// Deadline implements context.Context.
func (c *lazyContext) Deadline() (time.Time, bool) {
	at, ok := c.parent.Deadline()
	if c.deadline.IsZero() || ok && at.Before(c.deadline) {
		return at, ok
	}
	return c.deadline, true
}

// Done implements context.Context. It starts the timer.
func (c *lazyContext) Done() <-chan struct{} {
	if c.deadline.IsZero() {
		return c.parent.Done()
	}
	return c.start().Done()
}

func (c *lazyContext) start() *timedContext {
	if t := c.timed.Load(); t != nil {
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.timed.Load(); t != nil {
		return t
	}
	ctx, cancel := context.WithDeadline(c.parent, c.deadline)
	t := &timedContext{ctx, cancel}
	c.timed.Store(t)
	return t
}

// Err implements context.Context.
func (c *lazyContext) Err() error {
	if t := c.timed.Load(); t != nil {
		return t.Err()
	}
	if err := c.parent.Err(); err != nil {
		return err
	}
	if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. Once the timer runs, the context that has it
// answers: by that, contexts made from this one find it and need no goroutine.
func (c *lazyContext) Value(key any) any {
	if t := c.timed.Load(); t != nil {
		return t.Value(key)
	}
	return c.parent.Value(key)
}

// stop gives back the timer, if there is one.
func (c *lazyContext) stop() {
	if t := c.timed.Load(); t != nil {
		t.cancel()
	}
}

// patient returns a context that ends with parent or after d. It uses c unless that
// is in use, because somebody may still look at it.
func patient(parent context.Context, c *lazyContext, d time.Duration) *lazyContext {
	if c.parent != nil {
		c = new(lazyContext)
	}
	c.parent, c.deadline = parent, time.Now().Add(d)
	return c
}
