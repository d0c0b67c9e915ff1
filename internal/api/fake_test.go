package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/api"
	"empire/internal/domain"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func missing(kind, id string) error {
	return domain.Errorf(domain.CodeNotFound, "%s %s does not exist.", kind, id)
}

// fakes stand in for all services: one thing of each kind exists, with an id that
// ends in _1. fail, if set, is what every call returns.
//
// Tests that run at the same time may share them; what was asked for last is for
// tests that have their own.
type fakes struct {
	agentFilter domain.AgentFilter
	registered  domain.AgentParams
	agentPatch  domain.AgentPatch

	mu        sync.Mutex
	fail      error
	siteFail  error // what the work on every website comes to
	window    domain.Window
	sites     int // how many websites there are
	spec      domain.TaskSpec
	key       string
	generate  domain.GenerateParams
	start     domain.StartParams
	decision  domain.Decision
	register  domain.RegisterParams
	sitePatch domain.WebsitePatch
	action    domain.BulkAction

	batchParams domain.BatchParams
	batchStates []domain.BatchSiteState

	audit   domain.AuditFilter
	message domain.Message
	ttl     time.Duration
	inState domain.MessageState
	dead    domain.DeadLetterFilter
	entries int // how many entries the audit log has
	to      domain.ReleaseID
	diff    domain.DiffParams
	run     *domain.Run
	from    string

	schedule      domain.ScheduleParams
	schedulePatch domain.SchedulePatch

	login     domain.LoginParams
	loggedOut string
	newUser   domain.UserParams
	patch     domain.UserPatch
	newKey    domain.APIKeyParams
	overlap   time.Duration
	totp      string

	budget      domain.Budget
	budgetPatch domain.BudgetPatch
	raise       domain.RaiseParams
	by          domain.SpendingBy
	calls       domain.CallFilter
	price       domain.Price

	research domain.ResearchParams
	scan     domain.ScanRequest

	alerts     domain.AlertFilter
	alertRule  domain.AlertRuleParams
	alertPatch domain.AlertRulePatch
}

