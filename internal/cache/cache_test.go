package cache_test

import (
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"empire/internal/cache"
	"empire/internal/cache/cachetest"
	"empire/internal/testkit"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(t testing.TB) cachetest.Subject {
		clock := newClock()
		m := cache.NewMemory(cache.MemoryConfig{Now: clock.Now})
		t.Cleanup(m.Close)
		return cachetest.Subject{Cache: m, Now: clock.Now, Advance: clock.Advance}
	})
}

// TestMemoryRealTime waits, as it must for a server.
func TestMemoryRealTime(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(t testing.TB) cachetest.Subject {
		m := cache.NewMemory(cache.MemoryConfig{})
		t.Cleanup(m.Close)
		return cachetest.Subject{Cache: m}
	})
}

func TestRedis(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	cachetest.Run(t, func(t testing.TB) cachetest.Subject {
		return cachetest.Subject{Cache: openRedis(t, url, cache.RedisConfig{Prefix: t.Name() + ":"})}
	})
}

// TestRedisClock runs against a server whose clock can be moved.
func TestRedisClock(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(t testing.TB) cachetest.Subject {
		s := miniredis.RunT(t)
		clock := newClock()
		s.SetTime(clock.Now())
		return cachetest.Subject{
			Cache: openRedis(t, "redis://"+s.Addr(), cache.RedisConfig{}), Now: clock.Now,
			Advance: func(d time.Duration) {
				clock.Advance(d)
				s.SetTime(clock.Now())
				s.FastForward(d)
			},
		}
	})
}

// openRedis opens a cache with a timeout that a busy machine does not reach.
func openRedis(t testing.TB, url string, cfg cache.RedisConfig) *cache.Redis {
	t.Helper()
	cfg.URL = url
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	r, err := cache.OpenRedis(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// clock is a clock that is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
