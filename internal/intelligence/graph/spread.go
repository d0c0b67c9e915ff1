package graph

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// shards is the number of parts into which work over all nodes is cut. It is fixed, so
// that sums are taken in the same order on every machine.
const shards = 8

// spread runs work on equal parts of 0..n-1, as many at a time as there are
// processors, and returns the first error.
func spread(ctx context.Context, n int, work func(ctx context.Context, shard, begin, end int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for s := range shards {
		begin, end := s*n/shards, (s+1)*n/shards
		if begin < end {
			g.Go(func() error { return work(ctx, s, begin, end) })
		}
	}
	return g.Wait()
}
