package learn

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"empire/internal/domain"
)

// Split draws rows for testing: a share of n, rounded up, the rest is for training.
// Both are in ascending order. Each must have a row (CodeNotEnoughData).
func Split(n int, testShare float64, seed uint64) (train, test []int, err error) {
	if err := checkShare(testShare); err != nil {
		return nil, nil, err
	}
	count := int(math.Ceil(testShare * float64(n)))
	if err := needRows("A split", n, 2); err != nil {
		return nil, nil, err
	}
	count = min(count, n-1)
	order := rand.New(rand.NewPCG(seed, 0)).Perm(n)
	test, train = order[:count], order[count:]
	slices.Sort(test)
	slices.Sort(train)
	return train, test, nil
}

// StratifiedSplit is Split within each class, so that both parts have the classes in
// the same shares. Every class must have two rows (CodeNotEnoughData).
func StratifiedSplit(labels []int, testShare float64, seed uint64) (train, test []int, err error) {
	if err := checkShare(testShare); err != nil {
		return nil, nil, err
	}
	if err := needRows("A split", len(labels), 2); err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	byClass := rowsByClass(labels)
	for _, class := range slices.Sorted(maps.Keys(byClass)) {
		rows := byClass[class]
		if len(rows) < 2 {
			return nil, nil, domain.Errorf(domain.CodeNotEnoughData, "A split needs at least 2 rows of each class; class %d has %d.", class, len(rows))
		}
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		count := min(len(rows)-1, max(1, int(math.Round(testShare*float64(len(rows))))))
		test, train = append(test, rows[:count]...), append(train, rows[count:]...)
	}
	slices.Sort(test)
	slices.Sort(train)
	return train, test, nil
}

func checkShare(share float64) error {
	if !(share > 0 && share < 1) {
		return domain.Invalid("test_share", "The share for testing must be between 0 and 1, not %g.", share)
	}
	return nil
}

// rowsByClass lists the rows of each class in ascending order.
func rowsByClass(labels []int) map[int][]int {
	out := map[int][]int{}
	for i, l := range labels {
		out[l] = append(out[l], i)
	}
	return out
}

// Fold is one division of rows into training and testing.
type Fold struct{ Train, Test []int }

// Folds divides n rows into k parts of nearly equal size, each of which is for testing
// once. It needs k rows (CodeNotEnoughData).
func Folds(n, k int, seed uint64) ([]Fold, error) {
	if err := checkFolds(n, k); err != nil {
		return nil, err
	}
	return foldsOf(rand.New(rand.NewPCG(seed, 0)).Perm(n), k), nil
}

// StratifiedFolds is Folds with the classes in each part in the same shares.
func StratifiedFolds(labels []int, k int, seed uint64) ([]Fold, error) {
	if err := checkFolds(len(labels), k); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	byClass := rowsByClass(labels)
	var order []int // classes one after the other: every k-th row has them in their shares
	for _, class := range slices.Sorted(maps.Keys(byClass)) {
		rows := byClass[class]
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		order = append(order, rows...)
	}
	return foldsOf(order, k), nil
}

func checkFolds(n, k int) error {
	if k < 2 {
		return domain.Invalid("folds", "There must be at least 2 folds, not %d.", k)
	}
	return needRows("Cross-validation", n, k)
}

// foldsOf gives every k-th row of an order to a fold.
func foldsOf(order []int, k int) []Fold {
	folds := make([]Fold, k)
	for at, row := range order {
		for f := range folds {
			if at%k == f {
				folds[f].Test = append(folds[f].Test, row)
			} else {
				folds[f].Train = append(folds[f].Train, row)
			}
		}
	}
	for f := range folds {
		slices.Sort(folds[f].Train)
		slices.Sort(folds[f].Test)
	}
	return folds
}

// CrossValidate measures a way of fitting once on each fold, and returns the measures
// with their mean and standard deviation (of the sample).
func CrossValidate(folds []Fold, measure func(train, test []int) (float64, error)) (values []float64, average, deviation float64, err error) {
	if err := needRows("Cross-validation", len(folds), 2); err != nil {
		return nil, 0, 0, err
	}
	for _, f := range folds {
		v, err := measure(f.Train, f.Test)
		if err != nil {
			return nil, 0, 0, err
		}
		values = append(values, v)
	}
	average = mean(values)
	for _, v := range values {
		deviation += (v - average) * (v - average)
	}
	return values, average, math.Sqrt(deviation / float64(len(values)-1)), nil
}

// Pick returns the elements at some positions: the labels or texts of a split.
func Pick[T any](list []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = list[r]
	}
	return out
}
