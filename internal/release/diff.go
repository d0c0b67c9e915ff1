package release

import (
	"cmp"
	"slices"

	"empire/internal/domain"
)

// ChangeKind says what happened to a path between two releases.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Change is one path that differs between two releases.
type Change struct {
	Path   string     `json:"path"`
	Kind   ChangeKind `json:"kind"`
	Before string     `json:"before,omitempty"` // SHA-256 of the file, empty if added
	After  string     `json:"after,omitempty"`  // SHA-256 of the file, empty if removed
	Bytes  int64      `json:"bytes"`            // size after minus size before
}

// Diff returns what differs for a visitor between a and b, sorted by path: bytes,
// content type, status or caching.
func Diff(a, b domain.Manifest) []Change {
	before := make(map[string]domain.ManifestEntry, len(a.Entries))
	for _, e := range a.Entries {
		before[e.Path] = e
	}
	var out []Change
	for _, e := range b.Entries {
		old, had := before[e.Path]
		delete(before, e.Path)
		switch {
		case !had:
			out = append(out, Change{Path: e.Path, Kind: Added, After: e.SHA256, Bytes: e.Size})
		case old.SHA256 != e.SHA256 || old.ContentType != e.ContentType || old.Status != e.Status || old.Immutable != e.Immutable:
			out = append(out, Change{Path: e.Path, Kind: Changed, Before: old.SHA256, After: e.SHA256, Bytes: e.Size - old.Size})
		}
	}
	for _, e := range before {
		out = append(out, Change{Path: e.Path, Kind: Removed, Before: e.SHA256, Bytes: -e.Size})
	}
	slices.SortFunc(out, func(x, y Change) int { return cmp.Compare(x.Path, y.Path) })
	return out
}
