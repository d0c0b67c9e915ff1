package cache_test

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"empire/internal/cache"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestOpenRedisFailsClosed opens caches that cannot be reached.
func TestOpenRedisFailsClosed(t *testing.T) {
	t.Parallel()
	s := miniredis.RunT(t)
	s.RequireAuth("right")
	for _, tt := range []struct {
		name, url string
		want      domain.Code
	}{
		{"no URL", "", domain.CodeInvalid},
		{"another scheme", "http://hunter2@127.0.0.1", domain.CodeInvalid},
		{"bad port", "redis://:hunter2@127.0.0.1:port", domain.CodeInvalid},
		{"bad database", "redis://:hunter2@127.0.0.1/x", domain.CodeInvalid},
		{"nobody listens", "redis://:hunter2@127.0.0.1:1", domain.CodeUnavailable},
		{"no socket", "unix:///nonexistent/redis.sock", domain.CodeUnavailable},
		{"wrong password", "redis://:hunter2@" + s.Addr(), domain.CodeUnavailable},
		{"no password", "redis://" + s.Addr(), domain.CodeUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := cache.OpenRedis(t.Context(), cache.RedisConfig{URL: tt.url})
			if got := domain.CodeOf(err); got != tt.want {
				t.Errorf("code %q (%v), want %q", got, err, tt.want)
			}
			if r != nil {
				t.Error("got a cache all the same")
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
	openRedis(t, "redis://:right@"+s.Addr(), cache.RedisConfig{})
}

// TestRedisPrefix shares a server between two installations.
func TestRedisPrefix(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	one, two := openRedis(t, url, cache.RedisConfig{Prefix: "one:"}), openRedis(t, url, cache.RedisConfig{Prefix: "two:"})
	l := domain.RateLimit{Requests: 1, Per: time.Hour}
	for _, c := range []cache.Cache{one, two} {
		stored, err := c.SetIfAbsent(t.Context(), "k", []byte("v"), time.Hour)
		n, err2 := c.Increment(t.Context(), "k", time.Hour)
		d, err3 := c.Allow(t.Context(), "k", l)
		if !stored || n != 1 || !d.Allowed || err != nil || err2 != nil || err3 != nil {
			t.Errorf("stored %t, counted %d, allowed %t, %v %v %v: want a space of its own", stored, n, d.Allowed, err, err2, err3)
		}
	}
}

// TestThreeInstancesShareOneLimit sends requests through three clients at once.
func TestThreeInstancesShareOneLimit(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	const size, workers, each = 200, 8, 25 // 600 requests
	l := domain.RateLimit{Requests: size, Per: size * time.Hour}
	var allowed atomic.Int64
	var perInstance [3]atomic.Int64
	var wg sync.WaitGroup
	for i := range 3 {
		c := openRedis(t, url, cache.RedisConfig{})
		for range workers {
			wg.Go(func() {
				for range each {
					d, err := c.Allow(t.Context(), "read:user_1", l)
					if err != nil {
						t.Error(err)
					}
					if d.Allowed {
						allowed.Add(1)
						perInstance[i].Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if got := allowed.Load(); got != size {
		t.Errorf("%d of %d requests allowed over all instances, want exactly %d", got, 3*workers*each, size)
	}
	t.Logf("allowed by instance: %d, %d, %d", perInstance[0].Load(), perInstance[1].Load(), perInstance[2].Load())
}

// TestSameDecisions sends the same requests at the same times to both
// implementations of the limits.
func TestSameDecisions(t *testing.T) {
	t.Parallel()
	s := miniredis.RunT(t)
	clock := newClock()
	r := openRedis(t, "redis://"+s.Addr(), cache.RedisConfig{})
	m := cache.NewMemory(cache.MemoryConfig{Now: clock.Now})
	t.Cleanup(m.Close)
	limits := []domain.RateLimit{
		{Requests: 6000, Per: time.Minute}, {Requests: 7, Per: time.Second, Burst: 3}, {Requests: 1, Per: time.Second, Burst: 5},
		{Requests: 1_000_000, Per: time.Second}, {Requests: 3, Per: 10 * time.Millisecond}, {Requests: 1, Per: 1 << 62, Burst: 1 << 40},
	}
	denied := 0
	for i := range 3000 {
		step := time.Duration(i*i%97) * 613 * time.Microsecond // uneven
		clock.Advance(step)
		s.SetTime(clock.Now())
		s.FastForward(step)
		l := limits[i*7%len(limits)]
		key := "own" + string(rune('0'+i*7%len(limits)))
		if i%5 == 0 {
			key = "changing"
		}
		want, err := m.Allow(t.Context(), key, l)
		got, err2 := r.Allow(t.Context(), key, l)
		if got != want || err != nil || err2 != nil {
			t.Fatalf("request %d, %s, %+v: Redis %+v (%v), memory %+v (%v)", i, key, l, got, err2, want, err)
		}
		if !got.Allowed {
			denied++
		}
	}
	if denied < 300 || denied > 2700 {
		t.Errorf("%d of 3000 denied: too one-sided to prove anything", denied)
	}
}

// TestClockSetBack uses up a limit and sets the clock back by a day: nobody is kept
// out for longer than the limit says.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	s := miniredis.RunT(t)
	clock := newClock()
	s.SetTime(clock.Now())
	m := cache.NewMemory(cache.MemoryConfig{Now: clock.Now})
	t.Cleanup(m.Close)
	r := openRedis(t, "redis://"+s.Addr(), cache.RedisConfig{})
	l := domain.RateLimit{Requests: 10, Per: time.Minute}
	allowed := func(c cache.Cache) (n int) {
		for range 20 {
			d, err := c.Allow(t.Context(), "k", l)
			if err != nil {
				t.Fatal(err)
			}
			if d.Allowed {
				n++
			}
		}
		return n
	}
	for name, c := range map[string]cache.Cache{"memory": m, "Redis": r} {
		if got := allowed(c); got != 10 {
			t.Errorf("%s: %d allowed, want 10", name, got)
		}
	}
	clock.Advance(-24 * time.Hour)
	s.SetTime(clock.Now())
	for name, c := range map[string]cache.Cache{"memory": m, "Redis": r} {
		if got := allowed(c); got != 0 {
			t.Errorf("%s, with the clock set back: %d allowed, want none", name, got)
		}
	}
	clock.Advance(time.Minute)
	s.SetTime(clock.Now())
	for name, c := range map[string]cache.Cache{"memory": m, "Redis": r} {
		if got := allowed(c); got != 10 {
			t.Errorf("%s, a minute later: %d allowed, want 10", name, got)
		}
	}
}

func client(t *testing.T, url string) rueidis.Client {
	t.Helper()
	opts, err := rueidis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	opts.ForceSingleClient, opts.DisableCache, opts.DisableRetry = true, true, true
	c, err := rueidis.NewClient(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestRedisFrozen asks a server that has stopped answering without closing its
// connections, and one that closes them.
func TestRedisFrozen(t *testing.T) {
	t.Parallel()
	s := testkit.NewRedis(t)
	var log testkit.Buffer
	const timeout = 100 * time.Millisecond
	r := openRedis(t, s.URL(), cache.RedisConfig{Timeout: timeout, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.Freeze()
	slow := 0
	for i := range 50 {
		began := time.Now()
		_, err := r.Allow(t.Context(), "k", domain.RateLimit{Requests: 1, Per: time.Hour})
		if domain.CodeOf(err) != domain.CodeUnavailable {
			t.Fatalf("call %d: %v, want CodeUnavailable", i, err)
		}
		took := time.Since(began)
		if took > timeout+5*time.Second { // a busy machine may add to it
			t.Fatalf("call %d took %s, want at most %s", i, took, timeout)
		}
		if took > timeout/2 {
			slow++
		}
	}
	if slow > 25 {
		t.Errorf("%d of 50 calls waited for a server that is known to be down", slow)
	}
	s.Thaw()
	healed(t, r)
	if got := log.String(); strings.Count(got, "redis stopped answering") != 1 || strings.Count(got, "redis answered again") != 1 {
		t.Errorf("the log tells, not once each, that the server was lost and found:\n%s", got)
	}
}

// healed waits until calls succeed again.
func healed(t *testing.T, c cache.Cache) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		_, _, err := c.Get(t.Context(), "k")
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the cache did not heal: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestRedisErrorsAreUnavailable gets an answer from a server that cannot do what it
// is asked.
func TestRedisErrorsAreUnavailable(t *testing.T) {
	t.Parallel()
	s := miniredis.RunT(t)
	r := openRedis(t, "redis://"+s.Addr(), cache.RedisConfig{})
	s.SetError("LOADING Redis is loading the dataset in memory")
	for range 10 { // and it does not count as an outage: each call asks
		if _, err := r.Increment(t.Context(), "k", time.Hour); domain.CodeOf(err) != domain.CodeUnavailable {
			t.Errorf("a server that is loading: %v, want CodeUnavailable", err)
		}
	}
	s.SetError("")
	if n, err := r.Increment(t.Context(), "k", time.Hour); n != 1 || err != nil {
		t.Errorf("afterwards: %d, %v, want 1", n, err)
	}
}
