package learn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/intelligence/learn"
)

// near compares numbers to nine digits.
var near = cmpopts.EquateApprox(0, 1e-9)

func dense(t testing.TB, rows ...[]float64) *learn.Matrix {
	t.Helper()
	m, err := learn.Dense(rows)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// noise returns n rows of normal values.
func noise(seed uint64, n, cols int) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 3))
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, cols)
		for j := range rows[i] {
			rows[i][j] = rng.NormFloat64()
		}
	}
	return rows
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	m := dense(t, []float64{1, 0, 2}, []float64{0, 0, 0}, []float64{0, 3, 0})
	if m.Rows() != 3 || m.Cols() != 3 {
		t.Errorf("size = %d × %d, want 3 × 3", m.Rows(), m.Cols())
	}
	index, value := m.Row(0)
	if !slices.Equal(index, []int32{0, 2}) || !slices.Equal(value, []float64{1, 2}) {
		t.Errorf("row 0 = %v, %v", index, value)
	}
	if got := m.Dot(0, []float64{5, 7, 11}); got != 27 {
		t.Errorf("dot = %v, want 27", got)
	}
	if got := m.Select([]int{2, 0}); !slices.Equal(got.Full(0), []float64{0, 3, 0}) || !slices.Equal(got.Full(1), []float64{1, 0, 2}) {
		t.Errorf("selection = %v, %v", got.Full(0), got.Full(1))
	}
	for _, rows := range [][][]float64{{{1, 2}, {1}}, {{math.NaN()}}, {{math.Inf(1)}}} {
		if _, err := learn.Dense(rows); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("Dense(%v): %v, want invalid", rows, err)
		}
	}
	var zero learn.Matrix
	if zero.Rows() != 0 {
		t.Errorf("the zero matrix has %d rows", zero.Rows())
	}
}

