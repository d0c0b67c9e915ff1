package learn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"empire/internal/intelligence/learn"
)

func TestSplits(t *testing.T) {
	t.Parallel()
	train, test, err := learn.Split(10, 0.25, 3)
	if err != nil || len(train) != 7 || len(test) != 3 {
		t.Errorf("split = %v, %v, %v, want 7 and 3 rows", train, test, err)
	}
	covers(t, 10, train, test)
	if _, again, _ := learn.Split(10, 0.25, 3); !slices.Equal(test, again) {
		t.Error("the same seed gives another split")
	}
	if _, other, _ := learn.Split(1000, 0.25, 4); slices.Equal(test, other[:3]) {
		t.Error("another seed gives the same split")
	}
	labels := make([]int, 40)
	for i := range labels {
		labels[i] = i / 30 // 30 of class 0, 10 of class 1
	}
	train, test, err = learn.StratifiedSplit(labels, 0.2, 1)
	if err != nil || len(test) != 8 || sum(learn.Pick(labels, test)) != 2 {
		t.Errorf("stratified split = %v, %v, want 6 and 2 rows of the classes", test, err)
	}
	covers(t, 40, train, test)
	folds, err := learn.StratifiedFolds(labels, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := learn.Folds(40, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for i, f := range folds {
		covers(t, 40, f.Train, f.Test)
		covers(t, 40, plain[i].Train, plain[i].Test)
		if sum(learn.Pick(labels, f.Test)) != 2 {
			t.Errorf("fold %d has %d rows of class 1, want 2", i, sum(learn.Pick(labels, f.Test)))
		}
		all = append(all, f.Test...)
	}
	covers(t, 40, all, nil)
}

func sum(x []int) int {
	s := 0
	for _, v := range x {
		s += v
	}
	return s
}

// covers checks that two parts hold each of n rows once.
func covers(t *testing.T, n int, a, b []int) {
	t.Helper()
	all := slices.Concat(a, b)
	slices.Sort(all)
	for i := range n {
		if len(all) != n || all[i] != i {
			t.Fatalf("the parts are %v and %v, want each of %d rows once", a, b, n)
		}
	}
}

func TestCrossValidate(t *testing.T) {
	t.Parallel()
	folds := []learn.Fold{{Test: []int{1}}, {Test: []int{2}}, {Test: []int{6}}}
	values, mean, deviation, err := learn.CrossValidate(folds, func(_, test []int) (float64, error) { return float64(test[0]), nil })
	if err != nil || !slices.Equal(values, []float64{1, 2, 6}) || mean != 3 || math.Abs(deviation-math.Sqrt(7)) > 1e-12 {
		t.Errorf("values %v, mean %v, deviation %v, %v, want 1 2 6, 3, √7", values, mean, deviation, err)
	}
	fault := fmt.Errorf("fault")
	if _, _, _, err := learn.CrossValidate(folds, func(_, _ []int) (float64, error) { return 0, fault }); err != fault { //nolint:errorlint // the very error
		t.Errorf("error = %v, want that of the fold", err)
	}
}
