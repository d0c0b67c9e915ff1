package cachetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/cache"
)

var loadTests = []test{
	{name: "once_until_it_ends", fn: loadOnce},
	{name: "empty_results_count", fn: loadEmpty},
	{name: "keys", fn: loadKeys},
	{name: "errors_are_not_kept", fn: loadErrors},
	{name: "another_shape", fn: loadAnotherShape},
	{name: "parallel_misses_compute_once", fn: loadTogether},
	{name: "a_waiter_leaves", fn: waiterLeaves},
	{name: "the_one_who_computes_leaves", fn: leaderLeaves},
	{name: "panic", fn: loadPanics},
	{name: "bad_key", fn: loadBadKey},
}

type figure struct {
	Name  string         `json:"name"`
	Parts []int          `json:"parts"`
	Of    map[string]int `json:"of"`
}

var someKey = cache.Key{Tenant: "main", Name: "figure", Args: []string{"a"}}

func loadOnce(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	computed := 0
	load := func() figure {
		t.Helper()
		f, err := cache.Load(t.Context(), l, someKey, 0, func(context.Context) (figure, error) {
			computed++
			return figure{"x", []int{computed}, map[string]int{"a": 1}}, nil
		})
		must(t, err)
		return f
	}
	first := load()
	fastest := time.Hour
	for range 50 {
		began := time.Now()
		if diff := cmp.Diff(first, load()); diff != "" {
			t.Fatalf("a kept result differs:\n%s", diff)
		}
		fastest = min(fastest, time.Since(began))
	}
	if computed != 1 || fastest > time.Millisecond {
		t.Errorf("computed %d times, kept result after %s, want once and within 1 ms", computed, fastest)
	}
	if !s.moved() {
		return // nobody waits for five minutes
	}
	s.pass(cache.DefaultTTL - time.Millisecond)
	load()
	s.pass(time.Millisecond)
	if f := load(); f.Parts[0] != 2 {
		t.Errorf("after %s: result %d, want a new one", cache.DefaultTTL, f.Parts[0])
	}
}

// loadTwice loads a value twice and reports how often it was computed.
func loadTwice[T any](t *testing.T, l *cache.Loader, name string, value T) int {
	t.Helper()
	computed := 0
	for range 2 {
		got, err := cache.Load(t.Context(), l, cache.Key{Tenant: "main", Name: name}, time.Hour, func(context.Context) (T, error) {
			computed++
			return value, nil
		})
		if diff := cmp.Diff(value, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	return computed
}

func loadEmpty(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	for name, computed := range map[string]int{
		"zero":       loadTwice(t, l, "zero", 0),
		"empty list": loadTwice(t, l, "empty list", []string{}),
		"nil list":   loadTwice(t, l, "nil list", []string(nil)),
		"nil":        loadTwice(t, l, "nil", (*figure)(nil)),
		"false":      loadTwice(t, l, "false", false),
		"text":       loadTwice(t, l, "text", ""),
		"struct":     loadTwice(t, l, "struct", figure{}),
	} {
		if computed != 1 {
			t.Errorf("%s was computed %d times, want once", name, computed)
		}
	}
}

func loadKeys(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	keys := []cache.Key{
		{Tenant: "one", Name: "n"}, {Tenant: "two", Name: "n"}, {Tenant: "one", Name: "n", Args: []string{""}},
		{Tenant: "one", Name: "n", Args: []string{"a", "bc"}}, {Tenant: "one", Name: "n", Args: []string{"ab", "c"}},
		{Tenant: "one", Name: "n", Args: []string{"abc"}}, {Tenant: "one", Name: "n", Args: []string{"a", "b", "c"}},
		{Tenant: "one", Name: "n", Args: []string{"1:a"}}, {Tenant: "one", Name: "n1:a"}, {Tenant: "onen", Name: "1"},
		{Tenant: "two", Name: "n", Args: []string{"abc"}}, {Tenant: cache.Shared, Name: "n"},
		{Tenant: "one", Name: "n", Args: []string{"\xff"}}, {Tenant: "one", Name: "n", Args: []string{"\xfe"}},
	}
	for range 2 {
		for i, k := range keys {
			got, err := cache.Load(t.Context(), l, k, time.Hour, func(context.Context) (int, error) { return i, nil })
			if got != i || err != nil {
				t.Errorf("key %+v: got the result of key %+v (%v)", k, keys[got], err)
			}
		}
	}
}

func loadErrors(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	fault := errors.New("the disk is full")
	for range 2 {
		got, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) { return 7, fault })
		if !errors.Is(err, fault) {
			t.Errorf("got %d, %v, want the error of the function", got, err)
		}
	}
	got, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) { return 8, nil })
	if got != 8 || err != nil {
		t.Errorf("after errors: %d, %v, want a result", got, err)
	}
	if _, err := cache.Load(t.Context(), l, cache.Key{Tenant: "main", Name: "channel"}, time.Hour, func(context.Context) (chan int, error) { return nil, nil }); err == nil {
		t.Error("a result that is no JSON was taken")
	}
}

