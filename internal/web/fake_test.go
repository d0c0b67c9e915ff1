package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/web"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// world is what the services know, and what was asked of them.
type world struct {
	sites     []domain.Website
	pages     []domain.Page
	releases  []domain.Release
	runs      []domain.Run
	events    []domain.RunEvent
	attempts  []domain.Attempt
	approvals []domain.Approval
	agents    []domain.Agent
	tags      map[domain.WebsiteID][]string
	batch     *domain.Batch
	letters   []domain.DeadLetter
	feeds     []domain.Feed
	budgets   []domain.BudgetState
	spending  []domain.Spending
	parts     []domain.Component
	freezes   []domain.FleetFreeze
	fail      map[string]error // by service

	decision   domain.Decision
	generated  domain.GenerateParams
	rolledBack domain.ReleaseID
	cancelled  domain.RunID
	retried    domain.RunID
	published  domain.ReleaseID
	rebuilt    domain.WebsiteID
	patch      domain.WebsitePatch
	started    domain.BatchParams
	ended      domain.BatchID

	signedOut, signedOutAll bool

	office office
}

type (
	users     struct{ *world }
	sites     struct{ *world }
	runs      struct{ *world }
	approvals struct{ *world }
	agents    struct{ *world }
)

func part[T any](all []T, w domain.Window) []T {
	from := min(w.Offset, len(all))
	return all[from:min(len(all), from+w.Limit)]
}

func (f users) Login(_ context.Context, p domain.LoginParams) (domain.Session, error) {
	if p.Password != "right" {
		return domain.Session{}, domain.Errorf(domain.CodeUnauthenticated, "E-mail address or password is wrong.")
	}
	if p.Email == "two@example.com" && p.OTP != "123456" {
		return domain.Session{}, domain.Errorf(domain.CodeUnauthenticated, "This account has a second factor.")
	}
	return domain.Session{Token: "token-of-" + p.Email, ExpiresAt: noon.Add(24 * time.Hour), User: &domain.User{Email: p.Email}}, nil
}

func (f users) Logout(_ context.Context, all bool) error {
	f.signedOut, f.signedOutAll = true, all
	return f.fail["users"]
}

func (f sites) List(_ context.Context, w domain.Window) ([]domain.Website, int, error) {
	return part(f.sites, w), len(f.sites), f.fail["sites"]
}

