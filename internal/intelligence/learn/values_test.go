package learn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/learn"
)

func TestLinear(t *testing.T) {
	t.Parallel()
	rows := noise(4, 30, 3)
	y := make([]float64, 30)
	for i, r := range rows {
		y[i] = 7 + 2*r[0] - 3*r[1] + 0.5*r[2]
	}
	l, err := learn.FitLinear(dense(t, rows...), y)
	if err != nil || cmp.Diff([]float64{2, -3, 0.5}, l.Weights, near) != "" || math.Abs(l.Intercept-7) > 1e-9 {
		t.Errorf("model = %+v, %v, want 7 + 2 -3 0.5", l, err)
	}
	predicted, err := l.Predict(dense(t, rows...))
	if diff := cmp.Diff(y, predicted, near); err != nil || diff != "" {
		t.Errorf("predictions: %v (-want +got):\n%s", err, diff)
	}
	// The second column repeats the first: the weight is shared evenly.
	for i := range rows {
		rows[i] = []float64{rows[i][0], rows[i][0], 1}
		y[i] = 4*rows[i][0] + 1
	}
	l, err = learn.FitLinear(dense(t, rows...), y)
	if err != nil || cmp.Diff([]float64{2, 2, 0}, l.Weights, near) != "" {
		t.Errorf("weights of equal columns = %+v, %v, want 2 2 0", l, err)
	}
}

// TestRidge: the equations (XᵀX + α)w = Xᵀy hold, solved directly and by conjugate
// gradients on many features.
func TestRidge(t *testing.T) {
	t.Parallel()
	for _, cols := range []int{4, 320} {
		rows := noise(5, 60, cols)
		for i := range rows { // sparse, and not centered
			for j := range rows[i] {
				if (i+j)%3 > 0 && cols > 4 {
					rows[i][j] = 0
				} else {
					rows[i][j] += 2
				}
			}
		}
		y := make([]float64, len(rows))
		for i := range y {
			y[i] = noise(6, 60, 1)[i][0] + 10
		}
		m, alpha := dense(t, rows...), 0.7
		l, err := learn.FitRidge(m, y, alpha)
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := l.Predict(m)
		if err != nil {
			t.Fatal(err)
		}
		slopes, total := make([]float64, cols), 0.0
		for i, row := range rows {
			miss := predicted[i] - y[i]
			total += miss
			for j, x := range row {
				slopes[j] += miss * x
			}
		}
		for j := range slopes {
			if s := slopes[j] + alpha*l.Weights[j]; math.Abs(s) > 1e-7 {
				t.Fatalf("%d features: slope %d is %v", cols, j, s)
			}
		}
		if math.Abs(total) > 1e-7 {
			t.Errorf("%d features: the errors sum to %v", cols, total)
		}
	}
}

// TestIsotonic compares with the formula max over a of min over b of mean(y[a..b]).
func TestIsotonic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 4))
		n := 5 + rng.IntN(20)
		x, y, w := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i], w[i] = float64(rng.IntN(n)), rng.NormFloat64(), 0.5+rng.Float64()
		}
		falling := seed%2 == 1
		f, err := learn.FitIsotonic(x, y, w, falling)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(definedIsotonic(x, y, w, falling), f.Predict(x), near); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
	f, err := learn.FitIsotonic([]float64{1, 2, 3, 4, 5}, []float64{1, 3, 2, 4, 6}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	got := f.Predict([]float64{-9, 1.5, 2.7, 3.5, 4.25, 99})
	if diff := cmp.Diff([]float64{1, 1.75, 2.5, 3.25, 4.5, 6}, got, near); diff != "" {
		t.Errorf("between and outside the points (-want +got):\n%s", diff)
	}
}

func definedIsotonic(x, y, w []float64, falling bool) []float64 {
	out := make([]float64, len(x))
	mean := func(a, b float64) float64 {
		s, n := 0.0, 0.0
		for i := range x {
			if x[i] >= a && x[i] <= b {
				s += w[i] * y[i]
				n += w[i]
			}
		}
		if falling {
			s = -s
		}
		return s / n
	}
	for i := range x {
		best := math.Inf(-1)
		for _, a := range x {
			if a > x[i] {
				continue
			}
			least := math.Inf(1)
			for _, b := range x {
				if b >= x[i] {
					least = min(least, mean(a, b))
				}
			}
			best = max(best, least)
		}
		out[i] = best
		if falling {
			out[i] = -best
		}
	}
	return out
}
