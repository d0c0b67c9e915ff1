package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"empire/internal/domain"
)

type redirectStore interface {
	Upsert(ctx context.Context, r *domain.Redirect) error
	Get(ctx context.Context, id domain.WebsiteID, path string) (*domain.Redirect, error)
	List(ctx context.Context, id domain.WebsiteID) ([]domain.Redirect, error)
	Delete(ctx context.Context, id domain.WebsiteID, path string) error
}

// RedirectsConfig is what Redirects needs.
type RedirectsConfig struct {
	Tx    transactor
	Store redirectStore
	// Retirements are pages that are gone for good; may be nil.
	Retirements retirementStore
	Websites    *Websites
	Audit       auditStore
	Now         func() time.Time
	Successor   func(next *domain.Draft, own []domain.Redirect, earlier ...domain.ReleaseContent) []domain.Moved
}

// Redirects lead visitors of addresses that websites once had. What an operator sets
// goes live with the next release, as everything that a release holds.
type Redirects struct {
	cfg     RedirectsConfig
	journal journal
}

// NewRedirects returns the service.
func NewRedirects(cfg RedirectsConfig) *Redirects {
	return &Redirects{cfg, journal{cfg.Audit, cfg.Now}}
}

// List returns the redirects of a website by path: those of its live release and those
// that an operator set.
func (s *Redirects) List(ctx context.Context, id domain.WebsiteID) ([]domain.RedirectState, error) {
	site, err := s.cfg.Websites.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	own, err := s.cfg.Store.List(ctx, id)
	if err != nil {
		return nil, err
	}
	byPath := map[string]domain.RedirectState{}
	for _, r := range own {
		byPath[r.Path] = domain.RedirectState{Path: r.Path, Target: r.Target, Own: true}
	}
	if site.LiveRelease != "" {
		r, err := s.cfg.Websites.cfg.Releases.Get(ctx, site.LiveRelease)
		if err != nil {
			return nil, err
		}
		m, err := s.cfg.Websites.cfg.Manifests.Load(ctx, r.Manifest)
		if err != nil {
			return nil, fmt.Errorf("list redirects of %s: %w", id, err)
		}
		for _, e := range m.Entries {
			if e.Location != "" {
				state := byPath[e.Path]
				state.Path, state.LiveTarget, state.Target = e.Path, e.Location, cmp.Or(state.Target, e.Location)
				byPath[e.Path] = state
			}
		}
	}
	out := make([]domain.RedirectState, 0, len(byPath))
	for _, r := range byPath {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b domain.RedirectState) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// Set stores where visitors of a path of a website are led from the next release on.
func (s *Redirects) Set(ctx context.Context, id domain.WebsiteID, path, target string) (*domain.RedirectState, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	r := &domain.Redirect{WebsiteID: id, Path: path, Target: target, CreatedAt: s.journal.stamp()}
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := s.cfg.Websites.hold(ctx, id)
		if err != nil {
			return err
		}
		if err := r.Check(); err != nil {
			return err
		}
		held, err := s.cfg.Store.List(ctx, id)
		if err != nil {
			return err
		}
		var before any
		for i := range held {
			if held[i].Path == r.Path {
				before = &held[i]
			}
		}
		if before == nil && len(held) >= domain.MaxRedirects {
			return domain.Errorf(domain.CodeConflict, "Website %s has %d redirects already, which is the limit.", site.ID, len(held))
		}
		if err := s.cfg.Store.Upsert(ctx, r); err != nil {
			return err
		}
		return s.journal.changed(ctx, "redirect.set", string(id), r.Path, before, r)
	})
	if err != nil {
		return nil, err
	}
	return &domain.RedirectState{Path: r.Path, Target: r.Target, Own: true}, nil
}

// Delete forgets what an operator set for a path. Where the path leads then is found
// anew with the next release.
func (s *Redirects) Delete(ctx context.Context, id domain.WebsiteID, path string) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.cfg.Websites.hold(ctx, id); err != nil {
			return err
		}
		r := domain.Redirect{WebsiteID: id, Path: path, Target: "https://example.com/"}
		if err := r.Check(); err != nil {
			return err
		}
		held, err := s.cfg.Store.Get(ctx, id, r.Path)
		if err != nil {
			return err
		}
		if err := s.cfg.Store.Delete(ctx, id, r.Path); err != nil {
			return err
		}
		return s.journal.changed(ctx, "redirect.deleted", string(id), r.Path, held, nil)
	})
}

// Of returns the redirects of the release that is built from d: from the pages and
// redirects of the live release and of the newest that was ever live. A step calls it,
// so it needs no principal.
func (s *Redirects) Of(ctx context.Context, d *domain.Draft) ([]domain.Moved, error) {
	w := s.cfg.Websites
	site, err := w.cfg.Websites.Get(ctx, d.Website.ID)
	if err != nil {
		return nil, err
	}
	own, err := s.own(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	newest, err := w.newest(ctx, site.ID, nil, func(*domain.Release) bool { return true })
	if err != nil {
		return nil, err
	}
	var earlier []domain.ReleaseContent
	for _, r := range []*domain.Release{newest, nil} {
		if r == nil && site.LiveRelease != "" && (newest == nil || newest.ID != site.LiveRelease) {
			if r, err = w.cfg.Releases.Get(ctx, site.LiveRelease); err != nil {
				return nil, err
			}
		}
		if r == nil {
			continue
		}
		c, err := w.content(ctx, r)
		if domain.CodeOf(err) == domain.CodeNotFound {
			continue // a release that was lost does not keep the next from being made
		}
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, c)
	}
	return s.cfg.Successor(d, own, earlier...), nil
}

// own returns where an operator leads visitors: those of retired pages, and what was set
// by itself, which comes later and so before them.
func (s *Redirects) own(ctx context.Context, id domain.WebsiteID) ([]domain.Redirect, error) {
	var out []domain.Redirect
	if s.cfg.Retirements != nil {
		gone, err := s.cfg.Retirements.List(ctx, id)
		if err != nil {
			return nil, err
		}
		for i := range gone {
			if gone[i].Path != "" {
				out = append(out, domain.Redirect{WebsiteID: id, Path: gone[i].Path, Target: cmp.Or(gone[i].Target, domain.GoneTarget)})
			}
		}
	}
	set, err := s.cfg.Store.List(ctx, id)
	return append(out, set...), err
}
