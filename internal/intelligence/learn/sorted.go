package learn

import "slices"

// sorted adds up numbers in ascending order, so that the order in which a map yields
// them does not show in the last digit.
type sorted []float64

func (s *sorted) add(x float64) { *s = append(*s, x) }

func (s sorted) sum() float64 {
	slices.Sort(s)
	total := 0.0
	for _, x := range s {
		total += x
	}
	return total
}
