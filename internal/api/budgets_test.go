package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

// budgets stands in for the service: bud_1 exists.
type budgets struct{ *fakes }

func budgetState(id domain.BudgetID) *domain.BudgetState {
	return &domain.BudgetState{
		Budget: domain.Budget{
			ID: id, Name: "articles", Scope: domain.BudgetScope{AgentID: "content_generator"}, Period: domain.PeriodDay, Limit: domain.Money{Minor: 500, Currency: "EUR"},
			DegradeAt: 80, OnLimit: domain.LimitAsk, CreatedAt: noon, UpdatedAt: noon,
		},
		Count: domain.BudgetCount{BudgetID: id, Start: noon, End: noon.Add(24 * time.Hour), Raised: 1_000_000, Reserved: 250_000, Spent: 1_005_001, DegradedAt: &noon},
	}
}

func (f budgets) one(id domain.BudgetID) (*domain.BudgetState, error) {
	if id != "bud_1" {
		return nil, missing("Budget", string(id))
	}
	return budgetState(id), f.fail
}

func (f budgets) List(context.Context, domain.Window) ([]domain.BudgetState, int, error) {
	return []domain.BudgetState{*budgetState("bud_1")}, 1, f.fail
}

func (f budgets) Get(_ context.Context, id domain.BudgetID) (*domain.BudgetState, error) {
	return f.one(id)
}

func (f budgets) Create(_ context.Context, b domain.Budget) (*domain.BudgetState, error) {
	f.note(func() { f.budget = b })
	return f.one("bud_1")
}

func (f budgets) Update(_ context.Context, id domain.BudgetID, p domain.BudgetPatch) (*domain.BudgetState, error) {
	f.note(func() { f.budgetPatch = p })
	return f.one(id)
}

func (f budgets) Delete(_ context.Context, id domain.BudgetID) error {
	_, err := f.one(id)
	return err
}

func (f budgets) Raise(_ context.Context, id domain.BudgetID, p domain.RaiseParams) (*domain.BudgetState, error) {
	f.note(func() { f.raise = p })
	return f.one(id)
}

func (f budgets) Spending(_ context.Context, by domain.SpendingBy, filter domain.CallFilter, _ domain.Window) ([]domain.Spending, int, error) {
	f.note(func() { f.by, f.calls = by, filter })
	return []domain.Spending{{Key: "site_1", Currency: "EUR", Calls: 3, Lost: 1, Spent: 1_234_567, Reserved: 5, Input: 100, Output: 20}}, 1, f.fail
}

func (f budgets) Calls(_ context.Context, filter domain.CallFilter, _ domain.Window) ([]domain.ModelCall, int, error) {
	f.note(func() { f.calls = filter })
	return []domain.ModelCall{{
		ID: "call_1", Key: domain.CallKey{Owner: "step_1", Number: 2, Hash: "h"}, RunID: "run_1", Step: "write", State: domain.CallSettled, Currency: "EUR", Reserved: 900,
		Cost: 500, Adjusted: -100, Text: "the private answer", AnswerHash: "a", CreatedAt: noon,
	}}, 1, f.fail
}

func (f budgets) Prices(context.Context, domain.Window) ([]domain.Price, int, error) {
	return []domain.Price{{ID: "price_1", Provider: "openai", Model: "m", Currency: "EUR", EffectiveFrom: noon, RecordedAt: noon}}, 1, f.fail
}

func (f budgets) SetPrice(_ context.Context, p domain.Price) (*domain.Price, error) {
	f.note(func() { f.price = p })
	return &p, f.fail
}

func (f budgets) Resettle(_ context.Context, provider, model string, from, to time.Time) (*domain.Resettlement, error) {
	f.note(func() {
		f.price.Provider, f.price.Model, f.calls = provider, model, domain.CallFilter{From: from, To: to}
	})
	return &domain.Resettlement{Calls: 10, Adjusted: 4, Delta: -7, Currency: "EUR"}, f.fail
}

