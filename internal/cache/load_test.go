package cache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"empire/internal/cache"
)

var numberKey = cache.Key{Tenant: "main", Name: "number"}

// loads starts callers that load the same number, and returns what they get.
func loads(ctx context.Context, l *cache.Loader, callers int, fn func(context.Context) (int, error)) <-chan result {
	results := make(chan result, callers)
	for range callers {
		go func() {
			n, err := cache.Load(ctx, l, numberKey, 0, fn)
			results <- result{n, err}
		}()
	}
	return results
}

type result struct {
	n   int
	err error
}

// TestLoadWithoutCache computes while the cache is down, once for all who wait.
func TestLoadWithoutCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := cache.NewLoader(down{})
		var computed atomic.Int64
		release := make(chan struct{})
		results := loads(t.Context(), l, 100, func(context.Context) (int, error) {
			computed.Add(1)
			<-release
			return 7, nil
		})
		synctest.Wait() // until all others wait for one
		close(release)
		for range 100 {
			if r := <-results; r.n != 7 || r.err != nil {
				t.Errorf("got %d, %v, want 7", r.n, r.err)
			}
		}
		if got := computed.Load(); got != 1 {
			t.Errorf("computed %d times, want once", got)
		}
	})
}

// TestLoadFailsForAll hands an error to all who waited for it.
func TestLoadFailsForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := cache.NewLoader(down{})
		fault, release := errors.New("the disk is full"), make(chan struct{})
		var computed atomic.Int64
		results := loads(t.Context(), l, 10, func(context.Context) (int, error) {
			computed.Add(1)
			<-release
			return 0, fault
		})
		synctest.Wait()
		close(release)
		for range 10 {
			if r := <-results; !errors.Is(r.err, fault) {
				t.Errorf("got %d, %v, want the error", r.n, r.err)
			}
		}
		if got := computed.Load(); got != 1 {
			t.Errorf("computed %d times, want once", got)
		}
	})
}

// TestLoadSurvivesLeaving ends the contexts of the one who computes and of one who
// waits, while others wait too.
func TestLoadSurvivesLeaving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := cache.NewLoader(down{})
		leader, leave := context.WithCancel(t.Context())
		first := loads(leader, l, 1, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		synctest.Wait()
		waiter, giveUp := context.WithCancel(t.Context())
		second := loads(waiter, l, 1, func(context.Context) (int, error) { return 1, nil })
		others := loads(t.Context(), l, 10, func(context.Context) (int, error) { return 2, nil })
		synctest.Wait()

		giveUp()
		if r := <-second; !errors.Is(r.err, context.Canceled) {
			t.Errorf("the waiter who left: %d, %v, want canceled", r.n, r.err)
		}
		synctest.Wait()
		if len(first) != 0 || len(others) != 0 {
			t.Error("others were let go with the waiter")
		}
		leave()
		if r := <-first; !errors.Is(r.err, context.Canceled) {
			t.Errorf("the one who computed and left: %d, %v, want canceled", r.n, r.err)
		}
		for range 10 {
			if r := <-others; r.n != 2 || r.err != nil {
				t.Errorf("one who stayed: %d, %v, want 2", r.n, r.err)
			}
		}
	})
}

// TestLoadSurvivesPanic lets the one who computes panic while others wait.
func TestLoadSurvivesPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := cache.NewLoader(down{})
		release, panicked := make(chan struct{}), make(chan any, 1)
		go func() {
			defer func() { panicked <- recover() }()
			_, _ = cache.Load(t.Context(), l, numberKey, 0, func(context.Context) (int, error) { <-release; panic("bug") })
		}()
		synctest.Wait()
		others := loads(t.Context(), l, 5, func(context.Context) (int, error) { return 2, nil })
		synctest.Wait()
		close(release)
		if got := <-panicked; got != "bug" {
			t.Errorf("the one who computed panicked with %v", got)
		}
		for range 5 {
			if r := <-others; r.n != 2 || r.err != nil {
				t.Errorf("one who waited: %d, %v, want 2", r.n, r.err)
			}
		}
	})
}
