package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

// ask opens the question of a step. The services are built after the engine, so its
// hooks find them when they are called.
func (a *App) ask(ctx context.Context, run *domain.Run, step string, q domain.Question) error {
	return a.Approvals.Open(ctx, run, step, q)
}

// budgetSpent notes that a step waits for money, and asks a person where the budget
// wants that.
func (a *App) budgetSpent(ctx context.Context, run *domain.Run, step string, cause *domain.Exhausted) error {
	if err := a.Budgets.Wait(ctx, run.ID, step, cause); err != nil {
		return err
	}
	if cause.Action != domain.LimitAsk {
		return nil
	}
	q, err := a.Budgets.RaiseQuestion(ctx, cause)
	if err != nil {
		return err
	}
	return a.Approvals.Open(ctx, run, step, q)
}

// budgetDecided raises the budget that a person was asked about; the steps that wait
// for it go on soon. Without a raise the step ends, unless its budget's period ended
// before the answer and the step runs again.
func (a *App) budgetDecided(ctx context.Context, ap *domain.Approval, _ domain.Decision, approve bool) (handled bool, err error) {
	if !approve {
		waits, err := a.stepWaits(ctx, ap.RunID, ap.Step)
		return !waits, err
	}
	var p domain.BudgetRaise
	if err := json.Unmarshal(ap.Payload, &p); err != nil {
		return false, fmt.Errorf("read approval %s: %w", ap.ID, err)
	}
	_, err = a.Budgets.Raise(ctx, p.BudgetID, domain.RaiseParams{Minor: p.Minor, Approval: ap.ID})
	return true, err
}

func (a *App) stepWaits(ctx context.Context, id domain.RunID, step string) (bool, error) {
	run, err := a.store.Runs.Get(ctx, id)
	if err != nil {
		return false, err
	}
	for i := range run.Steps {
		if run.Steps[i].Name == step {
			return run.Steps[i].State == domain.StateWaiting, nil
		}
	}
	return false, nil
}

// enqueueTask queues a task beside the steps of normal runs, whose jobs have the
// same head start.
func (a *App) enqueueTask(ctx context.Context, kind string, args any, at time.Time) error {
	if !at.After(a.now()) {
		at = at.Add(-domain.RunNormal.HeadStart())
	}
	return a.enqueue(ctx, kind, args, at)
}