var budgetEndpoints = []endpoint{
	{method: "GET", path: "/budgets", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{method: "GET", path: "/budgets/bud_1", right: domain.WebsitesRead, status: 200, unknown: "/budgets/bud_2", bad: []string{"?x=1"}},
	{method: "GET", path: "/budgets/spending", right: domain.WebsitesRead, status: 200, bad: append([]string{"?by=colour", "?from=monday"}, badWindows...)},
	{
		method: "POST", path: "/budgets", right: domain.AdminFull, status: 201, body: `{"name":"a","period":"day","limit_minor":500}`,
		bad: []string{
			`{}`, `{"name":"a","period":"day"}`, `{"name":"a","limit_minor":5}`, `{"period":"day","limit_minor":5}`, `{"name":"","period":"day","limit_minor":5}`,
			`{"name":"a","period":"week","limit_minor":5}`, `{"name":"a","period":"day","limit_minor":-1}`, `{"name":"a","period":"day","limit_minor":1.5}`,
			`{"name":"a","period":"day","limit_minor":5,"degrade_at":101}`, `{"name":"a","period":"day","limit_minor":5,"on_limit":"stop"}`,
			`{"name":"a","period":"day","limit_minor":5,"currency":"EURO"}`, `{"name":"a","period":"day","limit_minor":5,"scope":{"site":"x"}}`,
		},
	},
	{
		method: "PATCH", path: "/budgets/bud_1", right: domain.AdminFull, status: 200, unknown: "/budgets/bud_2", body: `{"limit_minor":400}`,
		bad: []string{`{"period":"day"}`, `{"limit_minor":-1}`, `{"name":""}`, `{"on_limit":"stop"}`, `{"degrade_at":-1}`},
	},
	{method: "DELETE", path: "/budgets/bud_1", right: domain.AdminFull, status: 204, unknown: "/budgets/bud_2"},
	{
		method: "POST", path: "/budgets/bud_1/raise", right: domain.AdminFull, status: 200, unknown: "/budgets/bud_2/raise", body: `{"amount_minor":200}`,
		bad: []string{`{}`, `{"amount_minor":0}`, `{"amount_minor":-5}`, `{"amount_minor":1,"approval":"appr_1"}`},
	},
	{method: "GET", path: "/model-calls", right: domain.WebsitesRead, status: 200, bad: append([]string{"?state=odd", "?to=x"}, badWindows...)},
	{method: "GET", path: "/prices", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{
		method: "PUT", path: "/prices", right: domain.AdminFull, status: 200, body: `{"provider":"openai","model":"m","input_micros":1,"output_micros":2}`,
		bad: []string{
			`{}`, `{"provider":"openai","model":"m","input_micros":1}`, `{"provider":"","model":"m","input_micros":1,"output_micros":2}`,
			`{"provider":"openai","model":"m","input_micros":-1,"output_micros":2}`, `{"provider":"openai","model":"m","input_micros":1,"output_micros":2,"bands":[{"above_tokens":0}]}`,
			`{"provider":"openai","model":"m","input_micros":1,"output_micros":2,"effective_from":"today"}`,
		},
	},
	{
		method: "POST", path: "/prices/resettle", right: domain.AdminFull, status: 200, body: `{"provider":"openai","model":"m","from":"2026-03-01T00:00:00Z"}`,
		bad: []string{`{}`, `{"provider":"openai","model":"m"}`, `{"provider":"openai","from":"2026-03-01T00:00:00Z"}`, `{"provider":"openai","model":"m","from":"x"}`},
	},
}

// TestBudgetBodies: what comes out, and what the service gets.
func TestBudgetBodies(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	w := call(t, a, admin, "POST", "/api/v1/budgets", `{"name":"a","scope":{"agent_id":"x"},"period":"month","time_zone":"Europe/Berlin","limit_minor":700,"currency":"EUR","degrade_at":50,"on_limit":"ask"}`)
	want := domain.Budget{
		Name: "a", Scope: domain.BudgetScope{AgentID: "x"}, Period: domain.PeriodMonth, TimeZone: "Europe/Berlin", Limit: domain.Money{Minor: 700, Currency: "EUR"},
		DegradeAt: 50, OnLimit: domain.LimitAsk,
	}
	if w.Code != 201 || f.budget != want {
		t.Errorf("%d, the service got %+v", w.Code, f.budget)
	}
	for _, part := range []string{
		`"limit":{"minor":500,"currency":"EUR"}`, `"left_micros":4744999`, `"spent":{"minor":101,"currency":"EUR"}`, `"raised_micros":1000000`, `"time_zone":"UTC"`,
		`"scope":{"agent_id":"content_generator"}`, `"degraded_at":"2026-03-01T12:00:00Z"`, `"exhausted_at":null`, `"end":"2026-03-02T12:00:00Z"`,
	} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s lacks %s", w.Body, part)
		}
	}
	call(t, a, admin, "PATCH", "/api/v1/budgets/bud_1", `{"degrade_at":0,"on_limit":"fail"}`)
	if p := f.budgetPatch; p.Name != nil || p.Limit != nil || p.DegradeAt == nil || *p.DegradeAt != 0 || *p.OnLimit != domain.LimitFail {
		t.Errorf("patch: %+v", p)
	}
	call(t, a, admin, "POST", "/api/v1/budgets/bud_1/raise", `{"amount_minor":5,"permanent":true}`)
	if f.raise != (domain.RaiseParams{Minor: 5, Permanent: true}) {
		t.Errorf("raise: %+v", f.raise)
	}
}

