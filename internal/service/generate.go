package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

// launchParams are the parameters of the launch_website pipeline.
type launchParams struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Niche     string           `json:"niche"`
	Language  string           `json:"language"`
	Feeds     []domain.FeedID  `json:"feeds"`
	// Reserved is set if the website was made for this run alone: if the run finds
	// nothing to build it from, the website goes, too.
	Reserved bool `json:"reserved,omitempty"`
	// ForceKeywords plans pages for keywords that other websites of the tenant have.
	ForceKeywords bool `json:"force_keywords,omitempty"`
}

// Generate stores a draft website and starts the run that builds it, in one
// transaction. A domain that is already managed is a CodeConflict, unless its
// website never got anywhere: then the new run takes it over.
func (s *Websites) Generate(ctx context.Context, p domain.GenerateParams) (*domain.Website, *domain.Run, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, nil, err
	}
	if err := s.validate(&p); err != nil {
		return nil, nil, err
	}
	var site *domain.Website
	var run *domain.Run
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		var before any
		if site, before, err = s.reserve(ctx, p, principal); err != nil {
			return err
		}
		if err := s.frozen(ctx, site); err != nil {
			return err
		}
		params := launchParams{site.ID, p.Niche, p.Language, p.Feeds, before == nil, p.ForceKeywords}
		if run, err = s.launch(ctx, site, params, principal.UserID); err != nil {
			return err
		}
		return s.journal.changed(ctx, "website.generate", string(site.ID), "run "+string(run.ID), before, site)
	})
	if err != nil {
		return nil, nil, err
	}
	return site, run, nil
}

// launch starts the run that builds a website.
func (s *Websites) launch(ctx context.Context, site *domain.Website, p launchParams, owner domain.UserID) (*domain.Run, error) {
	params, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode parameters: %w", err)
	}
	return s.cfg.Runs.start(ctx, pipeline.StartParams{
		Pipeline: "launch_website", Params: params, WebsiteID: site.ID, Tenant: site.Tenant.OrDefault(), OwnerID: owner,
	})
}

func (s *Websites) validate(p *domain.GenerateParams) error {
	var err error
	if p.Domain, err = domain.ValidateDomain(p.Domain); err != nil {
		return err
	}
	if p.Niche, err = s.checkNiche(p.Niche); err != nil {
		return err
	}
	p.Language, err = checkLanguage(p.Language)
	return err
}

// checkNiche returns a niche with single spaces, or CodeInvalid for one that is
// empty, too long or refused by rule.
func (s *Websites) checkNiche(niche string) (string, error) {
	niche = strings.Join(strings.Fields(niche), " ")
	if niche == "" {
		return "", domain.Invalid("niche", "A niche is needed, such as \"mechanical keyboards\".")
	}
	if len(niche) > 80 {
		return "", domain.Invalid("niche", "The niche is longer than 80 characters.")
	}
	for _, f := range s.cfg.Forbidden {
		if f.Pattern.MatchString(niche) {
			return "", domain.Invalid("niche", "Rule %s refuses this niche: %s", f.Rule, f.Reason)
		}
	}
	return niche, nil
}

func checkLanguage(language string) (string, error) {
	switch language {
	case "":
		return "en", nil
	case "en", "de":
		return language, nil
	}
	return "", domain.Invalid("language", "Language %q is not supported; use en or de.", language)
}

// reserve returns the website that the run will build, and its state before: nil
// for a new one.
func (s *Websites) reserve(ctx context.Context, p domain.GenerateParams, principal *domain.Principal) (site *domain.Website, before any, err error) {
	now := s.journal.stamp()
	taken, err := s.cfg.Websites.GetByDomain(ctx, p.Domain)
	switch {
	case err == nil:
		return s.takeOver(ctx, taken, p, now)
	case domain.CodeOf(err) != domain.CodeNotFound:
		return nil, nil, err
	}
	site = &domain.Website{
		Domain: p.Domain, Niche: p.Niche, Language: p.Language, FeedIDs: p.Feeds, OwnerID: principal.UserID, CreatedAt: now, UpdatedAt: now,
	}
	if p.Operator != nil {
		site.Operator = *p.Operator
	}
	return site, nil, s.insert(ctx, site)
}

