package learn

import (
	"math"
	"slices"
)

// svd is the decomposition A = Σ value·left·rightᵀ of a matrix, largest values first.
type svd struct {
	value []float64
	left  [][]float64 // by value: a vector over the rows
	right [][]float64 // by value: a vector over the columns
}

// decompose finds the singular values of a matrix given by its columns, which it
// changes, by one-sided Jacobi rotations (Hestenes, 1958): columns are turned in pairs
// until all are orthogonal. It takes some ten times rows·columns² steps.
func decompose(columns [][]float64) svd {
	n := len(columns)
	v := make([][]float64, n) // rows of V transposed: the same rotations
	for j := range v {
		v[j] = make([]float64, n)
		v[j][j] = 1
	}
	for range 60 {
		if !sweep(columns, v) {
			break
		}
	}
	var d svd
	order := make([]int, n)
	norms := make([]float64, n)
	for j := range order {
		order[j], norms[j] = j, math.Sqrt(dot(columns[j], columns[j]))
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case norms[a] > norms[b]:
			return -1
		case norms[a] < norms[b]:
			return 1
		}
		return 0
	})
	for _, j := range order {
		left := columns[j]
		if norms[j] > 0 {
			for i := range left {
				left[i] /= norms[j]
			}
		}
		d.value, d.left, d.right = append(d.value, norms[j]), append(d.left, left), append(d.right, v[j])
	}
	return d
}

// sweep turns every pair of columns and reports whether any was not orthogonal.
func sweep(columns, v [][]float64) bool {
	const slack = 1e-15
	turned := false
	for p := range columns {
		for q := p + 1; q < len(columns); q++ {
			a, b := columns[p], columns[q]
			aa, bb, ab := dot(a, a), dot(b, b), dot(a, b)
			if math.Abs(ab) <= slack*math.Sqrt(aa*bb) {
				continue
			}
			turned = true
			zeta := (bb - aa) / (2 * ab)
			t := math.Copysign(1/(math.Abs(zeta)+math.Sqrt(1+zeta*zeta)), zeta)
			cos := 1 / math.Sqrt(1+t*t)
			turn(a, b, cos, cos*t)
			turn(v[p], v[q], cos, cos*t)
		}
	}
	return turned
}

func turn(a, b []float64, cos, sin float64) {
	for i := range a {
		a[i], b[i] = cos*a[i]-sin*b[i], sin*a[i]+cos*b[i]
	}
}

// rank returns how many singular values count: the others are rounding.
func (d svd) rank(rows int) int {
	const epsilon = 0x1p-52
	n := 0
	for _, s := range d.value {
		if s > d.value[0]*epsilon*float64(max(rows, len(d.value))) {
			n++
		}
	}
	return n
}
