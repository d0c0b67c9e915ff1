package service_test

import (
	"context"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// limit gives a tenant a budget and a call that was paid.
func (e *estate) limit(ctx context.Context, t *testing.T) domain.BudgetID {
	t.Helper()
	tenant := domain.PrincipalFrom(ctx).Tenant
	b, err := e.budgets.Create(ctx, domain.Budget{Name: "all", Period: domain.PeriodDay, Limit: domain.Money{Minor: 100, Currency: "USD"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &domain.ModelCall{
		ID: domain.ModelCallID(domain.NewID("call")), Tenant: tenant, Key: domain.CallKey{Owner: "x"}, RunID: "run_1", State: domain.CallSettled, Currency: "USD", Cost: 5,
		CreatedAt: time.Now(), ExpiresAt: time.Now(),
	}
	if err := e.st.ModelCalls.Insert(ctx, c, nil); err != nil {
		t.Fatal(err)
	}
	return b.ID
}

// budgetsByID are the methods about one budget.
func budgetsByID(e *estate, h holdings) map[string]func(ctx context.Context) error {
	name := "renamed"
	return map[string]func(ctx context.Context) error{
		"Budgets.Get": func(ctx context.Context) error { _, err := e.budgets.Get(ctx, h.budget); return err },
		"Budgets.Update": func(ctx context.Context) error {
			_, err := e.budgets.Update(ctx, h.budget, domain.BudgetPatch{Name: &name})
			return err
		},
		"Budgets.Delete": func(ctx context.Context) error { return e.budgets.Delete(ctx, h.budget) },
		"Budgets.Raise": func(ctx context.Context) error {
			_, err := e.budgets.Raise(ctx, h.budget, domain.RaiseParams{Minor: 1})
			return err
		},
		"Budgets.Create": func(ctx context.Context) error {
			b := domain.Budget{Name: "site", Scope: domain.BudgetScope{WebsiteID: h.website}, Period: domain.PeriodDay, Limit: domain.Money{Minor: 1, Currency: "USD"}}
			_, err := e.budgets.Create(ctx, b)
			return err
		},
	}
}

// budgetLists are the methods that list budgets and what was paid.
func budgetLists(e *estate) map[string]func(ctx context.Context) (int, int, error) {
	w := domain.Window{Limit: 100}
	return map[string]func(ctx context.Context) (int, int, error){
		"Budgets.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.budgets.List(ctx, w)
			return len(l), n, err
		},
		"Budgets.Spending": func(ctx context.Context) (int, int, error) {
			l, n, err := e.budgets.Spending(ctx, domain.ByRun, domain.CallFilter{Tenant: "acme"}, w)
			return len(l), n, err
		},
		"Budgets.Calls": func(ctx context.Context) (int, int, error) {
			l, n, err := e.budgets.Calls(ctx, domain.CallFilter{Tenant: "acme", RunID: "run_1"}, w)
			return len(l), n, err
		},
	}
}

// TestPricesBelongToTheInstallation: every tenant sees them, only its own
// administrators set them.
func TestPricesBelongToTheInstallation(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{})
	acme := in(t.Context(), "acme")
	if list, total, err := p.budgets.Prices(acme, domain.Window{Limit: 10}); err != nil || total != 2 || len(list) != 2 {
		t.Errorf("prices: %+v, %d, %v", list, total, err)
	}
	_, err := p.budgets.SetPrice(acme, domain.Price{Provider: "stand-in", Model: "vendor-big", Currency: "USD"})
	wantCode(t, "set a price", err, domain.CodeForbidden)
	_, err = p.budgets.Resettle(acme, "stand-in", "vendor-big", p.clock.now().Add(-time.Hour), p.clock.now())
	wantCode(t, "settle again", err, domain.CodeForbidden)
	editor := &domain.Principal{UserID: "user_e", Permissions: []domain.Permission{domain.WebsitesManage}, Human: true}
	ctx := domain.WithPrincipal(t.Context(), editor)
	_, err = p.budgets.Create(ctx, domain.Budget{Name: "x", Period: domain.PeriodDay, Limit: domain.Money{Minor: 1, Currency: "USD"}})
	wantCode(t, "budget by an editor", err, domain.CodeForbidden)
	_, err = p.budgets.SetPrice(ctx, domain.Price{Provider: "a", Model: "b", Currency: "USD"})
	wantCode(t, "price by an editor", err, domain.CodeForbidden)
	_, _, err = p.budgets.List(t.Context(), domain.Window{})
	wantCode(t, "list by nobody", err, domain.CodeUnauthenticated)
}

// TestBudgetsOfTenants: a budget counts the calls of its own tenant only.
func TestBudgetsOfTenants(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{})
	mine := p.budget(t, 0, nil)
	other := domain.WithScope(t.Context(), domain.WorkScope{Tenant: "acme", StepID: "step_1", Step: "a", RunID: "run_1"})
	if _, err := p.ask(other, "", "hello"); err != nil {
		t.Errorf("a call of another tenant: %v", err)
	}
	if _, err := p.ask(in(t.Context(), "acme"), "", "hello"); err != nil { // without a scope it is the principal's
		t.Errorf("a call of another tenant's user: %v", err)
	}
	if c := p.count(t, mine.ID); c.Spent != 0 || c.Reserved != 0 {
		t.Errorf("counters: %+v", c)
	}
	_, err := p.ask(step(t.Context(), "s", 1), "", "hello")
	exhausted(t, err)
}
