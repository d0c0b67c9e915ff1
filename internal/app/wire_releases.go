package app

import (
	"context"
	"net/http"

	"empire/internal/domain"
	"empire/internal/release"
	"empire/internal/service"
)

// compareReleases fits release.Compare to the service of websites.
func compareReleases(before, after domain.ReleaseContent) ([]domain.PageDiff, []domain.FileChange) {
	return release.Compare(before, after)
}

// wireRedirects builds the service of redirects over that of websites.
func (a *App) wireRedirects() {
	a.Redirects = service.NewRedirects(service.RedirectsConfig{
		Tx: a.store, Store: a.store.Redirects, Retirements: a.store.Retirements, Websites: a.Websites, Audit: a.store.Audit, Now: a.now, Successor: release.Redirects,
	})
}

// VerifyRelease builds a release of a website again from the draft that it was built
// from and returns the SHA-256 of the manifest that comes out: that of the release, if
// nothing but the draft decided about it. Without a release it is the live one.
func (a *App) VerifyRelease(ctx context.Context, site *domain.Website, id domain.ReleaseID) (r *domain.Release, rebuilt string, err error) {
	if id == "" {
		id = site.LiveRelease
	}
	if id == "" {
		return nil, "", domain.Errorf(domain.CodeConflict, "Website %s has no live release.", site.ID)
	}
	if r, err = a.store.Releases.Get(ctx, id); err != nil {
		return nil, "", err
	}
	if r.WebsiteID != site.ID {
		return nil, "", domain.Errorf(domain.CodeNotFound, "Website %s has no release %s.", site.ID, id)
	}
	draft, err := artifacts{a.blobs}.Draft(ctx, r.Draft)
	if err != nil {
		return nil, "", err
	}
	files, err := a.launch.Builder.Build(ctx, draft)
	if err != nil {
		return nil, "", err
	}
	m, err := a.builder.Load(ctx, r.Manifest)
	if err != nil {
		return nil, "", err
	}
	for _, e := range m.Entries {
		if e.Location != "" { // found from releases before this one
			files = append(files, domain.File{Path: e.Path, Status: e.Status, Location: e.Location})
			continue
		}
		if e.Status == http.StatusGone {
			body, err := a.blobs.ReadAll(ctx, e.SHA256)
			if err != nil {
				return nil, "", err
			}
			files = append(files, domain.File{Path: e.Path, File: e.File, ContentType: e.ContentType, Body: body, Status: e.Status})
		}
	}
	rebuilt, _, err = a.builder.Build(ctx, m.Host, files)
	return r, rebuilt, err
}
