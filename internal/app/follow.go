package app

import (
	"context"
	"fmt"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
)

// follow reports a run's progress until it has ended. When the run waits for a
// person, waiting is called; if it says so, follow returns.
func (a *App) follow(ctx context.Context, id domain.RunID, waiting func(context.Context, domain.RunID) (stop bool, err error), report func(DemoProgress)) (*domain.Run, error) {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	shown := map[string]domain.RunState{}
	for {
		run, err := a.store.Runs.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		for i := range run.Steps {
			a.reportStep(ctx, run, &run.Steps[i], shown, report)
		}
		if run.State.Ended() {
			return run, nil
		}
		if run.State == domain.StateWaiting {
			if stop, err := waiting(ctx, id); err != nil || stop {
				return run, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

func (a *App) reportStep(ctx context.Context, run *domain.Run, s *domain.Step, shown map[string]domain.RunState, report func(DemoProgress)) {
	p := DemoProgress{Step: s.Name, State: s.State, Message: s.Message, Done: s.Done, Total: s.Total}
	if s.StartedAt != nil {
		p.Elapsed = a.now().Sub(*s.StartedAt)
		if s.FinishedAt != nil {
			p.Elapsed = s.FinishedAt.Sub(*s.StartedAt)
		}
	}
	if s.State == domain.StateRunning {
		report(p)
	}
	if shown[s.Name] == s.State || s.State == domain.StateQueued || s.State == domain.StateRunning {
		return
	}
	shown[s.Name] = s.State
	if s.State == domain.StateCompleted {
		p.Message = a.describe(ctx, run, s.Name)
	} else if s.Error != nil {
		p.Message = s.Error.Message
	}
	report(p)
}

// decideDemo approves what waits, in the name of the demo's operator.
func (a *App) decideDemo(ctx context.Context, id domain.RunID) (stop bool, err error) {
	open, _, err := a.store.Approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 1000})
	if err != nil {
		return false, err
	}
	for _, q := range open {
		if q.RunID != id {
			continue
		}
		d := domain.Decision{Approve: true, PayloadHash: q.PayloadHash, Reason: "approved by the demo command on behalf of its operator"}
		if _, err := a.Approvals.Decide(ctx, q.ID, d); err != nil && domain.CodeOf(err) != domain.CodeConflict {
			return false, err
		}
	}
	return false, nil
}

// describe says in a few words what a step did.
func (a *App) describe(ctx context.Context, run *domain.Run, name string) string {
	switch name {
	case "scan":
		var r shipped.ScanResult
		if a.stepResult(ctx, run, name, &r) == nil {
			what := "products with a price"
			if r.Research.Currency == "" {
				what = "products, none with a price"
			}
			return fmt.Sprintf("%d %s, confidence %.2f", r.Research.Products, what, r.ConfidenceScore)
		}
	case "plan":
		var r shipped.PlanResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d pages planned", len(r.Plan.Pages))
		}
	case "write":
		var r shipped.WriteResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d pages, %d words", r.Pages, r.Words)
		}
	case "build":
		var r shipped.BuildResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d files, %d kB", r.Files, r.Bytes/1000)
		}
	case "optimize":
		var r shipped.OptimizeResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("score %.1f → %.1f, %d changes", r.Before, r.Score, len(r.Changes))
		}
	case "monetize":
		var r shipped.MonetizeResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d affiliate links placed", r.Placed)
		}
	case "gate":
		var r shipped.GateResult
		if a.stepResult(ctx, run, name, &r) == nil {
			return fmt.Sprintf("%d gates, %d of %d claims grounded", len(r.Gates), r.Grounded, r.Claims)
		}
	case "approve":
		return "approved"
	case "release":
		return "published"
	}
	return ""
}
