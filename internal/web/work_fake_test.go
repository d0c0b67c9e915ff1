package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/web"
)

// office is what the services behind the pages for work know, and what was asked of
// them.
type office struct {
	none bool // nothing is there
	rich bool // lists are long

	did string // the last change, in words
}

func (o *office) note(ctx context.Context, right domain.Permission, what string) error {
	if _, err := domain.Require(ctx, right); err != nil {
		return err
	}
	o.did = what
	return nil
}

// some returns a list, or none of it.
func some[T any](o *office, list ...T) []T {
	if o.none {
		return nil
	}
	return list
}

type (
	review      struct{ *office }
	timelines   struct{ *office }
	schedules   struct{ *office }
	pipelines   struct{ *office }
	workLetters struct{ *office }
	tasks       struct{ *office }
	queue       struct{ *office }
	messages    struct{ *office }
	catalogue   struct{ *office }
	market      struct{ *office }
	workLinks   struct{ *office }
	accounts    struct{ *office }
	keys        struct{ *office }
	hooks       struct{ *office }
	workHealth  struct{ *office }
	workBudgets struct{ *office }
	audit       struct{ *office }
	alerts      struct{ *office }
)

// work returns the services of the office.
func (o *office) work() web.Work {
	return web.Work{
		Review: review{o}, Timelines: timelines{o}, Schedules: schedules{o}, Pipelines: pipelines{o}, DeadLetters: workLetters{o}, Tasks: tasks{o}, Messages: messages{o}, Queue: queue{o},
		Catalogue: catalogue{o}, Market: market{o}, Links: workLinks{o}, Accounts: accounts{o}, Keys: keys{o}, Webhooks: hooks{o}, Health: workHealth{o}, Budgets: workBudgets{o},
		Audit: audit{o}, Alerts: alerts{o}, Currency: "EUR", Operator: func() domain.Operator {
			return domain.Operator{Name: "Sample Ltd", Street: "1 Road", PostalCode: "10115", City: "Berlin", Country: "Germany", Email: "x@example.com", Phone: "1", Responsible: "Ann", Sample: true}
		},
		CheckModels: func(context.Context) ([]web.ModelCheck, error) {
			return []web.ModelCheck{{Provider: "local", Model: "small", Took: time.Second}, {Provider: "far", Model: "large", Error: "The key is wrong."}}, nil
		},
	}
}

func missing(kind string, id any) error {
	return domain.Errorf(domain.CodeNotFound, "%s %v does not exist.", kind, id)
}

func (o review) Review(_ context.Context, id domain.ApprovalID) (*domain.Review, error) {
	if id != "appr_1" {
		return nil, missing("Approval", id)
	}
	if o.rich {
		return richReview(), nil
	}
	return &domain.Review{
		Pages: []domain.Page{{
			Kind: domain.PageGuide, Slug: "guide", Title: "How to choose a monitor", Writer: "data/1",
			Claims: []domain.Claim{{ID: "c1", Text: "27 in", Evidence: []domain.EvidenceID{"ev_1"}}, {ID: "c2", Text: "$199.00", Evidence: []domain.EvidenceID{"ev_2"}}},
			Blocks: []domain.Block{
				{Type: domain.BlockHeading, Heading: &domain.Heading{Text: "Size"}},
				{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: "It measures 27 in.", Claims: []domain.ClaimID{"c1"}}, {Text: "Sit an arm away.", Opinion: true}}}},
				{Type: domain.BlockTable, Table: &domain.Table{Columns: []domain.Column{{Label: "Price"}}, Rows: []domain.Row{{Cells: []domain.Cell{{Text: "$199.00", Claims: []domain.ClaimID{"c2"}}}}}}},
			},
		}},
		Evidence: []domain.Evidence{
			{ID: "ev_1", Kind: domain.EvidenceFeed, Field: "specifications", RowKey: "1001", Value: "27 in"},
			{ID: "ev_2", Kind: domain.EvidenceComputation, Formula: "median", Value: "199.00", Note: "median price of 240 monitors"},
		},
		Diff: &domain.ReleaseDiff{From: domain.DiffSide{Number: 3}, Pages: []domain.PageDiff{{
			Path: "/guide/", Kind: domain.Changed, Title: "How to choose a monitor", Blocks: []domain.BlockChange{{
				Kind: domain.Changed, Type: domain.BlockParagraph, Lines: []domain.LineChange{{Kind: domain.Removed, Text: "It measures 24 in."}, {Kind: domain.Added, Text: "It measures 27 in."}},
				Reasons: []domain.ChangeReason{{Kind: domain.ReasonEvidence, What: "specifications of row 1001", Before: "24 in", After: "27 in"}},
			}},
		}}},
	}, nil
}

