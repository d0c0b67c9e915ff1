package cachetest

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
)

var limitTests = []test{
	{name: "unlimited", fn: unlimited},
	{name: "burst", fn: burst},
	{name: "keys_are_separate", fn: limitKeys},
	{name: "refills_evenly", fn: refillsEvenly, moved: true},
	{name: "retry_after_is_enough", fn: retryAfterIsEnough},
	{name: "never_more_than_the_limit", fn: neverMore},
	{name: "whole_burst_after_reset", fn: wholeBurst},
	{name: "another_limit", fn: anotherLimit},
	{name: "extremes", fn: extremes},
	{name: "at_once", fn: allowAtOnce},
}

func (s Subject) allow(t *testing.T, key string, l domain.RateLimit) domain.RateDecision {
	t.Helper()
	d, err := s.Cache.Allow(t.Context(), key, l)
	must(t, err)
	return d
}

func unlimited(t *testing.T, s Subject) {
	for _, l := range []domain.RateLimit{{}, {Requests: 0, Per: time.Hour}, {Requests: 5}, {Burst: 1}} {
		for range 20 {
			if d := s.allow(t, "k", l); d != (domain.RateDecision{Allowed: true}) {
				t.Fatalf("limit %+v: %+v, want allowed", l, d)
			}
		}
	}
}

// burst sends requests as fast as it can under limits whose requests come back after
// minutes, so that the time it takes is all that may differ.
func burst(t *testing.T, s Subject) {
	for _, tt := range []struct {
		name     string
		limit    domain.RateLimit
		size     int
		interval time.Duration
	}{
		{"whole", domain.RateLimit{Requests: 6, Per: time.Hour}, 6, 10 * time.Minute},
		{"smaller", domain.RateLimit{Requests: 60, Per: 10 * time.Hour, Burst: 3}, 3, 10 * time.Minute},
		{"single", domain.RateLimit{Requests: 6, Per: time.Hour, Burst: 1}, 1, 10 * time.Minute},
		{"larger", domain.RateLimit{Requests: 1, Per: time.Hour, Burst: 4}, 4, time.Hour},
		{"rounded_up", domain.RateLimit{Requests: 7, Per: time.Hour, Burst: 2}, 2, 514_285_715 * time.Microsecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := s.Now()
			for n := 1; n <= tt.size+3; n++ {
				got := s.allow(t, tt.name, tt.limit)
				took := s.Now().Sub(began)
				sent := min(n, tt.size)
				want := domain.RateDecision{
					Allowed: n <= tt.size, Limit: tt.size, Remaining: tt.size - sent,
					ResetAfter: about(got.ResetAfter, time.Duration(sent)*tt.interval, took),
				}
				if !want.Allowed {
					want.RetryAfter = about(got.RetryAfter, tt.interval, took)
				}
				if got != want {
					t.Errorf("request %d: %+v, want %+v", n, got, want)
				}
			}
		})
	}
}

// about returns got if it is want, or as much less as time may have passed.
func about(got, want, passed time.Duration) time.Duration {
	if got <= want && got >= want-passed-time.Millisecond {
		return got
	}
	return want
}

func limitKeys(t *testing.T, s Subject) {
	l := domain.RateLimit{Requests: 1, Per: time.Hour}
	must(t, s.Cache.Set(t.Context(), "a", []byte("v"), time.Hour)) // a name space of its own
	s.counts(t, "a", time.Hour, 1)
	for _, key := range []string{"a", "b"} {
		if !s.allow(t, key, l).Allowed || s.allow(t, key, l).Allowed {
			t.Errorf("key %s: want the first allowed and the second not", key)
		}
	}
	s.has(t, "a", []byte("v"))
	s.counts(t, "a", time.Hour, 2)
}

func refillsEvenly(t *testing.T, s Subject) {
	l := domain.RateLimit{Requests: 600, Per: time.Minute, Burst: 3} // one every 100 ms
	for range 3 {
		s.allow(t, "k", l)
	}
	for range 5 {
		if d := s.allow(t, "k", l); d.Allowed || d.RetryAfter != 100*time.Millisecond {
			t.Fatalf("with the burst used up: %+v, want to wait 100 ms", d)
		}
		s.pass(99 * time.Millisecond)
		if d := s.allow(t, "k", l); d.Allowed || d.RetryAfter != time.Millisecond || d.ResetAfter != 201*time.Millisecond {
			t.Fatalf("1 ms early: %+v, want to wait 1 ms", d)
		}
		s.pass(time.Millisecond)
		if d := s.allow(t, "k", l); !d.Allowed || d.Remaining != 0 || d.ResetAfter != 300*time.Millisecond {
			t.Fatalf("after the wait: %+v, want allowed, the last one", d)
		}
	}
	s.pass(200 * time.Millisecond)
	if d := s.allow(t, "k", l); !d.Allowed || d.Remaining != 1 {
		t.Errorf("after two intervals: %+v, want allowed and one more", d)
	}
}

