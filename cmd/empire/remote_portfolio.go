package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"empire/client"
	"empire/internal/app"
	"empire/internal/domain"
)

func taskPath(id domain.TaskID) string { return "/api/v1/tasks/" + string(id) }

// Place implements portfolio.
func (r *remote) Place() string { return r.api.BaseURL() }

// Sites implements portfolio.
func (r *remote) Sites(ctx context.Context, w domain.Window) ([]siteView, int, error) {
	list, err := r.api.ListWebsites(ctx, client.ListWebsitesParams{Limit: w.Limit, Offset: w.Offset})
	return window[siteView](r, list, err)
}

// Site implements portfolio.
func (r *remote) Site(ctx context.Context, key string) (*siteView, error) {
	if domain.ValidID(key, "site") {
		site, err := r.api.GetWebsite(ctx, key)
		return shown[siteView](r, site, err)
	}
	for site, err := range r.api.AllWebsites(ctx, client.ListWebsitesParams{Limit: 1000}) {
		if err != nil || strings.EqualFold(site.Domain, key) || strings.EqualFold(site.Name, key) {
			return shown[siteView](r, &site, err)
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Website %s does not exist.", key)
}

// Releases implements portfolio.
func (r *remote) Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]releaseView, int, error) {
	list, err := r.api.ListReleases(ctx, string(id), client.ListReleasesParams{Limit: w.Limit, Offset: w.Offset})
	return window[releaseView](r, list, err)
}

// Audit implements portfolio.
func (r *remote) Audit(ctx context.Context, id domain.WebsiteID) (*auditView, error) {
	audit, err := r.api.AuditWebsite(ctx, string(id))
	return shown[auditView](r, audit, err)
}

// Publish implements portfolio.
func (r *remote) Publish(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error) {
	site, err := r.api.PublishRelease(ctx, string(id), client.PublishInput{ReleaseID: string(release)})
	return shown[siteView](r, site, err)
}

// Rollback implements portfolio.
func (r *remote) Rollback(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error) {
	site, err := r.api.RollbackWebsite(ctx, string(id), &client.RollbackInput{ReleaseID: string(release)})
	return shown[siteView](r, site, err)
}

// Generate implements portfolio.
func (r *remote) Generate(ctx context.Context, p domain.GenerateParams) (*siteView, domain.RunID, error) {
	in := client.GenerateInput{Niche: p.Niche, Domain: p.Domain, Language: client.GenerateInputLanguage(p.Language)}
	if p.ForceKeywords {
		in.ForceKeywords = new(true)
	}
	for _, id := range p.Feeds {
		in.Feeds = append(in.Feeds, string(id))
	}
	generated, err := r.api.GenerateWebsite(ctx, in)
	site, err := shown[siteView](r, generated, err)
	if err != nil {
		return nil, "", err
	}
	return site, domain.RunID(generated.RunID), nil
}

// Feeds implements portfolio.
func (r *remote) Feeds(ctx context.Context) ([]feedView, error) {
	list, err := r.api.ListFeeds(ctx, client.ListFeedsParams{Limit: 1000})
	views, _, err := window[feedView](r, list, err)
	return views, err
}

// MissingOperator implements portfolio. A server does not tell its settings.
func (r *remote) MissingOperator() []string { return nil }

// Runs implements portfolio.
func (r *remote) Runs(ctx context.Context, f domain.RunFilter, w domain.Window) ([]runView, int, error) {
	list, err := r.api.ListRuns(ctx, client.ListRunsParams{Limit: w.Limit, Offset: w.Offset, Status: string(f.State), WebsiteID: string(f.WebsiteID)})
	return window[runView](r, list, err)
}

// Run implements portfolio.
func (r *remote) Run(ctx context.Context, id domain.RunID) (*runView, error) {
	run, err := r.api.GetRun(ctx, string(id))
	return shown[runView](r, run, err)
}

