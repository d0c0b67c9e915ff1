// Package cachetest is the conformance suite of the cache: every implementation
// passes it, with everything that is built on a cache.
package cachetest

import (
	"sync"
	"testing"
	"time"

	"empire/internal/cache"
	"empire/internal/domain"
)

// Subject is a cache to test and the clock that it lives by.
type Subject struct {
	Cache cache.Cache
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Advance moves the clock. nil: it moves by itself, and the suite waits. Then it
	// proves that nothing lasts too long, and with a clock that is moved also that
	// nothing ends too early.
	Advance func(d time.Duration)
}

// patience bounds every wait; only a failing test waits that long.
const patience = 10 * time.Second

// Run tests a cache. open returns an empty one, which it closes when the test ends.
func Run(t *testing.T, open func(t testing.TB) Subject) {
	t.Helper()
	moved := open(t).Advance != nil
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"values", valueTests},
		{"counters", counterTests},
		{"limits", limitTests},
		{"load", loadTests},
		{"sessions", sessionTests},
		{"attempts", attemptTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range group.tests {
				if test.moved && !moved {
					continue
				}
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					s := open(t)
					if s.Now == nil {
						s.Now = time.Now
					}
					test.fn(t, s)
				})
			}
		})
	}
}

// test is a test of a subject. One that is moved would wait too long for a clock
// that moves by itself.
type test struct {
	name  string
	fn    func(t *testing.T, s Subject)
	moved bool
}

// moved reports whether the clock stands still unless it is moved.
func (s Subject) moved() bool { return s.Advance != nil }

// pass lets time pass. There is no other way to see something end on a server that
// has a clock of its own.
func (s Subject) pass(d time.Duration) {
	if s.moved() {
		s.Advance(d)
		return
	}
	time.Sleep(d)
}

// until repeats ask until it is true, for at least d and at most the patience.
func (s Subject) until(t *testing.T, d time.Duration, what string, ask func() bool) {
	t.Helper()
	s.pass(d)
	for waited := time.Duration(0); !ask(); waited += 5 * time.Millisecond {
		if s.moved() || waited > patience {
			t.Fatalf("after %s, waited in vain: %s", d, what)
		}
		s.pass(5 * time.Millisecond)
	}
}

// together calls fn n times at once and returns when all have returned.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

func code(t *testing.T, what string, err error, want domain.Code) {
	t.Helper()
	if got := domain.CodeOf(err); got != want {
		t.Errorf("%s: code %q (%v), want %q", what, got, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
