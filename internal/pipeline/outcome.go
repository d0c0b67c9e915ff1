package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"empire/internal/domain"
)

// settleIn calls fn in a transaction that holds the run as it is now.
func (a *attempt) settleIn(ctx context.Context, fn func(ctx context.Context, run *domain.Run, step *domain.Step) error) error {
	return a.e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := a.e.hold(ctx, a.run.ID)
		if err != nil {
			return err
		}
		return fn(ctx, run, &run.Steps[a.step.Position])
	})
}

// complete stores the result, applies the effects and enqueues what follows, all
// in one transaction.
func (a *attempt) complete(ctx context.Context, out Output) error {
	raw, err := a.e.encodeResult(ctx, out.Result)
	if err != nil {
		return err
	}
	return a.settleIn(ctx, func(ctx context.Context, run *domain.Run, step *domain.Step) error {
		now := a.e.now()
		if out.Wait {
			return a.wait(ctx, run, step, out, now)
		}
		// The fence comes first: an attempt that was overtaken must not apply anything.
		ok, err := a.e.cfg.Steps.Finish(ctx, step.ID, a.n, domain.StateCompleted, raw, nil, now)
		if err != nil {
			return err
		}
		if !ok {
			return errFenced
		}
		step.State = domain.StateCompleted
		if out.Apply != nil {
			if err := out.Apply(ctx); err != nil {
				return err
			}
		}
		if err := a.e.record(ctx, step, true, now.Sub(a.started), now); err != nil {
			return err
		}
		if err := a.e.event(ctx, run, "step.completed", step.Name, nil); err != nil {
			return err
		}
		return a.e.after(ctx, run, a.def, step, nil)
	})
}

// wait leaves the step waiting for a signal, a run of its own or a time.
func (a *attempt) wait(ctx context.Context, run *domain.Run, step *domain.Step, out Output, now time.Time) error {
	ok, err := a.e.cfg.Steps.Wait(ctx, step.ID, a.n, now)
	if err != nil {
		return err
	}
	if !ok {
		return errFenced
	}
	step.State = domain.StateWaiting
	if err := a.e.event(ctx, run, "step.waiting", step.Name, nil); err != nil {
		return err
	}
	if out.Apply != nil {
		if err := out.Apply(ctx); err != nil {
			return err
		}
	}
	if !out.WakeAt.IsZero() {
		args := wakeArgs{run.ID, step.Name, a.n, false}
		if err := a.e.cfg.Enqueue(ctx, JobWake, args, out.WakeAt); err != nil {
			return err
		}
	}
	if out.Start != nil {
		if err := a.e.startChild(ctx, run, step, *out.Start); err != nil {
			return err
		}
		if run, err = a.e.cfg.Runs.Lock(ctx, run.ID); err != nil { // that may have ended at once
			return err
		}
		if run.State.Ended() {
			return nil
		}
	}
	return a.e.settle(ctx, run)
}

// failed settles a failed attempt: another attempt later, a wait for money, or the
// end of the run.
func (a *attempt) failed(ctx context.Context, cause error) error {
	fault := &domain.RunError{Step: a.step.Name, Code: domain.CodeOf(cause), Message: domain.MessageOf(cause)}
	a.e.cfg.Log.WarnContext(ctx, "step failed", "run_id", a.run.ID, "step", a.step.Name, "attempt", a.n, "err", cause)
	if spent, ok := errors.AsType[*domain.Exhausted](cause); ok && fault.Code == domain.CodeBudgetExhausted && spent.Action != domain.LimitFail && a.e.cfg.Exhausted != nil {
		return unfenced(a.pause(ctx, fault, spent))
	}
	failures, err := a.failures(ctx)
	if err != nil {
		return err
	}
	return unfenced(a.settleIn(ctx, func(ctx context.Context, run *domain.Run, step *domain.Step) error {
		now := a.e.now()
		ok, err := a.e.cfg.Steps.Finish(ctx, step.ID, a.n, domain.StateFailed, nil, fault, now)
		if err != nil {
			return err
		}
		if !ok {
			return errFenced
		}
		if err := a.e.record(ctx, step, false, now.Sub(a.started), now); err != nil {
			return err
		}
		if err := a.e.event(ctx, run, "step.failed", step.Name, fault); err != nil {
			return err
		}
		if !a.sd.Retry.repeats(fault.Code) || failures+1 >= a.sd.Retry.Attempts {
			step.State = domain.StateFailed
			return a.e.after(ctx, run, a.def, step, fault)
		}
		if _, err := a.e.cfg.Steps.Requeue(ctx, step.ID, now); err != nil {
			return err
		}
		return a.e.enqueue(ctx, step, now.Add(a.sd.Retry.pause(failures)))
	}))
}

