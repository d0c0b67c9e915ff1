package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/release"
	"empire/internal/sample"
	"empire/internal/service"
	"empire/internal/store"
)

// estate is everything that belongs to tenants, over a real store: a pipeline that
// builds, asks and publishes, and an agent that digs. The test works the jobs.
type estate struct {
	*digging
	st        *store.Store
	websites  *service.Websites
	redirects *service.Redirects
	links     *service.Links
	batches   *service.Batches
	runs      *service.Runs
	approvals *service.Approvals
	pipelines *service.Pipelines
	schedules *service.Schedules
	audit     *service.Audit
	budgets   *service.Budgets
	timelines *service.Timelines
	traffic   *service.Traffic
	messages  *service.Messages
	letters   *service.DeadLetters
	market    *service.Market
	models    *service.Models
	seo       *service.SEO
	submits   *service.Submissions
	heard     *news
	engine    *pipeline.Engine
	builder   *release.Builder
	sites     service.WebsitesConfig // of websites
	written   *written               // nil: pages are empty; see watch
	blobs     *blob.Dir

	mu       sync.Mutex
	steps    []json.RawMessage
	outlinks []domain.PageLink                                // of every release
	told     []domain.WebsiteID                               // edges were told to look at
	onTold   func()                                           // called then; may be nil
	fail     error                                            // of the step build
	onEnded  func(ctx context.Context, run *domain.Run) error // may be nil
}

