package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
	"empire/internal/integration/fetch"
	"empire/internal/pipeline"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
)

// looksTimeout bounds the job that looks at the links of one minute.
const looksTimeout = 30 * time.Minute

// wireHealing builds what looks where links lead and replaces dead ones. It asks through
// a client of its own that refuses hosts of networks before a connection is made. The
// agents and their pipelines come before it.
func (a *App) wireHealing(context.Context) error {
	k, r := &a.cfg.Links.Check, &a.cfg.Research
	cfg := fetch.Config{
		Contact: r.Contact, Allow: r.AllowRanges(), MaxBytes: k.MaxBytes, Timeout: k.Timeout, Interval: max(k.Interval, time.Nanosecond), PerHost: 1,
		Concurrency: 4, MaxRedirects: 8, Retries: -1, Permit: domain.MerchantHost, Now: a.now,
	}
	var err error
	if cfg.Proxy, err = proxyOf(r); err != nil {
		return err
	}
	a.merchants = fetch.New(cfg)
	a.Healing = service.NewLinkHealing(service.HealingConfig{
		Tx: a.store, Links: a.Links, Store: a.store.LinkHealth, Rows: a.store.Products, Page: monetization.MerchantPage, Probe: a.merchants.Probe, Judge: monetization.Judge,
		Replace: a.replacement, Start: a.startSwap, Enqueue: a.enqueueLast, Batch: k.Batch, Propose: k.Policy != "off", Automatic: a.swapsAlone,
		Looks: domain.LookPolicy{Looks: k.Looks, Span: k.Span, Every: k.Every, Again: k.Again}, Audit: a.store.Audit, Now: a.now, Log: a.log,
	})
	swap := &shipped.Swap{Question: a.Healing.Question, Ask: a.Approvals.Open, Apply: a.Healing.Apply}
	if err := a.engine.Register(swap.Definition()); err != nil {
		return err
	}
	a.runtime.Clicks, a.runtime.Health = a.clicksOf, a.healthOf
	a.queue.Handle(service.JobLinks, looksTimeout, func(ctx context.Context, args json.RawMessage, _ int) error { return a.Healing.Work(ctx, args) })
	return nil
}

// swapsAlone reports whether the same product at another merchant is linked without a
// person. An empty host stands for links of all websites: one that is to be asked about
// keeps those, too.
func (a *App) swapsAlone(host string) bool {
	k := &a.cfg.Links.Check
	is := func(h string) bool { return strings.EqualFold(h, host) }
	switch {
	case host == "":
		return k.Policy == "apply" && len(k.AskSites) == 0
	case slices.ContainsFunc(k.AskSites, is):
		return false
	}
	return k.Policy == "apply" || k.Policy == "propose" && slices.ContainsFunc(k.ApplySites, is)
}

// replacement looks for another offer in the market that a website was built from.
func (a *App) replacement(ctx context.Context, id domain.WebsiteID, dead *domain.Link) (*domain.LinkSwap, string, error) {
	draft, market, err := a.latestDraft(ctx, id)
	if err != nil {
		return nil, "", err
	}
	found, why, err := a.launch.Replacement(ctx, draft, market, dead, a.now().UTC())
	if err != nil || found == nil {
		return nil, why, err
	}
	return &domain.LinkSwap{Product: found.Of, To: found.Link, ToProduct: found.Product, Same: found.Same, Reason: found.Reason}, "", nil
}

// startSwap begins the run that asks about a replacement and applies it.
func (a *App) startSwap(ctx context.Context, w *domain.LinkSwap, owner domain.UserID) (domain.RunID, error) {
	raw, err := json.Marshal(domain.SwapParams{SwapID: w.ID})
	if err != nil {
		return "", err
	}
	run, err := a.engine.Start(ctx, pipeline.StartParams{Pipeline: shipped.SwapLink, Params: raw, WebsiteID: w.WebsiteID, Tenant: w.Tenant, OwnerID: owner})
	if err != nil {
		return "", err
	}
	return run.ID, nil
}

// swapEnded ends the replacement that a run was about.
func (a *App) swapEnded(ctx context.Context, run *domain.Run) error {
	var p domain.SwapParams
	if run.Pipeline != shipped.SwapLink {
		return nil
	}
	if err := json.Unmarshal(run.Params, &p); err != nil {
		return fmt.Errorf("read parameters of run %s: %w", run.ID, err)
	}
	return a.Healing.RunEnded(ctx, p.SwapID)
}

// clicksOf returns how often links of each program were followed on a website.
func (a *App) clicksOf(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) ([]domain.ProgramTraffic, error) {
	if _, err := a.siteFor(ctx, id); err != nil {
		return nil, err
	}
	facets, err := a.store.Traffic.Facets(ctx, id, domain.FacetProgram, span)
	if err != nil {
		return nil, err
	}
	programs, _, err := a.store.Programs.List(ctx, domain.Window{Limit: 10_000})
	if err != nil {
		return nil, err
	}
	out := make([]domain.ProgramTraffic, 0, len(facets))
	for _, f := range facets {
		p := domain.ProgramTraffic{Clicks: f.Clicks, Websites: 1}
		p.Network, p.AdvertiserID = domain.SplitProgramKey(f.Value)
		for i := range programs {
			if programs[i].Network == p.Network && programs[i].AdvertiserID == p.AdvertiserID {
				p.ProgramID, p.Name = programs[i].ID, programs[i].Name
				break
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// healthOf returns what is known of those of the links that were looked at.
func (a *App) healthOf(ctx context.Context, ids []domain.LinkID) ([]domain.LinkHealth, error) {
	out := []domain.LinkHealth{}
	for _, id := range ids {
		h, err := a.store.LinkHealth.Get(ctx, id)
		if domain.CodeOf(err) == domain.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *h)
	}
	return out, nil
}

// fireLooks has links looked at whose time has come.
func (a *App) fireLooks(ctx context.Context) {
	n, err := a.Healing.Fire(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.ErrorContext(ctx, "links not queued to be looked at", "err", err)
	case n > 0:
		a.log.DebugContext(ctx, "links queued to be looked at", "count", n)
	}
}

// healingCollector shows what looks at links found.
type healingCollector struct{ a *App }

var (
	linkLooks = prometheus.NewDesc("empire_link_looks_total", "Looks at the pages of merchants that this process took, by what they said.", []string{"state"}, nil)
	linksNow  = prometheus.NewDesc("empire_links_checked", "Links that are looked at, by what the last look said and whether they count as dead.", []string{"state", "dead"}, nil)
)

// Describe names the metrics.
func (c healingCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- linkLooks
	ch <- linksNow
}

// Collect reads the totals.
func (c healingCollector) Collect(ch chan<- prometheus.Metric) {
	for state, n := range c.a.Healing.Looked() {
		ch <- prometheus.MustNewConstMetric(linkLooks, prometheus.CounterValue, float64(n), string(state))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	list, err := c.a.store.LinkHealth.Counts(ctx, "")
	if err != nil {
		c.a.log.WarnContext(ctx, "links not counted", "err", err)
		return
	}
	type label struct{ state, dead string }
	sums := map[label]int{}
	for _, n := range list {
		l := label{"waiting", "no"}
		if n.State != "" {
			l.state = string(n.State)
		}
		if n.Dead {
			l.dead = "yes"
		}
		sums[l] += n.Count
	}
	for l, n := range sums {
		ch <- prometheus.MustNewConstMetric(linksNow, prometheus.GaugeValue, float64(n), l.state, l.dead)
	}
}
