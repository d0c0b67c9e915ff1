package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// active are the states of a step or run that has not ended.
var active = []domain.RunState{domain.StateQueued, domain.StateRunning, domain.StateWaiting}

// hold returns a run that no other transaction changes until that of ctx ends,
// with the heads of its steps. The runs above it are held first, the highest first,
// because the end of the run may change them: everybody takes them in this order.
func (e *Engine) hold(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	above := []domain.RunID{}
	for at := id; len(above) <= maxDepth; {
		parent, err := e.cfg.Runs.Parent(ctx, at)
		if err != nil {
			return nil, err
		}
		if parent == "" {
			break
		}
		above, at = append(above, parent), parent
	}
	for i := len(above) - 1; i >= 0; i-- {
		if _, err := e.cfg.Runs.Lock(ctx, above[i]); err != nil {
			return nil, err
		}
	}
	return e.cfg.Runs.Lock(ctx, id)
}

// Hold lets nobody else change a run until the transaction of ctx ends. Who holds a
// run in any other way before calling the engine may meet others in a circle.
func (e *Engine) Hold(ctx context.Context, id domain.RunID) error {
	_, err := e.hold(ctx, id)
	return err
}

// advance does what Next decides: it skips steps whose condition is false, readies
// the others, or ends the run. The transaction of ctx holds the run.
func (e *Engine) advance(ctx context.Context, run *domain.Run, def *Definition) error {
	for again := true; again; {
		again = false
		d := Next(def, statesOf(run))
		if d.End == domain.StateCompleted {
			return e.end(ctx, run, domain.StateCompleted, nil)
		}
		for _, i := range d.Ready {
			step := &run.Steps[i]
			wanted, err := e.wanted(ctx, run, def, step)
			if err != nil {
				return e.refuse(ctx, run, step, err)
			}
			if wanted {
				err = e.ready(ctx, run, def, step)
			} else {
				again = true
				err = e.skip(ctx, run, step)
			}
			if err != nil {
				return err
			}
		}
	}
	return e.settle(ctx, run)
}

// wanted asks the condition of a step.
func (e *Engine) wanted(ctx context.Context, run *domain.Run, def *Definition, step *domain.Step) (bool, error) {
	when := def.Steps[step.Position].When
	if when == nil {
		return true, nil
	}
	results, err := e.cfg.Steps.Results(ctx, run.ID)
	if err != nil {
		return false, err
	}
	in := &Input{Run: run, Step: step, results: map[string]json.RawMessage{}}
	for i, is := range def.graph.ancestors[step.Position] {
		name := def.Steps[i].Name
		raw, has := results[name]
		if !is || !has {
			continue
		}
		if in.results[name], err = e.decodeResult(ctx, raw); err != nil {
			return false, fmt.Errorf("read result of step %s: %w", name, err)
		}
	}
	return when(in)
}

// refuse fails a step whose condition cannot be told.
func (e *Engine) refuse(ctx context.Context, run *domain.Run, step *domain.Step, err error) error {
	if domain.CodeOf(err) == domain.CodeUnavailable {
		return err // the store, not the condition
	}
	cause := &domain.RunError{Step: step.Name, Code: domain.CodeOf(err), Message: domain.MessageOf(err)}
	if _, err := e.cfg.Steps.SetState(ctx, step.ID, active, domain.StateFailed, e.now()); err != nil {
		return err
	}
	step.State = domain.StateFailed
	if err := e.event(ctx, run, "step.failed", step.Name, cause); err != nil {
		return err
	}
	return e.end(ctx, run, domain.StateFailed, cause)
}

func (e *Engine) skip(ctx context.Context, run *domain.Run, step *domain.Step) error {
	if _, err := e.cfg.Steps.SetState(ctx, step.ID, active, domain.StateSkipped, e.now()); err != nil {
		return err
	}
	step.State = domain.StateSkipped
	return e.event(ctx, run, "step.skipped", step.Name, nil)
}

