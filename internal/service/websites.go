package service

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"empire/internal/domain"
)

type websiteStore interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	GetByDomain(ctx context.Context, name string) (*domain.Website, error)
	GetByName(ctx context.Context, name string) (*domain.Website, error)
	List(ctx context.Context, w domain.Window) ([]domain.Website, int, error)
	InOrder(ctx context.Context) error
	Insert(ctx context.Context, w *domain.Website) error
	Update(ctx context.Context, w *domain.Website) error
	SetLive(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) error
}

type pageStore interface {
	Replace(ctx context.Context, id domain.WebsiteID, pages []domain.Page) error
	List(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Page, int, error)
	Get(ctx context.Context, id domain.WebsiteID, page domain.PageID) (*domain.Page, error)
}

type evidenceStore interface {
	InsertAll(ctx context.Context, id domain.WebsiteID, list []domain.Evidence) error
	List(ctx context.Context, id domain.WebsiteID, ids []domain.EvidenceID) ([]domain.Evidence, error)
}

type releaseStore interface {
	Insert(ctx context.Context, r *domain.Release) error
	Get(ctx context.Context, id domain.ReleaseID) (*domain.Release, error)
	List(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Release, int, error)
	MarkPublished(ctx context.Context, id domain.ReleaseID, at time.Time) error
}

// WebsitesConfig is what Websites needs.
type WebsitesConfig struct {
	Tx        transactor
	Websites  websiteStore
	Pages     pageStore
	Evidence  evidenceStore
	Releases  releaseStore
	Approvals approvalStore
	Runs      *Runs
	Audit     auditStore
	Operator  domain.Operator // for new websites
	Forbidden []ForbiddenNiche
	// LiveChanged tells edges, after the commit, that a site's live release moved.
	LiveChanged func(ctx context.Context, id domain.WebsiteID)
	Now         func() time.Time
}

// ForbiddenNiche is a kind of niche that is refused by rule (L25).
type ForbiddenNiche struct {
	Rule    string
	Reason  string
	Pattern *regexp.Regexp
}

// Websites creates, publishes and rolls back websites.
type Websites struct {
	cfg     WebsitesConfig
	journal journal
}

// NewWebsites returns the service.
func NewWebsites(cfg WebsitesConfig) *Websites {
	return &Websites{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}}
}

// SetOperator names who answers for websites that are made from now on. It is called
// before the first use.
func (s *Websites) SetOperator(o domain.Operator) { s.cfg.Operator = o }

// launchParams are the parameters of the launch_website pipeline.
type launchParams struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Niche     string           `json:"niche"`
	Language  string           `json:"language"`
	Feeds     []domain.FeedID  `json:"feeds"`
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
		if site, err = s.reserve(ctx, p, principal); err != nil {
			return err
		}
		params, err := json.Marshal(launchParams{site.ID, p.Niche, p.Language, p.Feeds})
		if err != nil {
			return fmt.Errorf("encode parameters: %w", err)
		}
		if run, err = s.cfg.Runs.start(ctx, "launch_website", params, nil, site.ID, principal.UserID); err != nil {
			return err
		}
		return s.journal.record(ctx, "website.generate", string(site.ID), "run "+string(run.ID))
	})
	if err != nil {
		return nil, nil, err
	}
	return site, run, nil
}

func (s *Websites) validate(p *domain.GenerateParams) error {
	var err error
	if p.Domain, err = domain.ValidateDomain(p.Domain); err != nil {
		return err
	}
	p.Niche = strings.Join(strings.Fields(p.Niche), " ")
	if p.Niche == "" {
		return domain.Invalid("niche", "A niche is needed, such as \"mechanical keyboards\".")
	}
	if len(p.Niche) > 80 {
		return domain.Invalid("niche", "The niche is longer than 80 characters.")
	}
	for _, f := range s.cfg.Forbidden {
		if f.Pattern.MatchString(p.Niche) {
			return domain.Invalid("niche", "Rule %s refuses this niche: %s", f.Rule, f.Reason)
		}
	}
	switch p.Language {
	case "":
		p.Language = "en"
	case "en", "de":
	default:
		return domain.Invalid("language", "Language %q is not supported; use en or de.", p.Language)
	}
	return nil
}

