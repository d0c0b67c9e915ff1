package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"empire/internal/domain"
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
	if step == nil || run.State.Ended() || a.Ready != 0 && (step.ReadyAt == nil || step.ReadyAt.UnixMicro() != a.Ready) {
		return nil
	}
	def, err := e.definition(ctx, run)
	if err != nil {
		return err
	}
	n, err := e.begin(ctx, run, step)
	if err != nil || n == 0 {
		return err
	}
	return (&attempt{e: e, run: run, step: step, def: def, sd: &def.Steps[step.Position], n: n, started: e.cfg.Now()}).work(ctx)
}

// begin opens an attempt. It returns 0 when the step needs none.
func (e *Engine) begin(ctx context.Context, run *domain.Run, step *domain.Step) (n int, err error) {
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		now := e.now()
		number, ok, err := e.cfg.Steps.Begin(ctx, step.ID, e.cfg.Worker, now)
		if err != nil || !ok {
			return err
		}
		if _, err := e.cfg.Runs.SetState(ctx, run.ID, []domain.RunState{domain.StateQueued}, domain.StateRunning, nil, now); err != nil {
			return err
		}
		n = number
		return e.event(ctx, run, "step.started", step.Name, nil)
	})
	return n, err
}

// attempt is one try of a step in this process.
type attempt struct {
	e       *Engine
	run     *domain.Run
	step    *domain.Step
	def     *Definition
	sd      *StepDef
	n       int
	started time.Time
}

// work runs the step's function and settles what came out of it.
func (a *attempt) work(ctx context.Context) error {
	in, err := a.e.input(ctx, a)
	if err != nil {
		return err
	}
	workCtx, stop := a.e.workContext(ctx, a)
	out, err := call(workCtx, a.sd.Run, in)
	cause := context.Cause(workCtx)
	stop()
	if err == nil {
		err = a.complete(ctx, out)
		if err == nil || errors.Is(err, errFenced) {
			return nil
		}
	}
	switch {
	case errors.Is(cause, errCancelled):
		return a.interrupted(ctx)
	case ctx.Err() != nil:
		return fmt.Errorf("step %s of run %s stopped: %w", a.step.Name, a.run.ID, ctx.Err())
	case errors.Is(cause, context.DeadlineExceeded):
		err = domain.Errorf(domain.CodeTimeout, "Step %s took longer than %s.", a.step.Name, a.sd.Timeout)
	}
	return a.failed(ctx, err)
}

// interrupted says what becomes of an attempt that was stopped: nothing if it is not
// the current one any more, else its job is delivered again.
func (a *attempt) interrupted(ctx context.Context) error {
	current, err := a.e.current(ctx, a)
	if err != nil || !current {
		return err
	}
	return domain.Errorf(domain.CodeUnavailable, "Step %s of run %s was interrupted, but is still wanted.", a.step.Name, a.run.ID)
}

func (e *Engine) current(ctx context.Context, a *attempt) (bool, error) {
	state, n, err := e.cfg.Steps.Current(ctx, a.step.ID)
	return state == domain.StateRunning && n == a.n, err
}

// workContext ends with the timeout, with Stop, with ctx, or when the attempt is not
// the current one any more: its run was cancelled by another process, say.
func (e *Engine) workContext(ctx context.Context, a *attempt) (context.Context, func()) {
	ctx = domain.WithScope(ctx, domain.WorkScope{
		Tenant: a.run.Tenant, Pipeline: a.run.Pipeline, RunID: a.run.ID, StepID: a.step.ID, Step: a.step.Name, Attempt: a.n,
		AgentID: a.step.Agent, WebsiteID: a.run.WebsiteID,
	})
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, stopTimer := context.WithTimeout(ctx, a.sd.Timeout)
	e.mu.Lock()
	if e.running[a.run.ID] == nil {
		e.running[a.run.ID] = map[domain.StepID]context.CancelCauseFunc{}
	}
	e.running[a.run.ID][a.step.ID] = cancel
	e.mu.Unlock()
	var watch sync.WaitGroup
	watch.Go(func() { e.watch(ctx, a, cancel) })
	return ctx, func() {
		stopTimer()
		cancel(nil)
		watch.Wait()
		e.mu.Lock()
		defer e.mu.Unlock()
		if delete(e.running[a.run.ID], a.step.ID); len(e.running[a.run.ID]) == 0 {
			delete(e.running, a.run.ID)
		}
	}
}

// watch interrupts an attempt that is not wanted any more.
func (e *Engine) watch(ctx context.Context, a *attempt, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(e.cfg.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if current, err := e.current(ctx, a); err == nil && !current {
			cancel(errCancelled)
			return
		}
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

func (e *Engine) input(ctx context.Context, a *attempt) (*Input, error) {
	in := &Input{Run: a.run, Step: a.step, Attempt: a.n}
	var err error
	if in.results, err = e.resultsBefore(ctx, a.run, a.def, a.step); err != nil {
		return nil, err
	}
	in.progress = e.progress(ctx, a)
	return in, nil
}

// resultsBefore returns the results of all completed steps that come before one.
func (e *Engine) resultsBefore(ctx context.Context, run *domain.Run, def *Definition, step *domain.Step) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for i, is := range def.graph.ancestors[step.Position] {
		s := &run.Steps[i]
		if !is || s.State != domain.StateCompleted {
			continue
		}
		raw, err := e.decodeResult(ctx, s.Result)
		if err != nil {
			return nil, fmt.Errorf("read result of step %s: %w", s.Name, err)
		}
		out[s.Name] = raw
	}
	return out, nil
}

// progress returns a reporter that stores at most four reports a second.
func (e *Engine) progress(ctx context.Context, a *attempt) func(int, int, string) {
	var last time.Time
	return func(done, total int, message string) {
		now := e.cfg.Now()
		if done < total && now.Sub(last) < 250*time.Millisecond {
			return
		}
		last = now
		if err := e.cfg.Steps.Progress(ctx, a.step.ID, a.n, done, total, message); err != nil {
			e.cfg.Log.WarnContext(ctx, "progress not stored", "run_id", a.run.ID, "step", a.step.Name, "err", err)
			return
		}
		raw, _ := json.Marshal(map[string]any{"done": done, "total": total, "message": message})
		e.publish(ctx, domain.RunEvent{
			RunID: a.run.ID, Type: "step.progress", Step: a.step.Name, Data: raw, At: now.UTC(), Tenant: a.run.Tenant, Pipeline: a.run.Pipeline,
		})
	}
}

func (e *Engine) record(ctx context.Context, step *domain.Step, ok bool, d time.Duration, at time.Time) error {
	if step.Agent == "" {
		return nil
	}
	return e.cfg.Agents.Record(ctx, step.Agent, ok, d, at)
}
