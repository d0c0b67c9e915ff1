// Package shipped holds the pipelines that come with the program. Each step calls
// one agent; what passes between steps is a market or a draft, kept by content in
// the blob store and named by its SHA-256 in the step's result.
package shipped

import (
	"context"
	"fmt"
	"time"

	"empire/internal/agent/content"
	"empire/internal/agent/monetization"
	"empire/internal/agent/opportunity"
	"empire/internal/agent/seo"
	"empire/internal/agent/website"
	"empire/internal/domain"
	"empire/internal/parallel"
	"empire/internal/pipeline"
)

// LaunchWebsite is the name of the pipeline that turns a niche into a published
// website.
const LaunchWebsite = "launch_website"

// Markets reads what the feeds hold for a niche.
type Markets interface {
	// Build returns CodeNotEnoughData if the feeds do not carry the niche.
	Build(ctx context.Context, niche, language string, feeds []domain.FeedID, at time.Time, progress func(done, total int, message string)) (*domain.Market, error)
}

// Artifacts keeps markets and drafts by content.
type Artifacts interface {
	PutMarket(ctx context.Context, m *domain.Market) (sha string, err error)
	Market(ctx context.Context, sha string) (*domain.Market, error)
	PutDraft(ctx context.Context, d *domain.Draft) (sha string, err error)
	Draft(ctx context.Context, sha string) (*domain.Draft, error)
}

// Sites is what the pipeline does to websites. Publish and OpenApproval run in the
// transaction that finishes the step.
type Sites interface {
	Get(ctx context.Context, id domain.WebsiteID) (*domain.Website, error)
	SetTitle(ctx context.Context, id domain.WebsiteID, title string) error
	OpenApproval(ctx context.Context, run *domain.Run, step string, g GateResult) error
	// Publish stores the release with its pages and evidence and makes it live. It
	// refuses a candidate whose approval is not for exactly this manifest.
	Publish(ctx context.Context, id domain.ReleaseID, run *domain.Run, g GateResult, a ApproveResult, d *domain.Draft) error
}

// Gates checks a finished draft and its files.
type Gates interface {
	Check(ctx context.Context, d *domain.Draft, m *domain.Market, files []domain.File) (GateResult, error)
}

// Releases stores files and returns the SHA-256 of their manifest.
type Releases interface {
	Build(ctx context.Context, host string, files []domain.File) (manifest string, bytes int64, err error)
}

// Links is the registry of affiliate links. Register runs in the transaction that
// finishes the step.
type Links interface {
	Held(ctx context.Context, ids []domain.LinkID) (map[domain.LinkID]domain.Link, error)
	Register(ctx context.Context, website domain.WebsiteID, links []domain.Link) error
}

// Edits are texts that people change while a run waits for approval. SettleEdit runs in
// the transaction that finishes the step.
type Edits interface {
	// LastEdit returns the newest edit of a draft that no gate has refused, or CodeNotFound.
	LastEdit(ctx context.Context, run domain.RunID, draft string) (*domain.TextEdit, error)
	SettleEdit(ctx context.Context, e *domain.TextEdit, state domain.EditState, detail string) error
}

// Launch holds what the steps of launch_website need.
type Launch struct {
	Markets     Markets
	Artifacts   Artifacts
	Sites       Sites
	Gates       Gates
	Releases    Releases
	Scanner     *opportunity.Scanner
	Builder     *website.Builder
	Writer      *content.Generator
	Optimizer   *seo.Optimizer
	Monetizer   *monetization.Planner
	PriceMaxAge time.Duration  // older prices are not shown
	Links       Links          // the registry; nil: there is none
	LinkWay     domain.LinkWay // of links and programs that name none
	// Design says what the operator chose for the look of a site; may be nil.
	Design func(*domain.Website) (*domain.Design, error)
	Edits  Edits // may be nil
	// Redirects returns where addresses lead that the website once had and d has not; may
	// be nil.
	Redirects func(ctx context.Context, d *domain.Draft) ([]domain.Moved, error)
	// Gone returns the paths of pages that were retired: they are not planned again; may
	// be nil.
	Gone func(ctx context.Context, id domain.WebsiteID) ([]string, error)
	// PagePolicy is what a page that a gate refuses means for websites that do not say so;
	// empty: HoldSite.
	PagePolicy domain.PagePolicy
	// Taken returns the keywords that other websites of the tenant have; may be nil.
	Taken func(ctx context.Context, site *domain.Website) ([]domain.TakenKeyword, error)
	// Freeze keeps what the scan said, in the transaction that finishes it; may be nil.
	Freeze func(ctx context.Context, run *domain.Run, o *domain.Opportunity) error
}

