package service

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// Candidate is a finished build that waits for its release.
type Candidate struct {
	Draft    string // SHA-256 of the draft blob
	Manifest string // SHA-256 of the manifest blob
	Files    int
	Bytes    int64
	Pages    int
	Products int
	Claims   int
	Grounded int
	SEOScore float64
	Gates    []domain.Gate
	// BuiltWith says which versions of the program made it.
	BuiltWith domain.BuiltWith
}

// approvalPayload is exactly what a person approves.
type approvalPayload struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Domain    string           `json:"domain"`
	Niche     string           `json:"niche"`
	Manifest  string           `json:"manifest"`
	Draft     string           `json:"draft"`
	Pages     int              `json:"pages"`
	Products  int              `json:"products"`
	Claims    int              `json:"claims"`
	Grounded  int              `json:"grounded_claims"`
	SEOScore  float64          `json:"seo_score"`
	Gates     []gateLine       `json:"gates"`
}

type gateLine struct {
	Name    string           `json:"name"`
	State   domain.GateState `json:"state"`
	Summary string           `json:"summary"`
}

// payloadOf returns what a person approves about a candidate.
func payloadOf(site *domain.Website, c Candidate) approvalPayload {
	p := approvalPayload{
		WebsiteID: site.ID, Domain: site.Domain, Niche: site.Niche, Manifest: c.Manifest, Draft: c.Draft, Pages: c.Pages,
		Products: c.Products, Claims: c.Claims, Grounded: c.Grounded, SEOScore: c.SEOScore,
	}
	for _, g := range c.Gates {
		p.Gates = append(p.Gates, gateLine{g.Name, g.State, g.Summary})
	}
	return p
}

// OpenApproval asks a person whether the candidate may be published. It runs in the
// transaction of the step that then waits.
func (s *Websites) OpenApproval(ctx context.Context, run *domain.Run, step string, c Candidate) error {
	site, err := s.cfg.Websites.Get(ctx, run.WebsiteID)
	if err != nil {
		return err
	}
	return s.cfg.Ask(ctx, run, step, domain.Question{
		Kind: domain.ApprovePublish, Title: fmt.Sprintf("Publish %s (%d pages about %s)", site.Domain, c.Pages, site.Niche), Payload: payloadOf(site, c),
	})
}

// PublishCandidate stores the candidate as a release with its pages and evidence
// and makes it live. It runs in the transaction of the release step and refuses a
// candidate that is not what was approved.
func (s *Websites) PublishCandidate(ctx context.Context, id domain.ReleaseID, run *domain.Run, c Candidate, approval domain.ApprovalID, d *domain.Draft) error {
	site, err := s.cfg.Websites.Hold(ctx, run.WebsiteID)
	if err != nil {
		return err
	}
	if err := s.notArchived(site); err != nil {
		return err
	}
	if err := s.checkApproved(ctx, run, site, c, approval); err != nil {
		return err
	}
	r := &domain.Release{
		ID: id, WebsiteID: site.ID, Manifest: c.Manifest, RunID: run.ID, Draft: c.Draft, Files: c.Files, Pages: c.Pages, Bytes: c.Bytes,
		Gates: c.Gates, SEOScore: c.SEOScore, BuiltWith: c.BuiltWith, CreatedAt: s.journal.stamp(),
	}
	if err := publishable(site, r); err != nil {
		return err
	}
	if err := s.cfg.Releases.Insert(ctx, r); err != nil {
		return err
	}
	if err := s.journal.changedFor(ctx, site.Tenant, "release.created", string(r.ID), string(site.ID), nil, r); err != nil {
		return err
	}
	if err := s.cfg.Pages.Replace(ctx, site.ID, d.Pages); err != nil {
		return err
	}
	if err := s.cfg.Evidence.InsertAll(ctx, site.ID, d.Evidence); err != nil {
		return err
	}
	if s.cfg.Graph != nil {
		if err := s.cfg.Graph.Published(ctx, site, d); err != nil {
			return err
		}
	}
	if err := s.reindex(ctx, site); err != nil {
		return err
	}
	return s.makeLive(ctx, site, r, d, actionPublished)
}

