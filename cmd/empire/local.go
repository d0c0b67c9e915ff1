package main

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
)

// local is the portfolio of a data directory. The context carries who acts.
type local struct {
	a     *app.App
	place string
}

func (g *globals) local(a *app.App) local {
	switch {
	case g.postgres != "":
		return local{a, "the database"}
	case g.data != "":
		return local{a, g.data}
	default:
		return local{a, "the data directory"}
	}
}

// Place implements portfolio.
func (l local) Place() string { return l.place }

// Sites implements portfolio.
func (l local) Sites(ctx context.Context, w domain.Window) ([]siteView, int, error) {
	list, total, err := l.a.Websites.List(ctx, w)
	return views(list, viewSite), total, err
}

// Site implements portfolio.
func (l local) Site(ctx context.Context, key string) (*siteView, error) {
	return view(viewSite)(l.a.Websites.Find(ctx, key))
}

// Releases implements portfolio.
func (l local) Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]releaseView, int, error) {
	list, total, err := l.a.Websites.Releases(ctx, id, w)
	return views(list, viewRelease), total, err
}

// Audit implements portfolio.
func (l local) Audit(ctx context.Context, id domain.WebsiteID) (*auditView, error) {
	gates, err := l.a.Websites.Audit(ctx, id)
	if err != nil {
		return nil, err
	}
	return &auditView{id, domain.GateVerdict(gates), orEmpty(gates)}, nil
}

// Publish implements portfolio.
func (l local) Publish(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error) {
	return view(viewSite)(l.a.Websites.Publish(ctx, id, release))
}

// Rollback implements portfolio.
func (l local) Rollback(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error) {
	return view(viewSite)(l.a.Websites.Rollback(ctx, id, release))
}

// Generate implements portfolio.
func (l local) Generate(ctx context.Context, p domain.GenerateParams) (*siteView, domain.RunID, error) {
	site, run, err := l.a.Websites.Generate(ctx, p)
	if err != nil {
		return nil, "", err
	}
	v := viewSite(site)
	return &v, run.ID, nil
}

// Feeds implements portfolio.
func (l local) Feeds(ctx context.Context) ([]feedView, error) {
	list, err := l.a.Catalogue.Feeds(ctx)
	return views(list, func(f *domain.Feed) feedView { return feedView{f.ID, f.Name, f.Rows} }), err
}

// MissingOperator implements portfolio.
func (l local) MissingOperator() []string { return l.a.MissingOperator() }

// Runs implements portfolio.
func (l local) Runs(ctx context.Context, f domain.RunFilter, w domain.Window) ([]runView, int, error) {
	list, total, err := l.a.Runs.List(ctx, f.State, f.WebsiteID, w)
	return views(list, viewRun), total, err
}

// Run implements portfolio.
func (l local) Run(ctx context.Context, id domain.RunID) (*runView, error) {
	return view(viewRun)(l.a.Runs.Get(ctx, id))
}

// CancelRun implements portfolio.
func (l local) CancelRun(ctx context.Context, id domain.RunID) (*runView, error) {
	return view(viewRun)(l.a.Runs.Cancel(ctx, id))
}

// RetryRun implements portfolio.
func (l local) RetryRun(ctx context.Context, id domain.RunID, from string) (*runView, error) {
	return view(viewRun)(l.a.Runs.Retry(ctx, id, from))
}

// Follow implements portfolio.
func (l local) Follow(ctx context.Context, id domain.RunID, report func(app.DemoProgress)) (*runView, error) {
	return view(viewRun)(l.a.Follow(ctx, id, report))
}

// Timeline implements portfolio.
func (l local) Timeline(ctx context.Context, id domain.RunID, after string, limit int) (*timelineView, error) {
	return view(viewTimeline)(l.a.Timelines.Get(ctx, id, after, limit))
}

// Approvals implements portfolio.
func (l local) Approvals(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]approvalView, int, error) {
	list, total, err := l.a.Approvals.List(ctx, f, w)
	return views(list, viewApproval), total, err
}

// ApprovalLog implements portfolio.
func (l local) ApprovalLog(ctx context.Context, after int64, limit int) ([]approvalEntryView, error) {
	list, err := l.a.Approvals.Log(ctx, after, limit)
	return views(list, viewApprovalEntry), err
}

// VerifyApprovals implements portfolio.
func (l local) VerifyApprovals(ctx context.Context) (*approvalReportView, error) {
	r, err := l.a.Approvals.VerifyLog(ctx)
	if err != nil {
		return nil, err
	}
	return &approvalReportView{len(r.Faults) == 0, r.Entries, r.Approvals, r.Releases, r.Head, orEmpty(r.Faults)}, nil
}

// Approval implements portfolio.
func (l local) Approval(ctx context.Context, id domain.ApprovalID) (*approvalView, error) {
	return view(viewApproval)(l.a.Approvals.Get(ctx, id))
}

// Decide implements portfolio.
func (l local) Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*approvalView, error) {
	return view(viewApproval)(l.a.Approvals.Decide(ctx, id, d))
}

// Agents implements portfolio.
func (l local) Agents(ctx context.Context) ([]agentView, error) {
	list, err := l.a.Agents.List(ctx, domain.AgentFilter{})
	return views(list, viewAgent), err
}

// Agent implements portfolio.
func (l local) Agent(ctx context.Context, id domain.AgentID) (*agentView, error) {
	return view(viewAgent)(l.a.Agents.Get(ctx, id))
}

// RegisterAgent implements portfolio.
func (l local) RegisterAgent(ctx context.Context, p domain.AgentParams) (*agentView, error) {
	return view(viewAgent)(l.a.Agents.Register(ctx, p))
}