// ready gives a step its job, or a place behind its limits.
func (e *Engine) ready(ctx context.Context, run *domain.Run, def *Definition, step *domain.Step) error {
	now := e.now()
	ok, err := e.cfg.Steps.Ready(ctx, step.ID, now)
	if err != nil || !ok {
		return err
	}
	step.ReadyAt = &now
	at := now.Add(-run.Priority.HeadStart())
	limits := fillLimits(run, &def.Steps[step.Position])
	if len(limits) == 0 {
		return e.enqueue(ctx, step, at)
	}
	err = e.cfg.Slots.Insert(ctx, &domain.Slot{
		ID: domain.NewID("slot"), StepID: step.ID, RunID: run.ID, Limits: limits, ReadyAt: now, OrderAt: at, BlockedOn: limits[0].Key,
	})
	if err != nil {
		return err
	}
	return e.cfg.Enqueue(ctx, JobAdmit, struct{}{}, at)
}

// settle makes a run waiting when nothing but waits is left, and running again when
// there is.
func (e *Engine) settle(ctx context.Context, run *domain.Run) error {
	busy, waiting := false, false
	for _, s := range run.Steps {
		busy = busy || s.State == domain.StateRunning || s.State == domain.StateQueued && s.ReadyAt != nil
		waiting = waiting || s.State == domain.StateWaiting
	}
	to := domain.StateRunning
	if waiting && !busy {
		to = domain.StateWaiting
	}
	if run.State == to || run.State == domain.StateQueued && to == domain.StateRunning {
		return nil // the first attempt makes it running
	}
	changed, err := e.cfg.Runs.SetState(ctx, run.ID, active, to, nil, e.now())
	if err != nil || !changed {
		return err
	}
	run.State = to
	return e.event(ctx, run, "run."+string(to), "", nil)
}

// end moves a run and its open steps to an ended state, with all that hangs on it.
func (e *Engine) end(ctx context.Context, run *domain.Run, state domain.RunState, cause *domain.RunError) error {
	now := e.now()
	changed, err := e.cfg.Runs.SetState(ctx, run.ID, active, state, cause, now)
	if err != nil || !changed {
		return err
	}
	run.State, run.Error, run.FinishedAt = state, cause, &now
	if state != domain.StateCompleted {
		if err := e.endSteps(ctx, run, state, now); err != nil {
			return err
		}
	}
	if e.cfg.Ended != nil {
		if err := e.cfg.Ended(ctx, run, cause); err != nil {
			return fmt.Errorf("end run %s: %w", run.ID, err)
		}
	}
	if err := e.event(ctx, run, "run."+string(state), "", failure(cause)); err != nil {
		return err
	}
	def, err := e.definition(ctx, run)
	if err != nil && state == domain.StateCompleted {
		return err
	}
	if err == nil && state != domain.StateCompleted {
		if err := e.queueUndo(ctx, run, def); err != nil {
			return err
		}
	}
	if err != nil || def.limited() { // of a definition that is gone, too: others may wait for its places
		if err := e.cfg.Enqueue(ctx, JobAdmit, struct{}{}, now); err != nil {
			return err
		}
	}
	return e.tellParent(ctx, run)
}

// endSteps ends what a run leaves open: what was at work is cancelled, what was not
// is skipped, or cancelled with its run. Runs that it started are cancelled.
func (e *Engine) endSteps(ctx context.Context, run *domain.Run, state domain.RunState, now time.Time) error {
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.State.Ended() {
			continue
		}
		left := domain.StateCancelled
		if state == domain.StateFailed && s.State == domain.StateQueued {
			left = domain.StateSkipped
		}
		if _, err := e.cfg.Steps.SetState(ctx, s.ID, active, left, now); err != nil {
			return err
		}
		s.State = left
	}
	children, err := e.cfg.Runs.Children(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, id := range children {
		child, err := e.cfg.Runs.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := e.end(ctx, child, domain.StateCancelled, nil); err != nil {
			return err
		}
	}
	// Not before the commit: an attempt that stops for nothing would leave its run
	// without a job.
	sqltx.AfterCommit(ctx, func() { e.Stop(run.ID) })
	return nil
}
