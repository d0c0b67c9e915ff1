package learn

import (
	"math"

	"empire/internal/domain"
)

// LogisticParams tune a logistic regression. Zero values mean the defaults.
type LogisticParams struct {
	C float64 `json:"c"` // inverse of the strength of the L2 penalty; 0 is 1
	// Tolerance is the largest slope at the end. 0 stops as scikit-learn does: at 1e-4,
	// or when a step gains less than 2.2e-9 of the loss.
	Tolerance     float64 `json:"tolerance,omitempty"`
	MaxIterations int     `json:"max_iterations"` // 0 is 2000
}

// Logistic is a logistic regression of two classes.
type Logistic struct {
	Params    LogisticParams `json:"params"`
	Classes   []int          `json:"classes"` // the second is the one with the probability
	Weights   []float64      `json:"weights"`
	Intercept float64        `json:"intercept"`
}

// FitLogistic finds the weights w and the intercept b that minimize
//
//	½·w·w + C·Σ ln(1+exp(-y·(w·x+b)))     y = -1 or 1
//
// with L-BFGS; the intercept is not penalized. It needs two classes and two rows of
// each (CodeNotEnoughData); more than two classes are CodeInvalid, and so is a search
// that does not come to its end.
func FitLogistic(m *Matrix, labels []int, p LogisticParams) (*Logistic, error) {
	if p.C == 0 {
		p.C = 1
	}
	if p.MaxIterations == 0 {
		p.MaxIterations = 2000
	}
	if !(p.C > 0) || math.IsInf(p.C, 0) || !(p.Tolerance >= 0) || p.MaxIterations < 0 {
		return nil, domain.Invalid("c", "C must be above 0 and the tolerance at least 0.")
	}
	if err := sameLength(m, len(labels)); err != nil {
		return nil, err
	}
	classes, err := needClasses("A logistic regression", labels)
	if err != nil {
		return nil, err
	}
	if len(classes) > 2 {
		return nil, domain.Invalid("labels", "A logistic regression tells two classes apart; there are %d.", len(classes))
	}
	sign := make([]float64, len(labels))
	for i, l := range labels {
		sign[i] = -1
		if l == classes[1] {
			sign[i] = 1
		}
	}
	x := make([]float64, m.Cols()+1) // the intercept is last
	stop := stopping{slope: p.Tolerance, iterations: p.MaxIterations}
	if p.Tolerance == 0 {
		stop.slope, stop.gain = 1e-4, 2.220446049250313e-9
	}
	if !minimize(logisticLoss(m, sign, p.C), x, stop) {
		return nil, domain.Invalid("max_iterations", "The logistic regression did not settle to %g within %d iterations.", stop.slope, p.MaxIterations)
	}
	return &Logistic{Params: p, Classes: classes, Weights: x[:m.Cols():m.Cols()], Intercept: x[m.Cols()]}, nil
}

// logisticLoss returns the function to minimize, which sets its gradient.
func logisticLoss(m *Matrix, sign []float64, c float64) objective {
	cols := m.Cols()
	return func(x, gradient []float64) float64 {
		w, b := x[:cols], x[cols]
		loss, atB := 0.0, 0.0
		for j, v := range w {
			loss += v * v / 2
			gradient[j] = v
		}
		for i, y := range sign {
			z := y * (m.Dot(i, w) + b)
			loss += c * logOnePlusExp(-z)
			slope := -c * y * sigmoid(-z)
			m.addRow(i, slope, gradient)
			atB += slope
		}
		gradient[cols] = atB
		return loss
	}
}

// sigmoid is 1/(1+exp(-z)), without overflow.
func sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// logOnePlusExp is ln(1+exp(z)), without overflow.
func logOnePlusExp(z float64) float64 {
	if z > 0 {
		return z + math.Log1p(math.Exp(-z))
	}
	return math.Log1p(math.Exp(z))
}

// Scores returns w·x+b of each row.
func (l *Logistic) Scores(m *Matrix) ([]float64, error) {
	if err := sameCols(m, len(l.Weights)); err != nil {
		return nil, err
	}
	out := make([]float64, m.Rows())
	for i := range out {
		out[i] = m.Dot(i, l.Weights) + l.Intercept
	}
	return out, nil
}

// Probabilities returns for each row the probability of the second class.
func (l *Logistic) Probabilities(m *Matrix) ([]float64, error) {
	out, err := l.Scores(m)
	for i := range out {
		out[i] = sigmoid(out[i])
	}
	return out, err
}

// Predict returns the more probable class of each row.
func (l *Logistic) Predict(m *Matrix) ([]int, error) {
	scores, err := l.Scores(m)
	out := make([]int, len(scores))
	for i, s := range scores {
		out[i] = l.Classes[0]
		if s > 0 {
			out[i] = l.Classes[1]
		}
	}
	return out, err
}
