package learn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

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
