package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
	"empire/internal/intelligence/vector/embedded"
	"empire/internal/intelligence/vector/vectortest"
	"empire/internal/store"
	"empire/internal/testkit"
)

func open(s *store.Store, memory int64) *embedded.Index {
	return embedded.New(embedded.Config{Rows: s.Vectors, Memory: memory, Now: time.Now})
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	vectortest.Run(t, func(t *testing.T) vector.Index { t.Helper(); return open(testkit.DB(t), 0) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	vectortest.Run(t, func(t *testing.T) vector.Index { t.Helper(); return open(testkit.PostgresDB(t), 0) })
}

func fill(t *testing.T, x *embedded.Index, name string, n int) vector.Ref {
	t.Helper()
	ref := vector.Ref{Tenant: "main", Name: name}
	if err := x.Create(t.Context(), vector.Collection{Ref: ref, Dimension: 2}); err != nil {
		t.Fatal(err)
	}
	var list []vector.Record
	for i := range n {
		list = append(list, vector.Record{ID: fmt.Sprintf("%05d", i), Source: "f", Vector: []float32{1, float32(i)}})
	}
	if err := x.Upsert(t.Context(), ref, list); err != nil {
		t.Fatal(err)
	}
	return ref
}

func found(t *testing.T, x *embedded.Index, ref vector.Ref) int {
	t.Helper()
	hits, err := x.Query(t.Context(), ref, vector.Query{Vector: []float32{1, 0}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return len(hits)
}

// TestProcesses: what one process writes or removes, another finds, also after the
// removals were pruned; a new one has everything.
func TestProcesses(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	a, b := open(s, 0), open(s, 0)
	ref := fill(t, a, "pages", 10)
	if got := found(t, b, ref); got != 10 {
		t.Errorf("the other process finds %d, want 10", got)
	}
	if _, err := a.Delete(t.Context(), ref, []string{"00000", "00001"}); err != nil {
		t.Fatal(err)
	}
	if got := found(t, b, ref); got != 8 {
		t.Errorf("the other process finds %d, want 8", got)
	}
	fill(t, a, "pages", 5)
	if _, err := b.DeleteSource(t.Context(), ref, "f"); err != nil {
		t.Fatal(err)
	}
	fill(t, b, "pages", 3)
	c, err := s.Vectors.Get(t.Context(), "main", "pages")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Vectors.Prune(t.Context(), c.ID, 0); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]*embedded.Index{"old": a, "writing": b, "new": open(s, 0)} {
		if got := found(t, x, ref); got != 3 {
			t.Errorf("the %s process finds %d, want 3", name, got)
		}
	}
}

// TestTransaction: vectors come and go with the transaction that they belong to.
func TestTransaction(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	x := open(s, 0)
	ref := fill(t, x, "pages", 4)
	stop := errors.New("stop")
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := x.DeleteSource(ctx, ref, "f"); err != nil {
			return err
		}
		if _, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 0}, Limit: 1}); err == nil {
			t.Error("a search in a transaction was not refused")
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if got := found(t, x, ref); got != 4 {
		t.Errorf("%d are found after a rollback, want 4", got)
	}
}

// TestMemory: collections make room for each other, and one that is too large is
// refused with the reason.
func TestMemory(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	c := vector.Collection{Dimension: 2, Space: vector.Cosine}
	x := open(s, 15*vector.RecordBytes(&c))
	first, second := fill(t, x, "first", 10), fill(t, x, "second", 10)
	for range 3 {
		if a, b := found(t, x, first), found(t, x, second); a != 10 || b != 10 {
			t.Errorf("%d and %d are found, want 10 and 10", a, b)
		}
	}
	ref := fill(t, x, "large", 16)
	_, err := x.Query(t.Context(), ref, vector.Query{Vector: []float32{1, 0}, Limit: 1})
	if domain.CodeOf(err) != domain.CodeTooLarge {
		t.Errorf("got %v, want %s", err, domain.CodeTooLarge)
	}
}
