package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"empire/internal/domain"
)

// maxUndo is how often a compensation is tried; after that it stays failed, for a
// person to see, and the next one is done.
const maxUndo = 12

// undoRetry is the pause between the tries of a compensation.
var undoRetry = Retry{Backoff: time.Second, MaxBackoff: 10 * time.Minute}

type undoArgs struct {
	RunID domain.RunID `json:"run_id"`
}

// queueUndo notes what is to be compensated now that a run has ended.
func (e *Engine) queueUndo(ctx context.Context, run *domain.Run, def *Definition) error {
	found := false
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.State != domain.StateCompleted || def.Steps[i].Compensate == nil {
			continue
		}
		ok, err := e.cfg.Steps.QueueUndo(ctx, s.ID)
		if err != nil {
			return err
		}
		found = found || ok
	}
	if !found {
		return nil
	}
	return e.cfg.Enqueue(ctx, JobUndo, undoArgs{run.ID}, e.now())
}

// nextUndo returns the step to compensate next: of those that are left, the one that
// completed last.
func nextUndo(run *domain.Run) *domain.Step {
	var left []*domain.Step
	for i := range run.Steps {
		if s := &run.Steps[i]; s.Undo == domain.StateQueued || s.Undo == domain.StateRunning {
			left = append(left, s)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return slices.MaxFunc(left, func(a, b *domain.Step) int {
		if a.FinishedAt != nil && b.FinishedAt != nil && !a.FinishedAt.Equal(*b.FinishedAt) {
			return a.FinishedAt.Compare(*b.FinishedAt)
		}
		return a.Position - b.Position
	})
}

// workUndo compensates one step and enqueues the next.
func (e *Engine) workUndo(ctx context.Context, args json.RawMessage) error {
	var a undoArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not a run.")
	}
	run, err := e.cfg.Runs.Get(ctx, a.RunID)
	if err != nil {
		return err
	}
	step := nextUndo(run)
	if step == nil {
		return nil
	}
	def, err := e.definition(ctx, run)
	if err != nil {
		return err
	}
	n := 0
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if n, err = e.cfg.Steps.BeginUndo(ctx, step.ID); err != nil || n == 0 {
			return err
		}
		return e.event(ctx, run, "step.undo_started", step.Name, nil)
	})
	if err != nil || n == 0 {
		return err
	}
	return e.undo(ctx, run, def, step, n)
}

func (e *Engine) undo(ctx context.Context, run *domain.Run, def *Definition, step *domain.Step, n int) error {
	results, err := e.resultsBefore(ctx, run, def, step)
	if err != nil {
		return err
	}
	if results[step.Name], err = e.decodeResult(ctx, step.Result); err != nil {
		return err
	}
	sd := &def.Steps[step.Position]
	workCtx, stop := context.WithTimeout(domain.WithScope(ctx, domain.WorkScope{
		Tenant: run.Tenant, Pipeline: run.Pipeline, RunID: run.ID, StepID: step.ID, Step: step.Name, Attempt: n, AgentID: step.Agent, WebsiteID: run.WebsiteID,
	}), sd.Timeout)
	out, err := call(workCtx, sd.Compensate, &Input{Run: run, Step: step, Attempt: n, results: results})
	stop()
	if err == nil {
		err = e.undone(ctx, run, step, n, out)
	}
	if err == nil || errors.Is(err, errFenced) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return e.undoFailed(ctx, run, step, n, err)
}

// undone ends a compensation that succeeded, with its effects.
func (e *Engine) undone(ctx context.Context, run *domain.Run, step *domain.Step, n int, out Output) error {
	return e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := e.hold(ctx, run.ID); err != nil {
			return err
		}
		ok, err := e.cfg.Steps.EndUndo(ctx, step.ID, n, domain.StateCompleted, nil)
		if err != nil {
			return err
		}
		if !ok {
			return errFenced
		}
		if out.Apply != nil {
			if err := out.Apply(ctx); err != nil {
				return err
			}
		}
		return e.moreUndo(ctx, run, step, domain.StateCompleted, nil, 0)
	})
}

// undoFailed notes why a compensation failed and tries it again later, or goes on
// with the next.
func (e *Engine) undoFailed(ctx context.Context, run *domain.Run, step *domain.Step, n int, cause error) error {
	fault := &domain.RunError{Step: step.Name, Code: domain.CodeOf(cause), Message: domain.MessageOf(cause)}
	e.cfg.Log.ErrorContext(ctx, "compensation failed", "run_id", run.ID, "step", step.Name, "attempt", n, "err", cause)
	state, pause := domain.StateQueued, undoRetry.pause(n-1)
	if n >= maxUndo {
		state, pause = domain.StateFailed, 0
	}
	return unfenced(e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := e.hold(ctx, run.ID); err != nil {
			return err
		}
		ok, err := e.cfg.Steps.EndUndo(ctx, step.ID, n, state, fault)
		if err != nil {
			return err
		}
		if !ok {
			return errFenced
		}
		return e.moreUndo(ctx, run, step, domain.StateFailed, fault, pause)
	}))
}

func (e *Engine) moreUndo(ctx context.Context, run *domain.Run, step *domain.Step, state domain.RunState, fault *domain.RunError, pause time.Duration) error {
	if err := e.event(ctx, run, "step.undo_"+string(state), step.Name, failure(fault)); err != nil {
		return err
	}
	return e.cfg.Enqueue(ctx, JobUndo, undoArgs{run.ID}, e.now().Add(pause))
}
