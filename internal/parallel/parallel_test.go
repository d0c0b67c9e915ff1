package parallel_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"empire/internal/parallel"
)

func TestDo(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 1000} {
		out := make([]int, n)
		parallel.Do(n, func(i int) { out[i] += i + 1 })
		for i, v := range out {
			if v != i+1 {
				t.Fatalf("of %d: call %d was made %d times", n, i, v)
			}
		}
	}
}

// TestDoPanics wants the panic of a call where whoever called Do can recover from it.
func TestDoPanics(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 50} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), "boom") {
					t.Errorf("of %d: recovered %v, want boom", n, r)
				}
			}()
			parallel.Do(n, func(int) { panic("boom") })
		}()
	}
}

func TestTryReturnsTheFirstByNumber(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	first := errors.New("third")
	err := parallel.Try(100, func(i int) error {
		calls.Add(1)
		switch {
		case i == 3:
			return first
		case i > 3 && i%2 == 0:
			return errors.New("later")
		}
		return nil
	})
	if !errors.Is(err, first) || calls.Load() != 100 {
		t.Errorf("error %v after %d calls, want %v after 100", err, calls.Load(), first)
	}
	if err := parallel.Try(10, func(int) error { return nil }); err != nil {
		t.Error(err)
	}
}
