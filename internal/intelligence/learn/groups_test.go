package learn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/learn"
)

func TestKMeans(t *testing.T) {
	t.Parallel()
	rows := noise(7, 90, 3)
	want := make([]int, 90)
	for i := range rows {
		want[i] = i % 3
		rows[i][0] += 20 * float64(i%3)
	}
	m := dense(t, rows...)
	k, labels, err := learn.FitKMeans(m, learn.KMeansParams{K: 3, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := learn.AdjustedRand(want, labels); same != 1 {
		t.Errorf("planted groups are found with a Rand index of %v, want 1", same)
	}
	if again, _, _ := learn.FitKMeans(m, learn.KMeansParams{K: 3, Seed: 5}); cmp.Diff(k, again) != "" {
		t.Error("the same seed gives another model")
	}
	predicted, err := k.Predict(m)
	if err != nil || !slices.Equal(predicted, labels) {
		t.Errorf("predictions differ from the groups: %v", err)
	}
	inertia := 0.0
	for i, row := range rows {
		for j, x := range row {
			d := x - k.Centers[labels[i]][j]
			inertia += d * d
		}
	}
	if math.Abs(inertia-k.Inertia) > 1e-9*inertia {
		t.Errorf("inertia = %v, want %v", k.Inertia, inertia)
	}
}

// TestKMeansLloyd: from fixed starts by hand, and groups that lose all their rows.
func TestKMeansLloyd(t *testing.T) {
	t.Parallel()
	m := dense(t, []float64{0}, []float64{1}, []float64{9}, []float64{10})
	k, labels, err := learn.FitKMeans(m, learn.KMeansParams{Centers: [][]float64{{0}, {1}}})
	if err != nil || !slices.Equal(labels, []int{0, 0, 1, 1}) || cmp.Diff([][]float64{{0.5}, {9.5}}, k.Centers, near) != "" || math.Abs(k.Inertia-1) > 1e-12 || k.Iterations != 3 {
		t.Errorf("model = %+v, groups %v, %v, want centers 0.5 and 9.5 after 3 rounds", k, labels, err)
	}
	k, labels, err = learn.FitKMeans(m, learn.KMeansParams{Centers: [][]float64{{5}, {500}, {900}}})
	if err != nil {
		t.Fatal(err)
	}
	used := slices.Clone(labels)
	slices.Sort(used)
	if len(slices.Compact(used)) != 3 {
		t.Errorf("groups = %v around %v: one has no rows", labels, k.Centers)
	}
	same := dense(t, []float64{2}, []float64{2}, []float64{2})
	if k, _, err := learn.FitKMeans(same, learn.KMeansParams{K: 2}); err != nil || k.Inertia != 0 {
		t.Errorf("equal rows: %+v, %v, want inertia 0", k, err)
	}
}

func TestScaler(t *testing.T) {
	t.Parallel()
	m := dense(t, []float64{1, 5, 0.1}, []float64{3, 5, 0.1}, []float64{0, 5, 0.1}, []float64{0, 5, 0.1})
	s, err := learn.FitScaler(m)
	if err != nil || cmp.Diff([]float64{1, 5, 0.1}, s.Mean, near) != "" || cmp.Diff([]float64{math.Sqrt(1.5), 1, 1}, s.Scale, near) != "" {
		t.Errorf("scaler = %+v, %v, want means 1 5 0.1 and scales √1.5 1 1", s, err)
	}
	out, err := s.Transform(m)
	if err != nil || math.Abs(out.Full(1)[0]-2/math.Sqrt(1.5)) > 1e-12 || math.Abs(out.Full(2)[0]+1/math.Sqrt(1.5)) > 1e-12 || math.Abs(out.Full(0)[2]) > 1e-12 {
		t.Errorf("scaled rows: %v, %v", out, err)
	}
}

// TestPCA: components are orthogonal, of length 1, hold the variance that they say, and
// together rebuild the rows.
func TestPCA(t *testing.T) {
	t.Parallel()
	rows := noise(8, 40, 4)
	for i := range rows {
		rows[i][1] = 3*rows[i][0] + 0.1*rows[i][1]
		rows[i][2] += 100
	}
	m := dense(t, rows...)
	p, err := learn.FitPCA(m, 4)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Transform(m)
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for a, ca := range p.Components {
		total += p.Ratio[a]
		if a > 0 && p.Variance[a] > p.Variance[a-1] {
			t.Errorf("component %d has more variance than the one before", a)
		}
		for b, cb := range p.Components {
			product, want := 0.0, 0.0
			for j := range ca {
				product += ca[j] * cb[j]
			}
			if a == b {
				want = 1
			}
			if math.Abs(product-want) > 1e-12 {
				t.Errorf("components %d and %d: product %v, want %v", a, b, product, want)
			}
		}
		variance := 0.0
		for i := range rows {
			variance += out.Full(i)[a] * out.Full(i)[a] / 39
		}
		if math.Abs(variance-p.Variance[a]) > 1e-9 {
			t.Errorf("variance along %d = %v, want %v", a, variance, p.Variance[a])
		}
	}
	if math.Abs(total-1) > 1e-12 {
		t.Errorf("the ratios of all components sum to %v", total)
	}
	for i, row := range rows {
		for j := range row {
			x := p.Mean[j]
			for a, c := range p.Components {
				x += out.Full(i)[a] * c[j]
			}
			if math.Abs(x-row[j]) > 1e-9 {
				t.Fatalf("row %d comes back as %v, want %v", i, x, row[j])
			}
		}
	}
}