func loadAnotherShape(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	if _, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (string, error) { return "text", nil }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 1} {
		got, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) { return 1, nil })
		if got != want || err != nil {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
}

func loadTogether(t *testing.T, s Subject) {
	const callers = 100
	l := cache.NewLoader(s.Cache)
	var computed, arrived atomic.Int64
	results := make([][]int, callers)
	together(callers, func(i int) {
		var err error
		arrived.Add(1)
		results[i], err = cache.Load(t.Context(), l, someKey, time.Hour, func(ctx context.Context) ([]int, error) {
			computed.Add(1)
			for arrived.Load() < callers && ctx.Err() == nil { // the others miss meanwhile
				time.Sleep(time.Millisecond)
			}
			return []int{1, 2}, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	if got := computed.Load(); got != 1 {
		t.Errorf("%d parallel misses computed %d times, want once", callers, got)
	}
	for i, r := range results {
		if !cmp.Equal(r, []int{1, 2}) {
			t.Fatalf("caller %d got %v", i, r)
		}
		r[0] = 9 // nobody else's
	}
}

// flying starts a Load that is under way until release is called, and returns its
// error then.
func flying(ctx context.Context, l *cache.Loader, value int) (release func(), failed <-chan error) {
	begun, end, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := cache.Load(ctx, l, someKey, time.Hour, func(ctx context.Context) (int, error) {
			close(begun)
			select {
			case <-end:
			case <-ctx.Done():
			}
			return value, ctx.Err()
		})
		result <- err
	}()
	<-begun
	return func() { close(end) }, result
}

func waiterLeaves(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	release, failed := flying(t.Context(), l, 1)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := cache.Load(ctx, l, someKey, time.Hour, func(context.Context) (int, error) { return 2, nil })
		left <- err
	}()
	cancel()
	if err := <-left; err == nil {
		t.Error("a caller whose context ended got a result")
	}
	release()
	must(t, <-failed)
	got, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) { return 3, nil })
	if got != 1 || err != nil {
		t.Errorf("afterwards: %d, %v, want the result of the one who stayed", got, err)
	}
}

func leaderLeaves(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	ctx, cancel := context.WithCancel(t.Context())
	_, failed := flying(ctx, l, 1)
	const callers = 10
	var computed atomic.Int64
	waiting := make(chan int, callers)
	for range callers {
		go func() {
			got, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) {
				computed.Add(1)
				return 2, nil
			})
			if err != nil {
				t.Error(err)
			}
			waiting <- got
		}()
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left: %v, want that it was canceled", err)
	}
	for range callers {
		if got := <-waiting; got != 2 {
			t.Errorf("one who stayed got %d, want 2", got)
		}
	}
	if got := computed.Load(); got != 1 {
		t.Errorf("those who stayed computed %d times, want once", got)
	}
}

func loadPanics(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the function was lost")
			}
		}()
		_, _ = cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) { panic("bug") })
	}()
	got, err := cache.Load(t.Context(), l, someKey, time.Hour, func(context.Context) (int, error) { return 1, nil })
	if got != 1 || err != nil {
		t.Errorf("after a panic: %d, %v", got, err)
	}
}

func loadBadKey(t *testing.T, s Subject) {
	l := cache.NewLoader(s.Cache)
	for _, k := range []cache.Key{{}, {Name: "n"}, {Tenant: "main"}} {
		if _, err := cache.Load(t.Context(), l, k, 0, func(context.Context) (int, error) { return 1, nil }); err == nil {
			t.Errorf("key %+v was taken", k)
		}
	}
}
