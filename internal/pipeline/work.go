package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// errFenced says that another worker has taken the step over meanwhile, or that
// the run was cancelled: this attempt's result is dropped.
var errFenced = errors.New("the attempt is no longer the current one")

// Work runs one step. It is the handler of JobStep. An error means that the job
// should be delivered again; a failed step is not an error of the job.
func (e *Engine) Work(ctx context.Context, args json.RawMessage) error {
	var a stepArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not a step.")
	}
	run, err := e.cfg.Runs.Get(ctx, a.RunID)
	if err != nil {
		return err
	}
	step := stepByID(run, a.StepID)
	if step == nil || run.State.Ended() {
		return nil
	}
	def, err := e.definition(run)
	if err != nil {
		return err
	}
	attempt, err := e.begin(ctx, run, step)
	if err != nil || attempt == 0 {
		return err
	}
	return e.attempt(ctx, run, step, def.Steps[step.Position], attempt)
}

func stepByID(run *domain.Run, id domain.StepID) *domain.Step {
	for i := range run.Steps {
		if run.Steps[i].ID == id {
			return &run.Steps[i]
		}
	}
	return nil
}

// definition returns the version that the run was started with.
func (e *Engine) definition(run *domain.Run) (Definition, error) {
	if len(run.Stages) > 0 {
		return e.inline(run.Stages)
	}
	def, ok := e.defs[run.Pipeline][run.Version]
	if !ok || len(def.Steps) != len(run.Steps) {
		return Definition{}, domain.Errorf(domain.CodeUnavailable, "This program does not know version %d of pipeline %s.", run.Version, run.Pipeline)
	}
	return def, nil
}

// begin opens an attempt. It returns 0 when the step needs none.
func (e *Engine) begin(ctx context.Context, run *domain.Run, step *domain.Step) (attempt int, err error) {
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		now := e.cfg.Now().UTC()
		n, ok, err := e.cfg.Steps.Begin(ctx, step.ID, e.cfg.Worker, now)
		if err != nil || !ok {
			return err
		}
		if _, err := e.cfg.Runs.SetState(ctx, run.ID, []domain.RunState{domain.StateQueued}, domain.StateRunning, nil, now); err != nil {
			return err
		}
		attempt = n
		return e.event(ctx, run.ID, "step.started", step.Name, nil)
	})
	return attempt, err
}

// attempt runs the step's function and settles what came out of it.
func (e *Engine) attempt(ctx context.Context, run *domain.Run, step *domain.Step, def StepDef, attempt int) error {
	in, err := e.input(ctx, run, step, attempt)
	if err != nil {
		return err
	}
	started := e.cfg.Now()
	workCtx, stop := e.workContext(ctx, run.ID, def.Timeout)
	out, err := call(workCtx, def.Run, in)
	cause := context.Cause(workCtx)
	stop()
	if err == nil {
		err = e.complete(ctx, run, step, attempt, started, out)
		if err == nil || errors.Is(err, errFenced) {
			return nil
		}
	}
	switch {
	case errors.Is(cause, errCancelled):
		return nil // Cancel has already ended the step
	case ctx.Err() != nil:
		return fmt.Errorf("step %s of run %s stopped: %w", step.Name, run.ID, ctx.Err())
	case errors.Is(cause, context.DeadlineExceeded):
		err = domain.Errorf(domain.CodeTimeout, "Step %s took longer than %s.", step.Name, def.Timeout)
	}
	return e.failed(ctx, run, step, def, attempt, started, err)
}

// workContext ends with the timeout, with Cancel, or with ctx.
func (e *Engine) workContext(ctx context.Context, id domain.RunID, timeout time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, stopTimer := context.WithTimeout(ctx, timeout)
	e.mu.Lock()
	e.running[id] = cancel
	e.mu.Unlock()
	return ctx, func() {
		e.mu.Lock()
		delete(e.running, id)
		e.mu.Unlock()
		stopTimer()
		cancel(nil)
	}
}

// call runs fn and turns a panic into an error.
func call(ctx context.Context, fn Func, in *Input) (out Output, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("step %s panicked: %v\n%s", in.Step.Name, r, debug.Stack())
		}
	}()
	return fn(ctx, in)
}

func (e *Engine) input(ctx context.Context, run *domain.Run, step *domain.Step, attempt int) (*Input, error) {
	in := &Input{Run: run, Step: step, Attempt: attempt, results: map[string]json.RawMessage{}}
	for _, s := range run.Steps[:step.Position] {
		raw, err := e.decodeResult(ctx, s.Result)
		if err != nil {
			return nil, fmt.Errorf("read result of step %s: %w", s.Name, err)
		}
		in.results[s.Name] = raw
	}
	in.progress = e.progress(ctx, run.ID, step, attempt)
	return in, nil
}

