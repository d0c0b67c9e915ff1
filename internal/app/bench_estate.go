package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"empire/internal/bench"
	"empire/internal/domain"
	"empire/internal/sample"
)

// EstateBench says what AddBenchEstate makes.
type EstateBench struct {
	Websites int // at least 2
	Pages    int // of each website, MaxEstatePages at most
	Events   int // single hits of all websites
	Progress func(what string, done, total int)
}

// MaxEstatePages is how many pages the website that an estate is made of has at least.
const MaxEstatePages = 40

const (
	estateRuns     = 5  // of each website
	estateEvidence = 50 // every so many websites have the evidence of their pages, too
	estateCalls    = 8  // of models, for each website
	estateDays     = 400
)

// estateSite is a website of an estate.
type estateSite struct {
	id      domain.WebsiteID
	live    domain.ReleaseID
	created time.Time
}

type estateBench struct {
	*App
	cfg      EstateBench
	now      time.Time
	site     *domain.Website // that the others are made of
	release  *domain.Release
	run      *domain.Run
	approval *domain.Approval
	audit    *domain.SEOAudit
	pages    []domain.Page
	evidence []domain.Evidence
	keywords []domain.KeywordPage
	links    domain.ReleaseLinks
	sites    []estateSite
}

// AddBenchEstate fills an empty, running installation with what a portfolio has after
// more than a year. One website is launched from the bundled data; the others have its
// pages and releases, and runs, approvals, alerts and visits of their own.
func (a *App) AddBenchEstate(ctx context.Context, cfg EstateBench) error {
	if cfg.Progress == nil {
		cfg.Progress = func(string, int, int) {}
	}
	b := &estateBench{App: a, cfg: cfg, now: a.now().UTC().Truncate(time.Second)}
	ctx = domain.WithPrincipal(ctx, a.admin)
	for _, step := range []func(context.Context) error{b.launchFirst, b.addSites, b.addWork, b.addMarket, b.addVisits} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// launchFirst publishes the website that the others are made of, and reads what it is made of.
func (b *estateBench) launchFirst(ctx context.Context) error {
	b.cfg.Progress("launch", 0, 1)
	b.Websites.SetOperator(sample.Operator())
	s, err := b.Demo(ctx, DemoParams{})
	if err != nil {
		return err
	}
	if s.Status != DemoCompleted {
		return fmt.Errorf("the first website was not published: %+v", s.Error)
	}
	if b.site, err = b.store.Websites.Get(ctx, s.WebsiteID); err != nil {
		return err
	}
	if b.release, err = b.store.Releases.Get(ctx, b.site.LiveRelease); err != nil {
		return err
	}
	if b.run, err = b.store.Runs.Get(ctx, s.RunID); err != nil {
		return err
	}
	approvals, _, err := b.store.Approvals.List(ctx, domain.ApprovalFilter{}, domain.Window{Limit: 1})
	if err != nil || len(approvals) == 0 {
		return fmt.Errorf("find the approval of the first website (%d): %w", len(approvals), err)
	}
	b.approval = &approvals[0]
	if b.pages, _, err = b.store.Pages.List(ctx, b.site.ID, domain.Window{Limit: b.cfg.Pages}); err != nil {
		return err
	}
	if b.evidence, err = b.store.Evidence.Walk(ctx, b.site.ID, "", 100_000); err != nil {
		return err
	}
	if b.keywords, err = b.store.SEO.Keywords(ctx, b.site.ID); err != nil {
		return err
	}
	if _, err := b.Links.CatchUp(ctx); err != nil {
		return err
	}
	links, err := b.store.LinksOf.Of(ctx, []domain.ReleaseID{b.release.ID})
	if err != nil {
		return err
	}
	b.links = links[b.release.ID]
	lines, _, err := b.store.SEO.Audits(ctx, b.site.ID, domain.Window{Limit: 1})
	if err != nil || len(lines) == 0 {
		return err
	}
	b.audit, err = b.store.SEO.Audit(ctx, b.site.ID, lines[0].ReleaseID, lines[0].Version)
	return err
}

// addSites adds the other websites, each with two releases, its pages and audits.
func (b *estateBench) addSites(ctx context.Context) error {
	b.sites = []estateSite{{b.site.ID, b.site.LiveRelease, b.site.CreatedAt}}
	for from := 1; from < b.cfg.Websites; from += benchTransaction {
		b.cfg.Progress("websites", from, b.cfg.Websites)
		err := b.store.InTx(ctx, func(ctx context.Context) error {
			for i := from; i < min(from+benchTransaction, b.cfg.Websites); i++ {
				if err := b.addSite(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *estateBench) addSite(ctx context.Context, i int) error {
	at := b.now.AddDate(0, 0, -estateDays-1).Add(time.Duration(i) * time.Minute)
	w := *b.site
	w.ID, w.Name, w.State, w.LiveRelease = domain.WebsiteID(domain.NewID("site")), fmt.Sprintf("estate-%05d", i), domain.WebsiteDraft, ""
	w.Domain, w.Niche, w.CreatedAt, w.UpdatedAt = w.Name+".example", estateNiches[i%len(estateNiches)], at, at.Add(time.Duration(i%estateDays)*24*time.Hour)
	if err := b.store.Websites.Insert(ctx, &w); err != nil {
		return err
	}
	if err := b.store.Tags.Replace(ctx, w.ID, []string{fmt.Sprintf("group-%02d", i%20)}); err != nil {
		return err
	}
	site := estateSite{id: w.ID, created: at}
	for n := range 2 {
		r := *b.release
		r.ID, r.WebsiteID, r.RunID, r.CreatedAt, r.PublishedAt = domain.ReleaseID(domain.NewID("rel")), w.ID, "", at.Add(time.Duration(n)*time.Hour), &w.UpdatedAt
		if err := b.store.Releases.Insert(ctx, &r); err != nil {
			return err
		}
		if b.audit != nil {
			audit := *b.audit
			audit.WebsiteID, audit.ReleaseID, audit.Number, audit.At = w.ID, r.ID, n+1, r.CreatedAt
			if err := b.store.SEO.PutAudit(ctx, &audit); err != nil {
				return err
			}
		}
		site.live = r.ID
	}
	if i%25 != 0 { // a few are drafts
		if err := b.store.Websites.SetLive(ctx, w.ID, site.live, w.UpdatedAt); err != nil {
			return err
		}
	}
	pages := slices.Clone(b.pages)
	for p := range pages {
		pages[p].WebsiteID = w.ID
	}
	if err := b.store.Pages.Replace(ctx, w.ID, pages); err != nil {
		return err
	}
	b.sites = append(b.sites, site)
	if err := b.markRead(ctx, &w, site.live); err != nil {
		return err
	}
	if i%estateEvidence != 1 {
		return nil
	}
	return b.store.Evidence.InsertAll(ctx, w.ID, b.evidence)
}

// markRead notes what the program has read from the pages of a live release in the hours
// after it was published.
func (b *estateBench) markRead(ctx context.Context, w *domain.Website, release domain.ReleaseID) error {
	keywords := slices.Clone(b.keywords)
	for i := range keywords {
		keywords[i].WebsiteID, keywords[i].Domain = w.ID, w.Domain
	}
	if err := b.store.SEO.ReplaceKeywords(ctx, w, release, keywords); err != nil {
		return err
	}
	profile := &domain.SiteProfile{WebsiteID: w.ID, Tenant: w.Tenant, Release: release, At: b.now}
	if err := b.store.Signatures.Replace(ctx, profile, nil); err != nil {
		return err
	}
	return b.store.LinksOf.Put(ctx, release, &b.links)
}

var estateNiches = []string{"mechanical keyboards", "office chairs", "espresso machines", "running shoes", "robot vacuums", "standing desks", "air purifiers"}

// addWork adds runs, approvals, tasks, calls of models, alerts, dead letters, batches and
// entries of the audit log.
func (b *estateBench) addWork(ctx context.Context) error {
	for from := 0; from < len(b.sites); from += benchTransaction {
		b.cfg.Progress("work", from, len(b.sites))
		err := b.store.InTx(ctx, func(ctx context.Context) error {
			for i := from; i < min(from+benchTransaction, len(b.sites)); i++ {
				for _, add := range []func(context.Context, int, *estateSite) error{b.addRuns, b.addCalls, b.addFaults} {
					if err := add(ctx, i, &b.sites[i]); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return b.addBatches(ctx)
}

// addRuns adds the runs of a website, some of which failed, and for every eighth website one
// that waits for a person.
func (b *estateBench) addRuns(ctx context.Context, i int, site *estateSite) error {
	for n := range estateRuns {
		at := b.now.AddDate(0, 0, -n*17).Add(-time.Duration(i*7919%86_400) * time.Second)
		end := at.Add(2 * time.Minute)
		r := *b.run
		r.ID, r.WebsiteID, r.State, r.CreatedAt, r.StartedAt, r.FinishedAt = domain.RunID(domain.NewID("run")), site.id, domain.StateCompleted, at, &at, &end
		waits := n == 0 && i%8 == 3
		r.Steps = slices.Clone(b.run.Steps)
		for s := range r.Steps {
			st := &r.Steps[s]
			st.ID, st.RunID, st.StartedAt, st.FinishedAt, st.ReadyAt = domain.StepID(domain.NewID("step")), r.ID, &at, &end, &at
			if waits && st.Name == b.approval.Step {
				st.State, st.FinishedAt, st.Result = domain.StateWaiting, nil, nil
			}
		}
		switch {
		case waits:
			r.State, r.FinishedAt = domain.StateWaiting, nil
		case (i+n)%10 == 9:
			r.State, r.Error = domain.StateFailed, &domain.RunError{Code: domain.CodeUnavailable, Message: "The merchant's server did not answer within 30 seconds."}
		}
		if err := b.store.Runs.Insert(ctx, &r); err != nil {
			return err
		}
		if !waits {
			continue
		}
		q := *b.approval
		q.ID, q.RunID, q.WebsiteID, q.State, q.CreatedAt, q.ExpiresAt = domain.ApprovalID(domain.NewID("appr")), r.ID, site.id, domain.ApprovalPending, at, nil
		if err := b.store.Approvals.Insert(ctx, &q); err != nil {
			return err
		}
	}
	return nil
}

// addCalls adds calls of models and a task.
func (b *estateBench) addCalls(ctx context.Context, i int, site *estateSite) error {
	for n := range estateCalls {
		at := b.now.AddDate(0, 0, -(i+n*11)%90)
		c := &domain.ModelCall{
			ID: domain.ModelCallID(domain.NewID("call")), Key: domain.CallKey{Owner: domain.NewID("x"), Number: 1, Hash: "bench"}, Pipeline: b.run.Pipeline, Step: "write",
			AgentID: "content_generator", WebsiteID: site.id, Name: "writer", Provider: "bench", Model: "bench-1", State: domain.CallSettled, Currency: "USD",
			Cost: domain.Micros(9000 + i%500), UsageKnown: true, Finish: "stop", CreatedAt: at, ExpiresAt: at, SettledAt: &at,
		}
		if err := b.store.ModelCalls.Insert(ctx, c, nil); err != nil {
			return err
		}
	}
	at := b.now.Add(-time.Duration(i) * time.Minute)
	return b.store.Tasks.Insert(ctx, &domain.Task{
		ID: domain.TaskID(domain.NewID("task")), AgentID: "seo_optimizer", Type: "optimize", Params: json.RawMessage(`{}`), State: domain.StateCompleted, OwnerID: b.admin.UserID,
		CreatedAt: at, StartedAt: &at, FinishedAt: &at, Result: json.RawMessage(`{}`),
	})
}

// addFaults adds alerts, dead letters and entries of the audit log.
func (b *estateBench) addFaults(ctx context.Context, i int, site *estateSite) error {
	at := b.now.Add(-time.Duration(i) * time.Hour / 2)
	for n := range 10 {
		e := domain.AuditEntry{At: at, ActorID: b.admin.UserID, Action: "release.published", Object: string(site.live), Detail: fmt.Sprintf("number %d", n)}
		if err := b.store.Audit.Append(ctx, e); err != nil {
			return err
		}
	}
	if i%4 == 0 {
		a := &domain.Alert{
			ID: domain.AlertID(domain.NewID("alert")), RuleID: "traffic_cliff", Kind: domain.AlertTrafficCliff, Severity: "warning", Subject: string(site.id),
			Title: "Visitors fell: website " + string(site.id), Text: "Yesterday had 12 visitors, the median of the same weekdays is 340.", Action: "Look at the audit of the website.",
			WebsiteID: site.id, State: domain.AlertFiring, Value: 3.5, Threshold: 50, Unit: "percent", Since: at, LastSeen: b.now, Count: 1, NotifiedAt: &at,
		}
		if i%8 == 0 {
			a.State, a.ClearedAt, a.EndNotifiedAt = domain.AlertCleared, &b.now, &b.now
		}
		if err := b.store.Alerts.Insert(ctx, a); err != nil {
			return err
		}
	}
	if i%5 != 0 {
		return nil
	}
	d := &domain.DeadLetter{
		ID: domain.DeadLetterID(domain.NewID("dead")), Kind: domain.DeadMessage, AgentID: "seo_optimizer", From: "content_generator", Reason: domain.DeadTooManyAttempts,
		Detail: "The agent refused it five times.", Payload: json.RawMessage(`{"topic":"optimize"}`), CreatedAt: at,
	}
	if i%10 == 0 {
		d.ReplayedAt, d.ReplayedBy = &b.now, b.admin.UserID
	}
	return b.store.DeadLetters.Insert(ctx, d)
}

func (b *estateBench) addBatches(ctx context.Context) error {
	for range 5 {
		batch := &domain.Batch{
			ID: domain.BatchID(domain.NewID("bat")), Tenant: domain.DefaultTenant, Action: domain.BulkRebuild, State: domain.BatchDone, Total: len(b.sites), ActorID: b.admin.UserID,
			CreatedAt: b.now, FinishedAt: &b.now,
		}
		rows := make([]domain.BatchSite, len(b.sites))
		for i := range rows {
			rows[i] = domain.BatchSite{WebsiteID: b.sites[i].id, Position: i, State: domain.BatchSiteDone, ReleaseID: b.sites[i].live}
		}
		if err := b.store.Batches.Insert(ctx, batch, rows); err != nil {
			return err
		}
	}
	return nil
}

// BenchEstate describes the estate of a database to who measures it.
func (a *App) BenchEstate(ctx context.Context) (*bench.Estate, error) {
	e := &bench.Estate{LeftOut: map[string]string{}}
	ctx = domain.WithPrincipal(ctx, a.admin)
	sites, total, err := a.store.Websites.List(ctx, domain.DefaultTenant, domain.Window{Limit: 1})
	if err != nil || len(sites) == 0 {
		return nil, fmt.Errorf("the database holds no estate: %w", err)
	}
	e.Websites = total
	if e.Pages, err = a.store.Pages.Count(ctx); err != nil {
		return nil, err
	}
	if e.Events, err = a.store.Traffic.CountEvents(ctx); err != nil {
		return nil, err
	}
	return e, a.askedFor(ctx, e)
}