func retryAfterIsEnough(t *testing.T, s Subject) {
	l := domain.RateLimit{Requests: 50, Per: time.Second, Burst: 2}
	for range 3 {
		d := s.allow(t, "k", l)
		for d.Allowed {
			d = s.allow(t, "k", l)
		}
		if d.RetryAfter <= 0 || d.RetryAfter > 20*time.Millisecond {
			t.Fatalf("RetryAfter %s, want up to 20 ms", d.RetryAfter)
		}
		s.pass(d.RetryAfter)
		if d = s.allow(t, "k", l); !d.Allowed {
			t.Fatalf("denied after the wait: %+v", d)
		}
	}
}

func neverMore(t *testing.T, s Subject) {
	l := domain.RateLimit{Requests: 100, Per: time.Second, Burst: 3}
	allowed, began := 0, s.Now()
	for range 200 {
		if s.allow(t, "k", l).Allowed {
			allowed++
		}
		s.pass(200 * time.Microsecond)
	}
	took := s.Now().Sub(began)
	if most := l.Burst + int(took/(10*time.Millisecond)); allowed > most || allowed < l.Burst {
		t.Errorf("%d allowed in %s, want %d to %d", allowed, took, l.Burst, most)
	}
}

func wholeBurst(t *testing.T, s Subject) {
	l := domain.RateLimit{Requests: 100, Per: time.Second, Burst: 4}
	var d domain.RateDecision
	for range 4 {
		d = s.allow(t, "k", l)
	}
	s.pass(d.ResetAfter + time.Millisecond)
	if d := s.allow(t, "k", l); !d.Allowed || d.Remaining != 3 {
		t.Errorf("after the reset: %+v, want allowed and three more", d)
	}
}

func anotherLimit(t *testing.T, s Subject) {
	wide := domain.RateLimit{Requests: 10, Per: 10 * time.Hour}
	narrow := domain.RateLimit{Requests: 2, Per: time.Hour}
	for range 10 {
		s.allow(t, "k", wide) // ten hours ahead
	}
	if d := s.allow(t, "k", narrow); d.Allowed || d.RetryAfter > 30*time.Minute || d.ResetAfter > time.Hour || d.Limit != 2 {
		t.Errorf("under a narrower limit: %+v, want denied for half an hour at most", d)
	}
	if d := s.allow(t, "k", domain.RateLimit{Requests: 100, Per: time.Hour * 100}); !d.Allowed {
		t.Errorf("under a wider limit: %+v, want allowed", d)
	}
	fast := domain.RateLimit{Requests: 50, Per: time.Second, Burst: 2}
	d := s.allow(t, "k", fast)
	if d.Allowed || d.RetryAfter > 20*time.Millisecond {
		t.Fatalf("under a fast limit: %+v, want denied for 20 ms at most", d)
	}
	s.pass(d.RetryAfter)
	if d := s.allow(t, "k", fast); !d.Allowed {
		t.Errorf("under a fast limit, after the wait: %+v, want allowed", d)
	}
}

func extremes(t *testing.T, s Subject) {
	for _, l := range []domain.RateLimit{
		{Requests: math.MaxInt, Per: 1},
		{Requests: 1, Per: math.MaxInt64},
		{Requests: 1, Per: math.MaxInt64, Burst: math.MaxInt},
		{Requests: math.MaxInt, Per: math.MaxInt64, Burst: math.MaxInt},
		{Requests: 1_000_000_000, Per: time.Second},
		{Requests: 1, Per: 1},
	} {
		d := s.allow(t, "k", l)
		if !d.Allowed && d.RetryAfter <= 0 || d.Limit < 1 || d.Remaining < 0 || d.Remaining >= d.Limit || d.ResetAfter <= 0 || d.RetryAfter < 0 {
			t.Errorf("limit %+v: %+v", l, d)
		}
	}
}

func allowAtOnce(t *testing.T, s Subject) {
	const callers, each, size = 20, 20, 123
	l := domain.RateLimit{Requests: size, Per: size * time.Hour}
	var allowed atomic.Int64
	together(callers, func(int) {
		for range each {
			d, err := s.Cache.Allow(t.Context(), "k", l)
			if err != nil {
				t.Error(err)
			}
			if d.Allowed {
				allowed.Add(1)
			}
		}
	})
	if got := allowed.Load(); got != size {
		t.Errorf("%d of %d requests allowed, want exactly %d", got, callers*each, size)
	}
}
