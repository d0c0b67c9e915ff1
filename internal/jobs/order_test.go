package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/jobs"
)

// TestEarlierJobsFirst: jobs whose time has passed are worked by their time, not in
// the order in which they were enqueued.
func TestEarlierJobsFirst(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		q := d.sized(t, "w", nil, 1)
		var mu sync.Mutex
		var got []string
		done := make(chan struct{}, 10)
		q.Handle("job", time.Minute, func(_ context.Context, args json.RawMessage, _ int) error {
			var n note
			err := json.Unmarshal(args, &n)
			mu.Lock()
			got = append(got, n.Text)
			mu.Unlock()
			done <- struct{}{}
			return err
		})
		now := time.Now()
		for name, ago := range map[string]time.Duration{"d low": 0, "a high": 5 * time.Minute, "c normal": time.Minute, "b waits": 4 * time.Minute} {
			if err := q.Enqueue(t.Context(), "job", note{name}, jobs.Options{At: now.Add(-ago)}); err != nil {
				t.Fatal(err)
			}
		}
		start(t, q)
		for range 4 {
			wait(t, done, "a job")
		}
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"a high", "b waits", "c normal", "d low"}; !slices.Equal(got, want) {
			t.Errorf("order %q, want %q", got, want)
		}
	})
}

// TestPoolIsBounded: of a thousand jobs no more run at the same time than there are
// workers; one that panics harms no other.
func TestPoolIsBounded(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const workers, total = 10, 1000
		q := d.sized(t, "w", nil, workers)
		var running, most, worked atomic.Int64
		done := make(chan struct{}, total+1)
		q.Handle("job", time.Minute, func(context.Context, json.RawMessage, int) error {
			now := running.Add(1)
			defer running.Add(-1)
			for {
				held := most.Load()
				if now <= held || most.CompareAndSwap(held, now) {
					break
				}
			}
			worked.Add(1)
			done <- struct{}{}
			return nil
		})
		q.Handle("bad", time.Minute, func(context.Context, json.RawMessage, int) error { panic("boom") })
		d.inTx(t, true, func(ctx context.Context) {
			if err := q.Enqueue(ctx, "bad", note{}, jobs.Options{MaxAttempts: 1}); err != nil {
				t.Error(err)
			}
			for i := range total {
				if err := q.Enqueue(ctx, "job", note{fmt.Sprint(i)}, jobs.Options{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
		start(t, q)
		for range total {
			wait(t, done, "a job")
		}
		if most.Load() > workers || worked.Load() != total {
			t.Errorf("%d jobs done, %d at the same time; want %d and at most %d", worked.Load(), most.Load(), total, workers)
		}
	})
}