// note keeps what a call asked for.
func (f *fakes) note(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

type (
	users     struct{ *fakes }
	apiKeys   struct{ *fakes }
	agents    struct{ *fakes }
	websites  struct{ *fakes }
	runs      struct{ *fakes }
	approvals struct{ *fakes }
	auditLog  struct{ *fakes }
	catalogue struct{ *fakes }
	market    struct{ *fakes }
	health    struct{ *fakes }
)

func (f agents) List(_ context.Context, af domain.AgentFilter) ([]domain.Agent, error) {
	f.note(func() { f.agentFilter = af })
	if af.Capability != "" && af.Capability != "market_analysis" {
		return nil, domain.Invalid("capability", "No agent has the capability %q.", af.Capability)
	}
	return []domain.Agent{{ID: "opportunity_scanner"}, {ID: "content_generator"}}, f.fail
}

func (f agents) Get(_ context.Context, id domain.AgentID) (*domain.Agent, error) {
	if id != "opportunity_scanner" {
		return nil, missing("Agent", string(id))
	}
	return &domain.Agent{ID: id, Status: domain.AgentIdle, LastActivity: &noon}, f.fail
}

func (f agents) CreateTask(ctx context.Context, id domain.AgentID, spec domain.TaskSpec, key string) (*domain.Task, error) {
	if _, err := f.Get(ctx, id); err != nil {
		return nil, err
	}
	if spec.Type != "market_scan" {
		return nil, domain.Errorf(domain.CodeUnsupportedTaskType, "Agent %s takes market_scan, not %q.", id, spec.Type)
	}
	f.note(func() { f.spec, f.key = spec, key })
	return &domain.Task{ID: "task_1", AgentID: id, Type: spec.Type, State: domain.StateQueued}, f.fail
}

func (f agents) Dispatch(ctx context.Context, capability string, spec domain.TaskSpec, key string) (*domain.Task, error) {
	if capability != "market_analysis" {
		return nil, domain.Invalid("capability", "No agent has the capability %q.", capability)
	}
	return f.CreateTask(ctx, "opportunity_scanner", spec, key)
}

func (f agents) Register(_ context.Context, p domain.AgentParams) (*domain.Agent, error) {
	f.note(func() { f.registered = p })
	if p.ID == "opportunity_scanner" {
		return nil, domain.Errorf(domain.CodeConflict, "There is already an agent with the id %s.", p.ID)
	}
	return &domain.Agent{ID: p.ID, Kind: domain.AgentExternal, Status: domain.AgentOffline, State: domain.AgentActive, ConfigSchema: p.ConfigSchema, Config: p.Config}, f.fail
}

func (f agents) Update(ctx context.Context, id domain.AgentID, p domain.AgentPatch) (*domain.Agent, error) {
	f.note(func() { f.agentPatch = p })
	if p.Version == 6 {
		return nil, domain.Errorf(domain.CodePrecondition, "Agent %s has changed meanwhile; read it again.", id)
	}
	return f.Get(ctx, id)
}

func (f agents) Delete(ctx context.Context, id domain.AgentID, drain bool) (bool, error) {
	if _, err := f.Get(ctx, id); err != nil {
		return false, err
	}
	return !drain, f.fail
}

func (f agents) Task(_ context.Context, id domain.TaskID) (*domain.Task, error) {
	if id != "task_1" {
		return nil, missing("Task", string(id))
	}
	return &domain.Task{ID: id, State: domain.StateCompleted, Result: json.RawMessage(`{"n":1}`)}, f.fail
}

func (f agents) CancelTask(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	return f.Task(ctx, id)
}

func (f agents) Tasks(_ context.Context, _ domain.AgentID, _ domain.RunState, w domain.Window) ([]domain.Task, int, error) {
	f.note(func() { f.window = w })
	return []domain.Task{{ID: "task_1"}}, 1, f.fail
}

func (f websites) site(id domain.WebsiteID) (*domain.Website, error) {
	if id != "site_1" {
		return nil, missing("Website", string(id))
	}
	if f.siteFail != nil {
		return nil, f.siteFail
	}
	return &domain.Website{ID: id, Name: "keyboards", State: domain.WebsiteLive, LiveRelease: "rel_1", PointerSeq: 7}, f.fail
}

func (f websites) List(_ context.Context, w domain.Window) ([]domain.Website, int, error) {
	f.note(func() { f.window = w })
	var out []domain.Website
	for i := w.Offset; i < min(f.sites, w.Offset+w.Limit); i++ {
		out = append(out, domain.Website{ID: domain.WebsiteID(fmt.Sprintf("site_%d", i))})
	}
	return out, f.sites, f.fail
}

func (f websites) After(_ context.Context, id domain.WebsiteID, limit int) ([]domain.Website, int, error) {
	var out []domain.Website
	for i := 0; i < f.sites && len(out) < limit; i++ {
		if at := domain.WebsiteID(fmt.Sprintf("site_%03d", i)); at > id {
			out = append(out, domain.Website{ID: at})
		}
	}
	return out, f.sites, f.fail
}

func (f websites) Register(_ context.Context, p domain.RegisterParams) (*domain.Website, error) {
	f.note(func() { f.register = p })
	if p.Domain == "taken.example" {
		return nil, domain.Errorf(domain.CodeConflict, "Domain taken.example is already managed.")
	}
	return &domain.Website{ID: "site_1", Domain: p.Domain, State: domain.WebsiteDraft}, f.fail
}

func (f websites) Update(_ context.Context, id domain.WebsiteID, p domain.WebsitePatch) (*domain.Website, error) {
	f.note(func() { f.sitePatch = p })
	if len(p.Seqs) > 0 && !slices.Contains(p.Seqs, 7) {
		return nil, domain.Errorf(domain.CodePrecondition, "Website %s has changed meanwhile.", id)
	}
	return f.site(id)
}

func (f websites) Delete(_ context.Context, id domain.WebsiteID) error {
	_, err := f.site(id)
	return err
}

func (f websites) Bulk(_ context.Context, action domain.BulkAction, ids []domain.WebsiteID) ([]domain.BulkResult, error) {
	f.note(func() { f.action = action })
	out := make([]domain.BulkResult, len(ids))
	for i, id := range ids {
		_, err := f.site(id)
		out[i] = domain.BulkResult{ID: id, Err: err}
		if err == nil && action == domain.BulkRebuild {
			out[i].RunID = "run_1"
		}
	}
	return out, f.fail
}

func (f websites) Rebuild(_ context.Context, id domain.WebsiteID) (*domain.Run, error) {
	_, err := f.site(id)
	return &domain.Run{ID: "run_1", WebsiteID: id, State: domain.StateQueued}, err
}

// Export gives an archive that is no archive: pieces of text, and then a fault if
// the website is broken.
func (f websites) Export(_ context.Context, id domain.WebsiteID, format domain.ExportFormat) (*domain.SiteExport, error) {
	if id == "site_broken" || id == "site_empty" {
		return &domain.SiteExport{Name: "broken.zip", WriteTo: func(_ context.Context, w io.Writer) error {
			if id == "site_broken" {
				_, _ = io.WriteString(w, "half")
			}
			return errors.New("blob is gone")
		}}, nil
	}
	_, err := f.site(id)
	return &domain.SiteExport{Name: "keyboards.example-1.zip", WriteTo: func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "zip of "+string(format))
		return err
	}}, err
}

