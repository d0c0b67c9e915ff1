package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
)

const maxTitle = 200 // characters of a website's title

// Register stores a draft website without building it.
func (s *Websites) Register(ctx context.Context, p domain.RegisterParams) (*domain.Website, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	if p.Domain, err = domain.ValidateDomain(p.Domain); err != nil {
		return nil, err
	}
	if p.Niche, err = s.checkNiche(p.Niche); err != nil {
		return nil, err
	}
	if p.Language, err = checkLanguage(p.Language); err != nil {
		return nil, err
	}
	if p.Title, err = checkTitle(p.Title); err != nil {
		return nil, err
	}
	if p.Name != "" {
		if err := domain.ValidateName(p.Name); err != nil {
			return nil, err
		}
	}
	now := s.journal.stamp()
	site := &domain.Website{
		Name: p.Name, Domain: p.Domain, Niche: p.Niche, Language: p.Language, Title: p.Title, OwnerID: principal.UserID, CreatedAt: now, UpdatedAt: now,
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		switch taken, err := s.cfg.Websites.GetByDomain(ctx, p.Domain); {
		case err == nil && taken.Tenant.OrDefault() == scope(ctx):
			return domainTaken(p.Domain, taken.ID)
		case err == nil:
			return domainTaken(p.Domain, "")
		case domain.CodeOf(err) != domain.CodeNotFound:
			return err
		}
		if err := s.insert(ctx, site); err != nil {
			return err
		}
		return s.journal.changed(ctx, "website.created", string(site.ID), site.Domain, nil, site)
	})
	if err != nil {
		return nil, err
	}
	return site, nil
}

func checkTitle(title string) (string, error) {
	title = strings.Join(strings.Fields(title), " ")
	if utf8.RuneCountInString(title) > maxTitle {
		return "", domain.Invalid("title", "The title is longer than %d characters.", maxTitle)
	}
	return title, nil
}

// Update changes a website. A change that changes nothing leaves no trace.
func (s *Websites) Update(ctx context.Context, id domain.WebsiteID, p domain.WebsitePatch) (*domain.Website, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	var site *domain.Website
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		if site, err = s.hold(ctx, id); err != nil {
			return err
		}
		if len(p.Seqs) > 0 && !slices.Contains(p.Seqs, site.PointerSeq) {
			return domain.Errorf(domain.CodePrecondition, "Website %s has changed meanwhile; read it again.", id)
		}
		before := *site
		changed, err := s.apply(ctx, site, p)
		if err != nil || len(changed) == 0 {
			return err
		}
		site.UpdatedAt = s.journal.stamp()
		if err := s.cfg.Websites.Update(ctx, site); err != nil {
			return err
		}
		action := "website.updated"
		if site.State != before.State {
			action = "website." + stateAction[site.State]
			s.tellEdges(ctx, id)
		}
		return s.journal.changed(ctx, action, string(id), strings.Join(changed, ", "), &before, site)
	})
	if err != nil {
		return nil, err
	}
	return site, nil
}

// stateAction is what the log says of a website that a person moved to a state.
var stateAction = map[domain.WebsiteState]string{
	domain.WebsiteArchived: "archived", domain.WebsiteLive: "restored", domain.WebsiteDraft: "restored",
}

// apply changes the fields of a website and returns the names of those that are
// different then.
func (s *Websites) apply(ctx context.Context, site *domain.Website, p domain.WebsitePatch) (changed []string, err error) {
	set := func(name string, different bool) {
		if different {
			changed = append(changed, name)
		}
	}
	if p.Title != nil {
		old := site.Title
		if site.Title, err = checkTitle(*p.Title); err != nil {
			return nil, err
		}
		set("title", site.Title != old)
	}
	if p.Niche != nil {
		old := site.Niche
		if site.Niche, err = s.checkNiche(*p.Niche); err != nil {
			return nil, err
		}
		set("niche", site.Niche != old)
	}
	if p.FeedIDs != nil {
		set("feeds", !slices.Equal(site.FeedIDs, *p.FeedIDs))
		site.FeedIDs = append([]domain.FeedID{}, *p.FeedIDs...)
	}
	if p.Analytics != nil {
		set("analytics", site.NoAnalytics == *p.Analytics)
		site.NoAnalytics = !*p.Analytics
	}
	if p.PagePolicy != nil {
		if *p.PagePolicy != "" && !p.PagePolicy.Valid() {
			return nil, domain.Invalid("page_policy", "Policy %.20q is not one of hold_site, hold_page.", *p.PagePolicy)
		}
		set("page_policy", site.PagePolicy != *p.PagePolicy)
		site.PagePolicy = *p.PagePolicy
	}
	if len(p.Operator) > 0 {
		old := site.Operator
		if err := decodeStrictly(p.Operator, &site.Operator); err != nil {
			return nil, domain.Invalid("operator", "The operator does not have this form.")
		}
		set("operator", site.Operator != old)
	}
	if p.State != nil && *p.State != site.State {
		if err := s.moveState(ctx, site, *p.State); err != nil {
			return nil, err
		}
		set("state", true)
	}
	return changed, nil
}