// reserve returns the website that the run will build.
func (s *Websites) reserve(ctx context.Context, p domain.GenerateParams, principal *domain.Principal) (*domain.Website, error) {
	now := s.cfg.Now().UTC()
	site, err := s.cfg.Websites.GetByDomain(ctx, p.Domain)
	switch {
	case err == nil:
		if site.State != domain.WebsiteDraft || s.cfg.Runs.busy(ctx, site.ID) {
			return nil, &domain.Error{Code: domain.CodeConflict, Field: "domain", Message: fmt.Sprintf("Domain %s is already managed as website %s.", p.Domain, site.ID)}
		}
		site.Niche, site.Language, site.FeedIDs, site.Operator, site.UpdatedAt = p.Niche, p.Language, p.Feeds, s.cfg.Operator, now
		return site, s.cfg.Websites.Update(ctx, site)
	case domain.CodeOf(err) != domain.CodeNotFound:
		return nil, err
	}
	if err := s.cfg.Websites.InOrder(ctx); err != nil {
		return nil, err
	}
	site = &domain.Website{
		ID: domain.WebsiteID(domain.NewID("site")), Domain: p.Domain, Niche: p.Niche, Language: p.Language,
		State: domain.WebsiteDraft, FeedIDs: p.Feeds, Operator: s.cfg.Operator, OwnerID: principal.UserID, CreatedAt: now, UpdatedAt: now,
	}
	if site.Name, err = s.freeName(ctx, p.Domain); err != nil {
		return nil, err
	}
	return site, s.cfg.Websites.Insert(ctx, site)
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
		site, err := s.cfg.Websites.Get(ctx, id)
		if err != nil {
			return err
		}
		if s.cfg.Runs.busy(ctx, id) {
			return domain.Errorf(domain.CodeConflict, "Website %s is being built already.", id)
		}
		params, err := json.Marshal(launchParams{site.ID, site.Niche, site.Language, site.FeedIDs})
		if err != nil {
			return fmt.Errorf("encode parameters: %w", err)
		}
		if run, err = s.cfg.Runs.start(ctx, "launch_website", params, nil, site.ID, principal.UserID); err != nil {
			return err
		}
		return s.journal.record(ctx, "website.rebuild", string(id), "run "+string(run.ID))
	})
	return run, err
}

// List returns a window of the websites and how many there are.
func (s *Websites) List(ctx context.Context, w domain.Window) ([]domain.Website, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Websites.List(ctx, w)
}

// Get returns one website.
func (s *Websites) Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	return s.cfg.Websites.Get(ctx, id)
}

// Find returns a website by id, name or domain.
func (s *Websites) Find(ctx context.Context, key string) (*domain.Website, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	if domain.ValidID(key, "site") {
		return s.cfg.Websites.Get(ctx, domain.WebsiteID(key))
	}
	site, err := s.cfg.Websites.GetByDomain(ctx, strings.ToLower(key))
	if domain.CodeOf(err) == domain.CodeNotFound {
		return s.cfg.Websites.GetByName(ctx, strings.ToLower(key))
	}
	return site, err
}

// Pages returns a window of a website's published pages.
func (s *Websites) Pages(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Page, int, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, 0, err
	}
	return s.cfg.Pages.List(ctx, id, w)
}

// Page returns one page with the evidence of its claims.
func (s *Websites) Page(ctx context.Context, id domain.WebsiteID, page domain.PageID) (*domain.Page, []domain.Evidence, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, nil, err
	}
	p, err := s.cfg.Pages.Get(ctx, id, page)
	if err != nil {
		return nil, nil, err
	}
	ids := map[domain.EvidenceID]bool{}
	var list []domain.EvidenceID
	for _, c := range p.Claims {
		for _, e := range c.Evidence {
			if !ids[e] {
				ids[e] = true
				list = append(list, e)
			}
		}
	}
	held, err := s.cfg.Evidence.List(ctx, id, list)
	return p, held, err
}

// Releases returns a window of a website's releases, newest first.
func (s *Websites) Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Release, int, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, 0, err
	}
	return s.cfg.Releases.List(ctx, id, w)
}

// Audit returns the gates of the live release, or of the newest one.
func (s *Websites) Audit(ctx context.Context, id domain.WebsiteID) ([]domain.Gate, error) {
	site, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if site.LiveRelease != "" {
		r, err := s.cfg.Releases.Get(ctx, site.LiveRelease)
		if err != nil {
			return nil, err
		}
		return r.Gates, nil
	}
	list, _, err := s.cfg.Releases.List(ctx, id, domain.Window{Limit: 1})
	if err != nil || len(list) == 0 {
		return []domain.Gate{}, err
	}
	return list[0].Gates, nil
}