// TestSpendingBodies: reports, calls and prices.
func TestSpendingBodies(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	w := call(t, a, admin, "GET", "/api/v1/budgets/spending?by=site&from=2026-03-01T00:00:00Z", "")
	if f.by != domain.BySite || f.calls.From.IsZero() || !strings.Contains(w.Body.String(), `"spent_micros":1234567`) || !strings.Contains(w.Body.String(), `"spent":{"minor":123,"currency":"EUR"}`) {
		t.Errorf("asked for %s, %+v: %s", f.by, f.calls, w.Body)
	}
	w = call(t, a, admin, "GET", "/api/v1/model-calls?run_id=run_1&state=settled&model=m", "")
	if f.calls.RunID != "run_1" || f.calls.State != domain.CallSettled || f.calls.Model != "m" || !strings.Contains(w.Body.String(), `"cost_micros":400`) || !strings.Contains(w.Body.String(), `"number":2`) {
		t.Errorf("asked for %+v: %s", f.calls, w.Body)
	}
	if strings.Contains(w.Body.String(), "private") {
		t.Errorf("a list holds an answer: %s", w.Body)
	}
	call(t, a, admin, "PUT", "/api/v1/prices", `{"provider":"openai","model":"m","input_micros":10,"cached_input_micros":0,"output_micros":2,"bands":[{"above_tokens":5,"input_micros":1,"cached_input_micros":2,"cache_write_micros":3,"output_micros":4}]}`)
	if p := f.price; p.Input != 10 || p.CachedInput != 0 || p.CacheWrite != 10 || p.Output != 2 || len(p.Bands) != 1 || p.Bands[0].CacheWrite != 3 || !p.EffectiveFrom.IsZero() {
		t.Errorf("price: %+v", p)
	}
	w = call(t, a, admin, "POST", "/api/v1/prices/resettle", `{"provider":"openai","model":"n","from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"}`)
	if f.price.Model != "n" || f.calls.To.IsZero() || !strings.Contains(w.Body.String(), `"delta_micros":-7`) {
		t.Errorf("resettle: %+v: %s", f.calls, w.Body)
	}
}