// UpdateAgent implements portfolio.
func (l local) UpdateAgent(ctx context.Context, id domain.AgentID, p domain.AgentPatch) (*agentView, error) {
	return view(viewAgent)(l.a.Agents.Update(ctx, id, p))
}

// DeleteAgent implements portfolio.
func (l local) DeleteAgent(ctx context.Context, id domain.AgentID, drain bool) (bool, error) {
	return l.a.Agents.Delete(ctx, id, drain)
}

// Task implements portfolio.
func (l local) Task(ctx context.Context, id domain.AgentID, kind string, params json.RawMessage) (*taskView, error) {
	t, err := l.a.Agents.CreateTask(ctx, id, domain.TaskSpec{Type: kind, Params: params}, "")
	if err != nil {
		return nil, err
	}
	return view(viewTask)(l.a.AwaitTask(ctx, t.ID))
}

// view turns what a service returned into what commands print.
func view[D, V any](to func(*D) V) func(*D, error) (*V, error) {
	return func(d *D, err error) (*V, error) {
		if err != nil {
			return nil, err
		}
		v := to(d)
		return &v, nil
	}
}

func views[D, V any](list []D, to func(*D) V) []V {
	out := make([]V, len(list))
	for i := range list {
		out[i] = to(&list[i])
	}
	return out
}

func viewSite(w *domain.Website) siteView {
	return siteView{
		ID: w.ID, Name: w.Name, Domain: w.Domain, Niche: w.Niche, Language: w.Language, Title: w.Title, State: w.State,
		FeedIDs: orEmpty(w.FeedIDs), LiveRelease: orNil(w.LiveRelease), CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
}

func viewRelease(r *domain.Release) releaseView {
	return releaseView{
		ID: r.ID, WebsiteID: r.WebsiteID, Number: r.Number, Manifest: r.Manifest, RunID: orNil(r.RunID), Files: r.Files, Pages: r.Pages,
		SizeBytes: r.Bytes, SEOScore: r.SEOScore, Gates: orEmpty(r.Gates), BuiltWith: r.BuiltWith, CreatedAt: r.CreatedAt.UTC(), PublishedAt: utc(r.PublishedAt),
	}
}

func viewRun(r *domain.Run) runView {
	v := runView{
		ID: r.ID, PipelineID: r.ID, Pipeline: r.Pipeline, Version: r.Version, Status: r.State, Params: orObject(r.Params),
		WebsiteID: orNil(r.WebsiteID), Steps: []stepView{}, CreatedAt: r.CreatedAt.UTC(), StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt),
		Priority: r.Priority.OrNormal(), ParentRun: orNil(r.ParentRun),
	}
	results := map[string]json.RawMessage{}
	for _, s := range r.Steps {
		v.Steps = append(v.Steps, stepView{
			Name: s.Name, Agent: s.Agent, Task: s.Task, Status: s.State, Attempt: s.Attempt, Done: s.Done, Total: s.Total, Message: s.Message,
			BlockedOn: s.BlockedOn, Undo: s.Undo, UndoError: s.UndoError, Error: s.Error, StartedAt: utc(s.StartedAt), FinishedAt: utc(s.FinishedAt),
		})
		if s.State == domain.StateCompleted && len(s.Result) > 0 {
			results[s.Name] = s.Result
		}
	}
	if !r.State.Ended() {
		return v
	}
	if r.StartedAt != nil && r.FinishedAt != nil {
		seconds := r.FinishedAt.Sub(*r.StartedAt).Seconds()
		v.ExecutionTime = &seconds
	}
	if r.State == domain.StateCompleted {
		v.Results = results
	} else {
		v.PartialResults = results
	}
	if r.Error != nil {
		v.FailedStage, v.Error, v.ErrorCode = r.Error.Step, r.Error.Message, r.Error.Code
	}
	return v
}

func viewApproval(a *domain.Approval) approvalView {
	return approvalView{
		ID: a.ID, RunID: a.RunID, Step: a.Step, WebsiteID: orNil(a.WebsiteID), Kind: a.Kind, Title: a.Title, Payload: orObject(a.Payload),
		PayloadHash: a.PayloadHash, State: a.State, ActorID: orNil(a.ActorID), Reason: a.Reason, RequesterID: orNil(a.RequesterID),
		FourEyes: a.FourEyes, Hash: a.Hash, CreatedAt: a.CreatedAt.UTC(), ExpiresAt: utc(a.ExpiresAt), DecidedAt: utc(a.DecidedAt),
	}
}

func viewApprovalEntry(e *domain.ApprovalEntry) approvalEntryView {
	return approvalEntryView{e.Seq, orNil(e.ApprovalID), orNil(e.Entry), e.Hash}
}

func viewAgent(a *domain.Agent) agentView {
	return agentView{a.ID, orEmpty(a.Aliases), a.Kind, a.Name, a.State, orObject(a.Config), a.Status, orEmpty(a.TaskTypes), orEmpty(a.Capabilities), utc(a.LastActivity), a.Metrics}
}

func viewTask(t *domain.Task) taskView {
	return taskView{
		ID: t.ID, AgentID: t.AgentID, Type: t.Type, Status: t.State, StatusURL: taskPath(t.ID), Params: orObject(t.Params), Result: t.Result,
		Error: t.Error, CreatedAt: t.CreatedAt.UTC(), StartedAt: utc(t.StartedAt), FinishedAt: utc(t.FinishedAt),
	}
}

func orEmpty[T any](s []T) []T { return append([]T{}, s...) }

func orNil[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

func orObject(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
