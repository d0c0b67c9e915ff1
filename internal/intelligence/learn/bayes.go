package learn

import (
	"math"
	"slices"

	"empire/internal/domain"
)

// BayesParams tune naive Bayes.
type BayesParams struct {
	Alpha      float64 `json:"alpha"`                // added to every count; 0 is 1
	Complement bool    `json:"complement,omitempty"` // learn from the rows of all other classes
}

// Bayes is naive Bayes for counts, in the multinomial form or in the complement form,
// which is better when some classes have far more rows (Rennie and others, 2003).
type Bayes struct {
	Params  BayesParams `json:"params"`
	Classes []int       `json:"classes"`   // in ascending order
	Prior   []float64   `json:"log_prior"` // of each class; 0 for each in the complement form of several classes
	Weights [][]float64 `json:"weights"`   // log probability of each feature in each class
}

// minPerClass is the fewest rows of a class from which it can be learned.
const minPerClass = 2

// FitBayes learns from rows of counts and their classes. It needs two classes and two
// rows of each (CodeNotEnoughData); negative values are CodeInvalid.
func FitBayes(m *Matrix, labels []int, p BayesParams) (*Bayes, error) {
	if p.Alpha == 0 {
		p.Alpha = 1
	}
	if !(p.Alpha > 0) || math.IsInf(p.Alpha, 0) {
		return nil, domain.Invalid("alpha", "Alpha must be above 0, not %g.", p.Alpha)
	}
	if err := sameLength(m, len(labels)); err != nil {
		return nil, err
	}
	b := &Bayes{Params: p}
	var err error
	if b.Classes, err = needClasses("Naive Bayes", labels); err != nil {
		return nil, err
	}
	counts := make([][]float64, len(b.Classes))
	for c := range counts {
		counts[c] = make([]float64, m.Cols())
	}
	rows := make([]float64, len(b.Classes))
	for i, label := range labels {
		c, _ := slices.BinarySearch(b.Classes, label)
		_, value := m.Row(i)
		if len(value) > 0 && slices.Min(value) < 0 {
			return nil, domain.Invalid("rows", "Row %d has a negative value; naive Bayes needs counts.", i)
		}
		m.addRow(i, 1, counts[c])
		rows[c]++
	}
	for _, n := range rows {
		b.Prior = append(b.Prior, math.Log(n/float64(len(labels))))
	}
	if p.Complement {
		b.complement(counts)
	} else {
		b.multinomial(counts)
	}
	return b, nil
}

// multinomial sets the weights to ln((count+α)/(sum of counts+α·features)).
func (b *Bayes) multinomial(counts [][]float64) {
	for _, count := range counts {
		total := 0.0
		for _, n := range count {
			total += n + b.Params.Alpha
		}
		w := make([]float64, len(count))
		for j, n := range count {
			w[j] = math.Log(n+b.Params.Alpha) - math.Log(total)
		}
		b.Weights = append(b.Weights, w)
	}
}

// complement sets the weights to less the logarithm of the share of the feature in the
// other classes, as ComplementNB of scikit-learn without norm. Priors do not count.
func (b *Bayes) complement(counts [][]float64) {
	for c := range counts {
		rest := make([]float64, len(counts[c]))
		total := 0.0
		for j := range rest {
			rest[j] = b.Params.Alpha
			for other := range counts {
				if other != c {
					rest[j] += counts[other][j]
				}
			}
			total += rest[j]
		}
		for j := range rest {
			rest[j] = -math.Log(rest[j] / total)
		}
		b.Weights = append(b.Weights, rest)
		b.Prior[c] = 0
	}
}

// Scores returns for each row and class the logarithm of their joint probability, up
// to a constant of the row.
func (b *Bayes) Scores(m *Matrix) ([][]float64, error) {
	if err := sameCols(m, len(b.Weights[0])); err != nil {
		return nil, err
	}
	out := make([][]float64, m.Rows())
	for i := range out {
		out[i] = make([]float64, len(b.Classes))
		for c := range b.Classes {
			out[i][c] = b.Prior[c] + m.Dot(i, b.Weights[c])
		}
	}
	return out, nil
}

// Probabilities returns for each row the probability of each class.
func (b *Bayes) Probabilities(m *Matrix) ([][]float64, error) {
	out, err := b.Scores(m)
	for _, row := range out {
		highest, total := slices.Max(row), 0.0
		for c := range row {
			row[c] = math.Exp(row[c] - highest)
			total += row[c]
		}
		for c := range row {
			row[c] /= total
		}
	}
	return out, err
}

// Predict returns the most probable class of each row, of equal ones the first.
func (b *Bayes) Predict(m *Matrix) ([]int, error) {
	scores, err := b.Scores(m)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(scores))
	for i, row := range scores {
		best := 0
		for c := range row {
			if row[c] > row[best] {
				best = c
			}
		}
		out[i] = b.Classes[best]
	}
	return out, nil
}

// needClasses returns the classes in ascending order and refuses too few rows.
func needClasses(model string, labels []int) ([]int, error) {
	classes := slices.Clone(labels)
	slices.Sort(classes)
	rows := map[int]int{}
	for _, l := range labels {
		rows[l]++
	}
	classes = slices.Compact(classes)
	if len(classes) < 2 {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "%s needs at least %d rows of each of two classes; there is %d class.", model, minPerClass, len(classes))
	}
	for _, c := range classes {
		if rows[c] < minPerClass {
			return nil, domain.Errorf(domain.CodeNotEnoughData, "%s needs at least %d rows of each class; class %d has %d.", model, minPerClass, c, rows[c])
		}
	}
	return classes, nil
}
