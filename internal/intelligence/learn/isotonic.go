package learn

import (
	"cmp"
	"slices"
	"sort"

	"empire/internal/domain"
)

// Isotonic is a function that never falls, or never rises: straight between the
// points, constant outside. It calibrates scores into probabilities.
type Isotonic struct {
	Falling bool      `json:"falling,omitempty"`
	X       []float64 `json:"x"` // in ascending order
	Y       []float64 `json:"y"`
}

// FitIsotonic fits by least squares with the pool-adjacent-violators algorithm, as
// IsotonicRegression of scikit-learn: values at the same x are averaged first. Weights
// must be above 0; nil is all equal. It needs five rows (CodeNotEnoughData).
func FitIsotonic(x, y, weights []float64, falling bool) (*Isotonic, error) {
	if len(x) != len(y) || weights != nil && len(weights) != len(x) {
		return nil, domain.Invalid("targets", "There are %d targets and %d weights for %d rows.", len(y), len(weights), len(x))
	}
	if err := needRows("An isotonic regression", len(x), 5); err != nil {
		return nil, err
	}
	for _, values := range [][]float64{x, y, weights} {
		if err := finite("rows", values); err != nil {
			return nil, err
		}
	}
	blocks, err := distinct(x, y, weights)
	if err != nil {
		return nil, err
	}
	sign := 1.0
	if falling {
		sign = -1
	}
	f := &Isotonic{Falling: falling}
	pools := pool(blocks, sign)
	i := 0
	for _, p := range pools {
		for end := i + p.points; i < end; i++ {
			// Within a pool only the two ends are needed to draw the line.
			if i == end-p.points || i == end-1 {
				f.X, f.Y = append(f.X, blocks[i].x), append(f.Y, p.y)
			}
		}
	}
	return f, nil
}

// block is a run of points with one value.
type block struct {
	x, y, weight float64
	points       int
}

// distinct sorts the points and averages those of equal x.
func distinct(x, y, weights []float64) ([]block, error) {
	all := make([]block, len(x))
	for i := range x {
		all[i] = block{x[i], y[i], 1, 1}
		if weights != nil {
			all[i].weight = weights[i]
		}
		if !(all[i].weight > 0) {
			return nil, domain.Invalid("weights", "The weight %d must be above 0, not %g.", i, all[i].weight)
		}
	}
	slices.SortStableFunc(all, func(a, b block) int { return cmp.Compare(a.x, b.x) })
	out := all[:1]
	for _, b := range all[1:] {
		last := &out[len(out)-1]
		if b.x != last.x {
			out = append(out, b)
			continue
		}
		last.y = (last.y*last.weight + b.y*b.weight) / (last.weight + b.weight)
		last.weight += b.weight
	}
	return out, nil
}

// pool joins neighbors that are in the wrong order, until none are.
func pool(blocks []block, sign float64) []block {
	var out []block
	for _, b := range blocks {
		for len(out) > 0 && sign*out[len(out)-1].y >= sign*b.y {
			last := out[len(out)-1]
			b.y = (last.y*last.weight + b.y*b.weight) / (last.weight + b.weight)
			b.weight += last.weight
			b.points += last.points
			out = out[:len(out)-1]
		}
		out = append(out, b)
	}
	return out
}

// Predict returns the value at each x.
func (f *Isotonic) Predict(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		at := sort.SearchFloat64s(f.X, v) // first point that is not before v
		switch {
		case at == len(f.X):
			out[i] = f.Y[at-1]
		case at == 0 || f.X[at] == v:
			out[i] = f.Y[at]
		default:
			share := (v - f.X[at-1]) / (f.X[at] - f.X[at-1])
			out[i] = f.Y[at-1] + share*(f.Y[at]-f.Y[at-1])
		}
	}
	return out
}