// CancelRun implements portfolio.
func (r *remote) CancelRun(ctx context.Context, id domain.RunID) (*runView, error) {
	run, err := r.api.CancelRun(ctx, string(id))
	return shown[runView](r, run, err)
}

// RetryRun implements portfolio.
func (r *remote) RetryRun(ctx context.Context, id domain.RunID, from string) (*runView, error) {
	run, err := r.api.RetryRun(ctx, string(id), &client.Retry{From: from})
	return shown[runView](r, run, err)
}

// Follow implements portfolio. The server works the run whether someone looks or
// not; it may restart meanwhile.
func (r *remote) Follow(ctx context.Context, id domain.RunID, report func(app.DemoProgress)) (*runView, error) {
	const tries = 20 // in a row without an answer
	shown := map[string]domain.RunState{}
	for failed := 0; ; {
		run, err := r.Run(ctx, id)
		if failed++; domain.CodeOf(err) == domain.CodeUnavailable && failed < tries {
			if err := pause(ctx, r.wait); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		failed = 0
		for i := range run.Steps {
			reportStep(&run.Steps[i], shown, report)
		}
		if run.Status.Ended() || run.Status == domain.StateWaiting {
			return run, nil
		}
		if err := pause(ctx, r.wait); err != nil {
			return nil, err
		}
	}
}

// reportStep reports a step that is running, or that has come to another state.
func reportStep(s *stepView, shown map[string]domain.RunState, report func(app.DemoProgress)) {
	changed := shown[s.Name] != s.Status
	shown[s.Name] = s.Status
	if s.Status == domain.StateQueued || !changed && s.Status != domain.StateRunning {
		return
	}
	p := app.DemoProgress{Step: s.Name, State: s.Status, Message: s.Message, Done: s.Done, Total: s.Total}
	if s.StartedAt != nil && s.FinishedAt != nil {
		p.Elapsed = s.FinishedAt.Sub(*s.StartedAt)
	}
	if s.Status == domain.StateCompleted {
		p.Message = "" // it was about the work, not about its outcome
	}
	report(p)
}

// Timeline implements portfolio.
func (r *remote) Timeline(ctx context.Context, id domain.RunID, after string, limit int) (*timelineView, error) {
	t, err := r.api.GetRunTimeline(ctx, string(id), client.GetRunTimelineParams{After: after, Limit: limit})
	return shown[timelineView](r, t, err)
}

// Approvals implements portfolio.
func (r *remote) Approvals(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]approvalView, int, error) {
	list, err := r.api.ListApprovals(ctx, client.ListApprovalsParams{
		Limit: w.Limit, Offset: w.Offset, State: string(f.State), Kind: f.Kind, RunID: string(f.RunID), WebsiteID: string(f.WebsiteID),
	})
	return window[approvalView](r, list, err)
}

// ApprovalLog implements portfolio.
func (r *remote) ApprovalLog(ctx context.Context, after int64, limit int) ([]approvalEntryView, error) {
	list, err := r.api.ListApprovalLog(ctx, client.ListApprovalLogParams{After: int(after), Limit: limit})
	views, err := shown[[]approvalEntryView](r, &list, err)
	if err != nil {
		return nil, err
	}
	return *views, nil
}

// VerifyApprovals implements portfolio.
func (r *remote) VerifyApprovals(ctx context.Context) (*approvalReportView, error) {
	report, err := r.api.VerifyApprovalLog(ctx)
	return shown[approvalReportView](r, report, err)
}

// Approval implements portfolio.
func (r *remote) Approval(ctx context.Context, id domain.ApprovalID) (*approvalView, error) {
	approval, err := r.api.GetApproval(ctx, string(id))
	return shown[approvalView](r, approval, err)
}

// Decide implements portfolio.
func (r *remote) Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*approvalView, error) {
	in := client.DecisionInput{Decision: client.DecisionInputDecisionReject, Reason: d.Reason, PayloadHash: d.PayloadHash}
	if d.Approve {
		in.Decision = client.DecisionInputDecisionApprove
	}
	approval, err := r.api.DecideApproval(ctx, string(id), in)
	return shown[approvalView](r, approval, err)
}

