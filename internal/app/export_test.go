package app

import (
	"context"

	"empire/internal/domain"
)

// CiteForTest lets the home page of a website rest on evidence, as if it had been
// published so.
func (a *App) CiteForTest(ctx context.Context, site domain.WebsiteID, e domain.Evidence) error {
	if err := a.store.Evidence.InsertAll(ctx, site, []domain.Evidence{e}); err != nil {
		return err
	}
	pages, _, err := a.store.Pages.List(ctx, site, domain.Window{Limit: 1000})
	if err != nil {
		return err
	}
	for i := range pages {
		if pages[i].Slug == "" {
			pages[i].Claims = append(pages[i].Claims, domain.Claim{ID: "c999", Text: e.Value, Evidence: []domain.EvidenceID{e.ID}})
		}
	}
	return a.store.Pages.Replace(ctx, site, pages)
}
