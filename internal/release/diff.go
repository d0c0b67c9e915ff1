package release

import (
	"cmp"
	"slices"

	"empire/internal/domain"
)

// Compare returns what differs between two releases of a website: by page from the
// drafts that they were built from, and by file from the manifests.
func Compare(before, after domain.ReleaseContent) ([]domain.PageDiff, []domain.FileChange) {
	return Pages(before.Draft, after.Draft), Diff(before.Manifest, after.Manifest)
}

// Diff returns what differs for a visitor between a and b, sorted by path: bytes,
// content type, status, caching or where a path leads.
func Diff(a, b domain.Manifest) []domain.FileChange {
	before := make(map[string]domain.ManifestEntry, len(a.Entries))
	for _, e := range a.Entries {
		before[e.Path] = e
	}
	var out []domain.FileChange
	for _, e := range b.Entries {
		old, had := before[e.Path]
		delete(before, e.Path)
		switch {
		case !had:
			out = append(out, domain.FileChange{Path: e.Path, Kind: domain.Added, After: e.SHA256, Bytes: e.Size})
		case old.SHA256 != e.SHA256 || old.ContentType != e.ContentType || old.Status != e.Status || old.Location != e.Location || old.Immutable != e.Immutable:
			out = append(out, domain.FileChange{Path: e.Path, Kind: domain.Changed, Before: old.SHA256, After: e.SHA256, Bytes: e.Size - old.Size})
		}
	}
	for _, e := range before {
		out = append(out, domain.FileChange{Path: e.Path, Kind: domain.Removed, Before: e.SHA256, Bytes: -e.Size})
	}
	slices.SortFunc(out, func(x, y domain.FileChange) int { return cmp.Compare(x.Path, y.Path) })
	return out
}
