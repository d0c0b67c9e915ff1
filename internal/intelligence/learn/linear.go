package learn

import (
	"math"

	"empire/internal/domain"
)

// Linear is a linear model of values: intercept + weights·x.
type Linear struct {
	Alpha     float64   `json:"alpha,omitempty"` // strength of the L2 penalty; 0 is least squares
	Weights   []float64 `json:"weights"`
	Intercept float64   `json:"intercept"`
}

// maxDirect is the number of features up to which ridge regression is solved directly.
const maxDirect = 300

// FitLinear fits by least squares. Where features depend on each other it takes the
// smallest weights, as LinearRegression of scikit-learn. It needs two rows more than
// features (CodeNotEnoughData).
func FitLinear(m *Matrix, y []float64) (*Linear, error) {
	return fitLinear("A linear regression", m, y, m.Cols()+2, 0)
}

// FitRidge minimizes the sum of the squared errors plus alpha·weights·weights; the
// intercept is not penalized. It needs five rows (CodeNotEnoughData). Alpha must be
// above 0. More than 300 features are solved by conjugate gradients on the sparse rows.
func FitRidge(m *Matrix, y []float64, alpha float64) (*Linear, error) {
	if !(alpha > 0) || math.IsInf(alpha, 0) {
		return nil, domain.Invalid("alpha", "The penalty must be above 0, not %g.", alpha)
	}
	return fitLinear("A ridge regression", m, y, 5, alpha)
}

func fitLinear(model string, m *Matrix, y []float64, need int, alpha float64) (*Linear, error) {
	if err := sameLength(m, len(y)); err != nil {
		return nil, err
	}
	if err := needRows(model, m.Rows(), need); err != nil {
		return nil, err
	}
	if err := finite("targets", y); err != nil {
		return nil, err
	}
	means, center := m.means(), mean(y)
	rest := make([]float64, len(y))
	for i := range y {
		rest[i] = y[i] - center
	}
	l := &Linear{Alpha: alpha, Weights: make([]float64, m.Cols())}
	if m.Cols() > maxDirect && alpha > 0 {
		conjugate(m, means, rest, alpha, l.Weights)
	} else {
		d := decompose(m.centered(means))
		for k := range d.rank(m.Rows()) {
			s := d.value[k]
			factor := s / (s*s + alpha) * dot(d.left[k], rest)
			for j, v := range d.right[k] {
				l.Weights[j] += factor * v
			}
		}
	}
	l.Intercept = center - dot(means, l.Weights)
	return l, nil
}

// conjugate solves (XᵀX + alpha)·w = Xᵀy for rows X less their means, without making
// them dense (Hestenes and Stiefel, 1952).
func conjugate(m *Matrix, means, y []float64, alpha float64, w []float64) {
	times := func(v []float64) []float64 { // XᵀX·v + alpha·v
		out := make([]float64, len(v))
		shift, total := dot(means, v), 0.0
		for i := range m.Rows() {
			z := m.Dot(i, v) - shift
			total += z
			m.addRow(i, z, out)
		}
		for j := range out {
			out[j] += alpha*v[j] - total*means[j]
		}
		return out
	}
	r := make([]float64, len(w))
	total := 0.0
	for i, v := range y {
		m.addRow(i, v, r)
		total += v
	}
	for j := range r {
		r[j] -= total * means[j]
	}
	p := append([]float64(nil), r...)
	rr := dot(r, r)
	for end := rr * 1e-24; rr > end; {
		ap := times(p)
		step := rr / dot(p, ap)
		for j := range w {
			w[j] += step * p[j]
			r[j] -= step * ap[j]
		}
		before := rr
		rr = dot(r, r)
		for j := range p {
			p[j] = r[j] + rr/before*p[j]
		}
	}
}

// Predict returns the value of each row.
func (l *Linear) Predict(m *Matrix) ([]float64, error) {
	if err := sameCols(m, len(l.Weights)); err != nil {
		return nil, err
	}
	out := make([]float64, m.Rows())
	for i := range out {
		out[i] = l.Intercept + m.Dot(i, l.Weights)
	}
	return out, nil
}

// mean returns the mean, 0 of nothing.
func mean(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(max(1, len(x)))
}
