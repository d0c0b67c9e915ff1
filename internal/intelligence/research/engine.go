package research

import (
	"context"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/extract"
)

// Fetcher gets pages. Its error is a *domain.FetchError, or that of ctx.
type Fetcher interface {
	Fetch(ctx context.Context, address string) (*domain.FetchedPage, error)
}

// Completer asks a model.
type Completer interface {
	Complete(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error)
}

// Config is what an Engine needs.
type Config struct {
	Fetch   Fetcher
	Sources []Source
	// Model answers prompts; Models are the names that it knows, in the order in which
	// they are asked. Without names research works without a model.
	Model  Completer
	Models []string
	// Ensemble asks all models for claims and tells how far they agree; else the next
	// one is asked only if one does not answer.
	Ensemble bool
	// Market reads what the feeds hold for a topic; CodeNotEnoughData if nothing. Nil:
	// there are no feeds.
	Market func(ctx context.Context, topic, language string) (*domain.Market, error)
	Now    func() time.Time
	// Plans replaces how much work the depths are; nil: Plans().
	Plans map[domain.ResearchDepth]Plan
}

// Engine does research. It is safe for concurrent use.
type Engine struct {
	cfg Config
}

// New returns an engine.
func New(cfg Config) *Engine {
	if cfg.Plans == nil {
		cfg.Plans = Plans()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Engine{cfg}
}

// Input is one piece of research. Params are normal.
type Input struct {
	Params domain.ResearchParams
	Tenant domain.TenantID
	// Keep stores a page with what was read from it.
	Keep func(ctx context.Context, page *domain.FetchedPage, r Reading, own bool) (*domain.Snapshot, error)
	// Progress tells how far it is; it may be called from several goroutines.
	Progress func(domain.ResearchProgress)
}

// Plan is how much work a depth is.
type Plan struct {
	Queries int           // search phrases, without those of the flags
	Hits    int           // addresses taken of one query and source
	Pages   int           // fetched at most
	Hops    int           // how far links are followed
	Claims  int           // in the report at most
	Shown   int           // spans that a model is shown
	Time    time.Duration // for search and pages; what is found until then counts
}

// Plans returns how much work the depths are.
func Plans() map[domain.ResearchDepth]Plan {
	return map[domain.ResearchDepth]Plan{
		domain.DepthQuick:         {Queries: 1, Hits: 8, Pages: 6, Hops: 0, Claims: 10, Shown: 30, Time: 12 * time.Second},
		domain.DepthDeep:          {Queries: 4, Hits: 10, Pages: 24, Hops: 1, Claims: 25, Shown: 80, Time: time.Minute},
		domain.DepthComprehensive: {Queries: 8, Hits: 20, Pages: 80, Hops: 2, Claims: 60, Shown: 160, Time: 5 * time.Minute},
	}
}

// work is one piece of research under way.
type work struct {
	*Engine
	in     Input
	plan   Plan
	topic  *topic
	models *models
	report *domain.ResearchReport
	docs   []*document
	// starved are the queries that nothing was found for.
	starved []string
}

// Run does the research. The report lacks ID, owner and times. It fails if models are
// configured and none can be asked (CodeUnavailable with the reasons as Faults, or
// CodeBudgetExhausted), if nothing can be stored, or if ctx ends; that little was
// found is no error but said in the report.
func (e *Engine) Run(ctx context.Context, in Input) (*domain.ResearchReport, error) {
	if in.Progress == nil {
		in.Progress = func(domain.ResearchProgress) {}
	}
	w := &work{
		Engine: e, in: in, plan: e.cfg.Plans[in.Params.Depth], topic: newTopic(in.Params.Topic, in.Params.Language), models: newModels(e.cfg),
		report: &domain.ResearchReport{
			Tenant: in.Tenant, Params: in.Params, Method: domain.MethodExtractive, Notes: []string{}, Queries: []string{}, Claims: []domain.ResearchClaim{},
			Evidence: []domain.Evidence{}, Sources: []domain.ResearchSource{}, Skipped: []domain.SkippedPage{}, Disputes: []domain.Dispute{}, Gaps: []string{},
			Models: []domain.ModelShare{},
		},
	}
	if err := w.planQueries(ctx); err != nil {
		return nil, err
	}
	if err := w.gather(ctx); err != nil {
		return nil, err
	}
	w.in.Progress(domain.ResearchProgress{Stage: "weigh", Message: "weighing sentences", Done: len(w.docs), Total: len(w.docs)})
	w.group()
	ledger := newLedger()
	w.sources()
	if err := w.claims(ctx, ledger); err != nil {
		return nil, err
	}
	if err := w.marketFacts(ctx, ledger); err != nil {
		return nil, err
	}
	w.disputes()
	w.flags(ledger)
	w.gaps()
	w.confidence()
	w.close(ledger)
	return w.report, nil
}

// flags adds what the flags ask for.
func (w *work) flags(l *ledger) {
	if w.in.Params.CompetitorAnalysis {
		w.report.Competitors = w.competitors()
	}
	if w.in.Params.MarketSentiment {
		w.report.Sentiment = w.sentiment(l)
	}
}

// close fills in what follows from the rest.
func (w *work) close(l *ledger) {
	w.report.Evidence = l.all()
	w.report.Models = w.models.shares()
	for _, m := range w.report.Models {
		w.report.Cost += m.Cost
	}
	w.report.Currency = w.models.currency
	switch {
	case len(w.cfg.Models) == 0:
		w.report.Notes = append(w.report.Notes, "No model is configured: the statements are sentences of the pages, chosen by figures, definitions and key phrases.")
	case w.report.Method == domain.MethodExtractive:
		w.report.Notes = append(w.report.Notes, "No model chose usable spans: the statements are sentences of the pages, chosen by figures, definitions and key phrases.")
	}
	w.report.Notes = append(w.report.Notes, "Pages are read as they are sent: there is no browser, so pages that scripts build may lack text.")
}

// Reading is what was read from a page.
type Reading struct {
	Text     string // the main text, in which spans are cited
	Charset  string
	Language string // as detected, or empty
	Meta     extract.Metadata
	Links    []extract.Link
	Types    []string // of structured data
}