func (f websites) Get(_ context.Context, id domain.WebsiteID) (*domain.Website, error) {
	return f.site(id)
}

func (f websites) Forecast(context.Context, *domain.Run) (*domain.RunForecast, error) {
	return &domain.RunForecast{At: &noon, Runs: 3}, nil
}

func (f websites) Generate(_ context.Context, p domain.GenerateParams) (*domain.Website, *domain.Run, error) {
	f.note(func() { f.generate = p })
	if p.Domain == "taken.example" {
		return nil, nil, domain.Errorf(domain.CodeConflict, "Domain taken.example is managed already.")
	}
	if p.Domain == "bad" {
		return nil, nil, domain.Invalid("domain", "Domain %q needs at least two parts.", p.Domain)
	}
	return &domain.Website{ID: "site_1", Domain: p.Domain}, &domain.Run{ID: "run_1", State: domain.StateQueued}, f.fail
}

func (f websites) Audit(_ context.Context, id domain.WebsiteID) ([]domain.Gate, error) {
	_, err := f.site(id)
	return []domain.Gate{{Name: "links", State: domain.GatePass}, {Name: "seo", State: domain.GateWarn}}, err
}

func (f websites) Pages(_ context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Page, int, error) {
	_, err := f.site(id)
	f.note(func() { f.window = w })
	return []domain.Page{{ID: "page_1", Slug: "guide"}}, 1, err
}

func (f websites) Page(_ context.Context, id domain.WebsiteID, page domain.PageID) (*domain.Page, []domain.Evidence, error) {
	if _, err := f.site(id); err != nil {
		return nil, nil, err
	}
	if page != "page_1" {
		return nil, nil, missing("Page", string(page))
	}
	return &domain.Page{ID: page, Claims: []domain.Claim{{ID: "c1", Text: "$1", Evidence: []domain.EvidenceID{"ev_1"}}}},
		[]domain.Evidence{{ID: "ev_1", Kind: domain.EvidenceFeed}}, nil
}

func (f websites) Releases(_ context.Context, id domain.WebsiteID, w domain.Window) ([]domain.Release, int, error) {
	_, err := f.site(id)
	f.note(func() { f.window = w })
	return []domain.Release{{ID: "rel_1", WebsiteID: id, Number: 1}}, 1, err
}

func (f websites) Diff(_ context.Context, id domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error) {
	if p.To != "rel_1" {
		return nil, missing("Release", string(p.To))
	}
	_, err := f.site(id)
	f.note(func() { f.diff = p })
	return &domain.ReleaseDiff{From: domain.DiffSide{ID: "rel_0"}, To: domain.DiffSide{ID: p.To, Number: 2}}, err
}

// redirects knows the one of /old/ on site_1.
type redirects struct{ *fakes }

func (f redirects) List(_ context.Context, id domain.WebsiteID) ([]domain.RedirectState, error) {
	_, err := websites(f).site(id)
	return []domain.RedirectState{{Path: "/old/", Target: "/new/", Own: true}}, err
}

func (f redirects) Set(_ context.Context, id domain.WebsiteID, path, target string) (*domain.RedirectState, error) {
	_, err := websites(f).site(id)
	return &domain.RedirectState{Path: path, Target: target, Own: true}, err
}

func (f redirects) Delete(_ context.Context, id domain.WebsiteID, path string) error {
	if path != "/old/" {
		return missing("Redirect", path)
	}
	_, err := websites(f).site(id)
	return err
}

// links knows link_1, and site_1.
type links struct{ *fakes }

