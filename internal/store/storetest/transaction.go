package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/sqltx"
	"empire/internal/store"
)

func has(t *testing.T, s *store.Store, key string) bool {
	t.Helper()
	_, ok, err := s.Meta.Get(t.Context(), key)
	must(t, err)
	return ok
}

func testTransactions(t *testing.T, s *store.Store) {
	boom := errors.New("boom")
	for _, tt := range []struct {
		name string
		fn   func(ctx context.Context) error
		want error
		kept bool
	}{
		{"commit", func(context.Context) error { return nil }, nil, true},
		{"error", func(context.Context) error { return boom }, boom, false},
		{"panic", func(context.Context) error { panic(boom) }, boom, false},
		{"nested", func(ctx context.Context) error {
			return s.InTx(ctx, func(ctx context.Context) error { return s.Meta.Set(ctx, "inner", "1") })
		}, nil, true},
		{"nested_error", func(ctx context.Context) error {
			return s.InTx(ctx, func(context.Context) error { return boom })
		}, boom, false},
	} {
		told := false
		err := recovered(func() error {
			return s.InTx(t.Context(), func(ctx context.Context) error {
				sqltx.AfterCommit(ctx, func() { told = true })
				if err := s.Meta.Set(ctx, tt.name, "1"); err != nil {
					return err
				}
				return tt.fn(ctx)
			})
		})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
		if got := has(t, s, tt.name); got != tt.kept {
			t.Errorf("%s: row stored = %v, want %v", tt.name, got, tt.kept)
		}
		if told != tt.kept {
			t.Errorf("%s: told after commit = %v, want %v", tt.name, told, tt.kept)
		}
	}
}

// recovered turns a panic with an error into that error.
func recovered(fn func() error) (err error) {
	defer func() {
		if r, ok := recover().(error); ok {
			err = r
		}
	}()
	return fn()
}

// testTransactionVisibility: inside, reads see what was written; outside, they do
// not wait and see nothing of it before the commit.
func testTransactionVisibility(t *testing.T, s *store.Store) {
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		if err := s.Meta.Set(ctx, "k", "v"); err != nil {
			return err
		}
		if v, ok, err := s.Meta.Get(ctx, "k"); err != nil || !ok || v != "v" {
			t.Errorf("inside: got %q, %v, %v, want v", v, ok, err)
		}
		if has(t, s, "k") {
			t.Error("outside: the row is visible before the commit")
		}
		return nil
	})
	must(t, err)
	if !has(t, s, "k") {
		t.Error("outside: the row is not visible after the commit")
	}
}

// testTransactionCancelled: a context that ends takes its transaction back, and
// the next one finds nothing in its way.
func testTransactionCancelled(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.Meta.Set(ctx, "k", "v"); err != nil {
			return err
		}
		cancel()
		return s.Meta.Set(ctx, "l", "v")
	})
	if err == nil {
		t.Error("got no error from a cancelled transaction")
	}
	if has(t, s, "k") || has(t, s, "l") {
		t.Error("a cancelled transaction left its rows")
	}
	must(t, s.Meta.Set(t.Context(), "k", "v"))
}

// testConcurrentWriters: 8 writers with 50 transactions each lose no update and
// meet no error.
func testConcurrentWriters(t *testing.T, s *store.Store) {
	const writers, each = 8, 50
	run := insertRun(t, s, "w", day)
	must(t, s.Agents.Touch(t.Context(), "agent", day))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				err := s.InTx(t.Context(), func(ctx context.Context) error {
					if err := s.Agents.Record(ctx, "agent", true, 1000, day); err != nil {
						return err
					}
					if err := s.Meta.Set(ctx, fmt.Sprintf("w%d/%d", w, i), "1"); err != nil {
						return err
					}
					return s.Events.Append(ctx, domain.RunEvent{RunID: run.ID, Type: "step.progress", At: day})
				})
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := value(s.Agents.Metrics(t.Context()))(t)["agent"].Completed; got != writers*each {
		t.Errorf("counter is %d, want %d", got, writers*each)
	}
	events := value(s.Events.List(t.Context(), run.ID, 0, 1000))(t)
	if len(events) != writers*each+1 {
		t.Fatalf("got %d events, want %d", len(events), writers*each+1)
	}
	for i, e := range events {
		if e.Seq != int64(i+1) {
			t.Fatalf("event %d has seq %d, want %d", i, e.Seq, i+1)
		}
	}
	for w := range writers {
		if !has(t, s, fmt.Sprintf("w%d/%d", w, each-1)) {
			t.Errorf("last row of writer %d is lost", w)
		}
	}
}

// execIn runs a statement in the transaction of ctx, past the store.
func execIn(ctx context.Context, statement string) error {
	_, err := sqltx.From(ctx).Tx.ExecContext(ctx, statement)
	return err
}
