package app

import (
	"context"
	"net/url"
	"strings"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/service"
)

// wireLinks builds the registry of affiliate links over the service of websites.
func (a *App) wireLinks() {
	a.Links = service.NewLinks(service.LinksConfig{
		Tx: a.store, Store: a.store.Links, Programs: a.store.Programs, Websites: a.Websites, Kept: a.store.LinksOf, Read: a.pageLinks,
		Changed: func(ctx context.Context) { a.liveChanged(ctx, "links") }, Audit: a.store.Audit, Now: a.now,
	})
}

// pageLinks reads the links of the pages of a release that lead out of their website.
func (a *App) pageLinks(ctx context.Context, r *domain.Release) ([]domain.PageLink, error) {
	m, err := a.builder.Load(ctx, r.Manifest)
	if err != nil {
		return nil, err
	}
	var out []domain.PageLink
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Location != "" || !strings.HasPrefix(e.ContentType, "text/html") {
			continue
		}
		body, err := a.blobs.ReadAll(ctx, e.SHA256)
		if err != nil {
			return nil, err
		}
		page, err := audit.Parse(e.Path, body)
		if err != nil {
			return nil, err
		}
		for _, l := range page.Links {
			if u, err := url.Parse(l.Href); err == nil && u.Host != "" && !strings.EqualFold(u.Hostname(), m.Host) {
				out = append(out, domain.PageLink{Path: e.Path, Href: l.Href, Sponsored: l.HasRel("sponsored")})
			}
		}
	}
	return out, nil
}