// Agents implements portfolio.
func (r *remote) Agents(ctx context.Context) ([]agentView, error) {
	list, err := r.api.ListAgents(ctx, client.ListAgentsParams{Limit: 1000})
	views, _, err := window[agentView](r, list, err)
	return views, err
}

// Agent implements portfolio.
func (r *remote) Agent(ctx context.Context, id domain.AgentID) (*agentView, error) {
	agent, err := r.api.GetAgent(ctx, string(id))
	return shown[agentView](r, agent, err)
}

// RegisterAgent implements portfolio.
func (r *remote) RegisterAgent(ctx context.Context, p domain.AgentParams) (*agentView, error) {
	in := client.RegisterAgentInput{
		ID: string(p.ID), Instance: p.Instance, Name: p.Name, Description: p.Description, TaskTypes: p.TaskTypes, Capabilities: p.Capabilities,
		Config: p.Config,
	}
	if p.MaxConcurrency != 0 {
		in.MaxConcurrency = new(int64(p.MaxConcurrency))
	}
	if p.ConfigSchema != nil {
		raw, err := json.Marshal(p.ConfigSchema)
		if err != nil {
			return nil, err
		}
		in.ConfigSchema = raw
	}
	agent, err := r.api.RegisterAgent(ctx, in)
	return shown[agentView](r, agent, err)
}

// UpdateAgent implements portfolio.
func (r *remote) UpdateAgent(ctx context.Context, id domain.AgentID, p domain.AgentPatch) (*agentView, error) {
	in := client.UpdateAgentInput{Name: p.Name, Description: p.Description, Config: p.Config, TaskTypes: p.TaskTypes, Capabilities: p.Capabilities}
	if p.MaxConcurrency != nil {
		in.MaxConcurrency = new(int64(*p.MaxConcurrency))
	}
	agent, err := r.api.UpdateAgent(ctx, string(id), in)
	return shown[agentView](r, agent, err)
}

// DeleteAgent implements portfolio.
func (r *remote) DeleteAgent(ctx context.Context, id domain.AgentID, drain bool) (bool, error) {
	gone, err := r.api.DeleteAgent(ctx, string(id), client.DeleteAgentParams{Drain: drain})
	if err != nil {
		return false, r.fault(err)
	}
	return gone.State == "deleted", nil
}

// Task implements portfolio.
func (r *remote) Task(ctx context.Context, id domain.AgentID, kind string, params json.RawMessage) (*taskView, error) {
	task, err := r.api.CreateTask(ctx, string(id), client.TaskSpec{Type: kind, Params: params})
	for {
		t, fault := shown[taskView](r, task, err)
		if fault != nil || t.Status.Ended() {
			return t, fault
		}
		if err := pause(ctx, r.wait); err != nil {
			return nil, err
		}
		task, err = r.api.GetTask(ctx, string(t.ID))
	}
}

// Webhooks implements portfolio.
func (r *remote) Webhooks(ctx context.Context, f domain.WebhookFilter, w domain.Window) ([]webhookView, int, error) {
	list, err := r.api.ListWebhooks(ctx, client.ListWebhooksParams{Limit: w.Limit, Offset: w.Offset, Provider: f.Provider, State: string(f.State)})
	return window[webhookView](r, list, err)
}

// Webhook implements portfolio.
func (r *remote) Webhook(ctx context.Context, id domain.WebhookEventID) (*webhookDetail, error) {
	event, err := r.api.GetWebhook(ctx, string(id))
	return shown[webhookDetail](r, event, err)
}

// ReplayWebhook implements portfolio.
func (r *remote) ReplayWebhook(ctx context.Context, id domain.WebhookEventID, force bool) (*webhookView, error) {
	event, err := r.api.ReplayWebhook(ctx, string(id), client.ReplayWebhookParams{Force: force})
	return shown[webhookView](r, event, err)
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
