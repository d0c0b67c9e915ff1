package app

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/integration/fetch"
	"empire/internal/integration/searxng"
	"empire/internal/intelligence/research"
	"empire/internal/service"
)

// researchTimeout bounds one attempt of research, of whatever depth.
const researchTimeout = 15 * time.Minute

// wireResearch builds the way out to pages, what keeps them, and what reads them.
func (a *App) wireResearch(context.Context) error {
	c := &a.cfg.Research
	cfg := fetch.Config{Contact: c.Contact, Allow: c.AllowRanges(), MaxBytes: c.MaxBytes, Timeout: c.Timeout, Interval: c.Interval, Now: a.now}
	if cfg.Interval == 0 {
		cfg.Interval = time.Nanosecond // 0 is the default
	}
	var err error
	if cfg.Proxy, err = proxyOf(c); err != nil {
		return err
	}
	a.pages = fetch.New(cfg)
	sources, err := a.researchSources()
	if err != nil {
		return err
	}
	engine := research.New(research.Config{
		Fetch: a.pages, Sources: sources, Model: completer(a.Complete), Models: a.researchModels(), Ensemble: c.Ensemble, Now: a.now,
		Market: func(ctx context.Context, topic, language string) (*domain.Market, error) {
			return markets{a.store}.Build(ctx, topic, language, nil, a.now(), func(int, int, string) {})
		},
	})
	a.Snapshots = service.NewSnapshots(service.SnapshotsConfig{
		Store: a.store.Snapshots, Blobs: a.blobs, Pages: a.store.Pages, Reports: a.store.Research, Audit: a.store.Audit, Now: a.now,
	})
	a.Research = service.NewResearch(service.ResearchConfig{
		Tx: a.store, Store: a.store.Research, Snapshots: a.Snapshots, Do: researcher{engine}.Do, Enqueue: a.enqueue, Audit: a.store.Audit, Emit: a.emit,
		Now: a.now, Log: a.log, Patience: c.Wait,
	})
	a.queue.Handle(service.JobResearch, researchTimeout, func(ctx context.Context, args json.RawMessage, _ int) error {
		return a.Research.Work(ctx, args)
	})
	return nil
}

// proxyOf returns the proxy for pages; nil: there is none.
func proxyOf(c *config.Research) (*url.URL, error) {
	if c.Proxy == "" {
		return nil, nil //nolint:nilnil // none is a proxy, too
	}
	u, err := url.Parse(string(c.Proxy))
	if err != nil {
		return nil, domain.Errorf(domain.CodeInvalid, "research.proxy is not a URL.") // the error would show the password
	}
	return u, nil
}