// progress returns a reporter that stores at most four reports a second.
func (e *Engine) progress(ctx context.Context, id domain.RunID, step *domain.Step, attempt int) func(int, int, string) {
	var last time.Time
	return func(done, total int, message string) {
		now := e.cfg.Now()
		if done < total && now.Sub(last) < 250*time.Millisecond {
			return
		}
		last = now
		if err := e.cfg.Steps.Progress(ctx, step.ID, attempt, done, total, message); err != nil {
			e.cfg.Log.WarnContext(ctx, "progress not stored", "run_id", id, "step", step.Name, "err", err)
			return
		}
		raw, _ := json.Marshal(map[string]any{"done": done, "total": total, "message": message})
		e.publish(ctx, domain.RunEvent{RunID: id, Type: "step.progress", Step: step.Name, Data: raw, At: now.UTC()})
	}
}

// complete stores the result, applies the effects and enqueues what follows, all
// in one transaction.
func (e *Engine) complete(ctx context.Context, run *domain.Run, step *domain.Step, attempt int, started time.Time, out Output) error {
	raw, err := e.encodeResult(ctx, out.Result)
	if err != nil {
		return err
	}
	return e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		now := e.cfg.Now().UTC()
		if out.Wait {
			return e.wait(ctx, run, step, attempt, out, now)
		}
		// The fence comes first: an attempt that was overtaken must not apply anything.
		ok, err := e.cfg.Steps.Finish(ctx, step.ID, attempt, domain.StateCompleted, raw, nil, now)
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
		if err := e.record(ctx, step, true, now.Sub(started), now); err != nil {
			return err
		}
		if err := e.event(ctx, run.ID, "step.completed", step.Name, nil); err != nil {
			return err
		}
		return e.follow(ctx, run, step)
	})
}

func (e *Engine) wait(ctx context.Context, run *domain.Run, step *domain.Step, attempt int, out Output, now time.Time) error {
	ok, err := e.cfg.Steps.Wait(ctx, step.ID, attempt, now)
	if err != nil {
		return err
	}
	if !ok {
		return errFenced
	}
	if _, err := e.cfg.Runs.SetState(ctx, run.ID, []domain.RunState{domain.StateRunning}, domain.StateWaiting, nil, now); err != nil {
		return err
	}
	if out.Apply != nil {
		if err := out.Apply(ctx); err != nil {
			return err
		}
	}
	return e.event(ctx, run.ID, "run.waiting", step.Name, nil)
}

// failed settles a failed attempt: another attempt later, or the end of the run.
func (e *Engine) failed(ctx context.Context, run *domain.Run, step *domain.Step, def StepDef, attempt int, started time.Time, cause error) error {
	failure := &domain.RunError{Step: step.Name, Code: domain.CodeOf(cause), Message: domain.MessageOf(cause)}
	e.cfg.Log.WarnContext(ctx, "step failed", "run_id", run.ID, "step", step.Name, "attempt", attempt, "err", cause)
	failures, err := e.failures(ctx, run.ID, step.ID)
	if err != nil {
		return err
	}
	again := retryable(failure.Code) && failures+1 < def.Retry.Attempts
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		now := e.cfg.Now().UTC()
		ok, err := e.cfg.Steps.Finish(ctx, step.ID, attempt, domain.StateFailed, nil, failure, now)
		if err != nil {
			return err
		}
		if !ok {
			return errFenced
		}
		if err := e.record(ctx, step, false, now.Sub(started), now); err != nil {
			return err
		}
		if err := e.event(ctx, run.ID, "step.failed", step.Name, failure); err != nil {
			return err
		}
		if !again {
			return e.end(ctx, run, domain.StateFailed, failure)
		}
		if _, err := e.cfg.Steps.Requeue(ctx, step.ID, now); err != nil {
			return err
		}
		return e.enqueue(ctx, run.ID, step.ID, now.Add(def.Retry.Backoff<<min(failures, 10)))
	})
	if errors.Is(err, errFenced) {
		return nil
	}
	return err
}

// failures counts the attempts of a step that failed by themselves, not those that
// were lost with their process.
func (e *Engine) failures(ctx context.Context, run domain.RunID, step domain.StepID) (int, error) {
	attempts, err := e.cfg.Steps.Attempts(ctx, run)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, a := range attempts {
		if a.StepID == step && a.State == domain.StateFailed && a.Error != domain.WorkerLost {
			n++
		}
	}
	return n, nil
}

// retryable reports whether the same attempt could go better a second time.
func retryable(c domain.Code) bool {
	switch c {
	case domain.CodeInvalid, domain.CodeMalformed, domain.CodeForbidden, domain.CodeUnauthenticated, domain.CodeNotFound, domain.CodeConflict,
		domain.CodeUnsupportedTaskType, domain.CodeNotEnoughData, domain.CodeGateRed, domain.CodeCancelled, domain.CodeTooLarge:
		return false
	default:
		return true
	}
}

func (e *Engine) record(ctx context.Context, step *domain.Step, ok bool, d time.Duration, at time.Time) error {
	if step.Agent == "" {
		return nil
	}
	return e.cfg.Agents.Record(ctx, step.Agent, ok, d, at)
}

func (e *Engine) publish(ctx context.Context, ev domain.RunEvent) {
	if e.cfg.Publish != nil {
		sqltx.AfterCommit(ctx, func() { e.cfg.Publish(ev) })
	}
}
