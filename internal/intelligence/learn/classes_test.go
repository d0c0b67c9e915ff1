package learn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/intelligence/learn"
)

// TestBayes: the example by hand. Two classes of two rows, three words.
func TestBayes(t *testing.T) {
	t.Parallel()
	m := dense(t, []float64{2, 1, 0}, []float64{1, 0, 0}, []float64{0, 1, 1}, []float64{0, 0, 2}, []float64{0, 1, 3})
	labels := []int{3, 3, 8, 8, 8}
	b, err := learn.FitBayes(m, labels, learn.BayesParams{})
	if err != nil {
		t.Fatal(err)
	}
	row := dense(t, []float64{1, 0, 1})
	got, err := b.Scores(row)
	// Class 3 has counts 3 1 0, with one more each 4 2 1 of 7; class 8 has 0 2 6: 1 3 7 of 11.
	want := [][]float64{{math.Log(2.0/5) + math.Log(4.0/7) + math.Log(1.0/7), math.Log(3.0/5) + math.Log(1.0/11) + math.Log(7.0/11)}}
	if diff := cmp.Diff(want, got, near); err != nil || diff != "" {
		t.Errorf("scores: %v (-want +got):\n%s", err, diff)
	}
	p, _ := b.Probabilities(row)
	first := 1 / (1 + math.Exp(want[0][1]-want[0][0]))
	if diff := cmp.Diff([][]float64{{first, 1 - first}}, p, near); diff != "" {
		t.Errorf("probabilities (-want +got):\n%s", diff)
	}
	if labels, err := b.Predict(dense(t, []float64{3, 0, 0}, []float64{0, 0, 1})); err != nil || !slices.Equal(labels, []int{3, 8}) {
		t.Errorf("classes = %v, %v, want 3 8", labels, err)
	}
	c, err := learn.FitBayes(m, labels, learn.BayesParams{Alpha: 0.5, Complement: true})
	if err != nil {
		t.Fatal(err)
	}
	got, _ = c.Scores(row)
	// Rows of class 8, which stand against class 3, have 0.5 2.5 6.5 of 9.5; others 3.5 1.5 0.5 of 5.5.
	want = [][]float64{{-math.Log(0.5/9.5) - math.Log(6.5/9.5), -math.Log(3.5/5.5) - math.Log(0.5/5.5)}}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("scores of the complement (-want +got):\n%s", diff)
	}
}

// TestLogistic: at the minimum every slope is 0, and no point near it is lower.
func TestLogistic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		rows := noise(seed, 80, 4)
		labels := make([]int, len(rows))
		for i, r := range rows {
			if 2*r[0]-r[1]+0.5+noise(seed+100, 80, 1)[i][0] > 0 {
				labels[i] = 5
			}
		}
		m, c := dense(t, rows...), []float64{0.01, 1, 100}[seed%3]
		l, err := learn.FitLogistic(m, labels, learn.LogisticParams{C: c, Tolerance: 1e-10})
		if err != nil {
			t.Fatal(err)
		}
		p, err := l.Probabilities(m)
		if err != nil {
			t.Fatal(err)
		}
		slopes := append(slices.Clone(l.Weights), 0)
		for i, row := range rows {
			miss := p[i]
			if labels[i] == 5 {
				miss--
			}
			for j, x := range row {
				slopes[j] += c * miss * x
			}
			slopes[4] += c * miss
		}
		for j, s := range slopes {
			if math.Abs(s) > 1e-7 {
				t.Errorf("seed %d: slope %d at the minimum is %v", seed, j, s)
			}
		}
		loose, err := learn.FitLogistic(m, labels, learn.LogisticParams{C: c})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l.Weights, loose.Weights, cmpopts.EquateApprox(0, 0.02)); diff != "" {
			t.Errorf("seed %d: the default stops far from the minimum:\n%s", seed, diff)
		}
		predicted, _ := l.Predict(m)
		for i := range predicted {
			if (p[i] > 0.5) != (predicted[i] == 5) {
				t.Errorf("seed %d: row %d has probability %v and class %d", seed, i, p[i], predicted[i])
			}
		}
	}
}

// TestLogisticExtremes: classes that a line divides, rows of very different sizes and
// constant rows come to an end.
func TestLogisticExtremes(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][][]float64{
		"divided":  {{-2}, {-1}, {1}, {2}},
		"large":    {{-2e6, 1e-3}, {-1e6, 2e-3}, {1e6, 1e-3}, {2e6, 0}},
		"constant": {{1, 1}, {1, 1}, {1, 1}, {1, 1}},
	} {
		l, err := learn.FitLogistic(dense(t, rows...), []int{0, 0, 1, 1}, learn.LogisticParams{C: 1e4})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		predicted, err := l.Predict(dense(t, rows...))
		if name != "constant" && (err != nil || !slices.Equal(predicted, []int{0, 0, 1, 1})) {
			t.Errorf("%s: predicted %v, %v", name, predicted, err)
		}
	}
}
