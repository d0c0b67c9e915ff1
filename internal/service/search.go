package service

import (
	"context"
	"time"

	"empire/internal/domain"
)

// JobIndex is the kind of job that brings the search up to date with a source.
const JobIndex = "search.index"

type searchEngine interface {
	Search(ctx context.Context, tenants []domain.TenantID, q domain.SearchQuery) (*domain.SearchAnswer, error)
	Replace(ctx context.Context, tenant domain.TenantID, source string, docs []domain.SearchDocument) (domain.SearchChange, error)
	Forget(ctx context.Context, tenant domain.TenantID, source string) (int, error)
	Rebuild(ctx context.Context) (int, error)
}

type searchFeeds interface {
	Get(ctx context.Context, id domain.FeedID) (*domain.Feed, error)
	List(ctx context.Context, w domain.Window) ([]domain.Feed, int, error)
}

type searchProducts interface {
	Walk(ctx context.Context, feed domain.FeedID, after string, limit int) ([]domain.Product, error)
}

type searchPages interface {
	List(ctx context.Context, website domain.WebsiteID, w domain.Window) ([]domain.Page, int, error)
}

type searchEvidence interface {
	Walk(ctx context.Context, website domain.WebsiteID, after domain.EvidenceID, limit int) ([]domain.Evidence, error)
}

type searchWebsites interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	After(ctx context.Context, tenant domain.TenantID, after domain.WebsiteID, limit int) ([]domain.Website, error)
}

// searchMarks remember which vectors are complete.
type searchMarks interface {
	Get(ctx context.Context, key string) (value string, ok bool, err error)
	Set(ctx context.Context, key, value string) error
}

// SearchConfig is what Search needs.
type SearchConfig struct {
	Engine   searchEngine
	Space    string // names the embedder and where its vectors are
	Feeds    searchFeeds
	Products searchProducts
	Pages    searchPages
	Evidence searchEvidence
	Websites searchWebsites
	Marks    searchMarks
	Enqueue  func(ctx context.Context, kind string, args any, at time.Time) error
	Audit    auditStore
	Now      func() time.Time
}

// Search finds pages, products and evidence. Products belong to the installation, as
// feeds do; pages and evidence to the tenant of their website.
type Search struct {
	cfg     SearchConfig
	journal journal
}

// NewSearch returns the service.
func NewSearch(cfg SearchConfig) *Search { return &Search{cfg, journal{cfg.Audit, cfg.Now}} }

// shared is the tenant of what belongs to the installation.
const shared domain.TenantID = ""

// Find answers a query with what the principal in ctx may see.
func (s *Search) Find(ctx context.Context, q domain.SearchQuery) (*domain.SearchAnswer, error) {
	p, err := domain.Require(ctx, domain.IntelligenceUse)
	if err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if q.WebsiteID != "" {
		site, err := s.cfg.Websites.Get(ctx, q.WebsiteID)
		if _, err := visible(ctx, site, err, "Website", string(q.WebsiteID)); err != nil {
			return nil, err
		}
	}
	return s.cfg.Engine.Search(ctx, []domain.TenantID{shared, p.Tenant.OrDefault()}, q)
}

// FeedSource and WebsiteSource name what documents are made from.
func FeedSource(id domain.FeedID) string { return "feed:" + string(id) }

// WebsiteSource names the pages of a website and the evidence that no feed gave.
func WebsiteSource(id domain.WebsiteID) string { return "website:" + string(id) }

// evidenceSource names the evidence of a website that a feed gave: it goes with either.
func evidenceSource(website domain.WebsiteID, feed domain.FeedID) string {
	return WebsiteSource(website) + "|" + FeedSource(feed)
}

type indexArgs struct {
	Tenant    domain.TenantID  `json:"tenant,omitempty"`
	FeedID    domain.FeedID    `json:"feed_id,omitempty"`
	WebsiteID domain.WebsiteID `json:"website_id,omitempty"`
	All       bool             `json:"all,omitempty"` // everything, for vectors that are new
	Space     string           `json:"space,omitempty"`
}

// FeedChanged has the search look at a feed again. It belongs into the transaction of
// the change, also of the feed's end.
func (s *Search) FeedChanged(ctx context.Context, id domain.FeedID) error {
	return s.cfg.Enqueue(ctx, JobIndex, indexArgs{FeedID: id}, s.cfg.Now())
}

// WebsiteChanged is FeedChanged for the pages and evidence of a website.
func (s *Search) WebsiteChanged(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID) error {
	return s.cfg.Enqueue(ctx, JobIndex, indexArgs{Tenant: tenant.OrDefault(), WebsiteID: id}, s.cfg.Now())
}

// markKey is where it is noted whose vectors are complete.
const markKey = "search.space"

// Prepare has everything indexed if that was not done for the present embedder and
// the present place of vectors.
func (s *Search) Prepare(ctx context.Context) error {
	done, _, err := s.cfg.Marks.Get(ctx, markKey)
	if err != nil || done == s.cfg.Space {
		return err
	}
	return s.cfg.Enqueue(ctx, JobIndex, indexArgs{All: true, Space: s.cfg.Space}, s.cfg.Now())
}
