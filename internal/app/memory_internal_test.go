package app

import "testing"

func TestContainerLimit(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{
		"536870912\n": 512 << 20, "max\n": 0, "": 0, "9223372036854771712\n": 0, "-1": 0, "0": 0, "1G": 0,
	} {
		if got := containerLimit(raw); got != want {
			t.Errorf("containerLimit(%q) = %d, want %d", raw, got, want)
		}
	}
}