func (s *Websites) reindex(ctx context.Context, site *domain.Website) error {
	if s.cfg.Reindex == nil {
		return nil
	}
	return s.cfg.Reindex(ctx, site.Tenant, site.ID)
}

func (s *Websites) checkApproved(ctx context.Context, run *domain.Run, site *domain.Website, c Candidate, id domain.ApprovalID) error {
	a, err := s.cfg.Approvals.Get(ctx, id)
	if err != nil {
		return err
	}
	_, hash, err := hashed(payloadOf(site, c))
	if err != nil {
		return err
	}
	if a.State != domain.ApprovalApproved || a.Kind != domain.ApprovePublish || a.RunID != run.ID || a.PayloadHash != hash {
		return domain.Errorf(domain.CodeForbidden, "Approval %s does not cover this release candidate.", id)
	}
	return nil
}

// publishable refuses a release with a red gate and a site without legal data.
func publishable(site *domain.Website, r *domain.Release) error {
	if missing := site.Operator.Missing(); len(missing) > 0 {
		return domain.Errorf(domain.CodeGateRed, "Website %s lacks legal data (rule L11): %s. Set operator.* in the configuration.", site.ID, strings.Join(missing, ", "))
	}
	if domain.GateVerdict(r.Gates) == domain.GateFail {
		return domain.Errorf(domain.CodeGateRed, "Release %s has a red gate and cannot be published.", r.ID)
	}
	return nil
}

// makeLive moves the site's pointer in the transaction of ctx. The draft is that of the
// release, nil if it is not at hand.
func (s *Websites) makeLive(ctx context.Context, site *domain.Website, r *domain.Release, d *domain.Draft, action string) error {
	fresh, err := s.brake(ctx, site, d, action)
	if err != nil {
		return err
	}
	now := s.journal.stamp()
	if err := s.cfg.Websites.SetLive(ctx, site.ID, r.ID, now); err != nil {
		return err
	}
	if err := s.cfg.Releases.MarkPublished(ctx, r.ID, now); err != nil {
		return err
	}
	if err := s.published(ctx, site, r, d, action, fresh); err != nil {
		return err
	}
	if err := s.revived(ctx, site, action); err != nil {
		return err
	}
	if s.cfg.Moved != nil && site.LiveRelease != r.ID {
		if err := s.cfg.Moved(ctx, site, r.ID, site.LiveRelease); err != nil {
			return err
		}
	}
	s.tellEdges(ctx, site.ID)
	after, err := s.cfg.Websites.Get(ctx, site.ID)
	if err != nil {
		return err
	}
	return s.journal.changed(ctx, action, string(site.ID), string(r.ID), site, after)
}

// tellEdges makes edges look at a website once the transaction of ctx is committed.
func (s *Websites) tellEdges(ctx context.Context, id domain.WebsiteID) {
	sqltx.AfterCommit(ctx, func() { s.cfg.LiveChanged(context.WithoutCancel(ctx), id) })
}

// SetTitle stores the title that the plan gave the site.
func (s *Websites) SetTitle(ctx context.Context, id domain.WebsiteID, title string) error {
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := s.cfg.Websites.Hold(ctx, id)
		if err != nil {
			return err
		}
		before := *site
		site.Title, site.UpdatedAt = title, s.journal.stamp()
		if err := s.cfg.Websites.Update(ctx, site); err != nil {
			return err
		}
		return s.journal.changed(ctx, "website.titled", string(id), "", &before, site)
	})
}

// Publish makes a stored release live; without one, the newest that can be. Only a
// release that was published before, and so approved, can be.
func (s *Websites) Publish(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.Website, error) {
	return s.move(ctx, id, actionPublished, release, nil)
}