func decodeStrictly(raw json.RawMessage, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// moveState archives a website, or brings an archived one back: live if it has a
// live release that may be served, else as a draft.
//
//	draft ──▶ archived ──▶ draft    (without a live release)
//	live  ──▶ archived ──▶ live     (with one)
func (s *Websites) moveState(ctx context.Context, site *domain.Website, to domain.WebsiteState) error {
	switch {
	case to == domain.WebsiteArchived:
		if err := s.notBusy(ctx, site.ID); err != nil {
			return err
		}
	case site.State == domain.WebsiteArchived && to == domain.WebsiteLive && site.LiveRelease != "":
		r, err := s.cfg.Releases.Get(ctx, site.LiveRelease)
		if err != nil {
			return err
		}
		if err := publishable(site, r); err != nil {
			return err
		}
	case site.State == domain.WebsiteArchived && to == domain.WebsiteDraft && site.LiveRelease == "":
	case to == domain.WebsiteLive:
		return stateConflict(site, "Website %s has no release that could go live; publish one.")
	case to == domain.WebsiteDraft:
		return stateConflict(site, "Website %s has been published and cannot be a draft again; archive it.")
	default:
		return domain.Invalid("state", "State %.20q does not exist.", to)
	}
	site.State = to
	return nil
}

func stateConflict(site *domain.Website, format string) error {
	return &domain.Error{Code: domain.CodeConflict, Field: "state", Message: fmt.Sprintf(format, site.ID)}
}

// Delete removes a website with its pages and releases for good. One that is live
// is archived first, so that nobody takes a site off the web by a slip, and one
// that is being built is left alone. Runs and approvals stay, as do the entries of
// the audit log.
func (s *Websites) Delete(ctx context.Context, id domain.WebsiteID) error {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := s.hold(ctx, id)
		if err != nil {
			return err
		}
		if site.State == domain.WebsiteLive {
			return domain.Errorf(domain.CodeConflict, "Website %s is live; archive it before it is deleted.", id)
		}
		if err := s.notBusy(ctx, id); err != nil {
			return err
		}
		return s.remove(ctx, site, "website.deleted")
	})
}

// Discard removes the website that was made for a run which found nothing to build
// it from. A website that is more than that stays. It runs in the transaction that
// ends the run.
func (s *Websites) Discard(ctx context.Context, run *domain.Run) error {
	if run.WebsiteID == "" {
		return nil
	}
	var p launchParams
	if err := json.Unmarshal(run.Params, &p); err != nil {
		return fmt.Errorf("read parameters of run %s: %w", run.ID, err)
	}
	if !p.Reserved {
		return nil
	}
	site, err := s.cfg.Websites.Hold(ctx, run.WebsiteID)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return nil //nolint:nilerr // somebody was faster
	case err != nil:
		return err
	case site.State != domain.WebsiteDraft:
		return nil
	}
	return s.remove(ctx, site, "website.discarded")
}

func (s *Websites) remove(ctx context.Context, site *domain.Website, action string) error {
	if err := s.cfg.Websites.Delete(ctx, site.ID); err != nil {
		return err
	}
	if s.cfg.Graph != nil {
		if err := s.cfg.Graph.Gone(ctx, site); err != nil {
			return err
		}
	}
	s.tellEdges(ctx, site.ID)
	if err := s.reindex(ctx, site); err != nil {
		return err
	}
	return s.journal.changed(ctx, action, string(site.ID), site.Domain, site, nil)
}