func (f links) link(id domain.LinkID) (*domain.Link, error) {
	if id != "link_1" {
		return nil, missing("Link", string(id))
	}
	return &domain.Link{ID: id, Slug: "k2", Merchant: "Shop", Form: domain.FormPlain, State: domain.LinkActive, Destination: "https://shop.example/"}, f.fail
}

func (f links) List(_ context.Context, _ domain.LinkFilter, w domain.Window) ([]domain.Link, int, error) {
	f.note(func() { f.window = w })
	l, err := f.link("link_1")
	if err != nil {
		return nil, 0, err
	}
	return []domain.Link{*l}, 1, nil
}

func (f links) Get(_ context.Context, id domain.LinkID) (*domain.Link, error) { return f.link(id) }

func (f links) History(_ context.Context, id domain.LinkID) ([]domain.LinkChange, error) {
	_, err := f.link(id)
	return []domain.LinkChange{{LinkID: id, Actor: "user_1", Field: "state", Before: "active", After: "paused"}}, err
}

func (f links) Create(_ context.Context, p domain.LinkParams) (*domain.Link, error) {
	l, err := f.link("link_1")
	if err == nil {
		l.Slug, l.Merchant, l.Destination = p.Slug, p.Merchant, p.Destination
	}
	return l, err
}

func (f links) Update(_ context.Context, id domain.LinkID, p domain.LinkPatch) (*domain.Link, error) {
	l, err := f.link(id)
	if err == nil && p.State != nil {
		l.State = *p.State
	}
	return l, err
}

func (f links) Import(_ context.Context, list []domain.LinkParams) (domain.LinkImport, error) {
	return domain.LinkImport{Read: len(list), Created: len(list), Problems: []domain.RowProblem{}}, f.fail
}

func (f links) Outlinks(_ context.Context, website domain.WebsiteID, _ bool, w domain.Window) ([]domain.Outlink, int, error) {
	f.note(func() { f.window = w })
	if website != "" {
		if _, err := websites(f).site(website); err != nil {
			return nil, 0, err
		}
	}
	return []domain.Outlink{{WebsiteID: "site_1", Domain: "tea.example", Kind: domain.OutlinkNone, Host: "x.example", Count: 1, Pages: []string{"/"}, Example: "https://x.example/"}}, 1, f.fail
}

func (f catalogue) History(_ context.Context, feed domain.FeedID, key string) (*domain.PriceHistory, error) {
	if key != "1001" {
		return nil, missing("Product", key)
	}
	return &domain.PriceHistory{FeedID: feed, Key: key, Points: []domain.PricePoint{{Price: &domain.Money{Minor: 100, Currency: "EUR"}}}}, f.fail
}

func (f websites) Publish(_ context.Context, id domain.WebsiteID, to domain.ReleaseID) (*domain.Website, error) {
	f.note(func() { f.to = to })
	if to == "rel_red" {
		return nil, domain.Errorf(domain.CodeGateRed, "Gate grounding is red.")
	}
	return f.site(id)
}

func (f websites) Rollback(_ context.Context, id domain.WebsiteID, to domain.ReleaseID) (*domain.Website, error) {
	f.note(func() { f.to = to })
	return f.site(id)
}

func (f runs) Start(_ context.Context, p domain.StartParams) (*domain.Run, error) {
	f.note(func() { f.start = p })
	if p.Pipeline == "" && len(p.Stages) == 0 {
		return nil, domain.Invalid("stages", "Give the name of a pipeline or at least one stage.")
	}
	return &domain.Run{ID: "run_1", Pipeline: "inline", State: domain.StateQueued}, f.fail
}

func (f runs) List(_ context.Context, _ domain.RunState, _ domain.WebsiteID, w domain.Window) ([]domain.Run, int, error) {
	f.note(func() { f.window = w })
	return []domain.Run{{ID: "run_1", State: domain.StateRunning}}, 1, f.fail
}

func (f runs) Get(_ context.Context, id domain.RunID) (*domain.Run, error) {
	if id != "run_1" {
		return nil, missing("Run", string(id))
	}
	if f.run != nil {
		return f.run, nil
	}
	return &domain.Run{ID: id, State: domain.StateRunning}, f.fail
}

func (f runs) Events(ctx context.Context, id domain.RunID, after int64, limit int) ([]domain.RunEvent, error) {
	_, err := f.Get(ctx, id)
	f.note(func() { f.window = domain.Window{Limit: limit, Offset: int(after)} })
	return []domain.RunEvent{{RunID: id, Seq: after + 1, Type: "run.created", At: noon}}, err
}

