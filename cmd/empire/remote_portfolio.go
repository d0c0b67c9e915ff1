package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
)

func taskPath(id domain.TaskID) string { return "/api/v1/tasks/" + string(id) }

func sitePath(id domain.WebsiteID) string { return "/websites/" + url.PathEscape(string(id)) }

func runPath(id domain.RunID) string { return "/runs/" + url.PathEscape(string(id)) }

// Place implements portfolio.
func (r *remote) Place() string { return r.base }

// Sites implements portfolio.
func (r *remote) Sites(ctx context.Context, w domain.Window) ([]siteView, int, error) {
	return page[siteView](ctx, r, "/websites", nil, w)
}

// Site implements portfolio.
func (r *remote) Site(ctx context.Context, key string) (*siteView, error) {
	if domain.ValidID(key, "site") {
		var s siteView
		return &s, r.get(ctx, sitePath(domain.WebsiteID(key)), &s)
	}
	w := domain.Window{Limit: 1000}
	for {
		list, total, err := r.Sites(ctx, w)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if strings.EqualFold(list[i].Domain, key) || strings.EqualFold(list[i].Name, key) {
				return &list[i], nil
			}
		}
		if w.Offset += len(list); len(list) == 0 || w.Offset >= total {
			return nil, domain.Errorf(domain.CodeNotFound, "Website %s does not exist.", key)
		}
	}
}

// Releases implements portfolio.
func (r *remote) Releases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]releaseView, int, error) {
	return page[releaseView](ctx, r, sitePath(id)+"/releases", nil, w)
}

// Audit implements portfolio.
func (r *remote) Audit(ctx context.Context, id domain.WebsiteID) (*auditView, error) {
	var a auditView
	return &a, r.get(ctx, sitePath(id)+"/audit", &a)
}

// Publish implements portfolio.
func (r *remote) Publish(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error) {
	var s siteView
	return &s, r.post(ctx, sitePath(id)+"/publish", releaseChoice{release}, &s)
}

// Rollback implements portfolio.
func (r *remote) Rollback(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID) (*siteView, error) {
	var s siteView
	return &s, r.post(ctx, sitePath(id)+"/rollback", releaseChoice{release}, &s)
}

type releaseChoice struct {
	ReleaseID domain.ReleaseID `json:"release_id,omitempty"`
}

// Generate implements portfolio.
func (r *remote) Generate(ctx context.Context, p domain.GenerateParams) (*siteView, domain.RunID, error) {
	in := struct {
		Niche    string          `json:"niche"`
		Domain   string          `json:"domain"`
		Language string          `json:"language,omitempty"`
		Feeds    []domain.FeedID `json:"feeds,omitempty"`
	}{p.Niche, p.Domain, p.Language, p.Feeds}
	var out struct {
		siteView
		RunID domain.RunID `json:"run_id"`
	}
	err := r.post(ctx, "/websites/generate", in, &out)
	return &out.siteView, out.RunID, err
}

// Feeds implements portfolio.
func (r *remote) Feeds(ctx context.Context) ([]feedView, error) {
	list, _, err := page[feedView](ctx, r, "/feeds", nil, domain.Window{Limit: 1000})
	return list, err
}

// MissingOperator implements portfolio. A server does not tell its settings.
func (r *remote) MissingOperator() []string { return nil }

// Runs implements portfolio.
func (r *remote) Runs(ctx context.Context, f domain.RunFilter, w domain.Window) ([]runView, int, error) {
	query := url.Values{}
	if f.State != "" {
		query.Set("status", string(f.State))
	}
	if f.WebsiteID != "" {
		query.Set("website_id", string(f.WebsiteID))
	}
	return page[runView](ctx, r, "/runs", query, w)
}

// Run implements portfolio.
func (r *remote) Run(ctx context.Context, id domain.RunID) (*runView, error) {
	var v runView
	return &v, r.get(ctx, runPath(id), &v)
}

// CancelRun implements portfolio.
func (r *remote) CancelRun(ctx context.Context, id domain.RunID) (*runView, error) {
	var v runView
	return &v, r.post(ctx, runPath(id)+"/cancel", nil, &v)
}

// RetryRun implements portfolio.
func (r *remote) RetryRun(ctx context.Context, id domain.RunID) (*runView, error) {
	var v runView
	return &v, r.post(ctx, runPath(id)+"/retry", nil, &v)
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

// Approvals implements portfolio.
func (r *remote) Approvals(ctx context.Context, state domain.ApprovalState, w domain.Window) ([]approvalView, int, error) {
	query := url.Values{}
	if state != "" {
		query.Set("state", string(state))
	}
	return page[approvalView](ctx, r, "/approvals", query, w)
}

// Approval implements portfolio.
func (r *remote) Approval(ctx context.Context, id domain.ApprovalID) (*approvalView, error) {
	var v approvalView
	return &v, r.get(ctx, "/approvals/"+url.PathEscape(string(id)), &v)
}

// Decide implements portfolio.
func (r *remote) Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*approvalView, error) {
	in := map[string]string{"decision": "reject", "reason": d.Reason, "payload_hash": d.PayloadHash}
	if d.Approve {
		in["decision"] = "approve"
	}
	var v approvalView
	return &v, r.post(ctx, "/approvals/"+url.PathEscape(string(id))+"/decision", in, &v)
}

// Agents implements portfolio.
func (r *remote) Agents(ctx context.Context) ([]agentView, error) {
	list, _, err := page[agentView](ctx, r, "/agents", nil, domain.Window{Limit: 1000})
	return list, err
}

// Agent implements portfolio.
func (r *remote) Agent(ctx context.Context, id domain.AgentID) (*agentView, error) {
	var v agentView
	return &v, r.get(ctx, "/agents/"+url.PathEscape(string(id)), &v)
}

// Task implements portfolio.
func (r *remote) Task(ctx context.Context, id domain.AgentID, kind string, params json.RawMessage) (*taskView, error) {
	in := struct {
		Type   string          `json:"type"`
		Params json.RawMessage `json:"params,omitempty"`
	}{kind, params}
	var t taskView
	if _, err := r.do(ctx, http.MethodPost, "/agents/"+url.PathEscape(string(id))+"/tasks", in, &t); err != nil {
		return nil, err
	}
	for !t.Status.Ended() {
		if err := pause(ctx, r.wait); err != nil {
			return nil, err
		}
		if err := r.get(ctx, "/tasks/"+url.PathEscape(string(t.ID)), &t); err != nil {
			return nil, err
		}
	}
	return &t, nil
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
