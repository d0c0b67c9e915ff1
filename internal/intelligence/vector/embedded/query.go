package embedded

import (
	"context"
	"errors"
	"fmt"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
	"empire/internal/sqltx"
)

// Query implements vector.Index. It sees what is committed, so it refuses to run in a
// transaction.
func (x *Index) Query(ctx context.Context, ref vector.Ref, q vector.Query) ([]vector.Hit, error) {
	got, near, err := x.near(ctx, ref, q)
	if err != nil || len(near) == 0 {
		return nil, err
	}
	ids := make([]string, len(near))
	for i := range near {
		ids[i] = near[i].ID
	}
	rows, err := x.cfg.Rows.Rows(ctx, got.ID, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]*domain.VectorRow, len(rows))
	for i := range rows {
		by[rows[i].ID] = &rows[i]
	}
	hits := make([]vector.Hit, 0, len(near))
	for _, n := range near {
		row, ok := by[n.ID]
		if !ok {
			continue // removed meanwhile
		}
		m, err := metadata(row)
		if err != nil {
			return nil, err
		}
		if !q.Filter.Match(m) {
			continue // changed meanwhile
		}
		hits = append(hits, vector.Hit{
			Record: vector.Record{ID: n.ID, Source: row.Source, Document: row.Document, Metadata: m}, Distance: n.Distance,
		})
	}
	return hits, nil
}

// Near is Query without texts: the IDs, distances and metadata alone.
func (x *Index) Near(ctx context.Context, ref vector.Ref, q vector.Query) ([]vector.Near, error) {
	_, near, err := x.near(ctx, ref, q)
	return near, err
}

func (x *Index) near(ctx context.Context, ref vector.Ref, q vector.Query) (*domain.VectorCollection, []vector.Near, error) {
	if sqltx.From(ctx) != nil {
		return nil, nil, errors.New("vectors were searched within a transaction")
	}
	got, c, err := x.find(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	if err := q.Check(&c); err != nil {
		return nil, nil, err
	}
	set, err := x.current(ctx, got, &c)
	if err != nil {
		return nil, nil, err
	}
	return got, set.Search(q), nil
}

// Warm reads a collection into memory before somebody waits for it.
func (x *Index) Warm(ctx context.Context, ref vector.Ref) error {
	got, c, err := x.find(ctx, ref)
	if err != nil {
		return err
	}
	set, err := x.current(ctx, got, &c)
	if err == nil {
		set.Prepare()
	}
	return err
}

// current returns the set of a collection as it was when got was read, or later.
func (x *Index) current(ctx context.Context, got *domain.VectorCollection, c *vector.Collection) (*vector.Set, error) {
	h, err := x.admit(ctx, got, c)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.set == nil || h.seq < got.Floor {
		h.set, h.seq = vector.NewSet(*c), 0
	}
	if h.seq >= got.Seq {
		return h.set, nil
	}
	// A later change than got's may be read in part: it is read again next time.
	err = x.cfg.Rows.Changes(ctx, got.ID, h.seq, func(row *domain.VectorRow) error {
		if row.Gone {
			h.set.Remove(row.ID)
			return nil
		}
		v := floats(row.Vector)
		if err := vector.CheckVector(c, v); err != nil {
			return fmt.Errorf("vector %s of collection %s: %w", row.ID, c.Name, err)
		}
		m, err := metadata(row)
		if err != nil {
			return err
		}
		h.set.Put(row.ID, v, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	h.seq = got.Seq
	return h.set, nil
}

// admit returns the place of a collection in memory. Collections that were not used
// for longest make room.
func (x *Index) admit(ctx context.Context, got *domain.VectorCollection, c *vector.Collection) (*held, error) {
	x.mu.Lock()
	h := x.held[got.ID]
	x.mu.Unlock()
	grown := h != nil && h.behind(got.Seq)
	need := int64(0)
	if h == nil || grown {
		n, err := x.cfg.Rows.Count(ctx, got.ID)
		if err != nil {
			return nil, err
		}
		need = int64(n) * vector.RecordBytes(c)
		if need > x.cfg.Memory {
			return nil, domain.Errorf(domain.CodeTooLarge, "Vector collection %s needs about %d MB of memory; vectors.memory allows %d MB. Raise it, or use a Chroma server.",
				c.Name, need>>20, x.cfg.Memory>>20)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if h = x.held[got.ID]; h == nil {
		h = &held{}
		x.held[got.ID] = h
	}
	x.tick++
	h.used = x.tick
	h.need = max(h.need, need)
	x.evict(h)
	return h, nil
}

// behind reports whether the collection changed since it was read.
func (h *held) behind(seq int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq < seq
}

// evict drops the sets that were not used for longest until the rest fits; keep stays.
// Searches that use a dropped set end on it.
func (x *Index) evict(keep *held) {
	for {
		var sum int64
		oldest := ""
		for id, h := range x.held {
			sum += h.need
			if h != keep && (oldest == "" || h.used < x.held[oldest].used) {
				oldest = id
			}
		}
		if sum <= x.cfg.Memory || oldest == "" {
			return
		}
		delete(x.held, oldest)
	}
}
