package cache_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/cache"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestRedisStopsUnderLoad stops and starts a server, and empties it, while everything
// that is built on it is in use. No answer may be wrong: no value older than the last
// one stored, no principal older than allowed, no result that was not computed, and
// no error but CodeUnavailable.
func TestRedisStopsUnderLoad(t *testing.T) {
	t.Parallel()
	s := testkit.NewRedis(t)
	l := &load{t: t}
	for range 2 {
		c := openRedis(t, s.URL(), cache.RedisConfig{Timeout: 250 * time.Millisecond})
		l.caches = append(l.caches, c)
		l.processes = append(l.processes, cache.NewSessions(c, sessionAge, time.Now))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for _, fn := range []func(ctx context.Context){l.writeAndRead, l.allow, l.sessions, l.results, l.allow, l.results} {
		wg.Go(func() {
			for ctx.Err() == nil {
				fn(ctx)
			}
		})
	}
	l.progress(20)
	s.Stop()
	l.failures(20)
	l.progress(20) // with errors, but it goes on
	s.Start()
	for _, c := range l.caches {
		healed(t, c)
	}
	l.progress(20)
	c := client(t, s.URL())
	for range 10 {
		if err := c.Do(t.Context(), c.B().Flushall().Build()).Error(); err != nil {
			t.Error(err)
		}
		l.progress(2)
	}
	before := l.failed.Load()
	l.progress(20)
	if failed := l.failed.Load() - before; failed > 0 {
		t.Errorf("%d calls failed while the server was there", failed)
	}
	stop()
	wg.Wait()
	t.Logf("%d calls, %d of them failed", l.calls.Load(), l.failed.Load())
}

// load is what uses the cache.
type load struct {
	t         *testing.T
	caches    []*cache.Redis
	processes []*cache.Sessions

	calls, failed atomic.Int64
	rounds        [4]atomic.Int64
	written       atomic.Int64
}

const sessionAge = 30 * time.Millisecond

// progress waits until each kind of use came round n times more.
func (l *load) progress(n int64) {
	l.t.Helper()
	for i := range l.rounds {
		l.wait("use", &l.rounds[i], n)
	}
}

func (l *load) failures(n int64) { l.t.Helper(); l.wait("failures", &l.failed, n) }

func (l *load) wait(what string, counter *atomic.Int64, n int64) {
	l.t.Helper()
	from, deadline := counter.Load(), time.Now().Add(30*time.Second)
	for counter.Load() < from+n {
		if time.Now().After(deadline) {
			l.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// check takes note of a call: it is quick, and fails in one way only.
func (l *load) check(began time.Time, err error) {
	l.calls.Add(1)
	if took := time.Since(began); took > 10*time.Second { // 250 ms, on a machine that has time
		l.t.Errorf("a call took %s", took)
	}
	if err == nil {
		return
	}
	l.failed.Add(1)
	time.Sleep(100 * time.Microsecond) // failing at once, it would take all of the processor
	if domain.CodeOf(err) != domain.CodeUnavailable {
		l.t.Errorf("a call failed with %v, want CodeUnavailable", err)
	}
}

// writeAndRead stores growing numbers in one cache and reads them in another.
func (l *load) writeAndRead(context.Context) {
	n := l.written.Add(1)
	began := time.Now()
	err := l.caches[0].Set(l.t.Context(), "number", binary.BigEndian.AppendUint64(nil, uint64(n)), time.Minute)
	l.check(began, err)
	began = time.Now()
	data, ok, readErr := l.caches[1].Get(l.t.Context(), "number")
	l.check(began, readErr)
	if ok && err == nil {
		if got := int64(binary.BigEndian.Uint64(data)); got != n {
			l.t.Errorf("read %d after %d was stored", got, n)
		}
	}
	l.rounds[0].Add(1)
}

// allow checks that a limit of one is one for as long as the server keeps it.
func (l *load) allow(context.Context) {
	began := time.Now()
	d, err := l.caches[0].Allow(l.t.Context(), "limit", domain.RateLimit{Requests: 10, Per: time.Hour})
	l.check(began, err)
	if err != nil && d.Allowed {
		l.t.Error("a failed call allowed a request")
	}
	l.rounds[1].Add(1)
}

// sessions checks the age of what it gets. The name of the user says when it was
// read.
func (l *load) sessions(ctx context.Context) {
	for _, v := range l.processes {
		began := time.Now()
		if p, ok := v.Get(ctx, "token"); ok {
			nanos, err := strconv.ParseInt(string(p.UserID), 10, 64)
			if age := began.Sub(time.Unix(0, nanos)); err != nil || age >= sessionAge {
				l.t.Errorf("a principal was %s old", age)
			}
			continue
		}
		readAt := time.Now()
		v.Put(ctx, "token", &domain.Principal{UserID: domain.UserID(strconv.FormatInt(readAt.UnixNano(), 10))}, readAt)
	}
	l.rounds[2].Add(1)
}

// results checks that a result is the one of its arguments.
func (l *load) results(ctx context.Context) {
	loader := cache.NewLoader(l.caches[1])
	for _, arg := range []string{"a", "b"} {
		k := cache.Key{Tenant: "main", Name: "result", Args: []string{arg}}
		got, err := cache.Load(ctx, loader, k, 20*time.Millisecond, func(context.Context) (string, error) { return "of " + arg, nil })
		if (err != nil || got != "of "+arg) && ctx.Err() == nil {
			l.t.Errorf("result of %s: %q, %v", arg, got, err)
		}
	}
	l.rounds[3].Add(1)
}

// TestAttemptsWithoutCache locks an account while the cache is down, and goes on
// from what it knew before.
func TestAttemptsWithoutCache(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m := cache.NewMemory(cache.MemoryConfig{Now: clock.Now})
	t.Cleanup(m.Close)
	sw := &switched{Cache: m}
	a, b := cache.NewAttempts(sw, clock.Now), cache.NewAttempts(sw, clock.Now)
	begin := func(a *cache.Attempts, n int, locked bool) {
		t.Helper()
		for range n {
			if d := a.Begin("ada@shop.example"); (d > 0) != locked || d > 15*time.Minute {
				t.Fatalf("locked for %s, want locked: %t", d, locked)
			}
		}
	}
	begin(a, 3, false)
	begin(b, 3, false) // a knows of 3, b of 6
	sw.off.Store(true)
	begin(b, 4, false)
	begin(b, 2, true)
	begin(a, 7, false)
	begin(a, 1, true)
	a.Succeeded("ada@shop.example") // cannot reach the others
	begin(a, 10, false)
	begin(a, 1, true)
	clock.Advance(15 * time.Minute)
	begin(a, 10, false)
	begin(a, 1, true)
	sw.off.Store(false)
	begin(a, 1, true)
	begin(b, 1, false)
}

// TestAttemptsSurviveAFlush locks an account and empties the server.
func TestAttemptsSurviveAFlush(t *testing.T) {
	t.Parallel()
	s := testkit.NewRedis(t)
	r := openRedis(t, s.URL(), cache.RedisConfig{})
	a := cache.NewAttempts(r, time.Now)
	c := client(t, s.URL())
	for n := range 25 {
		if n%4 == 3 {
			if err := c.Do(t.Context(), c.B().Flushall().Build()).Error(); err != nil {
				t.Fatal(err)
			}
		}
		if d := a.Begin("ada@shop.example"); (d > 0) != (n >= 10) {
			t.Errorf("attempt %d: locked for %s", n+1, d)
		}
	}
}

var errDown = &domain.Error{Code: domain.CodeUnavailable, Message: "down", Err: errors.New("gone")}

// down is a cache that cannot be asked.
type down struct{}

func (down) Get(context.Context, string) ([]byte, bool, error)               { return nil, false, errDown }
func (down) Set(context.Context, string, []byte, time.Duration) error        { return errDown }
func (down) Delete(context.Context, ...string) error                         { return errDown }
func (down) Increment(context.Context, string, time.Duration) (int64, error) { return 0, errDown }
func (down) Ping(context.Context) error                                      { return errDown }
func (down) Close()                                                          {}
func (down) SetIfAbsent(context.Context, string, []byte, time.Duration) (bool, error) {
	return false, errDown
}

func (down) Allow(context.Context, string, domain.RateLimit) (domain.RateDecision, error) {
	return domain.RateDecision{}, errDown
}

// switched is a cache that can be switched off, as far as Attempts uses it.
type switched struct {
	cache.Cache
	off atomic.Bool
}

func (s *switched) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if s.off.Load() {
		return nil, false, errDown
	}
	return s.Cache.Get(ctx, key)
}

func (s *switched) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if s.off.Load() {
		return errDown
	}
	return s.Cache.Set(ctx, key, value, ttl)
}

func (s *switched) Delete(ctx context.Context, keys ...string) error {
	if s.off.Load() {
		return errDown
	}
	return s.Cache.Delete(ctx, keys...)
}

func (s *switched) Increment(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if s.off.Load() {
		return 0, errDown
	}
	return s.Cache.Increment(ctx, key, ttl)
}
