package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"empire/internal/domain"
)

// childResult is the result of a step that ran another pipeline.
type childResult struct {
	RunID    domain.RunID               `json:"run_id"`
	Pipeline string                     `json:"pipeline"`
	Results  map[string]json.RawMessage `json:"results"` // of its steps, by name
}

// startChild starts the run that a waiting step waits for.
func (e *Engine) startChild(ctx context.Context, run *domain.Run, step *domain.Step, p StartParams) error {
	p.parent, p.step = run, step.ID
	p.Tenant, p.OwnerID = run.Tenant, run.OwnerID
	if p.WebsiteID == "" {
		p.WebsiteID = run.WebsiteID
	}
	if p.Priority == "" {
		p.Priority = run.Priority
	}
	child, err := e.Start(ctx, p)
	if err != nil {
		return err
	}
	return e.event(ctx, run, "step.run_started", step.Name, map[string]any{"run_id": child.ID})
}

// tellParent ends the step that waits for a run, in the transaction that ends the
// run.
func (e *Engine) tellParent(ctx context.Context, run *domain.Run) error {
	if run.ParentRun == "" {
		return nil
	}
	parent, err := e.cfg.Runs.Lock(ctx, run.ParentRun)
	if err != nil {
		return err
	}
	step := stepByID(parent, run.ParentStep)
	if step == nil || step.State != domain.StateWaiting {
		return nil // it has ended before, or was retried and has another run by now
	}
	cause := childCause(run, step.Name)
	var result any
	if cause == nil {
		results, err := e.cfg.Steps.Results(ctx, run.ID)
		if err != nil {
			return err
		}
		for name, raw := range results {
			if results[name], err = e.decodeResult(ctx, raw); err != nil {
				return fmt.Errorf("read result of step %s: %w", name, err)
			}
			if len(results[name]) == 0 {
				results[name] = json.RawMessage(`null`)
			}
		}
		result = childResult{run.ID, run.Pipeline, results}
	}
	return e.answer(ctx, parent, step, result, cause)
}

// childCause says why a step failed whose run did not complete.
func childCause(run *domain.Run, step string) *domain.RunError {
	switch {
	case run.State == domain.StateCancelled:
		return &domain.RunError{Step: step, Code: domain.CodeCancelled, Message: fmt.Sprintf("Run %s of pipeline %s was cancelled.", run.ID, run.Pipeline)}
	case run.State != domain.StateFailed:
		return nil
	case run.Error == nil:
		return &domain.RunError{Step: step, Code: domain.CodeInternal, Message: fmt.Sprintf("Run %s of pipeline %s failed.", run.ID, run.Pipeline)}
	}
	return &domain.RunError{
		Step: step, Code: run.Error.Code,
		Message: fmt.Sprintf("Run %s of pipeline %s failed at %s: %s", run.ID, run.Pipeline, run.Error.Step, run.Error.Message),
	}
}
