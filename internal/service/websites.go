package service

import (
	"context"
	"regexp"
	"strings"
	"time"

	"empire/internal/domain"
)

type websiteStore interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	GetByDomain(ctx context.Context, name string) (*domain.Website, error)
	GetByName(ctx context.Context, name string) (*domain.Website, error)
	Hold(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Website, int, error)
	After(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID, limit int) ([]domain.Website, error)
	Domains(ctx context.Context, tenant domain.TenantID) ([]string, error)
	Version(ctx context.Context) (int64, error)
	InOrder(ctx context.Context) error
	Insert(ctx context.Context, w *domain.Website) error
	Update(ctx context.Context, w *domain.Website) error
	Delete(ctx context.Context, id domain.WebsiteID) error
	SetLive(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) error
}

type websiteWalker interface {
	After(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID, limit int) ([]domain.Website, error)
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

type approvalGetter interface {
	Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error)
}

// websiteGraph is told, in the transaction of a change, what websites say.
type websiteGraph interface {
	Published(ctx context.Context, site *domain.Website, d *domain.Draft) error
	Gone(ctx context.Context, site *domain.Website) error
}

// WebsitesConfig is what Websites needs.
type WebsitesConfig struct {
	Tx        transactor
	Websites  websiteStore
	Pages     pageStore
	Evidence  evidenceStore
	Releases  releaseStore
	Approvals approvalGetter
	// Ask opens an approval on behalf of a step, in the transaction of ctx.
	Ask       func(ctx context.Context, run *domain.Run, step string, q domain.Question) error
	Runs      *Runs
	Manifests manifestStore // for exports
	Blobs     blobReader    // for exports
	Drafts    draftReader   // what releases were built from
	// Project writes a release, given by its draft and all of its files, as a project of
	// Hugo; nil: that export is refused.
	Project func(d *domain.Draft, files []domain.File) ([]domain.File, error)
	// Carry brings a release to a target and verifies it there; nil: there are no targets.
	Carry func(ctx context.Context, target string, site *domain.Website, r *domain.Release, m domain.Manifest) (*domain.DeployReport, error)
	// Compare says what differs between two releases.
	Compare   func(before, after domain.ReleaseContent) ([]domain.PageDiff, []domain.FileChange)
	Audit     auditStore
	Graph     websiteGraph    // may be nil
	Twins     websiteTwins    // may be nil
	Fleet     websiteFleet    // may be nil; needs Twins
	Operator  domain.Operator // for new websites
	Forbidden []ForbiddenNiche
	// LiveChanged tells edges, after the commit, that a site's live release moved.
	LiveChanged func(ctx context.Context, id domain.WebsiteID)
	// Recheck looks at the evidence of a website again and turns gates red whose
	// evidence was damaged since; nil: it is not looked at.
	Recheck func(ctx context.Context, id domain.WebsiteID, gates []domain.Gate) ([]domain.Gate, error)
	// Reindex has the search look at a website again, within the transaction of the
	// change; nil: nothing searches.
	Reindex func(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID) error
	// Retirements are websites that are retired, which are not built again; may be nil.
	Retirements retirementStore
	// Moved has the live release looked at that took the place of another, within the
	// transaction of that; nil: nobody looks.
	Moved func(ctx context.Context, site *domain.Website, release, before domain.ReleaseID) error
	Now   func() time.Time
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

// DefaultOperator returns who answers for websites that name nobody else. It belongs to
// the installation.
func (s *Websites) DefaultOperator() domain.Operator { return s.cfg.Operator }

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

// notRetired refuses what would bring a retired website back by the way.
func (s *Websites) notRetired(ctx context.Context, site *domain.Website) error {
	if s.cfg.Retirements == nil {
		return nil
	}
	r, err := wholeRetired(ctx, s.cfg.Retirements, site.ID)
	if err != nil || r == nil {
		return err
	}
	return domain.Errorf(domain.CodeConflict, "Website %s is retired since %s: %s A rollback brings it back.", site.ID, r.At.UTC().Format(time.DateOnly), sentence(r.Reason))
}

// revived forgets that a website was retired, in the transaction that rolls it back.
func (s *Websites) revived(ctx context.Context, site *domain.Website, action string) error {
	if s.cfg.Retirements == nil || action != actionRolledBack {
		return nil
	}
	r, err := wholeRetired(ctx, s.cfg.Retirements, site.ID)
	if err != nil || r == nil {
		return err
	}
	if err := s.cfg.Retirements.Delete(ctx, site.ID, ""); err != nil {
		return err
	}
	return s.journal.changedFor(ctx, site.Tenant.OrDefault(), "website.revived", string(site.ID), "", r, nil)
}

func (s *Websites) notBusy(ctx context.Context, id domain.WebsiteID) error {
	if s.cfg.Runs.busy(ctx, id) {
		return domain.Errorf(domain.CodeConflict, "Website %s is being built already.", id)
	}
	return nil
}

// buildable refuses to begin a run that makes a new release of a website.
func (s *Websites) buildable(ctx context.Context, site *domain.Website) error {
	if err := s.notArchived(site); err != nil {
		return err
	}
	if err := s.notRetired(ctx, site); err != nil {
		return err
	}
	if err := s.notBusy(ctx, site.ID); err != nil {
		return err
	}
	return s.frozen(ctx, site)
}

// eachWebsite calls fn with all websites of a tenant in the order of their ids, reading
// many at a time, until it fails.
func eachWebsite(ctx context.Context, sites websiteWalker, tenant domain.TenantID, fn func(*domain.Website) error) error {
	const chunk = 1000
	for last := domain.WebsiteID(""); ; {
		list, err := sites.After(ctx, tenant, last, chunk)
		if err != nil {
			return err
		}
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
		}
		if len(list) < chunk {
			return nil
		}
		last = list[len(list)-1].ID
	}
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

// Audit returns the gates of the live release, or of the newest one, as they are with
// the evidence of today.
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
		return s.recheck(ctx, id, r.Gates)
	}
	list, _, err := s.cfg.Releases.List(ctx, id, domain.Window{Limit: 1})
	if err != nil || len(list) == 0 {
		return []domain.Gate{}, err
	}
	return s.recheck(ctx, id, list[0].Gates)
}

func (s *Websites) recheck(ctx context.Context, id domain.WebsiteID, gates []domain.Gate) ([]domain.Gate, error) {
	if s.cfg.Recheck == nil {
		return gates, nil
	}
	return s.cfg.Recheck(ctx, id, gates)
}

// intact refuses to move a website whose evidence was damaged. It reads what the
// evidence is, so it comes before the transaction.
func (s *Websites) intact(ctx context.Context, id domain.WebsiteID) error {
	gates, err := s.recheck(ctx, id, nil)
	if err != nil {
		return err
	}
	for _, g := range gates {
		for _, f := range g.Findings {
			if f.Severity == domain.GateFail {
				return domain.Errorf(domain.CodeGateRed, "Gate %s is red: %s First finding: %s on %s: %s", g.Name, g.Summary, f.Rule, f.Page, f.Message)
			}
		}
	}
	return nil
}