// Definition returns the current version of launch_website.
func (l *Launch) Definition() pipeline.Definition {
	quick := pipeline.Retry{Attempts: 3, Backoff: time.Second}
	step := func(name string, agent domain.AgentID, task string, timeout time.Duration, fn pipeline.Func) pipeline.StepDef {
		return pipeline.StepDef{Name: name, Agent: agent, Task: task, Timeout: timeout, Retry: quick, Run: fn}
	}
	return pipeline.Definition{Name: LaunchWebsite, Version: 1, Private: true, Steps: []pipeline.StepDef{
		step("scan", "opportunity_scanner", "market_scan", 10*time.Minute, l.scan),
		step("plan", "website_generator", "plan_website", 2*time.Minute, l.plan),
		step("write", "content_generator", "generate_content", 15*time.Minute, l.write),
		step("build", "website_generator", "build_website", 5*time.Minute, l.build),
		step("optimize", "seo_optimization_agent", "optimize_content", 5*time.Minute, l.optimize),
		step("monetize", "monetization_agent", "link_placement", 5*time.Minute, l.monetize),
		step("gate", "", "", 10*time.Minute, l.gate),
		step("approve", "", "", time.Minute, l.approve),
		step("release", "website_generator", "deploy_website", 5*time.Minute, l.release),
	}}
}

func (l *Launch) scan(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	var p LaunchParams
	if err := in.Params(&p); err != nil {
		return pipeline.Output{}, err
	}
	at := in.Run.CreatedAt
	market, err := l.Markets.Build(ctx, p.Niche, p.Language, p.Feeds, at, in.Progress)
	if err != nil {
		return pipeline.Output{}, fmt.Errorf("read market %q: %w", p.Niche, err)
	}
	opp, err := l.Scanner.Run(ctx, opportunity.ScanInput{Market: market, Language: p.Language, Now: at})
	if err != nil {
		return pipeline.Output{}, err
	}
	sha, err := l.Artifacts.PutMarket(ctx, market)
	if err != nil {
		return pipeline.Output{}, err
	}
	out := pipeline.Output{Result: ScanResult{opp, sha}}
	if l.Freeze != nil {
		out.Apply = func(ctx context.Context) error { return l.Freeze(ctx, in.Run, &opp) }
	}
	return out, nil
}

// state loads the market and, after write, the draft that the named step left.
func (l *Launch) state(ctx context.Context, in *pipeline.Input, draftStep string) (*domain.Market, *domain.Draft, error) {
	var scan ScanResult
	if err := in.Result("scan", &scan); err != nil {
		return nil, nil, err
	}
	if draftStep == "" {
		market, err := l.Artifacts.Market(ctx, scan.Market)
		return market, nil, err
	}
	var market *domain.Market
	var draft *domain.Draft
	err := parallel.Try(2, func(i int) (err error) { // reading them takes a good part of a step
		if i == 0 {
			draft, err = l.draft(ctx, in, draftStep)
		} else {
			market, err = l.Artifacts.Market(ctx, scan.Market)
		}
		return err
	})
	return market, draft, err
}

// draft loads the draft that a step left.
func (l *Launch) draft(ctx context.Context, in *pipeline.Input, step string) (*domain.Draft, error) {
	var ref struct {
		Draft string `json:"draft"`
	}
	if err := in.Result(step, &ref); err != nil {
		return nil, err
	}
	return l.Artifacts.Draft(ctx, ref.Draft)
}

func (l *Launch) plan(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	market, _, err := l.state(ctx, in, "")
	if err != nil {
		return pipeline.Output{}, err
	}
	site, err := l.Sites.Get(ctx, in.Run.WebsiteID)
	if err != nil {
		return pipeline.Output{}, err
	}
	var p LaunchParams
	if err := in.Params(&p); err != nil {
		return pipeline.Output{}, err
	}
	taken, err := l.taken(ctx, site)
	if err != nil {
		return pipeline.Output{}, err
	}
	plan, err := l.Builder.Plan(ctx, website.PlanInput{
		Market: market, Website: *site, Seed: seed(site), Taken: taken, Force: p.ForceKeywords, Key: seo.KeywordKey,
	})
	if err != nil {
		return pipeline.Output{}, err
	}
	if err := l.leaveOut(ctx, site.ID, &plan); err != nil {
		return pipeline.Output{}, err
	}
	apply := func(ctx context.Context) error { return l.Sites.SetTitle(ctx, site.ID, plan.Title) }
	return pipeline.Output{Result: PlanResult{plan}, Apply: apply}, nil
}

// taken returns the keywords that other websites of the tenant have.
func (l *Launch) taken(ctx context.Context, site *domain.Website) ([]domain.TakenKeyword, error) {
	if l.Taken == nil {
		return nil, nil
	}
	return l.Taken(ctx, site)
}

