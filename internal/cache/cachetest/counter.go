package cachetest

import (
	"sync"
	"testing"
	"time"
)

var counterTests = []test{
	{name: "increment", fn: increment},
	{name: "ttl_from_the_first", fn: counterEnds},
	{name: "at_once", fn: incrementAtOnce},
}

func (s Subject) counts(t *testing.T, key string, ttl time.Duration, want int64) {
	t.Helper()
	if got, err := s.Cache.Increment(t.Context(), key, ttl); got != want || err != nil {
		t.Errorf("Increment(%s) = %d, %v, want %d", key, got, err, want)
	}
}

func increment(t *testing.T, s Subject) {
	must(t, s.Cache.Set(t.Context(), "a", []byte("v"), time.Hour)) // a name space of its own
	for n := range int64(3) {
		s.counts(t, "a", time.Hour, n+1)
	}
	s.counts(t, "b", time.Hour, 1)
	s.has(t, "a", []byte("v"))
	s.has(t, "b", nil)
}

func counterEnds(t *testing.T, s Subject) {
	const ttl = 40 * time.Millisecond
	began := s.Now()
	s.counts(t, "k", ttl, 1)
	if s.moved() {
		s.pass(ttl - time.Millisecond)
		s.counts(t, "k", ttl, 2) // does not make it last longer
		s.pass(time.Millisecond)
		s.counts(t, "k", ttl, 1)
		return
	}
	s.until(t, 0, "a counter that begins again", func() bool {
		n, err := s.Cache.Increment(t.Context(), "k", ttl)
		return n == 1 && err == nil
	})
	if took := s.Now().Sub(began); took < ttl {
		t.Errorf("the counter ended after %s, want not before %s", took, ttl)
	}
}

func incrementAtOnce(t *testing.T, s Subject) {
	const callers, each = 20, 25
	var mu sync.Mutex
	seen := map[int64]bool{}
	together(callers, func(int) {
		for range each {
			n, err := s.Cache.Increment(t.Context(), "k", time.Hour)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			seen[n] = true
			mu.Unlock()
		}
	})
	if len(seen) != callers*each {
		t.Errorf("%d increments returned %d numbers", callers*each, len(seen))
	}
	s.counts(t, "k", time.Hour, callers*each+1)
}
