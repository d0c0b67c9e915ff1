package vector_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"empire/internal/intelligence/vector"
	"empire/internal/intelligence/vector/vectortest"
	"empire/internal/testkit"
)

func fill(data [][]float32) *vector.Set {
	s := vector.NewSet(vector.Collection{Dimension: len(data[0]), Space: vector.Cosine})
	for i, v := range data {
		s.Put(fmt.Sprint(i), v, map[string]any{"third": int64(i % 3)})
	}
	return s
}

func recall(s *vector.Set, queries [][]float32, f vector.Filter) float64 {
	found := 0
	for _, v := range queries {
		q := vector.Query{Vector: v, Limit: 10, Filter: f}
		want := s.Exact(q)
		for _, hit := range s.Search(q) {
			if slices.ContainsFunc(want, func(n vector.Near) bool { return n.ID == hit.ID && n.Distance == hit.Distance }) {
				found++
			}
		}
	}
	return float64(found) / float64(10*len(queries))
}

// TestRecall: of random directions, the hardest case, and of clustered ones, also of
// an odd dimension, with a filter, and after a third was removed and half replaced.
func TestRecall(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	for _, dimension := range []int{384, 100} {
		r := rand.New(rand.NewPCG(1, uint64(dimension))) //nolint:gosec // the same vectors every time
		for name, data := range map[string][][]float32{
			"random": vectortest.Random(r, 12_050, dimension), "clustered": vectortest.Clustered(r, 12_050, dimension, 100),
		} {
			t.Run(fmt.Sprint(name, dimension), func(t *testing.T) {
				t.Parallel()
				vectors, queries := data[:12_000], data[12_000:]
				s := fill(vectors)
				check := func(what string, f vector.Filter) {
					if got := recall(s, queries, f); got < 0.95 {
						t.Errorf("recall@10 %s = %.3f, want at least 0.95", what, got)
					}
				}
				check("of all", nil)
				check("with a filter", vector.Filter{vector.IsIn("third", int64(0), int64(1))})
				for i := range vectors {
					switch {
					case i%3 == 0:
						if !s.Remove(fmt.Sprint(i)) {
							t.Fatalf("%d was not there", i)
						}
					case i%2 == 0:
						s.Put(fmt.Sprint(i), vectors[(i+7)%len(vectors)], nil)
					}
				}
				if s.Len() != 8000 || s.Remove("0") {
					t.Errorf("%d are left, want 8000", s.Len())
				}
				check("after changes", nil)
			})
		}
	}
}

// TestGrow: the codes follow a set that grows after it was searched, also when its
// mean moves.
func TestGrow(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9)) //nolint:gosec // as above
	small := vectortest.Clustered(r, 6000, 64, 3)
	s := fill(small)
	s.Prepare()
	more := vectortest.Clustered(r, 26_030, 64, 200)
	for i, v := range more[:26_000] {
		s.Put(fmt.Sprint("m", i), v, nil)
	}
	if got := recall(s, more[26_000:], nil); got < 0.95 {
		t.Errorf("recall@10 = %.3f, want at least 0.95", got)
	}
}

func BenchmarkSearch(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // as above
	data := vectortest.Clustered(r, 100_000, 384, 1000)
	s := fill(data)
	s.Prepare()
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Search(vector.Query{Vector: data[i%len(data)], Limit: 10})
		i++
	}
}