func (o timelines) Get(context.Context, domain.RunID, string, int) (*domain.Timeline, error) {
	if o.none {
		return &domain.Timeline{}, nil
	}
	if o.rich {
		return richTimeline(), nil
	}
	return &domain.Timeline{
		Steps: []domain.StepSummary{{
			Name: "write", Seconds: 61, Calls: 3, InputTokens: 4200, OutputTokens: 900, Cost: 12_500, Currency: "EUR", Artifacts: []domain.Artifact{{Kind: "draft", Hash: hash, Size: 81_000}},
		}},
		Entries: []domain.TimelineEntry{{At: noon, Kind: "cost", Step: "write", Summary: "small answered", Data: []byte(`{"tokens":900}`)}}, Next: "c2",
	}, nil
}

func (o schedules) List(context.Context, domain.Window) ([]domain.Schedule, int, error) {
	l := some(o.office, domain.Schedule{ID: "sched_1", Name: "nightly", Pipeline: "rebuild", Cron: "0 3 * * *", Enabled: true, NextAt: ptr(noon.Add(15 * time.Hour)), LastRun: "run_1"},
		domain.Schedule{ID: "sched_2", Name: "hourly", Pipeline: "rebuild", Every: time.Hour, LastError: "The pipeline is gone."})
	l = many(o.office, l, 14, func(i int, c *domain.Schedule) {
		c.ID, c.Name = domain.ScheduleID(fmt.Sprint("sched_", i)), "rebuild of "+richDomain(i)
	})
	return l, len(l), nil
}
func (schedules) Get(context.Context, domain.ScheduleID) (*domain.Schedule, error) {
	return &domain.Schedule{ID: "sched_1"}, nil
}
func (o schedules) Create(ctx context.Context, p domain.ScheduleParams) (*domain.Schedule, error) {
	if p.Cron == "never" {
		return nil, domain.Invalid("cron", "never is no rhythm.")
	}
	return &domain.Schedule{ID: "sched_3"}, o.note(ctx, domain.AgentsManage, "create "+p.Name)
}
func (o schedules) Update(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*domain.Schedule, error) {
	word := map[bool]string{true: "on", false: "off"}[*p.Enabled]
	return &domain.Schedule{ID: id}, o.note(ctx, domain.AgentsManage, word+" "+string(id))
}
func (o schedules) Delete(ctx context.Context, id domain.ScheduleID) error {
	return o.note(ctx, domain.AgentsManage, "delete "+string(id))
}

func (pipelines) List(context.Context) ([]domain.PipelineInfo, error) {
	return []domain.PipelineInfo{{Name: "rebuild", Description: "Builds again"}}, nil
}

func letter() domain.DeadLetter {
	return domain.DeadLetter{ID: "dead_1", Kind: domain.DeadTask, AgentID: "digger", Reason: domain.DeadTooManyAttempts, Detail: "It fell.", Payload: []byte(`{"task_id":"task_1"}`), CreatedAt: noon}
}
func (o workLetters) List(_ context.Context, f domain.DeadLetterFilter, _ domain.Window) ([]domain.DeadLetter, int, error) {
	if f.Replayed != nil && *f.Replayed {
		return nil, 0, nil
	}
	l := many(o.office, some(o.office, letter()), 23, func(i int, d *domain.DeadLetter) {
		d.ID, d.AgentID, d.CreatedAt = domain.DeadLetterID(fmt.Sprint("dead_", i)), richAgents[i%len(richAgents)], before(i*190)
		d.Detail = richFaults[i%len(richFaults)]
	})
	return l, len(l), nil
}
func (workLetters) Get(_ context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	if id != "dead_1" {
		return nil, missing("Dead letter", id)
	}
	return ptr(letter()), nil
}
func (o workLetters) Replay(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	return ptr(letter()), o.note(ctx, domain.AgentsManage, "replay "+string(id))
}

