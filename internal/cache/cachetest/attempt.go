package cachetest

import (
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/cache"
)

var attemptTests = []test{
	{name: "lock_after_ten", fn: lockAfterTen},
	{name: "success_forgets", fn: successForgets},
	{name: "processes_count_together", fn: countTogether},
	{name: "success_elsewhere", fn: successElsewhere},
	{name: "window_ends", fn: windowEnds, moved: true},
	{name: "at_once", fn: attemptsAtOnce},
}

// lockout is what Attempts promises.
const (
	mayFail = 10
	lockFor = 15 * time.Minute
)

// fail begins n sign-ins that may go on.
func fail(t *testing.T, a *cache.Attempts, account string, n int) {
	t.Helper()
	for i := range n {
		if d := a.Begin(account); d != 0 {
			t.Fatalf("attempt %d of %d on %s was locked for %s", i+1, n, account, d)
		}
	}
}

func locked(t *testing.T, a *cache.Attempts, account string) {
	t.Helper()
	if d := a.Begin(account); d <= 0 || d > lockFor {
		t.Errorf("%s is locked for %s, want up to %s", account, d, lockFor)
	}
}

func lockAfterTen(t *testing.T, s Subject) {
	a := cache.NewAttempts(s.Cache, s.Now)
	fail(t, a, "ada@shop.example", mayFail)
	for range 3 {
		locked(t, a, "ada@shop.example")
	}
	fail(t, a, "bob@shop.example", mayFail)
}

func successForgets(t *testing.T, s Subject) {
	a := cache.NewAttempts(s.Cache, s.Now)
	a.Succeeded("ada@shop.example")
	for range 3 {
		fail(t, a, "ada@shop.example", mayFail-1)
		a.Succeeded("ada@shop.example")
	}
	fail(t, a, "ada@shop.example", mayFail)
	locked(t, a, "ada@shop.example")
}

func countTogether(t *testing.T, s Subject) {
	three := []*cache.Attempts{cache.NewAttempts(s.Cache, s.Now), cache.NewAttempts(s.Cache, s.Now), cache.NewAttempts(s.Cache, s.Now)}
	for i := range mayFail {
		fail(t, three[i%3], "ada@shop.example", 1)
	}
	for _, a := range three {
		locked(t, a, "ada@shop.example")
	}
}

// successElsewhere signs in at another process: the failures counted here are
// forgiven, and counting begins anew.
func successElsewhere(t *testing.T, s Subject) {
	a, b := cache.NewAttempts(s.Cache, s.Now), cache.NewAttempts(s.Cache, s.Now)
	fail(t, a, "ada@shop.example", mayFail-1)
	fail(t, b, "ada@shop.example", 1)
	b.Succeeded("ada@shop.example")
	fail(t, a, "ada@shop.example", mayFail)
	locked(t, a, "ada@shop.example")
	locked(t, b, "ada@shop.example")
}

func windowEnds(t *testing.T, s Subject) {
	a, b := cache.NewAttempts(s.Cache, s.Now), cache.NewAttempts(s.Cache, s.Now)
	fail(t, a, "ada@shop.example", 1)
	s.pass(lockFor - time.Minute)
	fail(t, b, "ada@shop.example", mayFail-1)
	for _, one := range []*cache.Attempts{a, b} {
		if d := one.Begin("ada@shop.example"); d != time.Minute {
			t.Errorf("locked for %s, want the last minute of the window", d)
		}
	}
	s.pass(time.Minute)
	fail(t, b, "ada@shop.example", mayFail/2)
	fail(t, a, "ada@shop.example", mayFail/2)
	locked(t, a, "ada@shop.example")
}

func attemptsAtOnce(t *testing.T, s Subject) {
	a, b := cache.NewAttempts(s.Cache, s.Now), cache.NewAttempts(s.Cache, s.Now)
	var wentOn atomic.Int64
	together(40, func(i int) {
		one := a
		if i%2 == 0 {
			one = b
		}
		for range 3 {
			if one.Begin("ada@shop.example") == 0 {
				wentOn.Add(1)
			}
		}
	})
	if got := wentOn.Load(); got != mayFail {
		t.Errorf("%d of 120 guesses went on, want %d", got, mayFail)
	}
}
