package cache_test

import (
	"strconv"
	"testing"
	"time"

	"empire/internal/cache"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestMemoryIsBounded stores more than fits.
func TestMemoryIsBounded(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	const maxKeys = 6400
	clock := newClock()
	m := cache.NewMemory(cache.MemoryConfig{MaxBytes: 1 << 20, MaxKeys: maxKeys, Now: clock.Now})
	t.Cleanup(m.Close)
	l := domain.RateLimit{Requests: 1, Per: time.Hour}
	key := strconv.Itoa
	for i := range 10 * maxKeys {
		if err := m.Set(t.Context(), key(i), make([]byte, 1000), time.Hour); err != nil {
			t.Fatal(err)
		}
		if n, err := m.Increment(t.Context(), key(i), time.Hour); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if d, err := m.Allow(t.Context(), key(i), l); !d.Allowed || err != nil {
			t.Fatal(d, err)
		}
	}
	var values, counters, limits int
	for i := range 10 * maxKeys {
		if _, ok, _ := m.Get(t.Context(), key(i)); ok {
			values++
		}
		if n, _ := m.Increment(t.Context(), key(i), time.Hour); n > 1 {
			counters++
		}
		if d, _ := m.Allow(t.Context(), key(i), l); !d.Allowed {
			limits++
		}
	}
	if values == 0 || values > 1100 {
		t.Errorf("%d values of 1,000 bytes fit in 1 MiB", values)
	}
	if counters == 0 || counters > maxKeys || limits == 0 || limits > maxKeys {
		t.Errorf("%d counters and %d limits were kept, want up to %d", counters, limits, maxKeys)
	}
}

// TestMemoryKeepsWhatCounts fills the limits with ones that end, and then adds others:
// none that still counts is given up.
func TestMemoryKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	const maxKeys = 64_000
	clock := newClock()
	m := cache.NewMemory(cache.MemoryConfig{MaxKeys: maxKeys, Now: clock.Now})
	t.Cleanup(m.Close)
	allowed := func(key string, per time.Duration) bool {
		d, err := m.Allow(t.Context(), key, domain.RateLimit{Requests: 1, Per: per})
		if err != nil {
			t.Fatal(err)
		}
		return d.Allowed
	}
	for i := range maxKeys {
		allowed("short"+strconv.Itoa(i), time.Second)
	}
	clock.Advance(time.Second)
	for i := range maxKeys / 2 {
		allowed("long"+strconv.Itoa(i), time.Hour)
	}
	lost := 0
	for i := range maxKeys / 2 {
		if allowed("long"+strconv.Itoa(i), time.Hour) {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d limits that count were lost, though others had ended", lost, maxKeys/2)
	}
}
