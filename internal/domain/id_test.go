package domain_test

import (
	"sync"
	"testing"

	"empire/internal/domain"
)

// TestNewIDGrows: identifiers made one after another sort in that order, many in
// one millisecond included.
func TestNewIDGrows(t *testing.T) {
	t.Parallel()
	last := ""
	for range 10_000 {
		id := domain.NewID("site")
		if id <= last || !domain.ValidID(id, "site") {
			t.Fatalf("%s comes after %s", id, last)
		}
		last = id
	}
}

func TestNewIDIsUnique(t *testing.T) {
	t.Parallel()
	const goroutines, each = 8, 2000
	made := make([][]string, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range each {
				made[g] = append(made[g], domain.NewID("task"))
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, ids := range made {
		for _, id := range ids {
			if seen[id] {
				t.Fatalf("%s was given twice", id)
			}
			seen[id] = true
		}
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		id   string
		want bool
	}{
		{"site_01k2ja", true},
		{"site_", false},
		{"site", false},
		{"run_01k2ja", false},
		{"site_01K2JA", false},
		{"site_../../etc/passwd", false},
		{"site_" + string(make([]byte, 65)), false},
	} {
		if got := domain.ValidID(tt.id, "site"); got != tt.want {
			t.Errorf("ValidID(%q) = %v, want %v", tt.id, got, tt.want)
		}
	}
}
