package service

import (
	"context"
	"time"

	"empire/internal/domain"
)

const (
	batchSize   = 256 // of one transaction
	batchQueue  = 1024
	commitLimit = 30 * time.Second
)

// batch commits what several goroutines want at the same time in one transaction:
// while one is under way, the next one fills. A single item never waits for others.
type batch[T any] struct {
	in     chan batchItem[T]
	commit func(ctx context.Context, items []T) []error
	quit   chan struct{} // closed: nothing new is taken
	done   chan struct{} // closed: all that was taken is committed
}

type batchItem[T any] struct {
	v    T
	then func(error)
}

func newBatch[T any](commit func(ctx context.Context, items []T) []error) *batch[T] {
	return &batch[T]{in: make(chan batchItem[T], batchQueue), commit: commit, quit: make(chan struct{}), done: make(chan struct{})}
}

// do commits v and returns what became of it. If ctx ends before, v may be committed
// all the same.
func (b *batch[T]) do(ctx context.Context, v T) error {
	result := make(chan error, 1)
	if err := b.put(ctx, v, func(err error) { result <- err }); err != nil {
		return err
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return domain.Errorf(domain.CodeCancelled, "The message was given up before it was stored.")
	case <-b.done:
		select {
		case err := <-result:
			return err
		default:
			return stopping()
		}
	}
}

// put is do without waiting: then is called with what became of v.
func (b *batch[T]) put(ctx context.Context, v T, then func(error)) error {
	select {
	case <-b.quit:
		return stopping()
	default:
	}
	select {
	case b.in <- batchItem[T]{v, then}:
		return nil
	case <-b.quit:
		return stopping()
	case <-ctx.Done():
		return domain.Errorf(domain.CodeCancelled, "The message was given up before it was stored.")
	}
}

func stopping() error { return domain.Errorf(domain.CodeUnavailable, "This process stops.") }

// run commits until stop, and then what is left.
func (b *batch[T]) run() {
	defer close(b.done)
	for {
		select {
		case first := <-b.in:
			b.round(first)
		case <-b.quit:
			for {
				select {
				case first := <-b.in:
					b.round(first)
				default:
					return
				}
			}
		}
	}
}

func (b *batch[T]) round(first batchItem[T]) {
	items, values := []batchItem[T]{first}, []T{first.v}
	for len(items) < batchSize {
		select {
		case next := <-b.in:
			items, values = append(items, next), append(values, next.v)
			continue
		default:
		}
		break
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitLimit)
	defer cancel()
	for i, err := range b.commit(ctx, values) {
		items[i].then(err)
	}
}

// stop ends run once everything is committed.
func (b *batch[T]) stop() {
	close(b.quit)
	<-b.done
}