type graphs struct{ *fakes }

func (f graphs) known(id string) error {
	if !strings.HasSuffix(id, "_1") {
		return missing("Node", id)
	}
	return f.fail
}

func (f graphs) Summary(context.Context, time.Time) (*domain.GraphSummary, error) {
	return &domain.GraphSummary{Nodes: 2, ByType: map[domain.NodeType]int{domain.NodeNiche: 2}}, f.fail
}

func (f graphs) Nodes(_ context.Context, _ domain.GraphNodeFilter, w domain.Window) ([]domain.GraphNode, int, error) {
	f.note(func() { f.window = w })
	return []domain.GraphNode{{GraphRef: domain.GraphRef{Type: domain.NodeNiche, ID: "n_1"}}}, 1, f.fail
}

func (f graphs) Node(_ context.Context, ref domain.GraphRef, _ time.Time) (*domain.GraphNodeDetail, error) {
	n := domain.GraphNode{GraphRef: ref}
	return &domain.GraphNodeDetail{
		GraphNode: n, Relations: []domain.GraphFact{{Node: ref, Relation: domain.RelationPartOf, To: ref, Latest: noon}},
		Contributions: []domain.GraphContribution{{Source: "import:a", At: noon, Node: ref, Weight: domain.GraphOne, Until: noon}},
	}, f.known(ref.ID)
}

func (f graphs) Path(_ context.Context, from, to domain.GraphRef) (*domain.GraphPath, error) {
	return &domain.GraphPath{Nodes: []domain.GraphNode{{GraphRef: from}, {GraphRef: to}}, Length: 1}, f.known(to.ID)
}

func (f graphs) Rank(_ context.Context, by domain.GraphMeasure, _ domain.GraphNodeFilter, w domain.Window) (*domain.GraphRanking, error) {
	f.note(func() { f.window = w })
	return &domain.GraphRanking{By: by, Nodes: []domain.GraphRanked{{Value: 1}}, Total: 1}, f.fail
}

func (f graphs) Communities(_ context.Context, w domain.Window) (*domain.GraphTopics, error) {
	f.note(func() { f.window = w })
	return &domain.GraphTopics{Communities: []domain.GraphCommunity{{Label: "a"}}, Conflicts: []domain.GraphConflict{{Keyword: "k"}}}, f.fail
}

func (f graphs) Export(_ context.Context, format domain.GraphFormat) (*domain.GraphStream, error) {
	return &domain.GraphStream{ContentType: "application/node-link+json", Name: "graph.json", Write: func(w io.Writer) error {
		_, err := io.WriteString(w, string(format))
		return err
	}}, f.fail
}

func (f graphs) Sources(_ context.Context, w domain.Window) ([]domain.GraphSource, int, error) {
	f.note(func() { f.window = w })
	return []domain.GraphSource{{ID: "feed:f_1", At: noon}}, 1, f.fail
}

func (f graphs) Source(_ context.Context, id string) (*domain.GraphBlast, error) {
	return &domain.GraphBlast{Source: domain.GraphSource{ID: id, At: noon}, Sample: []domain.GraphResting{{}}, Pages: []domain.GraphRest{{PageID: "page_1"}}}, f.known(id)
}

func (f graphs) Withdraw(ctx context.Context, id string, dryRun bool) (*domain.GraphBlast, error) {
	b, err := f.Source(ctx, id)
	b.Withdrawn = !dryRun
	return b, err
}

func (f graphs) Stale(_ context.Context, _ string, w domain.Window) ([]domain.GraphStale, int, error) {
	f.note(func() { f.window = w })
	return []domain.GraphStale{{Reason: domain.StaleGone, At: noon}}, 1, f.fail
}

type edgeHosts struct{ *fakes }

func (f edgeHosts) Hosts(context.Context) ([]domain.HostStats, error) {
	return []domain.HostStats{{WebsiteID: "site_1", Requests: 2, Classes: [6]uint64{2: 2}}}, f.fail
}

type traffic struct{ *fakes }

func (f traffic) span(q domain.TrafficQuery) error {
	_, _, err := q.Span(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC))
	return errors.Join(err, f.fail)
}