func (tasks) Get(_ context.Context, id domain.AgentID) (*domain.Agent, error) {
	if id != "digger" {
		return nil, missing("Agent", id)
	}
	return &domain.Agent{ID: "digger", Name: "Digger", Kind: domain.AgentExternal, Status: domain.AgentWorking, Capabilities: []string{"dig"}, TaskTypes: []string{"dig"}, Config: json.RawMessage(`{"depth":3}`)}, nil
}
func oneTask() domain.Task {
	return domain.Task{ID: "task_1", AgentID: "digger", Type: "dig", State: domain.StateRunning, Params: json.RawMessage(`{"depth":3}`), Attempts: 1, MaxAttempts: 5, CreatedAt: noon, StartedAt: ptr(noon.Add(-time.Minute)), RunID: "run_1"}
}
func (o tasks) Tasks(context.Context, domain.AgentID, domain.RunState, domain.Window) ([]domain.Task, int, error) {
	l := many(o.office, some(o.office, oneTask()), 31, func(i int, t *domain.Task) {
		t.ID, t.State, t.CreatedAt, t.FinishedAt = domain.TaskID(fmt.Sprint("task_", i)), richStates[i%len(richStates)], before(i*31), ptr(noon)
		if t.State == domain.StateFailed {
			t.Error = &domain.RunError{Message: richFaults[i%len(richFaults)]}
		}
	})
	return l, len(l), nil
}
func (tasks) Task(_ context.Context, id domain.TaskID) (*domain.Task, error) {
	if id != "task_1" {
		return nil, missing("Task", id)
	}
	return ptr(oneTask()), nil
}
func (o tasks) CancelTask(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	return ptr(oneTask()), o.note(ctx, domain.AgentsManage, "cancel "+string(id))
}

func (queue) Overview(context.Context) (*domain.Orchestrator, error) {
	return &domain.Orchestrator{OrchestratorCounts: domain.OrchestratorCounts{ActiveTasks: map[domain.RunState]int{domain.StateQueued: 17}}}, nil
}

func (o messages) List(context.Context, domain.AgentID, domain.MessageState, domain.Window) ([]domain.MessageRecord, int, error) {
	l := some(o.office, domain.MessageRecord{Message: domain.Message{From: "foreman", Message: []byte(`"dig here"`), Timestamp: noon}, Kind: domain.KindMessage, State: domain.MessageQueued})
	l = many(o.office, l, 20, func(i int, m *domain.MessageRecord) {
		m.From, m.State, m.Timestamp = richAgents[i%len(richAgents)], domain.MessageHandled, before(i*17)
	})
	return l, len(l), nil
}