func newEstate(t *testing.T, st *store.Store) *estate {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e := &estate{digging: newDigging(st), st: st, builder: release.New(blobs), blobs: blobs}
	e.engine = pipeline.New(pipeline.Config{
		Runs: st.Runs, Steps: st.Steps, Slots: st.Slots, Custom: st.Pipelines, Events: st.Events, Agents: st.Agents, Tx: st, Blobs: blobs, Agent: e.worker, Worker: "w1", Now: time.Now,
		Enqueue: func(_ context.Context, _ string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			e.mu.Lock()
			e.steps = append(e.steps, raw)
			e.mu.Unlock()
			return err
		},
		Ended: func(ctx context.Context, run *domain.Run, cause *domain.RunError) error {
			if err := e.approvals.RunEnded(ctx, run.ID); err != nil {
				return err
			}
			if e.onEnded != nil {
				return e.onEnded(ctx, run)
			}
			if cause == nil || cause.Code != domain.CodeNotEnoughData {
				return nil
			}
			return e.websites.Discard(ctx, run)
		},
		Log: slog.New(slog.DiscardHandler),
	})
	e.runs = service.NewRuns(service.RunsConfig{
		Tx: st, Runs: st.Runs, Events: st.Events, Attempts: st.Steps, Websites: st.Websites, Engine: e.engine, Audit: st.Audit, Now: time.Now,
	})
	e.approvals = service.NewApprovals(service.ApprovalsConfig{Tx: st, Approvals: st.Approvals, Engine: e.engine, Audit: st.Audit, Now: time.Now, Edits: service.EditConfig{
		Store: st.TextEdits, Drafts: drafts{blobs}, Check: func(_, _ *domain.Page, c domain.TextChange) error {
			if c.New == "wrong" {
				return domain.Invalid("new", "That is wrong.")
			}
			return nil
		},
		Again: func(ctx context.Context, run domain.RunID) error { return e.engine.Again(ctx, run, "build") },
	}})
	e.sites = service.WebsitesConfig{
		Tx: st, Websites: st.Websites, Pages: st.Pages, Evidence: st.Evidence, Releases: st.Releases, Approvals: st.Approvals, Ask: e.approvals.Open, Runs: e.runs,
		Manifests: e.builder, Blobs: blobs, Drafts: drafts{blobs}, Compare: release.Compare, Audit: st.Audit, Operator: sample.Operator(), Forbidden: service.ForbiddenNiches(), Now: time.Now,
		LiveChanged: func(_ context.Context, id domain.WebsiteID) {
			e.mu.Lock()
			e.told = append(e.told, id)
			done := e.onTold
			e.mu.Unlock()
			if done != nil {
				done()
			}
		},
	}
	e.sites.Carry = func(_ context.Context, target string, site *domain.Website, r *domain.Release, m domain.Manifest) (*domain.DeployReport, error) {
		return &domain.DeployReport{Target: target, Host: site.Domain, Release: r.ID, Files: len(m.Entries)}, nil
	}
	e.websites = service.NewWebsites(e.sites)
	e.redirects = service.NewRedirects(service.RedirectsConfig{Tx: st, Store: st.Redirects, Websites: e.websites, Audit: st.Audit, Now: time.Now, Successor: release.Redirects})
	e.links = service.NewLinks(service.LinksConfig{
		Tx: st, Store: st.Links, Programs: st.Programs, Websites: e.websites, Audit: st.Audit, Now: time.Now, Kept: st.LinksOf,
		Read: func(context.Context, *domain.Release) ([]domain.PageLink, error) { return e.outlinks, nil },
	})
	e.batches = e.newBatches()
	e.openSEO(st)
	e.audit = service.NewAudit(st.Audit)
	e.pipelines = service.NewPipelines(service.PipelinesConfig{Tx: st, Store: st.Pipelines, Engine: e.engine, Websites: st.Websites, Audit: st.Audit, Now: time.Now})
	e.schedules = e.newSchedules(time.Now)
	e.budgets = service.NewBudgets(service.BudgetsConfig{
		Tx: st, Budgets: st.Budgets, Calls: st.ModelCalls, Prices: st.Prices, Websites: st.Websites, Audit: st.Audit, Currency: "USD", Now: time.Now,
	})
	e.traffic = service.NewTraffic(service.TrafficConfig{
		Websites: e.websites, Store: st.Traffic, Tx: st, Audit: st.Audit, Now: time.Now,
		ReadLog: func(_ context.Context, _ io.Reader, id domain.WebsiteID, name string, _ time.Time) (*domain.AccessImport, []domain.ServedCount, error) {
			return &domain.AccessImport{WebsiteID: id, Name: name, SHA256: "5a"}, nil, nil
		},
	})
	e.timelines = service.NewTimelines(service.TimelinesConfig{Runs: e.runs, Approvals: st.Approvals, Now: time.Now})
	e.messages = service.NewMessages(service.MessagesConfig{
		Tx: st, Store: st.Messages, Boxes: st.Mailboxes, Letters: st.DeadLetters, Agents: known{"digger"}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	e.letters = service.NewDeadLetters(service.DeadLettersConfig{Tx: st, Store: st.DeadLetters, Messages: e.messages, Audit: st.Audit, Now: time.Now})
	e.openMarket()
	if err := e.engine.Register(e.launch()); err != nil {
		t.Fatal(err)
	}
	return e
}

// drafts reads and keeps what releases were built from.
type drafts struct{ blobs *blob.Dir }

// Draft implements what the service of websites needs.
func (d drafts) Draft(ctx context.Context, sha string) (*domain.Draft, error) {
	var out domain.Draft
	return &out, blob.GetJSON(ctx, d.blobs, sha, &out)
}

// PutDraft implements what the service of approvals needs.
func (d drafts) PutDraft(ctx context.Context, draft *domain.Draft) (string, error) {
	return blob.PutJSON(ctx, d.blobs, draft)
}

// launch is a pipeline with the name of the real one and as little as its services
// need: build, approve, release.
func (e *estate) launch() pipeline.Definition {
	once := pipeline.Retry{Attempts: 1}
	step := func(name string, run pipeline.Func) pipeline.StepDef {
		return pipeline.StepDef{Name: name, Timeout: time.Minute, Retry: once, Run: run}
	}
	return pipeline.Definition{Name: "launch_website", Version: 1, Steps: []pipeline.StepDef{
		step("build", func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
			if e.fail != nil {
				return pipeline.Output{}, e.fail
			}
			sha, m, err := e.builder.Build(ctx, "h", []domain.File{
				{Path: "/", File: "index.html", ContentType: "text/html", Body: []byte("<p>" + in.Run.ID + "</p>")},
				{Path: "/guide/", File: "guide/index.html", ContentType: "text/html", Body: []byte("<p>guide</p>")},
			})
			if err != nil {
				return pipeline.Output{}, err
			}
			draft, err := blob.PutJSON(ctx, e.blobs, domain.Draft{Pages: []domain.Page{{Title: string(in.Run.ID)}, {Slug: "guide", Title: "Guide"}}})
			edit, lastErr := e.approvals.LastEdit(ctx, in.Run.ID, draft)
			if lastErr == nil {
				draft = edit.Draft
			}
			c := service.Candidate{Manifest: sha, Draft: draft, Files: len(m.Entries), Pages: 2, SEOScore: 90, BuiltWith: domain.BuiltWith{Theme: "theme-1"}, Gates: []domain.Gate{{Name: "links", State: domain.GatePass}}}
			title := func(ctx context.Context) error {
				if edit != nil {
					if err := e.approvals.SettleEdit(ctx, edit, domain.EditAccepted, ""); err != nil {
						return err
					}
				}
				return e.websites.SetTitle(ctx, in.Run.WebsiteID, "Built")
			}
			return pipeline.Output{Result: c, Apply: title}, err
		}),
		step("approve", func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			var c service.Candidate
			err := in.Result("build", &c)
			return pipeline.Output{Wait: true, Apply: func(ctx context.Context) error {
				return e.websites.OpenApproval(ctx, in.Run, "approve", c)
			}}, err
		}),
		step("release", func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			var c service.Candidate
			var a struct {
				ApprovalID domain.ApprovalID `json:"approval_id"`
			}
			if err := in.Result("build", &c); err != nil {
				return pipeline.Output{}, err
			}
			err := in.Result("approve", &a)
			d := &domain.Draft{Pages: []domain.Page{{ID: "page_1", WebsiteID: in.Run.WebsiteID, Slug: "guide"}}}
			if e.written != nil {
				d = e.written.draft(in.Run.WebsiteID, c.Draft)
			}
			return pipeline.Output{Apply: func(ctx context.Context) error {
				return e.websites.PublishCandidate(ctx, domain.ReleaseID(domain.NewID("rel")), in.Run, c, a.ApprovalID, d)
			}}, err
		}),
	}}
}

