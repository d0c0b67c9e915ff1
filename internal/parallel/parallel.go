// Package parallel spreads calculations over the cores. What they yield goes by their
// number, so that the order in which they end never shows.
package parallel

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Do calls fn with 0 to n-1, on as many goroutines as there are cores, and returns when
// all calls have. Calls must not write to what others read. A panic of a call is one of
// Do, after the others that had begun.
func Do(n int, fn func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers < 2 {
		for i := range n {
			fn(i)
		}
		return
	}
	var next atomic.Int64
	var cause atomic.Pointer[string]
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					text := fmt.Sprintf("%v\n%s", r, debug.Stack())
					cause.CompareAndSwap(nil, &text)
				}
			}()
			for cause.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				fn(i)
			}
		})
	}
	group.Wait()
	if text := cause.Load(); text != nil {
		panic(*text)
	}
}

// Try is Do for calls that may fail. Of several errors that of the least number counts.
func Try(n int, fn func(i int) error) error {
	errs := make([]error, n)
	Do(n, func(i int) { errs[i] = fn(i) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