func (o catalogue) Feeds(ctx context.Context) ([]domain.Feed, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	l := some(o.office, domain.Feed{ID: "feed_1", Name: "parts.csv", Source: "parts.csv", Language: "en", Rows: 5000, ReadAt: ptr(noon.Add(-time.Hour)), LastState: domain.ImportComplete, UpdatedAt: noon},
		domain.Feed{ID: "feed_2", Name: "old.csv", Source: "old.csv", Rows: 12, ReadAt: ptr(noon.Add(-30 * 24 * time.Hour)), LastState: domain.ImportComplete, UpdatedAt: noon})
	return many(o.office, l, 12, func(i int, f *domain.Feed) {
		f.ID, f.Name, f.Source, f.Rows = domain.FeedID(fmt.Sprint("feed_", i+1)), richNiches[i%len(richNiches)]+" of a merchant, all languages.csv.gz", "merchant-export.csv.gz", 800+7919*i%60000
		if i%5 == 4 {
			f.LastState = domain.ImportRefused
		}
	}), nil
}
func (o catalogue) Products(_ context.Context, _ domain.FeedID, query string, _ domain.Window) ([]domain.Product, int, error) {
	if query == "unicorn" {
		return nil, 0, nil
	}
	l := some(o.office, domain.Product{FeedID: "feed_1", Key: "1001", Name: "Example K2", Category: "Keyboards", MerchantName: "Shop", Price: &domain.Money{Minor: 5999, Currency: "EUR"}, InStock: ptr(true), ReadAt: noon})
	l = many(o.office, l, 50, func(i int, p *domain.Product) {
		p.Key, p.Name, p.Brand, p.MerchantName, p.Category = fmt.Sprint(1000+i), richNiches[i%len(richNiches)]+" No. "+fmt.Sprint(i)+" with a name as long as merchants like", "Brand "+fmt.Sprint(i%9), "Shop "+fmt.Sprint(i%4), "Category "+fmt.Sprint(i%5)
		p.Price, p.InStock = &domain.Money{Minor: int64(999 + 7919*i%190000), Currency: "EUR"}, ptr(i%4 != 3)
	})
	if o.rich {
		return l, 5012, nil
	}
	return l, len(l), nil
}
func (o catalogue) History(_ context.Context, feed domain.FeedID, key string) (*domain.PriceHistory, error) {
	if key != "1001" {
		return nil, missing("Product", key)
	}
	if o.rich {
		h := &domain.PriceHistory{FeedID: feed, Key: key}
		for i := range 24 {
			h.Points = append(h.Points, domain.PricePoint{At: before((24 - i) * 2880), Price: &domain.Money{Minor: int64(12999 - 150*(i%7)), Currency: "EUR"}, InStock: ptr(i%6 != 5)})
		}
		return h, nil
	}
	return &domain.PriceHistory{FeedID: feed, Key: key, Points: []domain.PricePoint{{At: noon, Price: &domain.Money{Minor: 5999, Currency: "EUR"}}, {At: noon, Gone: true}}}, nil
}
func (o catalogue) ImportFeed(ctx context.Context, name, _ string, r io.Reader, size int64, progress func(int64, int64, int)) (domain.ImportReport, error) {
	if err := o.note(ctx, domain.WebsitesManage, "import "+name); err != nil {
		return domain.ImportReport{}, err
	}
	b, err := io.ReadAll(r)
	progress(int64(len(b)), size, 2)
	if strings.Contains(string(b), "nonsense") {
		return domain.ImportReport{Status: domain.ImportRefused, Error: "It has no header."}, err
	}
	return domain.ImportReport{
		Status: domain.ImportPartial, FeedID: "feed_1", Feed: name, Imported: 1, Rejected: 1, Reasons: map[string]int{"no_name": 1},
		Samples: []domain.RowProblem{{Line: 3, Reason: "no_name", Detail: "product_name is empty"}},
	}, err
}
func (o catalogue) DeleteFeed(ctx context.Context, id domain.FeedID) error {
	return o.note(ctx, domain.WebsitesManage, "delete "+string(id))
}

func scanned() *domain.ScanReport {
	r := &domain.ScanReport{ID: "opp_1", CreatedAt: noon}
	r.Topic = "mechanical keyboards"
	r.Score = &domain.OpportunityScore{Value: .62, Low: .5, High: .8, Confidence: .7, Decision: domain.DecisionEnter, Calibration: domain.Uncalibrated, Parts: []domain.OpportunityPart{
		{Name: "supply", Value: ptr(.8), Weight: .3, Contribution: .24, Formula: "products/100"}, {Name: "demand", Weight: .2, Reason: "No keyword data."},
	}}
	r.Research = domain.Research{Products: 824, Currency: "EUR", Price: &domain.Distribution{Min: 1000, Median: 5999, Max: 29900}}
	r.RevenueReason = "No program tells its commission."
	r.AffiliatePrograms = []domain.ProgramSummary{{Name: "Shop", Network: "awin", Joined: true, Open: true, CommissionBasisPoints: ptr(500), Products: 20}}
	r.RecommendedActions = []domain.RecommendedAction{{Action: "launch_site", Reason: "Supply is wide."}}
	r.Ranking = &domain.NicheRanking{Niches: []domain.RankedNiche{{Rank: 1, Niche: "mice", Products: 40}}}
	return r
}
func (o market) Scan(ctx context.Context, q domain.ScanRequest, _ func(int, int, string)) (*domain.ScanReport, error) {
	if q.Topic == "unicorns" {
		return nil, &domain.Error{Code: domain.CodeNotEnoughData, Field: "topic", Message: "The feeds hold 2 unicorns; 12 are needed."}
	}
	return scanned(), o.note(ctx, domain.IntelligenceUse, "scan "+q.Topic)
}
func (o market) Opportunities(context.Context, domain.Window) ([]domain.OpportunityLine, int, error) {
	l := many(o.office, some(o.office, scanned().Line()), 18, func(i int, v *domain.OpportunityLine) {
		v.ID, v.Topic, v.Score, v.CreatedAt = domain.OpportunityID(fmt.Sprint("opp_", i+1)), richNiches[i%len(richNiches)], .9-.04*float64(i), before(i*700)
		if i%3 == 2 {
			v.Decision = domain.DecisionHold
		}
	})
	return l, len(l), nil
}
func (o market) Opportunity(ctx context.Context, id domain.OpportunityID) (*domain.ScanReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	if id != "opp_1" {
		return nil, missing("Opportunity", id)
	}
	if o.rich {
		return richScan(), nil
	}
	return scanned(), nil
}