// workAll works the queued steps of runs until there are none.
func (e *estate) workAll(t *testing.T) {
	t.Helper()
	for {
		e.mu.Lock()
		steps := e.steps
		e.steps = nil
		e.mu.Unlock()
		if len(steps) == 0 {
			return
		}
		for _, s := range steps {
			if err := e.engine.Work(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// in returns a context in which an administrator of a tenant acts.
func in(ctx context.Context, tenant domain.TenantID) context.Context {
	p := &domain.Principal{UserID: domain.UserID("user_" + tenant), Tenant: tenant, Permissions: []domain.Permission{domain.AdminFull}, Human: true}
	return domain.WithRequestID(domain.WithPrincipal(ctx, p), "req_"+string(tenant))
}

// register adds a draft.
func (e *estate) register(ctx context.Context, t *testing.T, host string) *domain.Website {
	t.Helper()
	site, err := e.websites.Register(ctx, domain.RegisterParams{Domain: host, Niche: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// build runs the pipeline for a website up to its question.
func (e *estate) build(ctx context.Context, t *testing.T, id domain.WebsiteID) (*domain.Run, domain.Approval) {
	t.Helper()
	run, err := e.websites.Rebuild(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	e.workAll(t)
	open, _, err := e.approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 10})
	if err != nil || len(open) == 0 || open[0].RunID != run.ID {
		t.Fatalf("open approvals: %+v, %v, want one of run %s", open, err, run.ID)
	}
	return run, open[0]
}

// publish builds a release of a website and makes it live.
func (e *estate) publish(ctx context.Context, t *testing.T, id domain.WebsiteID) *domain.Website {
	t.Helper()
	_, a := e.build(ctx, t, id)
	if _, err := e.approvals.Decide(ctx, a.ID, domain.Decision{Approve: true, PayloadHash: a.PayloadHash}); err != nil {
		t.Fatal(err)
	}
	e.workAll(t)
	site, err := e.websites.Get(ctx, id)
	if err != nil || site.State != domain.WebsiteLive {
		t.Fatalf("website after publishing: %+v, %v", site, err)
	}
	return site
}

func wantCode(t *testing.T, what string, err error, want domain.Code) {
	t.Helper()
	if got := domain.CodeOf(err); got != want {
		t.Errorf("%s: %v, want code %q", what, err, want)
	}
}

func ptr[T any](v T) *T { return &v }

func hostOf(i int) string { return fmt.Sprintf("h%d.example", i) }
