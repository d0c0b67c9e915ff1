package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/sqltx"
	"empire/internal/telemetry"
)

// wireBudgets builds the models of the configuration and what pays for them.
func (a *App) wireBudgets(context.Context) error {
	ledger := service.NewLedger(service.LedgerConfig{
		Tx: a.store, Calls: a.store.ModelCalls, Budgets: a.store.Budgets, Prices: a.store.Prices, Emit: a.emit, Now: a.now, Log: a.log,
	})
	a.ledger = ledger
	a.Budgets = service.NewBudgets(service.BudgetsConfig{
		Tx: a.store, Budgets: a.store.Budgets, Calls: a.store.ModelCalls, Prices: a.store.Prices, Websites: a.store.Websites, Audit: a.store.Audit,
		Currency: a.cfg.Models.Currency, Resume: a.engine.Resume, Emit: a.emit, Now: a.now, Log: a.log,
	})
	return a.wireModels(ledger)
}

// Complete answers a prompt within the budgets. It takes as long as the model does,
// so it refuses to run in a transaction, which would also undo what it paid.
func (a *App) Complete(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error) {
	if sqltx.From(ctx) != nil {
		return nil, errors.New("a model was called within a transaction")
	}
	ctx, end := a.traces.Call(ctx, "", p.Model)
	answer, err := a.models.Complete(ctx, p)
	outcome := telemetry.Outcome{Code: string(domain.CodeOf(err))}
	if answer != nil {
		outcome.InputTokens, outcome.OutputTokens, outcome.Cached = answer.InputTokens, answer.OutputTokens, answer.Cached
		outcome.CostMicros, outcome.Currency = int64(answer.Cost), answer.Currency
	}
	end(outcome)
	return answer, err
}

// How often the spending part looks for waits that are over, and for calls that
// nobody settled.
const (
	resumePause = 2 * time.Second
	settlePause = 30 * time.Second
)

// spending lets work go on whose budget has a new period or was raised, and counts
// calls as paid that a dead process left. Several processes may do so at once.
type spending struct {
	a     *App
	stop  context.CancelFunc
	group errgroup.Group
}

// Start begins to look now and then. The end of ctx does not stop that.
func (s *spending) Start(ctx context.Context) error {
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.group.Go(func() error {
		return s.every(ctx, resumePause, s.a.Budgets.ResumeDue, "steps resumed", "steps not resumed")
	})
	s.group.Go(func() error {
		return s.every(ctx, settlePause, s.a.ledger.Sweep, "model calls without end settled", "model calls not settled")
	})
	return nil
}

// Stop ends what Start began.
func (s *spending) Stop(context.Context) error {
	s.stop()
	return s.group.Wait()
}

func (s *spending) every(ctx context.Context, pause time.Duration, do func(context.Context) (int, error), done, failed string) error {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		n, err := do(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.a.log.ErrorContext(ctx, failed, "err", err)
		case n > 0:
			s.a.log.InfoContext(ctx, done, "count", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
