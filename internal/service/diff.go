package service

import (
	"context"
	"fmt"
	"slices"

	"empire/internal/domain"
)

type draftReader interface {
	Draft(ctx context.Context, sha string) (*domain.Draft, error)
}

// Diff compares two releases of a website, published or not: to with against, which
// comes before it. Without to it is the live release, or the newest of a website that
// has none; without against it is the release before to by number. With page, the path
// of one page, everything else is left out.
func (s *Websites) Diff(ctx context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error) {
	site, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	to, err := s.chosen(ctx, site, p.To)
	if err != nil {
		return nil, err
	}
	from, err := s.before(ctx, site, to, p.Against)
	if err != nil {
		return nil, err
	}
	a, err := s.content(ctx, from)
	if err != nil {
		return nil, err
	}
	b, err := s.content(ctx, to)
	if err != nil {
		return nil, err
	}
	d := &domain.ReleaseDiff{From: sideOf(from), To: sideOf(to)}
	d.Pages, d.Files = s.cfg.Compare(a, b)
	if p.Page == "" {
		return d, nil
	}
	if !hasPage(a.Draft, p.Page) && !hasPage(b.Draft, p.Page) {
		return nil, domain.Errorf(domain.CodeNotFound, "Neither release %d nor release %d has a page %s.", from.Number, to.Number, p.Page)
	}
	d.Pages = slices.DeleteFunc(d.Pages, func(c domain.PageDiff) bool { return c.Path != p.Page })
	d.Files = slices.DeleteFunc(d.Files, func(c domain.FileChange) bool { return c.Path != p.Page })
	return d, nil
}

// chosen returns the named release of a website, or the live one, or the newest.
func (s *Websites) chosen(ctx context.Context, site *domain.Website, id domain.ReleaseID) (*domain.Release, error) {
	if id == "" {
		id = site.LiveRelease
	}
	if id != "" {
		return s.release(ctx, site, id)
	}
	list, _, err := s.cfg.Releases.List(ctx, site.ID, domain.Window{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, domain.Errorf(domain.CodeConflict, "Website %s has no release yet.", site.ID)
	}
	return &list[0], nil
}

// before returns the named release of a website, or the one before r by number.
func (s *Websites) before(ctx context.Context, site *domain.Website, r *domain.Release, id domain.ReleaseID) (*domain.Release, error) {
	if id != "" {
		return s.release(ctx, site, id)
	}
	found, err := s.numbered(ctx, site.ID, func(n int) bool { return n < r.Number })
	if found == nil && err == nil {
		err = domain.Errorf(domain.CodeConflict, "Website %s has no release before number %d to compare with.", site.ID, r.Number)
	}
	return found, err
}

// numbered returns the newest release whose number fits, or nil.
func (s *Websites) numbered(ctx context.Context, id domain.WebsiteID, fits func(n int) bool) (*domain.Release, error) {
	for offset := 0; ; {
		list, total, err := s.cfg.Releases.List(ctx, id, domain.Window{Limit: 50, Offset: offset})
		if err != nil {
			return nil, err
		}
		for i := range list {
			if fits(list[i].Number) {
				return &list[i], nil
			}
		}
		if offset += len(list); len(list) == 0 || offset >= total {
			return nil, nil //nolint:nilnil // callers say what is missing
		}
	}
}

// content reads what a release is made of.
func (s *Websites) content(ctx context.Context, r *domain.Release) (c domain.ReleaseContent, err error) {
	if c.Manifest, err = s.cfg.Manifests.Load(ctx, r.Manifest); err != nil {
		return c, fmt.Errorf("read release %s: %w", r.ID, err)
	}
	if c.Draft, err = s.cfg.Drafts.Draft(ctx, r.Draft); err != nil {
		return c, fmt.Errorf("read draft of release %s: %w", r.ID, err)
	}
	return c, nil
}

func sideOf(r *domain.Release) domain.DiffSide {
	return domain.DiffSide{ID: r.ID, Number: r.Number, Manifest: r.Manifest, CreatedAt: r.CreatedAt.UTC()}
}

func hasPage(d *domain.Draft, path string) bool {
	return slices.ContainsFunc(d.Pages, func(p domain.Page) bool { return p.Path() == path })
}
