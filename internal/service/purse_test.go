package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/openai"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit/modelserver"
)

// rates are those of the endpoint in tests: 2 and 8 USD for a million tokens.
var rates = domain.Rates{Input: 2_000_000, CachedInput: 2_000_000, CacheWrite: 2_000_000, Output: 8_000_000}

// hand is a clock that a test moves.
type hand struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

// purse is everything that pays for calls, over a real store and an endpoint that
// keeps its own log.
type purse struct {
	st      *store.Store
	clock   *hand
	server  *modelserver.Server
	ledger  *service.Ledger
	budgets *service.Budgets
	models  *llm.Metered
	admin   context.Context

	mu      sync.Mutex
	news    []domain.Event
	resumed []string
	resume  error
}

// newPurse returns one with the models big, which degrades to small, and small. big
// costs what the endpoint takes, small a tenth of it.
func newPurse(t *testing.T, st *store.Store, cfg modelserver.Config) *purse {
	t.Helper()
	if cfg.Rates == (domain.Rates{}) {
		cfg.Rates = rates
	}
	if cfg.Log == "" {
		cfg.Log = filepath.Join(t.TempDir(), "bills.jsonl")
	}
	server, err := modelserver.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	p := &purse{st: st, server: server, clock: &hand{t: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)}, admin: in(t.Context(), domain.DefaultTenant)}
	p.ledger = service.NewLedger(service.LedgerConfig{Tx: st, Calls: st.ModelCalls, Budgets: st.Budgets, Prices: st.Prices, Emit: p.emit, Now: p.clock.now})
	p.budgets = service.NewBudgets(service.BudgetsConfig{
		Tx: st, Budgets: st.Budgets, Calls: st.ModelCalls, Prices: st.Prices, Websites: st.Websites, Audit: st.Audit, Currency: "USD",
		Resume: p.goOn, Emit: p.emit, Now: p.clock.now, Log: slog.New(slog.DiscardHandler),
	})
	p.models = meter(t, p.ledger, server.URL(), p.clock.now)
	p.price(t, "vendor-big", rates, p.clock.now().AddDate(-1, 0, 0))
	p.price(t, "vendor-small", domain.Rates{Input: 200_000, CachedInput: 200_000, CacheWrite: 200_000, Output: 800_000}, p.clock.now().AddDate(-1, 0, 0))
	return p
}

func meter(t testing.TB, ledger llm.Ledger, url string, now func() time.Time) *llm.Metered {
	t.Helper()
	provider, err := openai.New(openai.Config{Name: "stand-in", BaseURL: url})
	if err != nil {
		t.Fatal(err)
	}
	router, err := llm.NewRouter([]llm.Model{
		{Name: "big", Provider: provider, Model: "vendor-big", MaxTokens: 50, Timeout: time.Minute, Concurrency: 64, DegradeTo: "small"},
		{Name: "small", Provider: provider, Model: "vendor-small", MaxTokens: 50, Timeout: time.Minute, Concurrency: 64},
		{Name: "only", Provider: provider, Model: "vendor-big", MaxTokens: 50, Timeout: time.Minute, Concurrency: 64},
	}, "only")
	if err != nil {
		t.Fatal(err)
	}
	return llm.NewMetered(router, ledger, now)
}

func (p *purse) emit(_ context.Context, ev domain.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news = append(p.news, ev)
}

// told returns how many events of a topic there were.
func (p *purse) told(topic string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, ev := range p.news {
		if ev.Topic == topic {
			n++
		}
	}
	return n
}

func (p *purse) goOn(_ context.Context, run domain.RunID, step string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resume == nil {
		p.resumed = append(p.resumed, string(run)+"/"+step)
	}
	return p.resume
}

func (p *purse) price(t *testing.T, model string, r domain.Rates, from time.Time) *domain.Price {
	t.Helper()
	set, err := p.budgets.SetPrice(p.admin, domain.Price{Provider: "stand-in", Model: model, Currency: "USD", EffectiveFrom: from, Rates: r})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// budget makes one of so many cents for a day, changed by edit.
func (p *purse) budget(t *testing.T, cents int64, edit func(b *domain.Budget)) *domain.BudgetState {
	t.Helper()
	b := domain.Budget{Name: domain.NewID("b"), Period: domain.PeriodDay, Limit: domain.Money{Minor: cents, Currency: "USD"}, OnLimit: domain.LimitFail}
	if edit != nil {
		edit(&b)
	}
	st, err := p.budgets.Create(p.admin, b)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// step returns a context for an attempt of a step.
func step(ctx context.Context, name string, attempt int) context.Context {
	return domain.WithScope(ctx, domain.WorkScope{
		Tenant: domain.DefaultTenant, Pipeline: "launch_website", RunID: "run_1", StepID: domain.StepID("step_" + name), Step: name, Attempt: attempt,
		AgentID: "content_generator", WebsiteID: "site_1",
	})
}

// ask makes one call.
func (p *purse) ask(ctx context.Context, model, prompt string) (*domain.ModelAnswer, error) {
	return p.models.Complete(ctx, domain.ModelPrompt{Model: model, Prompt: prompt})
}

// count returns what a budget has counted in its current period.
func (p *purse) count(t *testing.T, id domain.BudgetID) domain.BudgetCount {
	t.Helper()
	st, err := p.budgets.Get(p.admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return st.Count
}

// checkSums compares the counters of every period with the calls that they count.
func checkSums(t *testing.T, st *store.Store) {
	t.Helper()
	const query = `SELECT p.budget_id, p.reserved, p.spent,
		(SELECT CAST(COALESCE(sum(c.reserved), 0) AS bigint) FROM model_calls c JOIN model_call_periods m ON m.call_id = c.id
			WHERE m.budget_id = p.budget_id AND m.period_start = p.period_start AND c.state = 'reserved'),
		(SELECT CAST(COALESCE(sum(c.cost + c.adjusted), 0) AS bigint) FROM model_calls c JOIN model_call_periods m ON m.call_id = c.id
			WHERE m.budget_id = p.budget_id AND m.period_start = p.period_start AND c.state IN ('settled', 'lost'))
		FROM budget_periods p`
	rows, err := st.DB().Writer().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var reserved, spent, wantReserved, wantSpent int64
		if err := rows.Scan(&id, &reserved, &spent, &wantReserved, &wantSpent); err != nil {
			t.Fatal(err)
		}
		if reserved != wantReserved || spent != wantSpent {
			t.Errorf("budget %s counts %d reserved and %d spent, its calls come to %d and %d", id, reserved, spent, wantReserved, wantSpent)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// exhausted returns the cause of a refusal.
func exhausted(t *testing.T, err error) *domain.Exhausted {
	t.Helper()
	e, ok := errors.AsType[*domain.Exhausted](err)
	if !ok || domain.CodeOf(err) != domain.CodeBudgetExhausted {
		t.Fatalf("got %v, want a budget that is exhausted", err)
	}
	return e
}

func nth(format string, i int) string { return fmt.Sprintf(format, i) }
