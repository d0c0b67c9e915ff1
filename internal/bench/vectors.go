package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// Aims of the search for vectors.
const (
	vectorRecall = 0.95
	vectorP99    = 10 * time.Millisecond
)

// VectorSet is one collection in memory.
type VectorSet interface {
	Put(i int, v []float32)
	Prepare()
	Search(v []float32, limit int) []int
	Exact(v []float32, limit int) []int
	Bytes() int64 // as it says itself
}

// VectorsConfig is what Vectors needs.
type VectorsConfig struct {
	Count, Dimension, Queries, Limit int
	// Data makes vectors of one kind; the last are the queries.
	Data map[string]func(n, dimension int) [][]float32
	// Open returns an empty set for directions.
	Open     func(dimension int) VectorSet
	Progress func(kind string, done, total int)
}

// VectorReport is what Vectors found.
type VectorReport struct {
	Machine   Machine     `json:"machine"`
	Commit    string      `json:"commit"`
	At        time.Time   `json:"at"`
	Count     int         `json:"count"`
	Dimension int         `json:"dimension"`
	Queries   int         `json:"queries"`
	Limit     int         `json:"limit"`
	Rows      []VectorRow `json:"rows"`
}

// VectorRow is one kind of data.
type VectorRow struct {
	Data         string  `json:"data"`
	Recall       float64 `json:"recall"` // of the nearest, those that were found
	MeanMS       float64 `json:"mean_ms"`
	P50MS        float64 `json:"p50_ms"`
	P95MS        float64 `json:"p95_ms"`
	P99MS        float64 `json:"p99_ms"`
	MaxMS        float64 `json:"max_ms"`
	CPUMS        float64 `json:"cpu_ms"`       // of the process, per query
	ExactP50MS   float64 `json:"exact_p50_ms"` // comparing every vector
	BuildSeconds float64 `json:"build_seconds"`
	HeapBytes    int64   `json:"heap_bytes"`     // that the set takes
	BytesPer     float64 `json:"bytes_a_vector"` // of them, for one vector
	Met          bool    `json:"met"`
}

// Vectors measures the search of a set that is full, one query after another, and its
// recall against comparing every vector.
func Vectors(ctx context.Context, cfg VectorsConfig) (*VectorReport, error) {
	r := &VectorReport{
		Machine: thisMachine(), Commit: commit(), At: time.Now().UTC(), Count: cfg.Count, Dimension: cfg.Dimension, Queries: cfg.Queries, Limit: cfg.Limit,
	}
	kinds := make([]string, 0, len(cfg.Data))
	for k := range cfg.Data {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		row, err := vectorRow(ctx, &cfg, kind)
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, row)
	}
	return r, nil
}

func vectorRow(ctx context.Context, cfg *VectorsConfig, kind string) (VectorRow, error) {
	row := VectorRow{Data: kind}
	data := cfg.Data[kind](cfg.Count+cfg.Queries, cfg.Dimension)
	vectors, queries := data[:cfg.Count], data[cfg.Count:]
	before := heap()
	set := cfg.Open(cfg.Dimension)
	began := time.Now()
	for i, v := range vectors {
		set.Put(i, v)
	}
	set.Prepare()
	row.BuildSeconds = time.Since(began).Seconds()
	row.HeapBytes = heap() - before
	row.BytesPer = float64(row.HeapBytes) / float64(cfg.Count)
	set.Search(queries[0], cfg.Limit) // takes what later queries reuse

	found := make([][]int, len(queries))
	var times Histogram
	cpu := usageOf(os.Getpid()).cpu
	for i, q := range queries {
		start := time.Now()
		found[i] = set.Search(q, cfg.Limit)
		times.Add(time.Since(start))
		if err := ctx.Err(); err != nil {
			return row, err
		}
	}
	cpu = usageOf(os.Getpid()).cpu - cpu
	var exact Histogram
	hits := 0
	for i, q := range queries {
		start := time.Now()
		want := set.Exact(q, cfg.Limit)
		exact.Add(time.Since(start))
		for _, at := range found[i] {
			if slices.Contains(want, at) {
				hits++
			}
		}
		if cfg.Progress != nil {
			cfg.Progress(kind, i+1, len(queries))
		}
		if err := ctx.Err(); err != nil {
			return row, err
		}
	}
	millis := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	row.Recall = float64(hits) / float64(len(queries)*min(cfg.Limit, cfg.Count))
	row.MeanMS, row.MaxMS, row.CPUMS = millis(times.Mean()), millis(times.Max()), millis(cpu)/float64(len(queries))
	row.P50MS, row.P95MS, row.P99MS = millis(times.Quantile(0.5)), millis(times.Quantile(0.95)), millis(times.Quantile(0.99))
	row.ExactP50MS = millis(exact.Quantile(0.5))
	row.Met = row.Recall >= vectorRecall && times.Quantile(0.99) < vectorP99
	runtime.KeepAlive(set)
	runtime.KeepAlive(data) // what is freed meanwhile would count as the set's
	return row, nil
}

// RandomVectors returns directions without structure, the hardest case: the nearest is
// hardly nearer than any other.
func RandomVectors(n, dimension int) [][]float32 {
	return directions(rand.New(rand.NewPCG(1, 2)), n, dimension, nil) //nolint:gosec // the same ones every time
}

// ClusteredVectors returns directions around one center for each hundred, as texts lie
// around topics.
func ClusteredVectors(n, dimension int) [][]float32 {
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // as above
	return directions(r, n, dimension, directions(r, max(n/100, 1), dimension, nil))
}

func directions(r *rand.Rand, n, dimension int, centers [][]float32) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		v := make([]float32, dimension)
		var center []float32
		if centers != nil {
			center = centers[r.IntN(len(centers))]
		}
		var sum float64
		for d := range v {
			x := r.NormFloat64()
			if center != nil {
				x = float64(center[d]) + x*0.8/math.Sqrt(float64(dimension))
			}
			v[d] = float32(x)
			sum += x * x
		}
		scale := float32(1 / math.Sqrt(sum))
		for d := range v {
			v[d] *= scale
		}
		out[i] = v
	}
	return out
}

// heap returns how many bytes of the heap are in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // fits
}

// Write prints the report as a table.
func (r *VectorReport) Write(w io.Writer) error {
	built := r.Commit
	if built == "" {
		built = "an unknown commit"
	}
	fmt.Fprintf(w, "%d cores, %s, %s, %s; built from %s; %s\n%d vectors of dimension %d, %d queries for %d each; one process, one query at a time; the load of the machine was %.1f before\n\n",
		r.Machine.Cores, r.Machine.CPU, r.Machine.OS, r.Machine.Go, built, r.At.UTC().Format("2006-01-02 15:04 MST"), r.Count, r.Dimension, r.Queries, r.Limit, r.Machine.Load)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "data\trecall\tmean ms\tp50\tp95\tp99\tmax\tCPU ms\texact p50\tbuild s\tMB\tbytes each\tmet\t")
	for i := range r.Rows {
		x := &r.Rows[i]
		fmt.Fprintf(t, "%s\t%.3f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.1f\t%d\t%.0f\t%s\t\n", x.Data, x.Recall, x.MeanMS, x.P50MS, x.P95MS, x.P99MS, x.MaxMS,
			x.CPUMS, x.ExactP50MS, x.BuildSeconds, x.HeapBytes>>20, x.BytesPer, yes(x.Met))
	}
	fmt.Fprintf(t, "\nmet: recall at least %.2f and p99 below %s\n", vectorRecall, vectorP99)
	return t.Flush()
}