// takeOver makes a website that never got anywhere the one that a new run builds.
func (s *Websites) takeOver(ctx context.Context, taken *domain.Website, p domain.GenerateParams, now time.Time) (*domain.Website, any, error) {
	if taken.Tenant.OrDefault() != scope(ctx) {
		return nil, nil, domainTaken(p.Domain, "")
	}
	site, err := s.cfg.Websites.Hold(ctx, taken.ID)
	if err != nil {
		return nil, nil, err
	}
	if site.State != domain.WebsiteDraft || s.cfg.Runs.busy(ctx, site.ID) {
		return nil, nil, domainTaken(p.Domain, site.ID)
	}
	before := *site
	site.Niche, site.Language, site.FeedIDs, site.Operator, site.UpdatedAt = p.Niche, p.Language, p.Feeds, s.cfg.Operator, now
	if p.Operator != nil {
		site.Operator = *p.Operator
	}
	return site, &before, s.cfg.Websites.Update(ctx, site)
}

// domainTaken says that a domain has a website, and which one if the caller may
// know.
func domainTaken(name string, id domain.WebsiteID) error {
	message := fmt.Sprintf("Domain %s is already managed.", name)
	if id != "" {
		message = fmt.Sprintf("Domain %s is already managed as website %s.", name, id)
	}
	return &domain.Error{Code: domain.CodeConflict, Field: "domain", Message: message}
}

// insert stores a new draft of the tenant in ctx: it sets what all new websites
// have in common.
func (s *Websites) insert(ctx context.Context, site *domain.Website) (err error) {
	if err := s.cfg.Websites.InOrder(ctx); err != nil {
		return err
	}
	site.ID, site.Tenant, site.State = domain.WebsiteID(domain.NewID("site")), scope(ctx), domain.WebsiteDraft
	if site.Operator == (domain.Operator{}) {
		site.Operator = s.cfg.Operator
	}
	if site.FeedIDs == nil {
		site.FeedIDs = []domain.FeedID{}
	}
	if site.Name == "" {
		if site.Name, err = s.freeName(ctx, site.Domain); err != nil {
			return err
		}
	}
	return s.cfg.Websites.Insert(ctx, site)
}

// freeName returns the first label of the domain, or the whole domain with hyphens
// if that name is taken.
func (s *Websites) freeName(ctx context.Context, host string) (string, error) {
	labels := strings.Split(strings.TrimPrefix(host, "www."), ".")
	base := labels[0]
	full := strings.ReplaceAll(host, ".", "-")
	if len(full) > 63 {
		full = strings.Trim(full[:63], "-")
	}
	for _, name := range []string{base, full} {
		_, err := s.cfg.Websites.GetByName(ctx, name)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
	return strings.ToLower(strings.ReplaceAll(domain.NewID("s"), "_", "-")), nil
}

// Rebuild starts a run that builds a new release of an existing website from what
// the feeds hold now.
func (s *Websites) Rebuild(ctx context.Context, id domain.WebsiteID) (*domain.Run, error) {
	principal, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	var run *domain.Run
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		site, err := s.hold(ctx, id)
		if err != nil {
			return err
		}
		if err := s.buildable(ctx, site); err != nil {
			return err
		}
		if run, err = s.launch(ctx, site, launchParams{WebsiteID: id, Niche: site.Niche, Language: site.Language, Feeds: site.FeedIDs}, principal.UserID); err != nil {
			return err
		}
		return s.journal.record(ctx, "website.rebuild", string(id), "run "+string(run.ID))
	})
	return run, err
}
