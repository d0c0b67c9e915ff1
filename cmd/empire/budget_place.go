package main

import (
	"context"
	"time"

	"empire/client"
	"empire/internal/domain"
)

// Budgets implements portfolio.
func (l local) Budgets(ctx context.Context, w domain.Window) ([]budgetView, int, error) {
	list, total, err := l.a.Budgets.List(ctx, w)
	return views(list, viewBudget), total, err
}

// CreateBudget implements portfolio.
func (l local) CreateBudget(ctx context.Context, b domain.Budget) (*budgetView, error) {
	return view(viewBudget)(l.a.Budgets.Create(ctx, b))
}

// UpdateBudget implements portfolio.
func (l local) UpdateBudget(ctx context.Context, id domain.BudgetID, p domain.BudgetPatch) (*budgetView, error) {
	return view(viewBudget)(l.a.Budgets.Update(ctx, id, p))
}

// DeleteBudget implements portfolio.
func (l local) DeleteBudget(ctx context.Context, id domain.BudgetID) error {
	return l.a.Budgets.Delete(ctx, id)
}

// RaiseBudget implements portfolio.
func (l local) RaiseBudget(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*budgetView, error) {
	return view(viewBudget)(l.a.Budgets.Raise(ctx, id, p))
}

// Spending implements portfolio.
func (l local) Spending(ctx context.Context, by domain.SpendingBy, from, to time.Time, w domain.Window) ([]spendingView, int, error) {
	list, total, err := l.a.Budgets.Spending(ctx, by, domain.CallFilter{From: from, To: to}, w)
	return views(list, viewSpending), total, err
}

// Prices implements portfolio.
func (l local) Prices(ctx context.Context, w domain.Window) ([]priceView, int, error) {
	list, total, err := l.a.Budgets.Prices(ctx, w)
	return views(list, viewPrice), total, err
}

// SetPrice implements portfolio.
func (l local) SetPrice(ctx context.Context, p domain.Price) (*priceView, error) {
	return view(viewPrice)(l.a.Budgets.SetPrice(ctx, p))
}

// Resettle implements portfolio.
func (l local) Resettle(ctx context.Context, provider, model string, from, to time.Time) (*resettlementView, error) {
	return view(viewResettlement)(l.a.Budgets.Resettle(ctx, provider, model, from, to))
}

// Budgets implements portfolio.
func (r *remote) Budgets(ctx context.Context, w domain.Window) ([]budgetView, int, error) {
	list, err := r.api.ListBudgets(ctx, client.ListBudgetsParams{Limit: w.Limit, Offset: w.Offset})
	return window[budgetView](r, list, err)
}

// CreateBudget implements portfolio.
func (r *remote) CreateBudget(ctx context.Context, b domain.Budget) (*budgetView, error) {
	degrade := int64(b.DegradeAt)
	made, err := r.api.CreateBudget(ctx, client.CreateBudgetInput{
		Name: b.Name, Period: client.CreateBudgetInputPeriod(b.Period), LimitMinor: b.Limit.Minor, Currency: b.Limit.Currency, DegradeAt: &degrade,
		OnLimit: client.CreateBudgetInputOnLimit(b.OnLimit), TimeZone: b.TimeZone,
		Scope: &client.BudgetScope{
			AgentID: string(b.Scope.AgentID), Model: b.Scope.Model, Pipeline: b.Scope.Pipeline, WebsiteID: string(b.Scope.WebsiteID),
		},
	})
	return shown[budgetView](r, made, err)
}

// UpdateBudget implements portfolio.
func (r *remote) UpdateBudget(ctx context.Context, id domain.BudgetID, p domain.BudgetPatch) (*budgetView, error) {
	in := client.UpdateBudgetInput{Name: p.Name, LimitMinor: p.Limit}
	if p.DegradeAt != nil {
		in.DegradeAt = new(int64(*p.DegradeAt))
	}
	if p.OnLimit != nil {
		in.OnLimit = new(client.UpdateBudgetInputOnLimit(*p.OnLimit))
	}
	b, err := r.api.UpdateBudget(ctx, string(id), in)
	return shown[budgetView](r, b, err)
}

// DeleteBudget implements portfolio.
func (r *remote) DeleteBudget(ctx context.Context, id domain.BudgetID) error {
	if err := r.api.DeleteBudget(ctx, string(id)); err != nil {
		return r.fault(err)
	}
	return nil
}

// RaiseBudget implements portfolio.
func (r *remote) RaiseBudget(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*budgetView, error) {
	b, err := r.api.RaiseBudget(ctx, string(id), client.RaiseBudgetInput{AmountMinor: p.Minor, Permanent: &p.Permanent})
	return shown[budgetView](r, b, err)
}

// Spending implements portfolio.
func (r *remote) Spending(ctx context.Context, by domain.SpendingBy, from, to time.Time, w domain.Window) ([]spendingView, int, error) {
	list, err := r.api.ListSpending(ctx, client.ListSpendingParams{Limit: w.Limit, Offset: w.Offset, By: string(by), From: inQuery(from), To: inQuery(to)})
	return window[spendingView](r, list, err)
}

func inQuery(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Prices implements portfolio.
func (r *remote) Prices(ctx context.Context, w domain.Window) ([]priceView, int, error) {
	list, err := r.api.ListPrices(ctx, client.ListPricesParams{Limit: w.Limit, Offset: w.Offset})
	return window[priceView](r, list, err)
}

// SetPrice implements portfolio.
func (r *remote) SetPrice(ctx context.Context, p domain.Price) (*priceView, error) {
	in := client.SetPriceInput{
		Provider: p.Provider, Model: p.Model, Currency: p.Currency, InputMicros: int64(p.Input), OutputMicros: int64(p.Output),
		CachedInputMicros: new(int64(p.CachedInput)), CacheWriteMicros: new(int64(p.CacheWrite)),
	}
	if !p.EffectiveFrom.IsZero() {
		in.EffectiveFrom = &p.EffectiveFrom
	}
	set, err := r.api.SetPrice(ctx, in)
	return shown[priceView](r, set, err)
}

// Resettle implements portfolio.
func (r *remote) Resettle(ctx context.Context, provider, model string, from, to time.Time) (*resettlementView, error) {
	in := client.ResettleInput{Provider: provider, Model: model, From: from}
	if !to.IsZero() {
		in.To = &to
	}
	done, err := r.api.ResettlePrices(ctx, in)
	return shown[resettlementView](r, done, err)
}