// TestTooFewRows: every model says how many rows it needs.
func TestTooFewRows(t *testing.T) {
	t.Parallel()
	one := dense(t, []float64{1, 2})
	four := dense(t, []float64{1, 2}, []float64{2, 1}, []float64{3, 5}, []float64{4, 4})
	y := []float64{1, 2, 3, 4}
	for _, tt := range []struct {
		name, says string
		run        func() error
	}{
		{"vectorizer", "at least 2 rows; there are 1", func() error {
			_, err := learn.FitVectorizer([]string{"some words"}, learn.VectorizerParams{})
			return err
		}},
		{"vectorizer without terms", "No term of the 2 documents", func() error { _, err := learn.FitVectorizer([]string{"a", "b"}, learn.VectorizerParams{}); return err }},
		{"linear", "at least 4 rows; there are 1", func() error { _, err := learn.FitLinear(one, y[:1]); return err }},
		{"ridge", "at least 5 rows; there are 4", func() error { _, err := learn.FitRidge(four, y, 1); return err }},
		{"isotonic", "at least 5 rows; there are 4", func() error { _, err := learn.FitIsotonic(y, y, nil, false); return err }},
		{"k-means", "at least 5 rows; there are 4", func() error { _, _, err := learn.FitKMeans(four, learn.KMeansParams{K: 5}); return err }},
		{"scaler", "at least 2 rows; there are 1", func() error { _, err := learn.FitScaler(one); return err }},
		{"PCA", "at least 2 rows; there are 1", func() error { _, err := learn.FitPCA(one, 1); return err }},
		{"one class", "two classes; there is 1 class", func() error { _, err := learn.FitLogistic(four, []int{1, 1, 1, 1}, learn.LogisticParams{}); return err }},
		{"a class of one", "class 7 has 1", func() error { _, err := learn.FitBayes(four, []int{1, 1, 1, 7}, learn.BayesParams{}); return err }},
		{"split", "at least 2 rows; there are 1", func() error { _, _, err := learn.Split(1, 0.5, 0); return err }},
		{"stratified split", "class 2 has 1", func() error { _, _, err := learn.StratifiedSplit([]int{1, 1, 2}, 0.5, 0); return err }},
		{"folds", "at least 3 rows; there are 2", func() error { _, err := learn.Folds(2, 3, 0); return err }},
		{"stratified folds", "at least 3 rows; there are 2", func() error { _, err := learn.StratifiedFolds([]int{1, 2}, 3, 0); return err }},
		{"cross-validation", "at least 2 rows; there are 0", func() error { _, _, _, err := learn.CrossValidate(nil, nil); return err }},
		{"metric", "at least 1 rows; there are 0", func() error { _, err := learn.Accuracy(nil, nil); return err }},
		{"AUC", "at least 1 row of each kind", func() error { _, err := learn.AUC([]bool{true}, []float64{1}); return err }},
		{"average precision", "at least 1 row", func() error { _, err := learn.AveragePrecision([]bool{false}, []float64{1}); return err }},
		{"one group", "at least 2 groups", func() error { _, err := learn.MeasureGroups(four, []int{0, 0, 0, 0}); return err }},
		{"groups of one", "at least 5 rows; there are 4", func() error { _, err := learn.MeasureGroups(four, []int{0, 1, 2, 3}); return err }},
	} {
		if err := tt.run(); domain.CodeOf(err) != domain.CodeNotEnoughData || !strings.Contains(domain.MessageOf(err), tt.says) {
			t.Errorf("%s: %v, want not enough data with %q", tt.name, err, tt.says)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	m := dense(t, noise(1, 10, 2)...)
	y := make([]float64, 10)
	labels := []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}
	docs := []string{"one two", "two three"}
	for name, run := range map[string]func() error{
		"targets of linear":  func() error { _, err := learn.FitLinear(m, y[:9]); return err },
		"NaN target":         func() error { _, err := learn.FitRidge(m, append(y[:9:9], math.NaN()), 1); return err },
		"alpha of ridge":     func() error { _, err := learn.FitRidge(m, y, 0); return err },
		"labels of logistic": func() error { _, err := learn.FitLogistic(m, labels[:9], learn.LogisticParams{}); return err },
		"three classes": func() error {
			_, err := learn.FitLogistic(m, []int{0, 1, 2, 0, 1, 2, 0, 1, 2, 0}, learn.LogisticParams{})
			return err
		},
		"C": func() error { _, err := learn.FitLogistic(m, labels, learn.LogisticParams{C: -1}); return err },
		"too few iterations": func() error {
			_, err := learn.FitLogistic(m, labels, learn.LogisticParams{Tolerance: 1e-9, MaxIterations: 1})
			return err
		},
		"negative counts": func() error { _, err := learn.FitBayes(m, labels, learn.BayesParams{}); return err },
		"alpha of Bayes":  func() error { _, err := learn.FitBayes(m, labels, learn.BayesParams{Alpha: -1}); return err },
		"labels of Bayes": func() error { _, err := learn.FitBayes(m, labels[:9], learn.BayesParams{}); return err },
		"no groups":       func() error { _, _, err := learn.FitKMeans(m, learn.KMeansParams{}); return err },
		"center": func() error {
			_, _, err := learn.FitKMeans(m, learn.KMeansParams{Centers: [][]float64{{1}}})
			return err
		},
		"components":       func() error { _, err := learn.FitPCA(m, 3); return err },
		"isotonic lengths": func() error { _, err := learn.FitIsotonic(y, y[:9], nil, false); return err },
		"isotonic weight":  func() error { _, err := learn.FitIsotonic(y, y, make([]float64, 10), false); return err },
		"isotonic NaN":     func() error { _, err := learn.FitIsotonic(append(y[:9:9], math.NaN()), y, nil, false); return err },
		"n-grams": func() error {
			_, err := learn.FitVectorizer(docs, learn.VectorizerParams{NGramMin: 2, NGramMax: 1})
			return err
		},
		"norm":                func() error { _, err := learn.FitVectorizer(docs, learn.VectorizerParams{Norm: "l3"}); return err },
		"share of documents":  func() error { _, err := learn.FitVectorizer(docs, learn.VectorizerParams{MinShare: 2}); return err },
		"labels of texts":     func() error { _, err := learn.FitText(docs, []int{1}, learn.TextParams{}); return err },
		"share of a split":    func() error { _, _, err := learn.Split(10, 1, 0); return err },
		"one fold":            func() error { _, err := learn.Folds(10, 1, 0); return err },
		"lengths of a metric": func() error { _, err := learn.Accuracy(labels, labels[:9]); return err },
		"probability above 1": func() error { _, err := learn.Brier([]bool{true}, []float64{1.1}); return err },
		"NaN score":           func() error { _, err := learn.AUC([]bool{true, false}, []float64{math.NaN(), 1}); return err },
		"no bins":             func() error { _, err := learn.CalibrationError([]bool{true}, []float64{1}, 0); return err },
		"negative group":      func() error { _, err := learn.MeasureGroups(m, []int{0, 1, 0, 1, 0, 1, 0, 1, 0, -1}); return err },
		"group without rows":  func() error { _, err := learn.MeasureGroups(m, []int{0, 2, 0, 2, 0, 2, 0, 2, 0, 2}); return err },
	} {
		if err := run(); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	linear, err := learn.FitLinear(m, y)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := linear.Predict(dense(t, []float64{1})); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("prediction with another number of features: %v, want invalid", err)
	}
}

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

func TestSplits(t *testing.T) {
	t.Parallel()
	train, test, err := learn.Split(10, 0.25, 3)
	if err != nil || len(train) != 7 || len(test) != 3 {
		t.Errorf("split = %v, %v, %v, want 7 and 3 rows", train, test, err)
	}
	covers(t, 10, train, test)
	if _, again, _ := learn.Split(10, 0.25, 3); !slices.Equal(test, again) {
		t.Error("the same seed gives another split")
	}
	if _, other, _ := learn.Split(1000, 0.25, 4); slices.Equal(test, other[:3]) {
		t.Error("another seed gives the same split")
	}
	labels := make([]int, 40)
	for i := range labels {
		labels[i] = i / 30 // 30 of class 0, 10 of class 1
	}
	train, test, err = learn.StratifiedSplit(labels, 0.2, 1)
	if err != nil || len(test) != 8 || sum(learn.Pick(labels, test)) != 2 {
		t.Errorf("stratified split = %v, %v, want 6 and 2 rows of the classes", test, err)
	}
	covers(t, 40, train, test)
	folds, err := learn.StratifiedFolds(labels, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := learn.Folds(40, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for i, f := range folds {
		covers(t, 40, f.Train, f.Test)
		covers(t, 40, plain[i].Train, plain[i].Test)
		if sum(learn.Pick(labels, f.Test)) != 2 {
			t.Errorf("fold %d has %d rows of class 1, want 2", i, sum(learn.Pick(labels, f.Test)))
		}
		all = append(all, f.Test...)
	}
	covers(t, 40, all, nil)
}

func sum(x []int) int {
	s := 0
	for _, v := range x {
		s += v
	}
	return s
}

// covers checks that two parts hold each of n rows once.
func covers(t *testing.T, n int, a, b []int) {
	t.Helper()
	all := slices.Concat(a, b)
	slices.Sort(all)
	for i := range n {
		if len(all) != n || all[i] != i {
			t.Fatalf("the parts are %v and %v, want each of %d rows once", a, b, n)
		}
	}
}

func TestCrossValidate(t *testing.T) {
	t.Parallel()
	folds := []learn.Fold{{Test: []int{1}}, {Test: []int{2}}, {Test: []int{6}}}
	values, mean, deviation, err := learn.CrossValidate(folds, func(_, test []int) (float64, error) { return float64(test[0]), nil })
	if err != nil || !slices.Equal(values, []float64{1, 2, 6}) || mean != 3 || math.Abs(deviation-math.Sqrt(7)) > 1e-12 {
		t.Errorf("values %v, mean %v, deviation %v, %v, want 1 2 6, 3, √7", values, mean, deviation, err)
	}
	fault := fmt.Errorf("fault")
	if _, _, _, err := learn.CrossValidate(folds, func(_, _ []int) (float64, error) { return 0, fault }); err != fault { //nolint:errorlint // the very error
		t.Errorf("error = %v, want that of the fold", err)
	}
}
