package learn

import (
	"math"

	"empire/internal/domain"
)

// Scaler brings every feature to mean 0 and standard deviation 1.
type Scaler struct {
	Mean  []float64 `json:"mean"`
	Scale []float64 `json:"scale"` // standard deviation over all rows; 1 for a constant
}

// FitScaler learns means and standard deviations (of the population, as StandardScaler
// of scikit-learn). It needs two rows (CodeNotEnoughData).
func FitScaler(m *Matrix) (*Scaler, error) {
	if err := needRows("A scaler", m.Rows(), 2); err != nil {
		return nil, err
	}
	means, variances := moments(m)
	s := &Scaler{Mean: means, Scale: make([]float64, m.Cols())}
	for j, v := range variances {
		s.Scale[j] = math.Sqrt(v)
		// A constant column has a deviation of nothing but rounding.
		if s.Scale[j] <= float64(m.Rows())*0x1p-52*math.Abs(means[j]) {
			s.Scale[j] = 1
		}
	}
	return s, nil
}

// Transform returns scaled rows. They are full: a 0 becomes another value.
func (s *Scaler) Transform(m *Matrix) (*Matrix, error) {
	if err := sameCols(m, len(s.Mean)); err != nil {
		return nil, err
	}
	rows := make([][]float64, m.Rows())
	for i := range rows {
		rows[i] = m.Full(i)
		for j := range rows[i] {
			rows[i][j] = (rows[i][j] - s.Mean[j]) / s.Scale[j]
		}
	}
	if len(rows) == 0 {
		return NewMatrix(m.Cols()), nil
	}
	return Dense(rows)
}

// moments returns the mean and the variance of each column.
func moments(m *Matrix) (means, variances []float64) {
	means, variances = m.means(), make([]float64, m.Cols())
	filled := make([]float64, m.Cols())
	for k, j := range m.index {
		d := m.value[k] - means[j]
		variances[j] += d * d
		filled[j]++
	}
	n := float64(max(1, m.Rows()))
	for j := range variances {
		variances[j] = (variances[j] + (n-filled[j])*means[j]*means[j]) / n
	}
	return means, variances
}

// PCA are the directions in which rows vary most.
type PCA struct {
	Mean       []float64   `json:"mean"`
	Components [][]float64 `json:"components"` // of length 1, most variance first; the largest value of each is positive
	Variance   []float64   `json:"variance"`   // along each component, of the sample (n-1)
	Ratio      []float64   `json:"ratio"`      // the same as a share of all variance
}

// FitPCA finds the first components. It needs as many rows and features as components,
// and two rows (CodeNotEnoughData). It works on full rows: for hundreds of features,
// not for words.
func FitPCA(m *Matrix, components int) (*PCA, error) {
	if components < 1 || components > m.Cols() {
		return nil, domain.Invalid("components", "There can be 1 to %d components, not %d.", m.Cols(), components)
	}
	if err := needRows("A principal component analysis", m.Rows(), max(2, components)); err != nil {
		return nil, err
	}
	p := &PCA{Mean: m.means()}
	d := decompose(m.centered(p.Mean))
	total := dot(d.value, d.value)
	for k := range components {
		direction := d.right[k]
		if largest := largestAt(direction); direction[largest] < 0 {
			for j := range direction {
				direction[j] = -direction[j]
			}
		}
		square := d.value[k] * d.value[k]
		p.Components = append(p.Components, direction)
		p.Variance = append(p.Variance, square/float64(m.Rows()-1))
		if total > 0 {
			square /= total
		}
		p.Ratio = append(p.Ratio, square)
	}
	return p, nil
}

func largestAt(x []float64) int {
	at := 0
	for j, v := range x {
		if math.Abs(v) > math.Abs(x[at]) {
			at = j
		}
	}
	return at
}

// Transform returns the coordinates of rows along the components.
func (p *PCA) Transform(m *Matrix) (*Matrix, error) {
	if err := sameCols(m, len(p.Mean)); err != nil {
		return nil, err
	}
	out := NewMatrix(len(p.Components))
	index := make([]int32, len(p.Components))
	for k := range index {
		index[k] = int32(k)
	}
	for i := range m.Rows() {
		value := make([]float64, len(p.Components))
		for k, c := range p.Components {
			value[k] = m.Dot(i, c) - dot(p.Mean, c)
		}
		out.Add(index, value)
	}
	return out, nil
}
