package learn

import (
	"math"

	"empire/internal/domain"
)

// Matrix has a row for each example and a column for each feature, and keeps only
// values that are not 0. The zero value is an empty matrix without columns.
type Matrix struct {
	cols  int
	start []int // where each row begins in index and value; one more than rows
	index []int32
	value []float64
}

// NewMatrix returns a matrix without rows.
func NewMatrix(cols int) *Matrix { return &Matrix{cols: cols, start: []int{0}} }

// Dense returns a matrix of full rows. Rows of different lengths, and values that are
// not finite, are CodeInvalid.
func Dense(rows [][]float64) (*Matrix, error) {
	if len(rows) == 0 {
		return NewMatrix(0), nil
	}
	m := NewMatrix(len(rows[0]))
	for i, row := range rows {
		if len(row) != m.cols {
			return nil, domain.Invalid("rows", "Row %d has %d values; the first has %d.", i, len(row), m.cols)
		}
		for j, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, domain.Invalid("rows", "The value %d of row %d is not a finite number.", j, i)
			}
			if v != 0 {
				m.index, m.value = append(m.index, int32(j)), append(m.value, v)
			}
		}
		m.start = append(m.start, len(m.index))
	}
	return m, nil
}

// Add appends a row, given by its columns in ascending order and their values.
func (m *Matrix) Add(index []int32, value []float64) {
	if m.start == nil {
		m.start = []int{0}
	}
	m.index, m.value = append(m.index, index...), append(m.value, value...)
	m.start = append(m.start, len(m.index))
}

// Rows returns the number of rows.
func (m *Matrix) Rows() int { return max(0, len(m.start)-1) }

// Cols returns the number of columns.
func (m *Matrix) Cols() int { return m.cols }

// Row returns the columns and values of a row that are not 0. They are shared with
// the matrix.
func (m *Matrix) Row(i int) ([]int32, []float64) {
	a, b := m.start[i], m.start[i+1]
	return m.index[a:b], m.value[a:b]
}

// Full returns a row with all its values.
func (m *Matrix) Full(i int) []float64 {
	out := make([]float64, m.cols)
	index, value := m.Row(i)
	for k, j := range index {
		out[j] = value[k]
	}
	return out
}

// Dot returns the product of a row and weights.
func (m *Matrix) Dot(i int, weights []float64) float64 {
	s := 0.0
	index, value := m.Row(i)
	for k, j := range index {
		s += value[k] * weights[j]
	}
	return s
}

// Select returns a copy with some rows, in the order given.
func (m *Matrix) Select(rows []int) *Matrix {
	out := NewMatrix(m.cols)
	for _, i := range rows {
		out.Add(m.Row(i))
	}
	return out
}

// means returns the mean of each column.
func (m *Matrix) means() []float64 {
	out := make([]float64, m.cols)
	for i, j := range m.index {
		out[j] += m.value[i]
	}
	for j := range out {
		out[j] /= float64(max(1, m.Rows()))
	}
	return out
}

// addRow adds a row, times a factor, to a vector.
func (m *Matrix) addRow(i int, factor float64, to []float64) {
	index, value := m.Row(i)
	for k, j := range index {
		to[j] += factor * value[k]
	}
}

// centered returns the full rows less the means of the columns, by column.
func (m *Matrix) centered(means []float64) [][]float64 {
	out := make([][]float64, m.cols)
	for j := range out {
		out[j] = make([]float64, m.Rows())
		for i := range out[j] {
			out[j][i] = -means[j]
		}
	}
	for i := range m.Rows() {
		index, value := m.Row(i)
		for k, j := range index {
			out[j][i] += value[k]
		}
	}
	return out
}

// needRows refuses too little data and says how much is needed.
func needRows(model string, have, need int) error {
	if have >= need {
		return nil
	}
	return domain.Errorf(domain.CodeNotEnoughData, "%s needs at least %d rows; there are %d.", model, need, have)
}

// sameLength refuses targets that are not one for each row.
func sameLength(m *Matrix, n int) error {
	if m.Rows() != n {
		return domain.Invalid("targets", "There are %d targets for %d rows.", n, m.Rows())
	}
	return nil
}

// sameCols refuses rows that have another number of features than the model.
func sameCols(m *Matrix, cols int) error {
	if m.cols != cols {
		return domain.Invalid("features", "The rows have %d features; the model was fitted with %d.", m.cols, cols)
	}
	return nil
}

// finite refuses targets that are not numbers.
func finite(field string, values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return domain.Invalid(field, "The value %d is not a finite number.", i)
		}
	}
	return nil
}
