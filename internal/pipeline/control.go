package pipeline

import (
	"context"
	"errors"
	"fmt"

	"empire/internal/domain"
)

// Cancel ends a run that has not ended, with the runs that it started. Completed
// steps that have a compensation are then compensated. Cancelling a cancelled run
// again returns it unchanged; a run that ended otherwise is a CodeConflict.
func (e *Engine) Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	err := e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.hold(ctx, id)
		if err != nil {
			return err
		}
		if run.State == domain.StateCancelled {
			return nil
		}
		if run.State.Ended() {
			return domain.Errorf(domain.CodeConflict, "Run %s has already %s.", id, run.State)
		}
		return e.end(ctx, run, domain.StateCancelled, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("cancel run %s: %w", id, err)
	}
	return e.cfg.Runs.Get(ctx, id)
}

// Stop interrupts what this process does for a run that has ended. It may be called
// for any run at any time: an attempt that is still wanted is delivered again.
func (e *Engine) Stop(id domain.RunID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, cancel := range e.running[id] {
		cancel(errCancelled)
	}
}

var errCancelled = errors.New("the run has ended")

// Retry continues a failed or cancelled run: what did not complete runs again.
// With from, that step and all that come after it run again, whatever became of
// them; that works for a completed run, too. A step that the run does not have is
// CodeInvalid, a run in another state a CodeConflict.
func (e *Engine) Retry(ctx context.Context, id domain.RunID, from string) (*domain.Run, error) {
	err := e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.hold(ctx, id)
		if err != nil {
			return err
		}
		if from != "" && stepNamed(run, from) == nil {
			return domain.Invalid("from", "Run %s has no step %q.", id, from)
		}
		if err := retryableRun(run, from); err != nil {
			return err
		}
		def, err := e.definition(ctx, run)
		if err != nil {
			return err
		}
		return e.retry(ctx, run, def, from)
	})
	if err != nil {
		return nil, fmt.Errorf("retry run %s: %w", id, err)
	}
	return e.cfg.Runs.Get(ctx, id)
}

func retryableRun(run *domain.Run, from string) error {
	switch {
	case run.State == domain.StateCompleted && from == "":
		return domain.Errorf(domain.CodeConflict, "Run %s is completed; name the step from which it is to run again.", run.ID)
	case !run.State.Ended():
		return domain.Errorf(domain.CodeConflict, "Run %s is %s; only a run that has ended can be retried.", run.ID, run.State)
	}
	for _, s := range run.Steps {
		if s.Undo == domain.StateQueued || s.Undo == domain.StateRunning {
			return domain.Errorf(domain.CodeConflict, "Run %s is still being cleaned up: step %s is not compensated yet.", run.ID, s.Name)
		}
	}
	return nil
}

func (e *Engine) retry(ctx context.Context, run *domain.Run, def *Definition, from string) error {
	again := toRepeat(run, def.graph, from)
	var names []string
	for i := range run.Steps {
		s := &run.Steps[i]
		if !again[i] {
			continue
		}
		if _, err := e.cfg.Steps.Reset(ctx, s.ID); err != nil {
			return err
		}
		names = append(names, s.Name)
	}
	ended := []domain.RunState{domain.StateFailed, domain.StateCancelled, domain.StateCompleted}
	if _, err := e.cfg.Runs.SetState(ctx, run.ID, ended, domain.StateRunning, nil, e.now()); err != nil {
		return err
	}
	run, err := e.cfg.Runs.Lock(ctx, run.ID)
	if err != nil {
		return err
	}
	if err := e.event(ctx, run, "run.retried", from, map[string]any{"steps": names}); err != nil {
		return err
	}
	return e.advance(ctx, run, def)
}

// toRepeat marks the steps that run again: those that did not complete, those that
// were compensated, the one named, and all that come after one of the last two.
func toRepeat(run *domain.Run, g *graph, from string) []bool {
	again, root := make([]bool, len(run.Steps)), make([]bool, len(run.Steps))
	for i, s := range run.Steps {
		root[i] = s.Name == from || s.Undo != ""
		again[i] = root[i] || s.State != domain.StateCompleted
	}
	for i := range run.Steps {
		for j, is := range g.ancestors[i] {
			again[i] = again[i] || is && root[j]
		}
	}
	return again
}

// Signal finishes a waiting step: with result, or as failed when cause is not nil.
// It joins the transaction of ctx.
func (e *Engine) Signal(ctx context.Context, id domain.RunID, stepName string, result any, cause *domain.RunError) error {
	return e.onWaiting(ctx, id, stepName, func(ctx context.Context, run *domain.Run, step *domain.Step) error {
		return e.answer(ctx, run, step, result, cause)
	})
}

// Resume queues a waiting step to run again: a budget that refused a call was
// raised, or its period has ended. It joins the transaction of ctx.
func (e *Engine) Resume(ctx context.Context, id domain.RunID, stepName string) error {
	return e.onWaiting(ctx, id, stepName, func(ctx context.Context, run *domain.Run, step *domain.Step) error {
		def, err := e.definition(ctx, run)
		if err != nil {
			return err
		}
		if _, err := e.cfg.Steps.Wake(ctx, step.ID); err != nil {
			return err
		}
		step.State, step.ReadyAt = domain.StateQueued, nil
		if err := e.event(ctx, run, "step.resumed", step.Name, nil); err != nil {
			return err
		}
		return e.advance(ctx, run, def)
	})
}

// onWaiting calls fn with a step that waits, in a transaction that holds its run.
func (e *Engine) onWaiting(ctx context.Context, id domain.RunID, name string, fn func(ctx context.Context, run *domain.Run, step *domain.Step) error) error {
	return e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.hold(ctx, id)
		if err != nil {
			return err
		}
		step := stepNamed(run, name)
		if step == nil {
			return domain.Errorf(domain.CodeNotFound, "Run %s has no step %s.", id, name)
		}
		if step.State != domain.StateWaiting {
			return domain.Errorf(domain.CodeConflict, "Step %s of run %s is not waiting.", name, id)
		}
		return fn(ctx, run, step)
	})
}

// answer ends a step that waits. The transaction of ctx holds its run.
func (e *Engine) answer(ctx context.Context, run *domain.Run, step *domain.Step, result any, cause *domain.RunError) error {
	raw, err := e.encodeResult(ctx, result)
	if err != nil {
		return err
	}
	def, err := e.definition(ctx, run)
	if err != nil {
		return err
	}
	state := domain.StateCompleted
	if cause != nil {
		state = domain.StateFailed
	}
	ok, err := e.cfg.Steps.Resume(ctx, step.ID, state, raw, cause, e.now())
	if err != nil {
		return err
	}
	if !ok {
		return domain.Errorf(domain.CodeConflict, "Step %s of run %s is not waiting.", step.Name, run.ID)
	}
	step.State = state
	if err := e.event(ctx, run, "step."+string(state), step.Name, failure(cause)); err != nil {
		return err
	}
	return e.after(ctx, run, def, step, cause)
}

// after does what follows the end of a step: with a cause the run ends, else it
// goes on.
func (e *Engine) after(ctx context.Context, run *domain.Run, def *Definition, step *domain.Step, cause *domain.RunError) error {
	if cause != nil {
		return e.end(ctx, run, domain.StateFailed, cause)
	}
	if len(def.Steps[step.Position].Limits) > 0 {
		if err := e.cfg.Enqueue(ctx, JobAdmit, struct{}{}, e.now()); err != nil {
			return err
		}
	}
	return e.advance(ctx, run, def)
}