// researchModels returns the names of the models in the order in which they are
// asked: those of the setting, or the default one and then the others.
func (a *App) researchModels() []string {
	if len(a.cfg.Research.Models) > 0 {
		return a.cfg.Research.Models
	}
	list, standard := a.cfg.Models.All()
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	slices.SortStableFunc(names, func(x, y string) int {
		return cmp.Compare(boolInt(y == standard), boolInt(x == standard))
	})
	return names
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// researchSources returns where research looks.
func (a *App) researchSources() ([]research.Source, error) {
	c := &a.cfg.Research
	var out []research.Source
	if c.SearXNG != "" {
		client, err := searxng.New(c.SearXNG, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, searcher{client})
	}
	if len(c.Sitemaps) > 0 {
		out = append(out, research.NewSitemaps(a.pages, c.Sitemaps))
	}
	if len(c.Feeds) > 0 {
		out = append(out, research.NewFeeds(a.pages, c.Feeds))
	}
	if len(c.URLs) > 0 {
		out = append(out, research.NewURLs(c.URLs))
	}
	return append(out, ownPages{a}), nil
}

// completer fits Complete to research.
type completer func(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error)

// Complete implements research.Completer.
func (c completer) Complete(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error) {
	return c(ctx, p)
}

// researcher fits the engine to the service.
type researcher struct{ engine *research.Engine }

// Do does the research.
func (r researcher) Do(ctx context.Context, in service.ResearchInput) (*domain.ResearchReport, error) {
	return r.engine.Run(ctx, research.Input{
		Params: in.Params, Tenant: in.Tenant, Progress: in.Progress,
		Keep: func(ctx context.Context, page *domain.FetchedPage, read research.Reading, own bool) (*domain.Snapshot, error) {
			return in.Keep(ctx, service.ReadPage{
				FetchedPage: page, Text: read.Text, Charset: read.Charset, Title: read.Meta.Title, Author: read.Meta.Author, SiteName: read.Meta.SiteName,
				Language: read.Language, PublishedAt: read.Meta.PublishedAt, Own: own,
			})
		},
	})
}

// searcher fits SearXNG to research.
type searcher struct{ client *searxng.Client }

// Name implements research.Source.
func (searcher) Name() string { return "searxng" }

// Find implements research.Source.
func (s searcher) Find(ctx context.Context, q research.Query) ([]research.Hit, error) {
	list, err := s.client.Search(ctx, q.Text, q.Language, q.Limit)
	if err != nil {
		return nil, err
	}
	out := make([]research.Hit, 0, len(list))
	for _, r := range list {
		out = append(out, research.Hit{URL: r.URL, Title: r.Title, Snippet: r.Snippet, Published: r.Published})
	}
	return out, nil
}

// ownPages finds published pages of the operator's own websites about a topic. They
// are read from their release, not fetched.
type ownPages struct{ a *App }

// Name implements research.Source.
func (ownPages) Name() string { return "portfolio" }

// maxOwnSites is how many websites of a tenant are looked through.
const maxOwnSites = 2000

// Find implements research.Source.
func (o ownPages) Find(ctx context.Context, q research.Query) ([]research.Hit, error) {
	if q.Text != q.Topic { // pages are chosen by the topic: once is enough
		return nil, nil
	}
	var out []research.Hit
	seen := 0
	for after := domain.WebsiteID(""); seen < maxOwnSites; {
		list, err := o.a.store.Websites.After(ctx, q.Tenant, after, 100)
		if err != nil || len(list) == 0 {
			return out, err
		}
		for i := range list {
			seen++
			after = list[i].ID
			w := &list[i]
			if w.LiveRelease == "" || w.Language != q.Language || !research.About(q.Topic, q.Language, w.Niche+" "+w.Title) {
				continue
			}
			hits, err := o.pagesOf(ctx, w, q)
			if err != nil {
				return out, err
			}
			if out = append(out, hits...); len(out) >= q.Limit {
				return out[:q.Limit], nil
			}
		}
	}
	return out, nil
}

// pagesOf returns the pages of a website about the topic, as they are served.
func (o ownPages) pagesOf(ctx context.Context, w *domain.Website, q research.Query) ([]research.Hit, error) {
	rel, err := o.a.store.Releases.Get(ctx, w.LiveRelease)
	if err != nil {
		return nil, err
	}
	m, err := o.a.builder.Load(ctx, rel.Manifest)
	if err != nil {
		return nil, err
	}
	pages, _, err := o.a.store.Pages.List(ctx, w.ID, domain.Window{Limit: 1000})
	if err != nil {
		return nil, err
	}
	var out []research.Hit
	for i := range pages {
		p := &pages[i]
		if !p.Indexable || len(out) >= q.Limit || !research.About(q.Topic, q.Language, p.Title+" "+p.Description) {
			continue
		}
		k := slices.IndexFunc(m.Entries, func(e domain.ManifestEntry) bool { return e.Path == p.Path() })
		if k < 0 || !strings.HasPrefix(m.Entries[k].ContentType, "text/html") {
			continue
		}
		body, err := o.a.blobs.ReadAll(ctx, m.Entries[k].SHA256)
		if err != nil {
			return out, err
		}
		address := "https://" + w.Domain + p.Path()
		out = append(out, research.Hit{URL: address, Title: p.Title, Snippet: p.Description, Page: &domain.FetchedPage{
			URL: address, FinalURL: address, Status: 200, ContentType: m.Entries[k].ContentType, Body: body, FetchedAt: o.a.now().UTC(),
		}})
	}
	return out, nil
}

// checkSnapshot proves evidence for the gates.
func (a *App) checkSnapshot(ctx context.Context, e domain.Evidence) error {
	return a.Snapshots.Check(ctx, e)
}

// recheckWebsite looks at the evidence of a website as it is today.
func (a *App) recheckWebsite(ctx context.Context, id domain.WebsiteID, gates []domain.Gate) ([]domain.Gate, error) {
	return a.Snapshots.Recheck(ctx, id, gates)
}