// Rollback makes an earlier release live: the given one, or without one the newest
// release older than the live one.
func (s *Websites) Rollback(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*domain.Website, error) {
	return s.move(ctx, id, actionRolledBack, release, nil)
}

// destination returns the release that an action makes live: the given one, or the
// newest that was published before, for a rollback of those older than the live one.
func (s *Websites) destination(ctx context.Context, site *domain.Website, action string, release domain.ReleaseID) (*domain.Release, error) {
	if release != "" {
		return s.release(ctx, site, release)
	}
	if action == actionPublished {
		none := domain.Errorf(domain.CodeConflict, "Website %s has no approved release.", site.ID)
		return s.newest(ctx, site.ID, none, func(*domain.Release) bool { return true })
	}
	if site.LiveRelease == "" {
		return nil, domain.Errorf(domain.CodeConflict, "Website %s has no live release.", site.ID)
	}
	live, err := s.cfg.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return nil, err
	}
	none := domain.Errorf(domain.CodeConflict, "Website %s has no release before number %d.", site.ID, live.Number)
	return s.newest(ctx, site.ID, none, func(r *domain.Release) bool { return r.Number < live.Number })
}

// movable returns the release that an action would make live, or why it may not. What
// brakes it beyond that is only known when it is done.
func (s *Websites) movable(ctx context.Context, site *domain.Website, action string, release domain.ReleaseID) (*domain.Release, error) {
	if err := s.notArchived(site); err != nil {
		return nil, err
	}
	if action == actionPublished {
		if err := s.notRetired(ctx, site); err != nil {
			return nil, err
		}
	}
	r, err := s.destination(ctx, site, action, release)
	if err != nil {
		return nil, err
	}
	if r.PublishedAt == nil {
		return nil, domain.Errorf(domain.CodeForbidden, "Release %s was never approved.", r.ID)
	}
	return r, publishable(site, r)
}

// release returns a release of a website. One of another website is as missing as
// one that never was: it may be of another tenant.
func (s *Websites) release(ctx context.Context, site *domain.Website, id domain.ReleaseID) (*domain.Release, error) {
	r, err := s.cfg.Releases.Get(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound || err == nil && r.WebsiteID != site.ID {
		return nil, domain.Errorf(domain.CodeNotFound, "Website %s has no release %s.", site.ID, id)
	}
	return r, err
}

// newest returns the newest release that was published before and fits, or none.
func (s *Websites) newest(ctx context.Context, id domain.WebsiteID, none error, fits func(*domain.Release) bool) (*domain.Release, error) {
	for offset := 0; ; {
		list, total, err := s.cfg.Releases.List(ctx, id, domain.Window{Limit: 50, Offset: offset})
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].PublishedAt != nil && fits(&list[i]) {
				return &list[i], nil
			}
		}
		if offset += len(list); len(list) == 0 || offset >= total {
			return nil, none
		}
	}
}

// move makes another release live. With also, that belongs into the same transaction
// and is told which release it is.
func (s *Websites) move(ctx context.Context, id domain.WebsiteID, action string, release domain.ReleaseID, also func(context.Context, *domain.Release) error) (*domain.Website, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	if _, err := s.get(ctx, id); err != nil { // before anything about its evidence is told
		return nil, err
	}
	if err := s.intact(ctx, id); err != nil {
		return nil, err
	}
	var after *domain.Website
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := s.hold(ctx, id)
		if err != nil {
			return err
		}
		r, err := s.movable(ctx, site, action, release)
		if err != nil {
			return err
		}
		if also != nil {
			if err := also(ctx, r); err != nil {
				return err
			}
		}
		if err := s.makeLive(ctx, site, r, nil, action); err != nil {
			return err
		}
		after, err = s.cfg.Websites.Get(ctx, id)
		return err
	})
	return after, err
}
