package learn

import (
	"empire/internal/domain"
)

// broken is a fault in stored parameters.
func broken(format string, args ...any) error { return domain.Invalid("parameters", format, args...) }

// rectangle refuses rows that are missing or of different lengths.
func rectangle(what string, rows [][]float64) error {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return broken("There are no %s.", what)
	}
	for i, r := range rows {
		if len(r) != len(rows[0]) {
			return broken("The %s have %d and %d values.", what, len(rows[0]), len(r))
		}
		if err := finite(what, r); err != nil {
			return broken("The %s %d are not all finite.", what, i)
		}
	}
	return nil
}

// Ready refuses a model that does not hold together.
func (b *Bayes) Ready() error {
	if len(b.Classes) != len(b.Weights) || len(b.Classes) != len(b.Prior) {
		return broken("There are %d classes, %d rows of weights and %d priors.", len(b.Classes), len(b.Weights), len(b.Prior))
	}
	return rectangle("weights", b.Weights)
}

// Ready refuses a model that does not hold together.
func (l *Logistic) Ready() error {
	if len(l.Classes) != 2 {
		return broken("There are %d classes instead of 2.", len(l.Classes))
	}
	return finite("weights", append([]float64{l.Intercept}, l.Weights...))
}

// Ready refuses a model that does not hold together.
func (l *Linear) Ready() error {
	return finite("weights", append([]float64{l.Intercept}, l.Weights...))
}

// Ready refuses a model that does not hold together.
func (f *Isotonic) Ready() error {
	if len(f.X) == 0 || len(f.X) != len(f.Y) {
		return broken("There are %d points with %d values.", len(f.X), len(f.Y))
	}
	for i := 1; i < len(f.X); i++ {
		if !(f.X[i] > f.X[i-1]) || f.Falling && f.Y[i] > f.Y[i-1] || !f.Falling && f.Y[i] < f.Y[i-1] {
			return broken("The point %d is out of order.", i)
		}
	}
	return finite("points", append(f.X[:len(f.X):len(f.X)], f.Y...))
}

// Ready refuses a model that does not hold together.
func (k *KMeans) Ready() error { return rectangle("centers", k.Centers) }

// Ready refuses a model that does not hold together.
func (s *Scaler) Ready() error {
	if len(s.Mean) != len(s.Scale) {
		return broken("There are %d means and %d scales.", len(s.Mean), len(s.Scale))
	}
	for j, v := range s.Scale {
		if !(v > 0) {
			return broken("The scale %d is not above 0.", j)
		}
	}
	return finite("means", append(s.Mean[:len(s.Mean):len(s.Mean)], s.Scale...))
}

// Ready refuses a model that does not hold together.
func (p *PCA) Ready() error {
	if err := rectangle("components", p.Components); err != nil {
		return err
	}
	if len(p.Components[0]) != len(p.Mean) || len(p.Ratio) != len(p.Components) || len(p.Variance) != len(p.Components) {
		return broken("There are %d means for components of %d values.", len(p.Mean), len(p.Components[0]))
	}
	return finite("means", p.Mean)
}