func (f traffic) ReportOn(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery) (*domain.TrafficReport, error) {
	if _, err := websites(f).Get(ctx, id); err != nil {
		return nil, err
	}
	return &domain.TrafficReport{
		WebsiteID: id, Period: q.Period, People: domain.TrafficCount{Views: 4, Clicks: 1}, Before: &domain.TrafficCount{Views: 2}, Pages: []domain.TrafficPage{{Path: "/", Views: 2}},
		Slots: []domain.TrafficSlot{{Slot: "top"}}, Series: []domain.TrafficPoint{{}}, Facets: []domain.TrafficFacet{{Kind: domain.FacetDevice, Value: "mobile"}},
	}, f.span(q)
}

func (f traffic) Facets(ctx context.Context, id domain.WebsiteID, kind domain.FacetKind, q domain.TrafficQuery, _ domain.Window) ([]domain.TrafficFacet, int, error) {
	if _, err := websites(f).Get(ctx, id); err != nil {
		return nil, 0, err
	}
	return []domain.TrafficFacet{{Kind: kind, Value: "x"}}, 1, f.span(q)
}

func (f traffic) Goals(ctx context.Context, id domain.WebsiteID) (*domain.GoalSet, error) {
	_, err := websites(f).Get(ctx, id)
	return &domain.GoalSet{WebsiteID: id}, err
}

func (f traffic) SetGoals(ctx context.Context, set *domain.GoalSet) (*domain.GoalSet, error) {
	if _, err := websites(f).Get(ctx, set.WebsiteID); err != nil {
		return nil, err
	}
	return set, set.Validate()
}

func (f traffic) Conversions(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery) (*domain.GoalReport, error) {
	if _, err := websites(f).Get(ctx, id); err != nil {
		return nil, err
	}
	return &domain.GoalReport{WebsiteID: id, Goals: []domain.GoalResult{{}}, Funnels: []domain.FunnelResult{{Steps: []domain.FunnelStep{{}}}}}, f.span(q)
}

func (f traffic) Portfolio(_ context.Context, q domain.TrafficQuery) (*domain.PortfolioTraffic, error) {
	return &domain.PortfolioTraffic{Period: q.Period, Top: []domain.WebsiteTraffic{{WebsiteID: "site_1"}}}, f.span(q)
}

func (f traffic) Websites(_ context.Context, q domain.TrafficQuery, _ domain.TrafficSort, _ domain.Window) ([]domain.WebsiteTraffic, int, error) {
	return []domain.WebsiteTraffic{{WebsiteID: "site_1", Domain: "=1+1", State: domain.WebsiteLive, Before: &domain.TrafficCount{Views: 3}}}, 1, f.span(q)
}

func (f traffic) Pages(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery, after domain.PageCursor, limit int) ([]domain.PageTraffic, domain.PageCursor, error) {
	if id != "" {
		if _, err := websites(f).Get(ctx, id); err != nil {
			return nil, domain.PageCursor{}, err
		}
	}
	all := []domain.PageTraffic{}
	for i := range 2500 { // in order
		if path := fmt.Sprintf("/%04d/", i); path > after.Path {
			all = append(all, domain.PageTraffic{WebsiteID: "site_1", TrafficPage: domain.TrafficPage{Path: path, Views: i}})
		}
	}
	if len(all) <= limit {
		return all, domain.PageCursor{}, f.span(q)
	}
	return all[:limit], domain.PageCursor{WebsiteID: "site_1", Path: all[limit-1].Path}, f.span(q)
}

func (f traffic) Programs(_ context.Context, q domain.TrafficQuery, _ domain.Window) ([]domain.ProgramTraffic, int, error) {
	one := 1
	return []domain.ProgramTraffic{{Network: "awin", AdvertiserID: "7", ProgramID: "prog_1", Clicks: 2, Before: &one}}, 1, f.span(q)
}

type timelines struct{ *fakes }

func (f timelines) Get(ctx context.Context, id domain.RunID, after string, _ int) (*domain.Timeline, error) {
	if after == "odd" {
		return nil, domain.Invalid("after", "No.")
	}
	_, err := runs(f).Get(ctx, id)
	return &domain.Timeline{RunID: id, Steps: []domain.StepSummary{{Name: "scan", State: domain.StateCompleted}}, Next: "x"}, err
}

func (f runs) Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	return f.Get(ctx, id)
}

func (f runs) Retry(ctx context.Context, id domain.RunID, from string) (*domain.Run, error) {
	f.note(func() { f.from = from })
	if _, err := f.Get(ctx, id); err != nil {
		return nil, err
	}
	return nil, domain.Errorf(domain.CodeConflict, "Run %s has not failed.", id)
}

