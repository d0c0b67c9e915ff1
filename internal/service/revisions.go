package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

// pipelineEdit makes a release of the live one.
const pipelineEdit = "edit_website"

type retirementStore interface {
	Upsert(ctx context.Context, r *domain.Retirement) error
	List(ctx context.Context, id domain.WebsiteID) ([]domain.Retirement, error)
	Delete(ctx context.Context, id domain.WebsiteID, path string) error
}

// RevisionsConfig is what Revisions needs.
type RevisionsConfig struct {
	Tx       transactor
	Store    retirementStore
	Websites *Websites
	Runs     runGetter
	Audit    auditStore
	Now      func() time.Time
}

// Revisions change what a website consists of without building it anew: they bring a
// page back from an earlier release, and retire pages and websites. What comes out
// passes the gates and is approved like every release.
type Revisions struct {
	cfg     RevisionsConfig
	journal journal
}

// NewRevisions returns the service.
func NewRevisions(c RevisionsConfig) *Revisions { return &Revisions{c, journal{c.Audit, c.Now}} }

// Restore starts a run that makes a release of the live one with a page as it was in an
// earlier release.
func (s *Revisions) Restore(ctx context.Context, id domain.WebsiteID, path string, from domain.ReleaseID) (*domain.Run, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	w := s.cfg.Websites
	site, err := w.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if site.LiveRelease == "" {
		return nil, domain.Errorf(domain.CodeConflict, "Website %s has no live release.", id)
	}
	r, err := w.release(ctx, site, from)
	if err != nil {
		return nil, err
	}
	if r.PublishedAt == nil {
		return nil, domain.Errorf(domain.CodeForbidden, "Release %s was never approved.", r.ID)
	}
	if r.ID == site.LiveRelease {
		return nil, domain.Errorf(domain.CodeConflict, "Release %s is live: its page is there already.", r.ID)
	}
	d, err := w.cfg.Drafts.Draft(ctx, r.Draft)
	if err != nil {
		return nil, fmt.Errorf("read draft of release %s: %w", r.ID, err)
	}
	if !hasPage(d, path) {
		return nil, domain.Invalid("path", "Release %d has no page %.100s.", r.Number, path)
	}
	return s.edit(ctx, domain.EditParams{WebsiteID: id, Kind: domain.EditRestore, Path: path, ReleaseID: from})
}

// Retire takes a page, or without a path the website, away for good. Visitors of a page
// are led to target, a path of the website, and those of a website to the pages of
// target, another website; without one they are told that it is gone. A page goes with
// the build that is started here.
func (s *Revisions) Retire(ctx context.Context, id domain.WebsiteID, path, target, reason string) (*domain.Run, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	if reason, err = checkReason(reason); err != nil {
		return nil, err
	}
	site, err := s.cfg.Websites.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if path == "" {
		if err := s.mergeable(ctx, site, domain.WebsiteID(target)); err != nil {
			return nil, err
		}
		return s.edit(ctx, domain.EditParams{WebsiteID: id, Kind: domain.EditRetire, Into: domain.WebsiteID(target), Reason: reason})
	}
	if err := s.removable(ctx, site, path, target); err != nil {
		return nil, err
	}
	r := &domain.Retirement{WebsiteID: id, Path: path, Target: target, Reason: reason, ActorID: principal.UserID, At: s.journal.stamp()}
	var run *domain.Run
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.cfg.Websites.hold(ctx, id); err != nil {
			return err
		}
		if err := s.cfg.Store.Upsert(ctx, r); err != nil {
			return err
		}
		if err := s.journal.changed(ctx, "page.retired", string(id), path, nil, r); err != nil {
			return err
		}
		run, err = s.cfg.Websites.Rebuild(ctx, id)
		return err
	})
	return run, err
}

// mergeable refuses to lead visitors of a website to one that cannot take them.
func (s *Revisions) mergeable(ctx context.Context, site *domain.Website, into domain.WebsiteID) error {
	if site.LiveRelease == "" {
		return domain.Errorf(domain.CodeConflict, "Website %s has no live release; archive or delete it.", site.ID)
	}
	if into == "" {
		return nil
	}
	if into == site.ID {
		return domain.Invalid("target", "A website cannot be merged into itself.")
	}
	return s.receives(ctx, into)
}

// receives refuses a website that cannot take the visitors of another one.
func (s *Revisions) receives(ctx context.Context, into domain.WebsiteID) error {
	other, err := s.cfg.Websites.get(ctx, into)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.Invalid("target", "Website %.100s does not exist.", into)
	}
	if err != nil {
		return err
	}
	if other.State != domain.WebsiteLive {
		return domain.Errorf(domain.CodeConflict, "Website %s is not live and cannot take visitors.", into)
	}
	gone, err := wholeRetired(ctx, s.cfg.Store, into)
	if err == nil && gone != nil {
		err = domain.Errorf(domain.CodeConflict, "Website %s is retired itself.", into)
	}
	return err
}