// unfenced drops what an attempt has to say that is not the current one any more.
func unfenced(err error) error {
	if errors.Is(err, errFenced) {
		return nil
	}
	return err
}

// pause lets the step wait until there is money again.
func (a *attempt) pause(ctx context.Context, fault *domain.RunError, spent *domain.Exhausted) error {
	return a.settleIn(ctx, func(ctx context.Context, run *domain.Run, step *domain.Step) error {
		ok, err := a.e.cfg.Steps.Pause(ctx, step.ID, a.n, fault, a.e.now())
		if err != nil {
			return err
		}
		if !ok {
			return errFenced
		}
		step.State, step.ReadyAt = domain.StateWaiting, nil
		if err := a.e.event(ctx, run, "step.paused", step.Name, fault); err != nil {
			return err
		}
		if err := a.e.cfg.Exhausted(ctx, run, step.Name, spent); err != nil {
			return err
		}
		if !spent.Until.IsZero() {
			if err := a.e.cfg.Enqueue(ctx, JobWake, wakeArgs{run.ID, step.Name, a.n, true}, spent.Until); err != nil {
				return err
			}
		}
		if len(a.sd.Limits) > 0 { // its place is free meanwhile
			if err := a.e.cfg.Enqueue(ctx, JobAdmit, struct{}{}, a.e.now()); err != nil {
				return err
			}
		}
		return a.e.settle(ctx, run)
	})
}

// failures counts the attempts since the step became ready that failed by
// themselves: not those that were lost with their process, nor those that a budget
// refused.
func (a *attempt) failures(ctx context.Context) (int, error) {
	attempts, err := a.e.cfg.Steps.Attempts(ctx, a.run.ID)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, t := range attempts {
		counts := t.State == domain.StateFailed && t.Error != domain.WorkerLost && t.Code != domain.CodeBudgetExhausted
		if t.StepID == a.step.ID && counts && (a.step.ReadyAt == nil || !t.StartedAt.Before(*a.step.ReadyAt)) {
			n++
		}
	}
	return n, nil
}

// wakeArgs name a wait that ends by time. Of the attempt that began another wait
// meanwhile, the job is void.
type wakeArgs struct {
	RunID   domain.RunID `json:"run_id"`
	Step    string       `json:"step"`
	Attempt int          `json:"attempt"`
	Again   bool         `json:"again"` // the step runs again; else it is completed
}

func (e *Engine) workWake(ctx context.Context, args json.RawMessage) error {
	var a wakeArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not a wait.")
	}
	run, err := e.cfg.Runs.Get(ctx, a.RunID)
	if err != nil {
		return err
	}
	step := stepNamed(run, a.Step)
	if step == nil || step.State != domain.StateWaiting || step.Attempt != a.Attempt {
		return nil
	}
	if a.Again {
		err = e.Resume(ctx, a.RunID, a.Step)
	} else {
		err = e.Signal(ctx, a.RunID, a.Step, map[string]any{"waited_until": e.now()}, nil)
	}
	if domain.CodeOf(err) == domain.CodeConflict {
		return nil // somebody was faster
	}
	return err
}
