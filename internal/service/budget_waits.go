package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

// Wait notes that a step waits for the budget that refused its call, in the
// transaction that lets it wait.
func (s *Budgets) Wait(ctx context.Context, run domain.RunID, step string, cause *domain.Exhausted) error {
	w := domain.BudgetWait{RunID: run, Step: step, BudgetID: cause.Budget}
	if !cause.Until.IsZero() {
		w.Until = &cause.Until
	}
	return s.cfg.Budgets.Wait(ctx, w)
}

// RaiseQuestion is what a person is asked when a budget with the action LimitAsk
// refused a call: to raise its current period by what the call lacks, at least.
func (s *Budgets) RaiseQuestion(ctx context.Context, cause *domain.Exhausted) (domain.Question, error) {
	b, err := s.get(ctx, cause.Budget)
	if err != nil {
		return domain.Question{}, err
	}
	lacks := (cause.Needed - cause.Left).MoneyUp(b.Limit.Currency)
	return domain.Question{
		Kind: "raise_budget", Title: fmt.Sprintf("Raise budget %q by %s", b.Name, lacks),
		Payload: domain.BudgetRaise{BudgetID: b.ID, Name: b.Name, Minor: lacks.Minor, Currency: lacks.Currency},
	}, nil
}

// ResumeDue lets the steps go on whose budgets have a new period or were raised, and
// returns how many those were. A step that waits no more is forgotten.
func (s *Budgets) ResumeDue(ctx context.Context) (int, error) {
	resumed := 0
	for {
		now := s.journal.stamp()
		due, err := s.cfg.Budgets.Due(ctx, now, sweepChunk)
		if err != nil || len(due) == 0 {
			return resumed, err
		}
		for _, w := range due {
			ok, err := s.resume(ctx, w, now)
			if err != nil {
				return resumed, fmt.Errorf("resume step %s of run %s: %w", w.Step, w.RunID, err)
			}
			if ok {
				resumed++
			}
		}
	}
}

// errGone says that another process let a step go on.
var errGone = errors.New("another process resumed the step")

// resume lets a step go on. The run comes before the wait: whoever lets a step wait
// takes them in this order, too.
func (s *Budgets) resume(ctx context.Context, w domain.BudgetWait, now time.Time) (ok bool, err error) {
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		err := s.cfg.Resume(ctx, w.RunID, w.Step)
		switch domain.CodeOf(err) {
		case "":
			ok = true
		case domain.CodeNotFound, domain.CodeConflict: // the run ended meanwhile
			ok = false
			s.cfg.Log.InfoContext(ctx, "step waits no more", "run_id", w.RunID, "step", w.Step, "err", err)
		default:
			return err
		}
		ended, err := s.cfg.Budgets.EndWait(ctx, w, now)
		if err == nil && !ended && ok {
			err = errGone
		}
		return err
	})
	if errors.Is(err, errGone) {
		return false, nil
	}
	return ok && err == nil, err
}
