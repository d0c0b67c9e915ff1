package service

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

type websiteStore interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	GetByDomain(ctx context.Context, name string) (*domain.Website, error)
	GetByName(ctx context.Context, name string) (*domain.Website, error)
	Hold(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Website, int, error)
	After(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID, limit int) ([]domain.Website, error)
	InOrder(ctx context.Context) error
	Insert(ctx context.Context, w *domain.Website) error
	Update(ctx context.Context, w *domain.Website) error
	Delete(ctx context.Context, id domain.WebsiteID) error
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
	Manifests manifestStore // for exports
	Blobs     blobReader    // for exports
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

// Websites creates, changes, publishes and rolls back websites.
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
	// Reserved is set if the website was made for this run alone: if the run finds
	// nothing to build it from, the website goes, too.
	Reserved bool `json:"reserved,omitempty"`
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
		params := launchParams{site.ID, p.Niche, p.Language, p.Feeds, before == nil}
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
	site.ID, site.Tenant, site.State, site.Operator = domain.WebsiteID(domain.NewID("site")), scope(ctx), domain.WebsiteDraft, s.cfg.Operator
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
		if err := s.notArchived(site); err != nil {
			return err
		}
		if err := s.notBusy(ctx, id); err != nil {
			return err
		}
		if run, err = s.launch(ctx, site, launchParams{WebsiteID: id, Niche: site.Niche, Language: site.Language, Feeds: site.FeedIDs}, principal.UserID); err != nil {
			return err
		}
		return s.journal.record(ctx, "website.rebuild", string(id), "run "+string(run.ID))
	})
	return run, err
}

// hold returns a website that the principal in ctx sees and that nobody else
// changes until the transaction ends.
func (s *Websites) hold(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	site, err := s.cfg.Websites.Hold(ctx, id)
	return visible(ctx, site, err, "Website", string(id))
}

// get returns a website that the principal in ctx sees.
func (s *Websites) get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	site, err := s.cfg.Websites.Get(ctx, id)
	return visible(ctx, site, err, "Website", string(id))
}

func (*Websites) notArchived(site *domain.Website) error {
	if site.State == domain.WebsiteArchived {
		return domain.Errorf(domain.CodeConflict, "Website %s is archived; change its state first.", site.ID)
	}
	return nil
}

func (s *Websites) notBusy(ctx context.Context, id domain.WebsiteID) error {
	if s.cfg.Runs.busy(ctx, id) {
		return domain.Errorf(domain.CodeConflict, "Website %s is being built already.", id)
	}
	return nil
}

// List returns a window of the websites and how many there are.
func (s *Websites) List(ctx context.Context, w domain.Window) ([]domain.Website, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Websites.List(ctx, scope(ctx), w)
}

// After returns up to limit websites whose id is greater than that given, in the
// order of ids, and how many websites there are in all. A walk from the greatest id
// seen so far meets every website once, whatever is added and deleted meanwhile.
func (s *Websites) After(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.Website, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	_, total, err := s.cfg.Websites.List(ctx, scope(ctx), domain.Window{Limit: 1})
	if err != nil {
		return nil, 0, err
	}
	list, err := s.cfg.Websites.After(ctx, scope(ctx), id, limit)
	return list, total, err
}

// Get returns one website.
func (s *Websites) Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	return s.get(ctx, id)
}

// Find returns a website by id, name or domain.
func (s *Websites) Find(ctx context.Context, key string) (*domain.Website, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	if domain.ValidID(key, "site") {
		return s.get(ctx, domain.WebsiteID(key))
	}
	key = strings.ToLower(key)
	site, err := s.cfg.Websites.GetByDomain(ctx, key)
	if site, err = visible(ctx, site, err, "Website", key); domain.CodeOf(err) != domain.CodeNotFound {
		return site, err
	}
	site, err = s.cfg.Websites.GetByName(ctx, key)
	return visible(ctx, site, err, "Website", key)
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
