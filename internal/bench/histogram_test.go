package bench_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"empire/internal/bench"
)

// TestHistogram compares with the sorted values themselves.
func TestHistogram(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var h bench.Histogram
	var all []time.Duration
	var sum time.Duration
	for range 20_000 {
		d := time.Duration(random.ExpFloat64() * float64(time.Duration(1)<<random.IntN(36)))
		h.Add(d)
		all = append(all, d)
		sum += d
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.1, 0.5, 0.95, 0.99, 0.999, 1} {
		want := all[max(1, int(q*float64(len(all))+0.5))-1]
		if got := h.Quantile(q); got < want || float64(got) > float64(want)*1.01+1 {
			t.Errorf("quantile %v = %d, want %d to one percent", q, got, want)
		}
	}
	if h.Count() != len(all) || h.Max() != all[len(all)-1] || h.Mean() != sum/time.Duration(len(all)) {
		t.Errorf("count %d, max %d, mean %d", h.Count(), h.Max(), h.Mean())
	}
}

func TestHistogramEdges(t *testing.T) {
	t.Parallel()
	var empty bench.Histogram
	if empty.Quantile(0.5) != 0 || empty.Mean() != 0 || empty.Max() != 0 {
		t.Error("an empty histogram has values")
	}
	var h bench.Histogram
	h.Add(-time.Second)
	h.Add(1<<63 - 1)
	if h.Quantile(0) != 0 || h.Max() != 1<<63-1 || h.Quantile(1) != 1<<63-1 {
		t.Errorf("lowest %d, highest %d", h.Quantile(0), h.Quantile(1))
	}
}
