package jobs_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"empire/internal/jobs"
)

// BenchmarkEnqueueAndWork measures one job from its transaction to its handler,
// with many in flight.
func BenchmarkEnqueueAndWork(b *testing.B) {
	for name, open := range map[string]func(testing.TB) database{"sqlite": sqlite, "postgres": postgres} {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			q := d.sized(b, "bench", nil, 50)
			if err := q.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			done := make(chan struct{}, 1000)
			q.Handle("job", time.Minute, func(context.Context, json.RawMessage, int) error {
				done <- struct{}{}
				return nil
			})
			start(b, q)
			go func() {
				for range b.N {
					if err := q.Enqueue(b.Context(), "job", note{"x"}, jobs.Options{}); err != nil {
						b.Error(err)
						return
					}
				}
			}()
			b.ResetTimer()
			for range b.N {
				<-done
			}
		})
	}
}