func (f approvals) Summary(context.Context) (map[domain.ApprovalState]int, error) {
	return map[domain.ApprovalState]int{domain.ApprovalPending: 1}, f.fail
}

func (f approvals) Log(context.Context, int64, int) ([]domain.ApprovalEntry, error) {
	return []domain.ApprovalEntry{{Seq: 1, ApprovalID: "appr_1", Tenant: "main", Entry: `[""]`, Hash: hash}, {Seq: 2, Hash: hash}}, f.fail
}

func (f approvals) VerifyLog(context.Context) (*domain.ApprovalReport, error) {
	return &domain.ApprovalReport{Entries: 2, Faults: []domain.ApprovalFault{{Seq: 2, Problem: "Entry 2 was changed."}}}, f.fail
}

func (f approvals) List(_ context.Context, _ domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error) {
	f.note(func() { f.window = w })
	return []domain.Approval{{ID: "appr_1", State: domain.ApprovalPending}}, 1, f.fail
}

func (f approvals) Get(_ context.Context, id domain.ApprovalID) (*domain.Approval, error) {
	if id != "appr_1" {
		return nil, missing("Approval", string(id))
	}
	return &domain.Approval{ID: id, State: domain.ApprovalPending, Payload: json.RawMessage(`{"pages":3}`), PreviewURL: "http://x.preview.localhost/"}, f.fail
}

func (f approvals) Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*domain.Approval, error) {
	f.note(func() { f.decision = d })
	return f.Get(ctx, id)
}

func (f approvals) Texts(ctx context.Context, id domain.ApprovalID, path string) ([]domain.PageText, error) {
	if _, err := f.Get(ctx, id); err != nil {
		return nil, err
	}
	if path != "/" {
		return nil, domain.Errorf(domain.CodeNotFound, "The release has no page %s.", path)
	}
	return []domain.PageText{{Ref: "title", Kind: "title", Text: "Tea"}}, f.fail
}

func (f approvals) Edits(ctx context.Context, id domain.ApprovalID) ([]domain.TextEdit, error) {
	if _, err := f.Get(ctx, id); err != nil {
		return nil, err
	}
	return []domain.TextEdit{{ID: "edit_1", ApprovalID: id, State: domain.EditAccepted, Changes: []domain.TextChange{{Page: "/", Ref: "title", Old: "Tea", New: "Teas"}}}}, f.fail
}

func (f approvals) Edit(ctx context.Context, id domain.ApprovalID, r domain.EditRequest) (*domain.TextEdit, error) {
	if _, err := f.Get(ctx, id); err != nil {
		return nil, err
	}
	return &domain.TextEdit{ID: "edit_1", ApprovalID: id, State: domain.EditChecking, Changes: r.Changes}, f.fail
}

func (f auditLog) List(_ context.Context, af domain.AuditFilter, w domain.Window) ([]domain.AuditEntry, int, error) {
	f.note(func() { f.window, f.audit = w, af })
	return f.all(f.entries-w.Offset, w.Limit), f.entries, f.fail
}

func (f auditLog) Before(_ context.Context, af domain.AuditFilter, seq int64, limit int) ([]domain.AuditEntry, error) {
	f.note(func() { f.audit = af })
	if seq == 0 {
		seq = int64(f.entries) + 1
	}
	return f.all(int(seq)-1, limit), f.fail
}

func (f auditLog) Export(_ context.Context, af domain.AuditFilter, fn func([]domain.AuditEntry) error) error {
	f.note(func() { f.audit = af })
	if f.fail != nil {
		return f.fail
	}
	for seq := f.entries; seq > 0; seq -= 3 {
		if err := fn(f.all(seq, 3)); err != nil {
			return err
		}
	}
	return nil
}

// all returns up to limit entries from number seq down.
func (f auditLog) all(seq, limit int) []domain.AuditEntry {
	var out []domain.AuditEntry
	for ; seq > 0 && len(out) < limit; seq-- {
		out = append(out, domain.AuditEntry{
			Seq: int64(seq), At: noon, Tenant: "main", ActorID: "user_1", Action: "website.updated", Object: "site_1", Detail: "=1+1", Before: "aa", RequestID: "req_1",
		})
	}
	return out
}

func (f catalogue) Feeds(context.Context) ([]domain.Feed, error) {
	return []domain.Feed{{ID: "feed_1"}}, f.fail
}