func oneLink() domain.Link {
	return domain.Link{ID: "link_1", Merchant: "Shop", Slug: "shop", Network: "awin", Form: domain.FormPlain, Destination: "https://shop.example/k2", State: domain.LinkActive, Own: true, UpdatedAt: noon}
}
func (o workLinks) List(_ context.Context, f domain.LinkFilter, _ domain.Window) ([]domain.Link, int, error) {
	if f.Query == "unicorn" {
		return nil, 0, nil
	}
	l := many(o.office, some(o.office, oneLink()), 50, func(i int, l *domain.Link) {
		l.ID, l.Merchant, l.Slug, l.UpdatedAt = domain.LinkID(fmt.Sprint("link_", i+1)), "Merchant "+fmt.Sprint(i)+" for "+richNiches[i%len(richNiches)], fmt.Sprint("offer-", i), before(i*400)
		l.Destination = "https://merchant" + fmt.Sprint(i) + ".example/catalogue/products/" + strings.ReplaceAll(richNiches[i%len(richNiches)], " ", "-") + "?id=" + fmt.Sprint(1000+i)
		l.State = []domain.LinkState{domain.LinkActive, domain.LinkActive, domain.LinkPaused, domain.LinkDead}[i%4]
	})
	return l, len(l), nil
}
func (workLinks) Get(_ context.Context, id domain.LinkID) (*domain.Link, error) {
	if id != "link_1" {
		return nil, missing("Link", id)
	}
	return ptr(oneLink()), nil
}
func (workLinks) History(context.Context, domain.LinkID) ([]domain.LinkChange, error) {
	return []domain.LinkChange{{Field: "state", Before: "paused", After: "active", At: noon}}, nil
}
func (o workLinks) Create(ctx context.Context, p domain.LinkParams) (*domain.Link, error) {
	if p.Merchant == "" {
		return nil, domain.Invalid("merchant", "A link needs a merchant.")
	}
	return ptr(oneLink()), o.note(ctx, domain.WebsitesManage, "link to "+p.Destination)
}
func (o workLinks) Update(ctx context.Context, id domain.LinkID, p domain.LinkPatch) (*domain.Link, error) {
	if p.Destination != nil && *p.Destination == "nowhere" {
		return nil, domain.Invalid("destination", "nowhere is no address.")
	}
	return ptr(oneLink()), o.note(ctx, domain.WebsitesManage, string(*p.State)+" "+string(id))
}
func (o workLinks) Outlinks(context.Context, domain.WebsiteID, bool, domain.Window) ([]domain.Outlink, int, error) {
	l := some(o.office, domain.Outlink{WebsiteID: "site_1", Domain: "keyboards.example", Kind: domain.OutlinkUnused, Host: "shop.example", Count: 4, Pages: []string{"/guide/"}})
	l = many(o.office, l, 32, func(i int, v *domain.Outlink) {
		v.Domain, v.Host, v.Count = richDomain(i), fmt.Sprint("merchant", i, ".example"), 1+7919*i%2400
		v.Kind, v.Pages = []domain.OutlinkKind{domain.OutlinkUnused, domain.OutlinkUnavailable, domain.OutlinkNone}[i%3], []string{"/guide/", "/best/", "/compare/" + fmt.Sprint(i) + "/"}
	})
	return l, len(l), nil
}