func (l *Launch) write(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	market, _, err := l.state(ctx, in, "")
	if err != nil {
		return pipeline.Output{}, err
	}
	var plan PlanResult
	if err := in.Result("plan", &plan); err != nil {
		return pipeline.Output{}, err
	}
	site, err := l.Sites.Get(ctx, in.Run.WebsiteID)
	if err != nil {
		return pipeline.Output{}, err
	}
	res, err := l.Writer.Write(ctx, content.WriteInput{
		Market: market, Plan: plan.Plan, Website: *site, Seed: seed(site), Progress: in.Progress,
	})
	if err != nil {
		return pipeline.Output{}, err
	}
	for i := range res.Pages {
		res.Pages[i].WebsiteID, res.Pages[i].ID = site.ID, domain.PageIDOf(site.ID, res.Pages[i].Slug)
	}
	draft := &domain.Draft{
		Website: *site, Plan: plan.Plan, Pages: res.Pages, Evidence: res.Evidence, Feeds: market.Feeds,
		Programs: market.Programs, BuiltAt: in.Run.CreatedAt,
	}
	if l.Design != nil {
		if draft.Design, err = l.Design(site); err != nil {
			return pipeline.Output{}, err
		}
	}
	sha, err := l.Artifacts.PutDraft(ctx, draft)
	if err != nil {
		return pipeline.Output{}, err
	}
	out := WriteResult{Draft: sha, Pages: len(res.Pages), Pieces: res.Pieces, Warnings: res.Warnings}
	for _, p := range res.Pieces {
		out.Words += p.WordCount
	}
	return pipeline.Output{Result: out}, nil
}

func (l *Launch) build(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	draft, err := l.draft(ctx, in, "write")
	if err != nil {
		return pipeline.Output{}, err
	}
	files, err := l.Builder.Build(ctx, draft)
	if err != nil {
		return pipeline.Output{}, err
	}
	res := BuildResult{Files: len(files)}
	for _, f := range files {
		res.Bytes += int64(len(f.Body))
	}
	return pipeline.Output{Result: res}, nil
}

func (l *Launch) optimize(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	market, draft, err := l.state(ctx, in, "write")
	if err != nil {
		return pipeline.Output{}, err
	}
	render := func(d *domain.Draft) ([]domain.File, error) { return l.Builder.Build(ctx, d) }
	res, err := l.Optimizer.Run(ctx, seo.OptimizeInput{Draft: draft, Render: render, Keywords: market.Keywords})
	if err != nil {
		return pipeline.Output{}, err
	}
	draft.Pages = res.Pages
	sha, err := l.Artifacts.PutDraft(ctx, draft)
	if err != nil {
		return pipeline.Output{}, err
	}
	return pipeline.Output{Result: OptimizeResult{sha, res.Before, res.After, res.Changes, res.Findings}}, nil
}

func (l *Launch) monetize(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
	market, draft, err := l.state(ctx, in, "optimize")
	if err != nil {
		return pipeline.Output{}, err
	}
	res, err := l.offers(ctx, draft, market, in.Run.CreatedAt)
	if err != nil {
		return pipeline.Output{}, err
	}
	draft.Pages, draft.Evidence, draft.Programs = res.Pages, res.Evidence, res.Programs
	draft.Pages = seo.StructuredData(draft)
	sha, err := l.Artifacts.PutDraft(ctx, draft)
	if err != nil {
		return pipeline.Output{}, err
	}
	out := pipeline.Output{Result: MonetizeResult{sha, res.Placed, res.Skipped, res.Findings}}
	if l.Links != nil {
		out.Apply = func(ctx context.Context) error { return l.Links.Register(ctx, draft.Website.ID, res.Links) }
	}
	return out, nil
}

// offers has the planner fill the slots of a draft with the links that the registry
// holds.
func (l *Launch) offers(ctx context.Context, d *domain.Draft, m *domain.Market, now time.Time) (monetization.PlanResult, error) {
	in, err := l.planInput(ctx, d, m, now)
	if err != nil {
		return monetization.PlanResult{}, err
	}
	return l.Monetizer.Run(ctx, in)
}

// planInput returns what the planner works on, with the links that the registry holds.
func (l *Launch) planInput(ctx context.Context, d *domain.Draft, m *domain.Market, now time.Time) (monetization.PlanInput, error) {
	in := monetization.PlanInput{Draft: d, Market: m, Programs: m.Programs, Now: now, PriceMaxAge: l.PriceMaxAge, Way: l.LinkWay}
	var err error
	if l.Links != nil {
		in.Links, err = l.Links.Held(ctx, monetization.LinkIDs(in))
	}
	return in, err
}

// seed derives the look and wording of a site from its domain, so that a rebuild
// of the same data gives the same site (FNV-1a).
func seed(w *domain.Website) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(w.Domain) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
