package testkit

import "testing"

// again is what the gate looks for in the log of the tests with the race detector: it
// runs those tests once more without it.
const again = "again without the race detector"

// Unraced begins a test that is too long for the race detector, under which everything
// takes several times as long, or that has nothing to find for it: one goroutine that
// computes, or other processes. With it the test is skipped; the gate runs it without.
func Unraced(t testing.TB) {
	t.Helper()
	if Race {
		t.Skip(again)
	}
}

// Part reports whether a test does only a part of its work, because the race detector is
// on. The gate runs it once more without.
func Part(t testing.TB) bool {
	t.Helper()
	if Race {
		t.Log(again)
	}
	return Race
}