// removable refuses to retire a page that a website cannot be without.
func (s *Revisions) removable(ctx context.Context, site *domain.Website, path, target string) error {
	if site.LiveRelease == "" {
		return domain.Errorf(domain.CodeConflict, "Website %s has no live release.", site.ID)
	}
	r, err := s.cfg.Websites.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return err
	}
	d, err := s.cfg.Websites.cfg.Drafts.Draft(ctx, r.Draft)
	if err != nil {
		return fmt.Errorf("read draft of release %s: %w", r.ID, err)
	}
	i := slices.IndexFunc(d.Pages, func(p domain.Page) bool { return p.Path() == path })
	if i < 0 {
		return domain.Invalid("path", "Website %s has no page %.100s.", site.ID, path)
	}
	if !d.Pages[i].Kind.Optional() {
		return domain.Invalid("path", "A page of kind %s belongs to every website and cannot be retired.", d.Pages[i].Kind)
	}
	if target != "" && (target == path || !hasPage(d, target)) {
		return domain.Invalid("target", "Website %s has no other page %.100s to lead visitors to.", site.ID, target)
	}
	return nil
}

// edit starts a run that makes a release of the live one.
func (s *Revisions) edit(ctx context.Context, p domain.EditParams) (*domain.Run, error) {
	params, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode parameters: %w", err)
	}
	w := s.cfg.Websites
	var run *domain.Run
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := w.hold(ctx, p.WebsiteID)
		if err != nil {
			return err
		}
		if err := w.buildable(ctx, site); err != nil {
			return err
		}
		run, err = w.cfg.Runs.start(ctx, pipeline.StartParams{
			Pipeline: pipelineEdit, Params: params, WebsiteID: site.ID, Tenant: site.Tenant.OrDefault(), OwnerID: domain.PrincipalFrom(ctx).UserID,
		})
		if err != nil {
			return err
		}
		return s.journal.record(ctx, "website."+string(p.Kind), string(site.ID), strings.TrimSpace(p.Path+" run "+string(run.ID)))
	})
	return run, err
}

// List returns what of a website was retired, the website itself first.
func (s *Revisions) List(ctx context.Context, id domain.WebsiteID) ([]domain.Retirement, error) {
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Store.List(ctx, id)
}

// TakeBack forgets that a page, or without a path the website, was retired. The next
// build may bring it back.
func (s *Revisions) TakeBack(ctx context.Context, id domain.WebsiteID, path string) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.cfg.Websites.hold(ctx, id); err != nil {
			return err
		}
		if err := s.cfg.Store.Delete(ctx, id, path); err != nil {
			return err
		}
		return s.journal.record(ctx, "page.taken_back", string(id), path)
	})
}

// Source reads what an edit is made of. It is the work of a step.
func (s *Revisions) Source(ctx context.Context, p domain.EditParams) (*domain.EditSource, error) {
	w := s.cfg.Websites
	site, err := w.cfg.Websites.Get(ctx, p.WebsiteID)
	if err != nil {
		return nil, err
	}
	live, err := w.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return nil, err
	}
	src := &domain.EditSource{}
	if src.Live, err = w.content(ctx, live); err != nil {
		return nil, err
	}
	src.Live.Draft.Website = *site
	if live.RunID != "" {
		if src.Run, err = s.cfg.Runs.Get(ctx, live.RunID); err != nil {
			return nil, err
		}
	}
	from := p.ReleaseID
	if p.Kind == domain.EditRetire {
		if p.Into == "" {
			return src, nil
		}
		other, err := w.cfg.Websites.Get(ctx, p.Into)
		if err != nil {
			return nil, err
		}
		from = other.LiveRelease
	}
	r, err := w.cfg.Releases.Get(ctx, from)
	if err != nil {
		return nil, err
	}
	src.Number = r.Number
	src.Other, err = w.content(ctx, r)
	return src, err
}

// Edited keeps what was done, in the transaction that makes the release of an edit live.
// It refuses to lead visitors to a website that went since the edit began: two that lead
// to each other would never show a page again.
func (s *Revisions) Edited(ctx context.Context, run *domain.Run, p domain.EditParams) error {
	if p.Kind == domain.EditRetire {
		if p.Into != "" {
			if err := s.receives(ctx, p.Into); err != nil {
				return err
			}
		}
		r := &domain.Retirement{WebsiteID: p.WebsiteID, Target: string(p.Into), Reason: p.Reason, ActorID: run.OwnerID, At: s.journal.stamp()}
		if err := s.cfg.Store.Upsert(ctx, r); err != nil {
			return err
		}
		return s.journal.changedFor(ctx, run.Tenant, "website.retired", string(p.WebsiteID), p.Reason, nil, r)
	}
	if err := s.cfg.Store.Delete(ctx, p.WebsiteID, p.Path); domain.CodeOf(err) != domain.CodeNotFound {
		return err // also nil: a page that was retired is back
	}
	return nil
}

// Gone returns the paths of a website's pages that were retired. A step calls it.
func (s *Revisions) Gone(ctx context.Context, id domain.WebsiteID) ([]string, error) {
	list, err := s.cfg.Store.List(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range list {
		if list[i].Path != "" {
			out = append(out, list[i].Path)
		}
	}
	return out, nil
}

// wholeRetired returns how a website as a whole was retired, nil if it was not.
func wholeRetired(ctx context.Context, store retirementStore, id domain.WebsiteID) (*domain.Retirement, error) {
	list, err := store.List(ctx, id)
	if err != nil || len(list) == 0 || list[0].Path != "" {
		return nil, err
	}
	return &list[0], nil
}
