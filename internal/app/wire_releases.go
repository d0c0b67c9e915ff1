package app

import (
	"empire/internal/domain"
	"empire/internal/release"
)

// compareReleases fits release.Compare to the service of websites.
func compareReleases(before, after domain.ReleaseContent) ([]domain.PageDiff, []domain.FileChange) {
	return release.Compare(before, after)
}
