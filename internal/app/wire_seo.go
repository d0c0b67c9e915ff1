package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"empire/internal/agent/seo"
	audit "empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/integration/indexnow"
	"empire/internal/release"
	"empire/internal/service"
)

// How long the jobs may take.
const (
	seoTime    = 10 * time.Minute // to look at one release
	submitTime = 5 * time.Minute  // to tell search engines
)

// hostSecret is where what the keys of hosts follow from is kept. All processes over
// one database have the same.
const hostSecret = "indexnow.secret"

// wireSEO builds what audits releases, keeps what pages are for and tells search engines
// of changes. The services of websites and of search come before it.
func (a *App) wireSEO(ctx context.Context) error {
	told := service.SubmissionsConfig{
		Tx: a.store, Store: a.store.Submissions, Websites: a.store.Websites, Enqueue: a.enqueueLast, Audit: a.store.Audit, Now: a.now,
	}
	if a.cfg.SEO.IndexNow != "" {
		engines, err := indexnow.New(a.cfg.SEO.IndexNow, nil)
		if err != nil {
			return err
		}
		secret, err := a.store.Meta.Keep(ctx, hostSecret, rand.Text())
		if err != nil {
			return err
		}
		a.hostKey = func(host string) string { return indexnow.Key([]byte(secret), host) }
		told.Engines, told.Key = engines, a.hostKey
	}
	a.Submissions = service.NewSubmissions(told)
	a.SEO = service.NewSEO(service.SEOConfig{
		Tx: a.store, Store: a.store.SEO, Websites: a.Websites, Check: checkRelease, Rules: audit.Catalogue, Version: audit.Version, Keywords: seo.KeywordPages,
		Search: a.searchPages, Tell: a.Submissions, Enqueue: a.enqueueLast, Audit: a.store.Audit, Now: a.now,
	})
	a.runtime.Keywords = func(ctx context.Context, id domain.WebsiteID) (*domain.KeywordMap, error) {
		site, err := a.siteFor(ctx, id)
		if err != nil {
			return nil, err
		}
		return a.SEO.MapOf(ctx, site)
	}
	a.runtime.Stale = a.staleOf
	a.runtime.Compare = release.Pages
	a.queue.Handle(service.JobSEO, seoTime, func(ctx context.Context, args json.RawMessage, _ int) error { return a.SEO.Work(ctx, args) })
	a.queue.Handle(service.JobSubmit, submitTime, func(ctx context.Context, args json.RawMessage, _ int) error { return a.Submissions.Work(ctx, args) })
	return nil
}

// keyFile returns what the edge proves with who holds a host; nil if nobody asks.
func (a *App) keyFile() func(host string) string { return a.hostKey }

// checkRelease fits the audit to the service.
func checkRelease(d *domain.Draft, files []domain.File) service.SEOFindings {
	r := audit.AuditSite(d, files)
	out := service.SEOFindings{Score: r.Score, Pages: len(r.Pages), Findings: r.Findings}
	for _, p := range r.Pages {
		if p.Indexable {
			out.Indexable++
		}
	}
	return out
}

// siteFor returns a website for the work in ctx. One of another tenant than whose run or
// task that is does not exist for it: parameters may come from earlier results.
func (a *App) siteFor(ctx context.Context, id domain.WebsiteID) (*domain.Website, error) {
	site, err := a.store.Websites.Get(ctx, id)
	if scope, ok := domain.ScopeFrom(ctx); ok && err == nil && site.Tenant.OrDefault() != scope.Tenant.OrDefault() {
		return nil, domain.Errorf(domain.CodeNotFound, "Website %s does not exist.", id)
	}
	return site, err
}

// staleOf returns what pages of a website rest on that changed since they were
// published.
func (a *App) staleOf(ctx context.Context, id domain.WebsiteID) ([]domain.GraphStale, error) {
	if _, err := a.siteFor(ctx, id); err != nil {
		return nil, err
	}
	return a.store.Graph.StaleOf(ctx, id)
}

// readKeywords notes what the pages of websites are for that were live before that was
// noted.
func (a *App) readKeywords(ctx context.Context) {
	n, err := a.SEO.CatchUp(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.WarnContext(ctx, "keywords of live websites not read", "err", err)
	case n > 0:
		a.log.InfoContext(ctx, "keywords of live websites read", "count", n)
	}
}
