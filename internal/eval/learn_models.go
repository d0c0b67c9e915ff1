package eval

import (
	"regexp"
	"strconv"

	"empire/internal/domain"
	"empire/internal/intelligence/learn"
)

// compareLinear compares least squares, ridge and isotonic regression.
func compareLinear(r *reference, _ string) (int, error) {
	var raw [][]float64
	var y []float64
	if err := r.need("X", &raw, "y", &y); err != nil {
		return 0, err
	}
	tol := r.tolerance("", 1e-6)
	m, err := learn.Dense(raw)
	if err != nil {
		return 0, err
	}
	ols, err := learn.FitLinear(m, y)
	if err != nil {
		return 0, err
	}
	predicted, err := ols.Predict(m)
	if err != nil {
		return 0, err
	}
	e, err := learn.RegressionErrors(y, predicted)
	if err != nil {
		return 0, err
	}
	for name, v := range map[string]float64{
		"ols_intercept": ols.Intercept, "ols_r2": e.R2, "ols_mae": e.MAE, "ols_rmse": e.RMSE, "ols_mse": e.MSE,
	} {
		if err := r.number(name, tol, v); err != nil {
			return 0, err
		}
	}
	if err := r.list("ols_coef", "ols_coef_max_error", ols.Weights, tol); err != nil {
		return 0, err
	}
	if err := r.ridge(m, y, tol); err != nil {
		return 0, err
	}
	var feature int
	ok, err := r.take("isotonic_feature", &feature)
	if !ok || err != nil {
		return m.Rows(), err
	}
	if feature < 0 || feature >= m.Cols() {
		return 0, domain.Errorf(domain.CodeMalformed, "The reference has no feature %d.", feature)
	}
	x := make([]float64, len(raw))
	for i := range raw {
		x[i] = raw[i][feature]
	}
	f, err := learn.FitIsotonic(x, y, nil, false)
	if err != nil {
		return 0, err
	}
	return m.Rows(), r.list("isotonic_fit", "isotonic_max_error", f.Predict(x), tol)
}

func (r *reference) ridge(m *learn.Matrix, y []float64, tol float64) error {
	var alpha float64
	ok, err := r.take("ridge_alpha", &alpha)
	if !ok || err != nil {
		return err
	}
	l, err := learn.FitRidge(m, y, alpha)
	if err != nil {
		return err
	}
	if err := r.list("ridge_coef", "ridge_coef_max_error", l.Weights, tol); err != nil {
		return err
	}
	return r.number("ridge_intercept", tol, l.Intercept)
}

var (
	divisible = regexp.MustCompile(`divisible by (\d+)`)
	remainder = regexp.MustCompile(`%\s*(\d+)\s*==\s*(\d+)`)
)

// testRows returns the rows for training and those for testing that a text describes.
func testRows(text string, n int) (train, test []int, err error) {
	step, rest := 0, 0
	if m := divisible.FindStringSubmatch(text); m != nil {
		step, _ = strconv.Atoi(m[1])
	} else if m := remainder.FindStringSubmatch(text); m != nil {
		step, _ = strconv.Atoi(m[1])
		rest, _ = strconv.Atoi(m[2])
	}
	if step < 2 {
		return nil, nil, domain.Errorf(domain.CodeMalformed, "The reference does not say which rows are for testing: %q.", text)
	}
	for i := range n {
		if i%step == rest {
			test = append(test, i)
		} else {
			train = append(train, i)
		}
	}
	return train, test, nil
}

// strength reads C=… from the description of a logistic regression, 1 if it is not
// there.
func strength(text string) float64 {
	if v, ok := setting(text, "C"); ok {
		if c, err := strconv.ParseFloat(v, 64); err == nil {
			return c
		}
	}
	return 1
}

// compareLogistic compares a logistic regression and the metrics of its probabilities.
func compareLogistic(r *reference, _ string) (int, error) {
	var raw [][]float64
	var y []int
	if err := r.need("X_raw", &raw, "y", &y); err != nil {
		return 0, err
	}
	train, test, err := testRows(r.text("test_rows"), len(raw))
	if err != nil {
		return 0, err
	}
	m, err := scaled(raw, r.text("scaling"), train)
	if err != nil {
		return 0, err
	}
	l, err := learn.FitLogistic(m.Select(train), learn.Pick(y, train), learn.LogisticParams{C: strength(r.text("params"))})
	if err != nil {
		return 0, err
	}
	coefficients, metrics := r.tolerance("coefficients", 1e-4), r.tolerance("metrics", 1e-6)
	if err := r.list("coef", "coef_max_error", l.Weights, coefficients); err != nil {
		return 0, err
	}
	if err := r.number("intercept", coefficients, l.Intercept); err != nil {
		return 0, err
	}
	var theirs []float64
	if err := r.need("test_probabilities", &theirs); err != nil {
		return 0, err
	}
	ours, err := l.Probabilities(m.Select(test))
	if err != nil {
		return 0, err
	}
	if err := r.compare("test_probabilities", "probability_max_error", theirs, ours, coefficients); err != nil {
		return 0, err
	}
	// The metrics are compared on the probabilities of the reference, so that they do
	// not hide behind the tolerance of the coefficients.
	return len(raw), r.probabilityMetrics(learn.Pick(y, test), theirs, metrics)
}

// probabilityMetrics compares what is measured on probabilities of class 1.
func (r *reference) probabilityMetrics(y []int, p []float64, tol float64) error {
	happened, predicted := make([]bool, len(y)), make([]int, len(y))
	truth := make([]float64, len(y))
	for i := range y {
		happened[i], truth[i] = y[i] == 1, float64(y[i])
		if p[i] > 0.5 {
			predicted[i] = 1
		}
	}
	type metric struct {
		name string
		get  func() (float64, error)
	}
	scores, err := learn.ClassScores(y, predicted)
	if err != nil {
		return err
	}
	for _, m := range []metric{
		{"auc", func() (float64, error) { return learn.AUC(happened, p) }},
		{"average_precision", func() (float64, error) { return learn.AveragePrecision(happened, p) }},
		{"brier", func() (float64, error) { return learn.Brier(happened, p) }},
		{"log_loss", func() (float64, error) { return learn.LogLoss(happened, p) }},
		{"accuracy", func() (float64, error) { return learn.Accuracy(y, predicted) }},
		{"f1", func() (float64, error) { return scores.Of(1).F1, nil }},
		{"precision", func() (float64, error) { return scores.Of(1).Precision, nil }},
		{"recall", func() (float64, error) { return scores.Of(1).Recall, nil }},
		{"f1_macro", func() (float64, error) { return scores.Macro.F1, nil }},
	} {
		v, err := m.get()
		if err != nil {
			return err
		}
		if err := r.number(m.name, tol, v); err != nil {
			return err
		}
	}
	_, counts, err := learn.Confusion(y, predicted)
	if err != nil {
		return err
	}
	if err := equalLists(r, "confusion", twos(counts)); err != nil {
		return err
	}
	f, err := learn.FitIsotonic(p, truth, nil, false)
	if err != nil {
		return err
	}
	return r.list("isotonic_on_test", "isotonic_max_error", f.Predict(p), tol)
}

// twos turns the rows of a 2 × 2 table into values that can be compared.
func twos(counts [][]int) [][2]int {
	var out [][2]int
	for _, row := range counts {
		var pair [2]int
		copy(pair[:], row)
		out = append(out, pair)
	}
	return out
}