func (f sites) Get(_ context.Context, id domain.WebsiteID) (*domain.Website, error) {
	for i := range f.sites {
		if f.sites[i].ID == id {
			return &f.sites[i], f.fail["sites"]
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Website %s does not exist.", id)
}

func (f sites) Pages(_ context.Context, _ domain.WebsiteID, w domain.Window) ([]domain.Page, int, error) {
	return part(f.pages, w), len(f.pages), nil
}

func (f sites) Releases(_ context.Context, _ domain.WebsiteID, w domain.Window) ([]domain.Release, int, error) {
	return part(f.releases, w), len(f.releases), nil
}

func (f sites) Audit(context.Context, domain.WebsiteID) ([]domain.Gate, error) {
	return f.releases[0].Gates, nil
}

func (f sites) Generate(_ context.Context, p domain.GenerateParams) (*domain.Website, *domain.Run, error) {
	f.generated = p
	if p.Domain == "taken.example" {
		return nil, nil, &domain.Error{Code: domain.CodeConflict, Field: "domain", Message: "Domain taken.example is managed already."}
	}
	return &domain.Website{ID: "site_1"}, &domain.Run{ID: "run_1"}, nil
}

func (f sites) Publish(_ context.Context, id domain.WebsiteID, to domain.ReleaseID) (*domain.Website, error) {
	f.published = to
	return &domain.Website{ID: id}, nil
}

func (f sites) Rebuild(_ context.Context, id domain.WebsiteID) (*domain.Run, error) {
	f.rebuilt = id
	return &domain.Run{ID: "run_1"}, nil
}

func (f sites) Update(_ context.Context, id domain.WebsiteID, p domain.WebsitePatch) (*domain.Website, error) {
	f.patch = p
	if p.Title != nil && *p.Title == "bad" {
		return nil, domain.Invalid("title", "This title is not good enough.")
	}
	return &domain.Website{ID: id}, nil
}

func (f sites) Page(_ context.Context, _ domain.WebsiteID, id domain.PageID) (*domain.Page, []domain.Evidence, error) {
	for i := range f.pages {
		if f.pages[i].ID == id {
			return &f.pages[i], evidence, nil
		}
	}
	return nil, nil, domain.Errorf(domain.CodeNotFound, "Page %s does not exist.", id)
}

func (f sites) Diff(_ context.Context, _ domain.WebsiteID, p domain.DiffParams) (*domain.ReleaseDiff, error) {
	return diffOf(p), f.fail["diff"]
}

func (f sites) Rollback(_ context.Context, id domain.WebsiteID, to domain.ReleaseID) (*domain.Website, error) {
	f.rolledBack = to
	if to == "rel_red" {
		return nil, domain.Errorf(domain.CodeGateRed, "Gate grounding of this release is red.")
	}
	return &domain.Website{ID: id}, nil
}

func (f runs) List(_ context.Context, state domain.RunState, _ domain.WebsiteID, w domain.Window) ([]domain.Run, int, error) {
	var out []domain.Run
	for _, r := range f.runs {
		if state == "" || r.State == state {
			r.Steps = nil // as the store does
			out = append(out, r)
		}
	}
	return part(out, w), len(out), f.fail["runs"]
}

func (f runs) Hours(_ context.Context, from time.Time) ([]domain.RunHour, error) {
	var out []domain.RunHour
	for i := range f.runs {
		h := domain.RunHour{Hour: domain.HoursSince1970(f.runs[i].CreatedAt), Begun: 1}
		if f.runs[i].State == domain.StateFailed {
			h.Failed = 1
		}
		if !f.runs[i].CreatedAt.Before(from) {
			out = append(out, h)
		}
	}
	return out, f.fail["runs"]
}

func (f runs) Get(_ context.Context, id domain.RunID) (*domain.Run, error) {
	for i := range f.runs {
		if f.runs[i].ID == id {
			return &f.runs[i], f.fail["runs"]
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Run %s does not exist.", id)
}

func (f runs) Events(context.Context, domain.RunID, int64, int) ([]domain.RunEvent, error) {
	return f.events, nil
}

func (f runs) Attempts(context.Context, domain.RunID) ([]domain.Attempt, error) {
	return f.attempts, nil
}

func (f runs) Cancel(_ context.Context, id domain.RunID) (*domain.Run, error) {
	f.cancelled = id
	return &domain.Run{ID: id}, nil
}

func (f runs) Retry(_ context.Context, id domain.RunID, _ string) (*domain.Run, error) {
	f.retried = id
	return &domain.Run{ID: id}, nil
}

func (f approvals) List(_ context.Context, af domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error) {
	var out []domain.Approval
	for _, a := range f.approvals {
		if (af.State == "" || a.State == af.State) && (af.RunID == "" || a.RunID == af.RunID) {
			out = append(out, a)
		}
	}
	return part(out, w), len(out), f.fail["approvals"]
}

func (f approvals) Summary(context.Context) (map[domain.ApprovalState]int, error) {
	n := map[domain.ApprovalState]int{}
	for i := range f.approvals {
		n[f.approvals[i].State]++
	}
	return n, f.fail["approvals"]
}

func (f approvals) Get(_ context.Context, id domain.ApprovalID) (*domain.Approval, error) {
	for i := range f.approvals {
		if f.approvals[i].ID == id {
			return &f.approvals[i], nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Approval %s does not exist.", id)
}

func (f approvals) Edits(context.Context, domain.ApprovalID) ([]domain.TextEdit, error) {
	return []domain.TextEdit{{
		ID: "edit_1", Number: 1, ActorID: "user_1", At: noon, State: domain.EditRefused, Detail: "Gate heads is red.",
		Changes: []domain.TextChange{{Page: "/", Ref: "title", Old: "Tea", New: "Tea and tea"}},
	}}, nil
}

func (f approvals) Edit(ctx context.Context, id domain.ApprovalID, r domain.EditRequest) (*domain.TextEdit, error) {
	a, err := f.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.PayloadHash != a.PayloadHash {
		return nil, domain.Errorf(domain.CodeConflict, "The payload changed.")
	}
	if r.Changes[0].New == "77 teas" {
		return nil, domain.Invalid("new", "Figure 77 has no claim.")
	}
	return &domain.TextEdit{ID: "edit_2", RunID: a.RunID, Changes: r.Changes}, nil
}

func (f approvals) Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*domain.Approval, error) {
	f.decision = d
	a, err := f.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.PayloadHash != a.PayloadHash {
		return nil, domain.Errorf(domain.CodeConflict, "The payload changed.")
	}
	return a, nil
}

func (f agents) List(context.Context, domain.AgentFilter) ([]domain.Agent, error) {
	return f.agents, f.fail["agents"]
}

type csrf struct{}

func (csrf) Token(session string) string      { return "for-" + session }
func (csrf) Valid(session, token string) bool { return session != "" && token == "for-"+session }
func statusOf(err error) int                  { return statuses[domain.CodeOf(err)] }
func siteURL(s *domain.Website) string        { return "http://" + s.Name + ".localhost:8081/" }
func preview(_ *domain.Website, m string) string {
	return "http://" + m[:12] + ".preview.localhost:8081/"
}

var statuses = map[domain.Code]int{
	domain.CodeNotFound: 404, domain.CodeForbidden: 403, domain.CodeConflict: 409, domain.CodeInvalid: 422, domain.CodeGateRed: 409,
	domain.CodeUnauthenticated: 401, domain.CodeNotEnoughData: 422, domain.CodeTooLarge: 413, domain.CodeMalformed: 400, domain.CodeInternal: 500,
}

func newDashboard(t testing.TB, w *world) *web.Dashboard {
	t.Helper()
	d, err := web.New(web.Config{
		Users: users{w}, Websites: sites{w}, Runs: runs{w}, Approvals: approvals{w}, Agents: agents{w}, CSRF: csrf{}, SessionCookie: "session", Work: w.office.work(),
		Batches: batches{w}, Traffic: traffic{w}, SEO: seo{w}, Links: links{w}, Budgets: budgets{w}, Fleet: fleet{w}, Feeds: feeds{w}, DeadLetters: letters{w}, Health: health{w},
		SiteURL: siteURL, PreviewURL: preview, Status: statusOf, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Principals of the tests.
var (
	editor = &domain.Principal{UserID: "user_1", Email: "ed@example.com", Human: true, Permissions: []domain.Permission{domain.AdminFull}}
	reader = &domain.Principal{UserID: "user_2", Email: "ro@example.com", Permissions: []domain.Permission{domain.WebsitesRead, domain.AgentsRead}}
)

// get asks for a page as p; nil is a visitor.
func get(t *testing.T, h http.Handler, p *domain.Principal, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, h, p, httptest.NewRequestWithContext(t.Context(), "GET", target, nil), header...)
}

// post sends a form as p with a good CSRF token unless the form has one.
func post(t *testing.T, h http.Handler, p *domain.Principal, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	if !form.Has("csrf") {
		form.Set("csrf", "for-s1")
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, h, p, r, header...)
}

func send(t *testing.T, h http.Handler, p *domain.Principal, r *http.Request, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	if p != nil {
		r.AddCookie(&http.Cookie{Name: "session", Value: "s1"})
		r = r.WithContext(domain.WithPrincipal(r.Context(), p))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// busyWorld has one site with two releases, one run under way, one that waits, one
// that failed, and an open approval.
func busyWorld() *world {
	at := func(minutes int) *time.Time { t := noon.Add(-time.Duration(minutes) * time.Minute); return &t }
	gates := []domain.Gate{
		{Name: "grounding", State: domain.GatePass, Summary: "1,204 of 1,204 claims have evidence.", Checked: 1204},
		{Name: "seo", State: domain.GateWarn, Summary: "Two titles are long.", Checked: 31, Findings: []domain.Finding{
			{Rule: "SEO-TITLE-LENGTH", Severity: domain.GateWarn, Page: "/guide/", Message: "The title has 71 characters.", Fix: "Shorten it to 60."},
		}},
	}
	payload, err := json.Marshal(map[string]any{
		"website_id": "site_2", "domain": "monitors.example", "niche": "computer monitors", "manifest": hash, "pages": 28, "products": 240,
		"claims": 1204, "grounded_claims": 1204, "seo_score": 96.4, "gates": gates,
	})
	if err != nil {
		panic(fmt.Errorf("encode payload: %w", err))
	}
	names := []string{"scan", "plan", "write", "build", "optimize", "monetize", "gate", "approve", "release"}
	steps := func(done int, then domain.RunState) []domain.Step {
		var out []domain.Step
		for i, n := range names {
			s := domain.Step{ID: domain.StepID("step_" + n), Name: n, Position: i, State: domain.StateQueued}
			switch {
			case i < done:
				s.State, s.Attempt, s.StartedAt, s.FinishedAt = domain.StateCompleted, 1, at(3), at(2)
			case i == done:
				s.State, s.Attempt, s.StartedAt = then, 2, at(2)
			}
			out = append(out, s)
		}
		return out
	}
	writing := steps(2, domain.StateRunning)
	writing[2].Done, writing[2].Total, writing[2].Message, writing[2].Agent = 12, 31, "Comparison of 75 % boards", "content_generator"
	failed := steps(0, domain.StateFailed)
	cause := &domain.RunError{Step: "scan", Code: domain.CodeNotEnoughData, Message: "The feeds hold 2 unicorn saddles; at least 12 are needed."}
	failed[0].Error = cause
	return &world{
		sites: []domain.Website{
			{ID: "site_1", Name: "keyboards", Domain: "keyboards.example", Niche: "mechanical keyboards", Title: "Mechanical keyboards compared", Language: "en", State: domain.WebsiteLive, LiveRelease: "rel_2", UpdatedAt: *at(42)},
			{ID: "site_2", Name: "monitors", Domain: "monitors.example", Niche: "computer monitors", Language: "de", State: domain.WebsiteDraft, UpdatedAt: *at(3)},
		},
		releases: []domain.Release{
			{ID: "rel_2", Number: 2, Manifest: hash, Files: 48, Pages: 31, Bytes: 612_345, Gates: gates, SEOScore: 96, CreatedAt: *at(42), PublishedAt: at(42)},
			{ID: "rel_1", Number: 1, Manifest: hash, Files: 47, Pages: 30, Bytes: 601_000, Gates: gates, SEOScore: 94, CreatedAt: *at(2000), PublishedAt: at(2000)},
		},
		pages: []domain.Page{
			{ID: "page_1", Kind: domain.PageHome, Title: "Mechanical keyboards compared", Indexable: true, Writer: "data/1", Claims: make([]domain.Claim, 38), Offers: make([]domain.Offer, 6)},
			{ID: "page_2", Kind: domain.PageGuide, Slug: "guide", Title: "How to choose a mechanical keyboard", Indexable: true, Writer: "data/1", UpdatedAt: *at(42), Claims: []domain.Claim{{ID: "c1", Text: "$37.99", Evidence: []domain.EvidenceID{"ev_1"}}, {ID: "c2", Text: "37.99 dollars", Evidence: []domain.EvidenceID{"ev_1"}}}},
			{ID: "page_3", Kind: domain.PageImprint, Slug: "imprint", Title: "Legal notice", Writer: "data/1"},
		},
		runs: []domain.Run{
			{ID: "run_1", Pipeline: "launch_website", Version: 1, State: domain.StateRunning, Params: json.RawMessage(`{"niche":"mechanical keyboards"}`), WebsiteID: "site_1", CreatedAt: *at(3), StartedAt: at(3), Steps: writing},
			{ID: "run_2", Pipeline: "launch_website", Version: 1, State: domain.StateWaiting, Params: json.RawMessage(`{"niche":"computer monitors"}`), WebsiteID: "site_2", CreatedAt: *at(9), StartedAt: at(9), Steps: steps(7, domain.StateWaiting)},
			{ID: "run_3", Pipeline: "launch_website", Version: 1, State: domain.StateFailed, Params: json.RawMessage(`{"niche":"unicorn saddles"}`), CreatedAt: *at(90), StartedAt: at(90), FinishedAt: at(89), Steps: failed, Error: cause},
		},
		events: []domain.RunEvent{
			{Seq: 1, Type: "run.created", At: *at(3)},
			{Seq: 2, Type: "step.started", Step: "scan", Data: json.RawMessage(`{"attempt": 1}`), At: *at(3)},
			{Seq: 3, Type: "step.completed", Step: "scan", At: *at(2)},
		},
		attempts: []domain.Attempt{
			{StepID: "step_write", Number: 1, Worker: "worker-1", State: domain.StateFailed, Error: "connection reset", StartedAt: *at(2), FinishedAt: at(2)},
			{StepID: "step_write", Number: 2, Worker: "worker-1", State: domain.StateRunning, StartedAt: *at(1)},
		},
		approvals: []domain.Approval{
			{ID: "appr_1", RunID: "run_2", Step: "approve", WebsiteID: "site_2", Kind: "publish_release", Title: "Publish monitors.example", Payload: payload, PayloadHash: hash, State: domain.ApprovalPending, CreatedAt: *at(1)},
		},
		agents: []domain.Agent{
			{ID: "opportunity_scanner", Status: domain.AgentError, Metrics: domain.AgentMetrics{TasksCompleted: 3, TasksFailed: 1}},
			{ID: "content_generator", Status: domain.AgentWorking, Metrics: domain.AgentMetrics{TasksCompleted: 2}},
			{ID: "website_generator", Status: domain.AgentIdle, Metrics: domain.AgentMetrics{TasksCompleted: 1}},
		},
		tags:    map[domain.WebsiteID][]string{"site_1": {"pilot"}},
		batch:   &domain.Batch{ID: "bat_1", Action: domain.BulkRebuild, State: domain.BatchRunning, Total: 2, ActorID: "user_1", Reason: "new prices", CreatedAt: *at(1), Counts: map[domain.BatchSiteState]int{domain.BatchSiteQueued: 1, domain.BatchSiteSkipped: 1}},
		letters: []domain.DeadLetter{{ID: "dead_1", Kind: domain.DeadTask, AgentID: "content_generator", Reason: domain.DeadTooManyAttempts, Detail: "task_7 failed five times", CreatedAt: *at(200)}},
		feeds:   []domain.Feed{{ID: "feed_1", Name: "keyboards.csv", Rows: 824, ReadAt: at(60 * 24 * 20), LastState: "complete"}, {ID: "feed_2", Name: "monitors.csv", LastState: "refused", UpdatedAt: *at(30)}},
		budgets: []domain.BudgetState{{
			Budget: domain.Budget{ID: "bud_1", Name: "All models", Period: domain.PeriodMonth, Limit: domain.Money{Minor: 5000, Currency: "EUR"}, OnLimit: domain.LimitAsk},
			Count:  domain.BudgetCount{Spent: 48_000_000},
		}},
		spending: []domain.Spending{{Key: "2026-02-20", Currency: "EUR", Calls: 4, Spent: 1_250_000}, {Key: "2026-03-01", Currency: "EUR", Calls: 9, Spent: 2_500_000}},
		parts:    []domain.Component{{Name: "database", Layer: "data", State: "ok", Configured: true}, {Name: "models", Layer: "intelligence", State: "down", Error: "no answer for 30 s", Configured: true, LastErrorAt: at(5)}},
		freezes:  []domain.FleetFreeze{{WebsiteID: "site_2", Reason: "Legal notice is being changed.", At: *at(400)}},
		fail:     map[string]error{},
	}
}

var errDown = errors.New("database db7 is down")
