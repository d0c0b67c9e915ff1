package evidence

import (
	"math"
	"slices"
	"strings"
)

// Formulas documents the formulas of Compute: what they take and what they give.
// Inputs are sets (lists of numbers) or earlier computations (lists of one); where
// the text speaks of an input and not of a set, it must hold exactly one number.
var Formulas = map[string]string{
	"count":              "how many numbers the set has",
	"sum":                "sum of the set",
	"min":                "least number of the set",
	"max":                "greatest number of the set",
	"mean":               "arithmetic mean of the set",
	"median":             "median of the set; the mean of the middle two for an even count",
	"quantile":           "quantile args[0] of the set, linear between neighbors (type 7)",
	"count_le":           "how many numbers of the set are at most args[0]",
	"count_ge":           "how many numbers of the set are at least args[0]",
	"count_lt":           "how many numbers of the set are below args[0]",
	"count_gt":           "how many numbers of the set are above args[0]",
	"count_eq":           "how many numbers of the set equal args[0]",
	"count_between":      "how many numbers of the set are at least args[0] and below args[1]",
	"difference":         "first input minus second",
	"absolute":           "first input without its sign",
	"ratio":              "first input divided by second",
	"percent":            "first input divided by second, times 100",
	"percent_difference": "(first input minus second) divided by second, times 100",
	"rank_asc":           "place of the second input in the first set, 1 for the least; ties share the better place",
	"rank_desc":          "place of the second input in the first set, 1 for the greatest; ties share the better place",
	"spread":             "greatest minus least number of the set",
	"constant":           "args[0], a threshold chosen by the writer",
}

// arguments says how many arguments a formula needs; none if it is not listed.
var arguments = map[string]int{
	"constant": 1, "quantile": 1, "count_le": 1, "count_ge": 1, "count_lt": 1, "count_gt": 1, "count_eq": 1, "count_between": 2,
}

// evaluate applies a formula that exists to inputs; ok is false if it has no
// result for them.
func evaluate(formula string, in [][]float64, args []float64) (float64, bool) {
	if _, known := Formulas[formula]; !known {
		panic("evidence: unknown formula " + formula)
	}
	if len(args) < arguments[formula] {
		return 0, false
	}
	if formula == "constant" {
		return finite(args[0])
	}
	if len(in) == 0 || len(in[0]) == 0 && formula != "count" && !strings.HasPrefix(formula, "count_") {
		return 0, false
	}
	switch set := in[0]; formula {
	case "count":
		return float64(len(set)), true
	case "count_le", "count_ge", "count_lt", "count_gt", "count_eq", "count_between":
		return countWhere(formula, set, args), true
	case "difference", "ratio", "percent", "percent_difference", "rank_asc", "rank_desc":
		ranks := strings.HasPrefix(formula, "rank_")
		if len(in) != 2 || len(in[1]) != 1 || len(set) != 1 && !ranks {
			return 0, false
		}
		return binary(formula, set, in[1][0])
	default:
		return aggregate(formula, set, args)
	}
}

func countWhere(formula string, set, args []float64) float64 {
	n := 0
	for _, v := range set {
		match := false
		switch formula {
		case "count_le":
			match = v <= args[0]
		case "count_ge":
			match = v >= args[0]
		case "count_lt":
			match = v < args[0]
		case "count_gt":
			match = v > args[0]
		case "count_eq":
			match = v == args[0]
		case "count_between":
			match = v >= args[0] && v < args[1]
		}
		if match {
			n++
		}
	}
	return float64(n)
}

func binary(formula string, set []float64, b float64) (float64, bool) {
	a := set[0]
	switch formula {
	case "rank_asc", "rank_desc":
		place := 1
		for _, v := range set {
			if formula == "rank_asc" && v < b || formula == "rank_desc" && v > b {
				place++
			}
		}
		return float64(place), true
	case "difference":
		return finite(a - b)
	case "ratio":
		return finite(a / b)
	case "percent":
		return finite(a / b * 100)
	default: // percent_difference
		return finite((a - b) / b * 100)
	}
}

func aggregate(formula string, set, args []float64) (float64, bool) {
	switch formula {
	case "sum", "mean":
		sum := 0.0
		for _, v := range set {
			sum += v
		}
		if formula == "mean" {
			sum /= float64(len(set))
		}
		return finite(sum)
	case "min":
		return slices.Min(set), true
	case "max":
		return slices.Max(set), true
	case "spread":
		return finite(slices.Max(set) - slices.Min(set))
	case "absolute":
		return math.Abs(set[0]), len(set) == 1
	case "median":
		return Quantile(set, 0.5), true
	default: // quantile
		if !(args[0] >= 0 && args[0] <= 1) {
			return 0, false
		}
		return Quantile(set, args[0]), true
	}
}

func finite(v float64) (float64, bool) { return v, !math.IsNaN(v) && !math.IsInf(v, 0) }

// Quantile returns the q-quantile (0 to 1) of values, linear between neighbors:
// type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996).
// values need not be sorted and must not be empty.
func Quantile(values []float64, q float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	pos := q * float64(len(s)-1)
	i := int(math.Floor(pos))
	if i >= len(s)-1 {
		return s[len(s)-1]
	}
	return s[i] + (pos-float64(i))*(s[i+1]-s[i])
}
