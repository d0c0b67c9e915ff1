package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type valueKey struct{}

// TestLazyContext: it behaves as context.WithDeadline does, asked in any order.
func TestLazyContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		parent time.Duration // until the parent is canceled; 0: never
		own    time.Duration // until the deadline; 0: none
		wait   bool          // Done is asked for before the end
		want   error
	}{
		{"no_end", 0, 0, false, nil},
		{"deadline", 0, time.Minute, true, context.DeadlineExceeded},
		{"deadline_not_waited_for", 0, time.Minute, false, context.DeadlineExceeded},
		{"parent", time.Second, time.Minute, true, context.Canceled},
		{"parent_not_waited_for", time.Second, time.Minute, false, context.Canceled},
		{"parent_without_deadline", time.Second, 0, true, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				parent, cancel := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "v"))
				defer cancel()
				if tt.parent > 0 {
					time.AfterFunc(tt.parent, cancel)
				}
				c := &lazyContext{parent: parent}
				if tt.own > 0 {
					c.deadline = time.Now().Add(tt.own)
				}
				defer c.stop()
				at, ok := c.Deadline()
				if ok != (tt.own > 0) || ok && at != c.deadline {
					t.Errorf("Deadline = %v, %v", at, ok)
				}
				var child context.Context
				if tt.wait {
					var stop context.CancelFunc
					child, stop = context.WithCancel(c)
					defer stop()
				}
				if c.Err() != nil || c.Value(valueKey{}) != "v" {
					t.Errorf("at first: Err = %v, Value = %v", c.Err(), c.Value(valueKey{}))
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if !errors.Is(c.Err(), tt.want) || child != nil && !errors.Is(child.Err(), tt.want) {
					t.Errorf("Err = %v, want %v", c.Err(), tt.want)
				}
				select {
				case <-c.Done():
					if tt.want == nil {
						t.Error("it is over")
					}
				default:
					if tt.want != nil {
						t.Error("it is not over")
					}
				}
			})
		})
	}
}

// TestLazyContextKeepsTheEarlierDeadline: that of the parent may come first.
func TestLazyContextKeepsTheEarlierDeadline(t *testing.T) {
	t.Parallel()
	parent, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want, _ := parent.Deadline()
	c := &lazyContext{parent: parent, deadline: want.Add(time.Hour)}
	if got, ok := c.Deadline(); !ok || got != want {
		t.Errorf("Deadline = %v, %v, want %v", got, ok, want)
	}
}
