package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/store"
)

func insertVectors(t *testing.T, s *store.Store, tenant domain.TenantID, name string) *domain.VectorCollection {
	t.Helper()
	c := &domain.VectorCollection{ID: "vec_" + string(tenant) + name, Tenant: tenant, Name: name, Dimension: 2, Space: "cosine", CreatedAt: day}
	must(t, s.Vectors.Insert(t.Context(), c))
	return c
}

func vectorRow(id, source string) domain.VectorRow {
	return domain.VectorRow{ID: id, Source: source, Document: "text of " + id, Metadata: `{"kind":"page"}`, Vector: []byte{0, 0, 128, 63, 0, 0, 0, 0}}
}

func rowIDs(rows []domain.VectorRow) []string {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	return ids
}

func testVectors(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c, other := insertVectors(t, s, "main", "pages"), insertVectors(t, s, "other", "pages")
	insertVectors(t, s, "main", "apples")
	wantCode(t, s.Vectors.Insert(ctx, &domain.VectorCollection{ID: "vec_x", Tenant: "main", Name: "pages", CreatedAt: day}), domain.CodeConflict)
	wantEqual(t, value(s.Vectors.Get(ctx, "main", "pages"))(t), c)
	if list := value(s.Vectors.List(ctx, "main"))(t); len(list) != 2 || list[0].Name != "apples" {
		t.Errorf("main has %v, want apples and pages", list)
	}
	if list := value(s.Vectors.All(ctx))(t); len(list) != 3 {
		t.Errorf("there are %d collections, want 3", len(list))
	}
	var rows []domain.VectorRow
	for i := range 40 {
		rows = append(rows, vectorRow(fmt.Sprintf("r%02d", i), fmt.Sprintf("feed_%d", i%2)))
	}
	rows[3].Vector, rows[3].Metadata, rows[3].Source = nil, "", ""
	must(t, s.Vectors.Upsert(ctx, c.ID, rows))
	must(t, s.Vectors.Upsert(ctx, other.ID, rows[:1]))
	got := value(s.Vectors.Rows(ctx, c.ID, []string{"r05", "r03", "nope"}))(t)
	rows[3].Seq, rows[5].Seq = 1, 1
	wantEqual(t, got, []domain.VectorRow{rows[3], rows[5]})
	wantEqual(t, rowIDs(value(s.Vectors.Walk(ctx, c.ID, "r09", 2))(t)), []string{"r10", "r11"})
	if n := value(s.Vectors.Remove(ctx, c.ID, []string{"r00", "nope"}))(t); n != 1 {
		t.Errorf("%d rows were removed, want 1", n)
	}
	if n := value(s.Vectors.RemoveSource(ctx, c.ID, "feed_0"))(t); n != 19 {
		t.Errorf("%d rows of the source were removed, want 19", n)
	}
	if n := value(s.Vectors.RemoveSource(ctx, c.ID, ""))(t); n != 0 {
		t.Errorf("%d rows without source were removed, want none", n)
	}
	if n := value(s.Vectors.Count(ctx, c.ID))(t); n != 20 {
		t.Errorf("%d rows are left, want 20", n)
	}
	if n := value(s.Vectors.Count(ctx, other.ID))(t); n != 1 {
		t.Errorf("the other tenant has %d rows, want 1", n)
	}
	if list := value(s.Vectors.Source(ctx, c.ID, "feed_1"))(t); len(list) != 19 || list[0].Vector != nil || list[0].Document == "" {
		t.Errorf("the source has %d rows, want 19 with their texts alone", len(list))
	}
	must(t, s.Vectors.Delete(ctx, "main", "pages"))
	wantCode(t, s.Vectors.Delete(ctx, "main", "pages"), domain.CodeNotFound)
	wantCode(t, s.Vectors.Upsert(ctx, c.ID, rows), domain.CodeNotFound)
	if n := value(s.Vectors.Count(ctx, c.ID))(t); n != 0 {
		t.Errorf("%d rows are left of a deleted collection, want 0", n)
	}
}

// testVectorChanges: every change is told after the one before it, also what is gone.
func testVectorChanges(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := insertVectors(t, s, "", "shared")
	changes := func(after int64) (ids []string) {
		t.Helper()
		must(t, s.Vectors.Changes(ctx, c.ID, after, func(r *domain.VectorRow) error {
			id := r.ID
			if r.Gone {
				id = "-" + id
			}
			ids = append(ids, id)
			return nil
		}))
		return ids
	}
	must(t, s.Vectors.Upsert(ctx, c.ID, []domain.VectorRow{vectorRow("a", "f"), vectorRow("b", "f"), vectorRow("c", "g")}))
	must(t, s.Vectors.Upsert(ctx, c.ID, []domain.VectorRow{vectorRow("a", "f")}))
	value(s.Vectors.RemoveSource(ctx, c.ID, "g"))(t)
	wantEqual(t, changes(0), []string{"b", "a", "-c"})
	wantEqual(t, changes(1), []string{"a", "-c"})
	wantEqual(t, changes(3), []string{})
	must(t, s.Vectors.Upsert(ctx, c.ID, []domain.VectorRow{vectorRow("c", "h")}))
	wantEqual(t, changes(2), []string{"c"})

	stop := errors.New("stop")
	if err := s.Vectors.Changes(ctx, c.ID, 0, func(*domain.VectorRow) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want stop", err)
	}
	rolledBack := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.Vectors.Upsert(ctx, c.ID, []domain.VectorRow{vectorRow("d", "h")}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(rolledBack, stop) || len(changes(4)) != 0 {
		t.Errorf("got %v and %v, want stop and no change", rolledBack, changes(4))
	}

	value(s.Vectors.Remove(ctx, c.ID, []string{"a", "b"}))(t)
	must(t, s.Vectors.Prune(ctx, c.ID, 2))
	wantEqual(t, changes(4), []string{"-a", "-b"})
	must(t, s.Vectors.Prune(ctx, c.ID, 1))
	wantEqual(t, changes(0), []string{"c"})
	if got := value(s.Vectors.Get(ctx, "", "shared"))(t); got.Floor != got.Seq || got.Seq != 6 {
		t.Errorf("after pruning seq is %d and floor %d, want 6 and 6", got.Seq, got.Floor)
	}
}

// testConcurrentVectors: a reader that follows the numbers misses no change.
func testConcurrentVectors(t *testing.T, s *store.Store) {
	c := insertVectors(t, s, "main", "pages")
	g, ctx := errgroup.WithContext(t.Context())
	for w := range 4 {
		g.Go(func() error {
			for i := range 10 {
				if err := s.Vectors.Upsert(ctx, c.ID, []domain.VectorRow{vectorRow(fmt.Sprintf("%d-%d", w, i), "f")}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	seen, last := map[string]bool{}, int64(0)
	for len(seen) < 40 {
		if err := s.Vectors.Changes(ctx, c.ID, last, func(r *domain.VectorRow) error {
			if r.Seq < last {
				return fmt.Errorf("change %d comes after %d", r.Seq, last)
			}
			seen[r.ID], last = true, r.Seq
			return nil
		}); err != nil {
			must(t, errors.Join(g.Wait(), err))
			t.Fatal(err)
		}
		if ctx.Err() != nil { // the writers are done: this was the last look
			break
		}
	}
	must(t, g.Wait())
	if last != 40 {
		t.Errorf("the last change is %d, want 40", last)
	}
}