func (f catalogue) Products(_ context.Context, _ domain.FeedID, _ string, w domain.Window) ([]domain.Product, int, error) {
	f.note(func() { f.window = w })
	return []domain.Product{{Key: "1", Description: "the merchant's own words"}}, 1, f.fail
}

func (f catalogue) Programs(context.Context) ([]domain.Program, error) {
	return []domain.Program{{ID: "prog_1"}}, f.fail
}

func (f health) Ready(context.Context) ([]domain.Component, bool) {
	return []domain.Component{{Name: "store", Layer: "data", State: "ok"}}, true
}

func newAPI(f *fakes) *api.API {
	return api.New(api.Config{
		Version: "test", Users: users{f}, APIKeys: apiKeys{f}, Agents: agents{f}, Websites: websites{f}, Redirects: redirects{f}, Links: links{f}, Healing: healing{f}, Runs: runs{f}, Pipelines: pipelines{f}, Schedules: schedules{f}, Approvals: approvals{f},
		Audit: auditLog{f}, Budgets: budgets{f}, Timelines: timelines{f}, Traffic: traffic{f}, Edge: edgeHosts{f}, Graph: graphs{f}, Market: market{f}, Catalogue: catalogue{f}, Webhooks: webhooks{fakes: f}, Health: health{f}, Services: services{f}, Research: researchDesk{f}, Snapshots: keptPages{f}, Search: search{f}, Logger: slog.New(slog.DiscardHandler),
		Messages: messages{f}, DeadLetters: deadLetters{f}, Orchestrator: orchestrator{f}, Duplicates: duplicates{f}, Fleet: fleet{f}, Batches: batches{f}, Revisions: revisions{f}, Planned: plannedReleases{f}, SEO: seo{f}, Submissions: submissions{f}, Alerts: alerts{f},
	})
}

// admin may do everything.
var admin = &domain.Principal{UserID: "user_1", Permissions: []domain.Permission{domain.AdminFull}, Human: true}

// call sends one request as p; body is JSON unless header says otherwise.
func call(t *testing.T, a http.Handler, p *domain.Principal, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	ctx := domain.WithRequestID(r.Context(), "req_test")
	if p != nil {
		ctx = domain.WithPrincipal(ctx, p)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r.WithContext(ctx))
	return w
}

// problemOf decodes a problem document and checks what all of them have.
func problemOf(t *testing.T, w *httptest.ResponseRecorder) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("status %d, body is not a problem: %v\n%s", w.Code, err, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type = %q", got)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || p.RequestID != "req_test" || !strings.HasPrefix(p.Type, "urn:empire:error:") {
		t.Errorf("problem = %+v with status %d", p, w.Code)
	}
	return p
}

func (f market) report() *domain.ScanReport {
	r := &domain.ScanReport{ID: "opp_1", CreatedAt: noon, EstimateID: "est_1"}
	r.Topic, r.ConfidenceScore, r.Score = "tea", 0.5, &domain.OpportunityScore{Value: 0.4}
	return r
}

func (f market) Scan(_ context.Context, q domain.ScanRequest, _ func(done, total int, message string)) (*domain.ScanReport, error) {
	f.note(func() { f.scan = q })
	return f.report(), f.fail
}

func (f market) Opportunities(_ context.Context, w domain.Window) ([]domain.OpportunityLine, int, error) {
	f.note(func() { f.window = w })
	return []domain.OpportunityLine{f.report().Line()}, 1, f.fail
}

func (f market) Opportunity(_ context.Context, id domain.OpportunityID) (*domain.ScanReport, error) {
	if id != "opp_1" {
		return nil, missing("Opportunity", string(id))
	}
	return f.report(), f.fail
}

func (f market) Trends(_ context.Context, industry, period string) (*domain.TrendData, error) {
	if _, err := domain.PeriodOf(period); err != nil {
		return nil, err
	}
	return &domain.TrendData{Industry: industry, Period: period, GeneratedAt: noon, Reason: "Nothing is known."}, f.fail
}

func (f market) Estimates(_ context.Context, _ domain.EstimateFilter, w domain.Window) ([]domain.MarketEstimate, int, error) {
	f.note(func() { f.window = w })
	return []domain.MarketEstimate{{ID: "est_1", Kind: domain.EstimateScan, Subject: "opp_1", CreatedAt: noon}}, 1, f.fail
}
