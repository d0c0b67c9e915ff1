package vectortest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"empire/internal/intelligence/vector"
	"empire/internal/testkit"
)

// testRecall: of the ten nearest of thousands of clustered vectors nearly all are found.
func testRecall(t *testing.T, x vector.Index) {
	ctx := t.Context()
	const dimension, queries = 48, 30
	n := 8000
	if testkit.Part(t) { // one goroutine computes
		n = 2000
	}
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same vectors every time
	data := Clustered(r, n+queries, dimension, 50)
	ref := fresh(t, x, "main", dimension, vector.Cosine)
	list := make([]vector.Record, n)
	for i := range list {
		list[i] = vector.Record{ID: fmt.Sprint(i), Vector: data[i], Metadata: map[string]any{"half": i % 2}}
	}
	for part := range slices.Chunk(list, 1000) {
		must(t, x.Upsert(ctx, ref, part))
	}
	for _, f := range []vector.Filter{nil, {vector.Is("half", 1)}} {
		found := 0
		for _, q := range data[n:] {
			want := nearest(list, q, f)
			hits, err := x.Query(ctx, ref, vector.Query{Vector: q, Limit: 10, Filter: f})
			must(t, err)
			for _, id := range ids(hits) {
				if slices.Contains(want, id) {
					found++
				}
			}
		}
		if recall := float64(found) / (10 * queries); recall < 0.95 {
			t.Errorf("recall@10 with filter %v = %.3f, want at least 0.95", f, recall)
		}
	}
}

// nearest returns the ten nearest by their definition.
func nearest(list []vector.Record, q []float32, f vector.Filter) []string {
	type hit struct {
		id string
		s  float64
	}
	var all []hit
	for i := range list {
		if f != nil && i%2 != 1 {
			continue
		}
		var dot, a, b float64
		for d, y := range list[i].Vector {
			dot, a, b = dot+float64(y)*float64(q[d]), a+float64(y)*float64(y), b+float64(q[d])*float64(q[d])
		}
		all = append(all, hit{list[i].ID, dot / math.Sqrt(a*b)})
	}
	slices.SortFunc(all, func(a, b hit) int { return -cmpFloat(a.s, b.s) })
	var out []string
	for _, h := range all[:10] {
		out = append(out, h.id)
	}
	return out
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// testConcurrent: writers, readers and removers do not disturb each other.
func testConcurrent(t *testing.T, x vector.Index) {
	ctx := t.Context()
	ref := fresh(t, x, "main", 4, vector.Cosine)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 5 {
				id := fmt.Sprintf("%d-%d", w, i)
				if err := x.Upsert(ctx, ref, []vector.Record{record(id, float32(w+1), float32(i+1), 1, 0), record(id+"x", 1, 1, 1, 1)}); err != nil {
					t.Error(err)
				}
				if _, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 1, 1, 1}, Limit: 5}); err != nil {
					t.Error(err)
				}
				if _, err := x.Delete(ctx, ref, []string{id + "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	count(t, x, ref, 20)
	hits, err := x.Query(ctx, ref, vector.Query{Vector: []float32{1, 1, 1, 0}, Limit: 50})
	must(t, err)
	if len(hits) != 20 {
		t.Errorf("%d are found, want 20", len(hits))
	}
}
