package storetest

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/store"
)

func budget(name string) *domain.Budget {
	return &domain.Budget{
		ID: domain.BudgetID("bud_" + name), Tenant: "main", Name: name, Scope: domain.BudgetScope{AgentID: "content_generator", Model: "m"}, Period: domain.PeriodDay,
		TimeZone: "Europe/Berlin", Limit: domain.Money{Minor: 500, Currency: "EUR"}, DegradeAt: 80, OnLimit: domain.LimitAsk, CreatedAt: day, UpdatedAt: day,
	}
}

func insertBudget(t *testing.T, s *store.Store, name string, edit func(b *domain.Budget)) *domain.Budget {
	t.Helper()
	b := budget(name)
	if edit != nil {
		edit(b)
	}
	must(t, s.Budgets.Insert(t.Context(), b))
	return b
}

func testBudgets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	b := insertBudget(t, s, "a", nil)
	wantEqual(t, value(s.Budgets.Get(ctx, b.ID))(t), b)
	_, err := s.Budgets.Get(ctx, "bud_none")
	wantCode(t, err, domain.CodeNotFound)
	again := budget("a")
	again.ID = "bud_again"
	wantCode(t, s.Budgets.Insert(ctx, again), domain.CodeConflict)
	insertBudget(t, s, "other", func(b *domain.Budget) { b.Tenant, b.Name = "acme", "a" })
	b.Name, b.Limit.Minor, b.DegradeAt, b.OnLimit, b.UpdatedAt = "b", 7, 0, domain.LimitFail, day.Add(time.Hour)
	must(t, s.Budgets.Update(ctx, b))
	wantEqual(t, value(s.Budgets.Get(ctx, b.ID))(t), b)
	list, total, err := s.Budgets.List(ctx, "main", window(10, 0))
	must(t, err)
	if total != 1 || len(list) != 1 || list[0].ID != b.ID {
		t.Errorf("got %d of %d: %+v", len(list), total, list)
	}
	if _, total, err := s.Budgets.List(ctx, "", window(10, 0)); total != 2 || err != nil {
		t.Errorf("of all tenants: %d, %v", total, err)
	}
	must(t, s.Budgets.Delete(ctx, b.ID))
	wantCode(t, s.Budgets.Delete(ctx, b.ID), domain.CodeNotFound)
	wantCode(t, s.Budgets.Update(ctx, b), domain.CodeNotFound)
}

// testBudgetCovering: which budgets may count a call.
func testBudgetCovering(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for name, scope := range map[string]domain.BudgetScope{
		"all": {}, "site": {WebsiteID: "site_1"}, "pipe": {Pipeline: "p"}, "agent": {AgentID: "a"}, "both": {WebsiteID: "site_1", AgentID: "a"}, "model": {Model: "m"},
	} {
		insertBudget(t, s, name, func(b *domain.Budget) { b.Scope = scope })
	}
	insertBudget(t, s, "foreign", func(b *domain.Budget) { b.Tenant, b.Scope = "acme", domain.BudgetScope{} })
	for _, tt := range []struct {
		scope domain.WorkScope
		want  []string
	}{
		{domain.WorkScope{}, []string{"bud_all", "bud_model"}},
		{domain.WorkScope{Tenant: "main", WebsiteID: "site_1"}, []string{"bud_all", "bud_model", "bud_site"}},
		{domain.WorkScope{Tenant: "main", WebsiteID: "site_1", AgentID: "a", Pipeline: "p"}, []string{"bud_agent", "bud_all", "bud_both", "bud_model", "bud_pipe", "bud_site"}},
		{domain.WorkScope{Tenant: "acme", WebsiteID: "site_1"}, []string{"bud_foreign"}},
	} {
		var got []string
		for _, b := range value(s.Budgets.Covering(ctx, tt.scope))(t) {
			got = append(got, string(b.ID))
		}
		wantEqual(t, got, tt.want)
	}
}

func testBudgetCounts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	b := insertBudget(t, s, "a", nil)
	start, end := b.PeriodAt(day)
	at := domain.CallPeriod{BudgetID: b.ID, Start: start}
	wantEqual(t, value(s.Budgets.Count(ctx, b.ID, start, end))(t), &domain.BudgetCount{BudgetID: b.ID, Start: start, End: end})
	wantCode(t, s.Budgets.Add(ctx, at, 1, 0), domain.CodeNotFound)
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		c, err := s.Budgets.HoldCount(ctx, b.ID, start, end)
		must(t, err)
		wantEqual(t, c, &domain.BudgetCount{BudgetID: b.ID, Start: start, End: end})
		must(t, s.Budgets.Add(ctx, at, 100, 20))
		must(t, s.Budgets.Raise(ctx, at, 7))
		return nil
	}))
	if fresh := value(s.Budgets.MarkDegraded(ctx, at, day))(t); !fresh {
		t.Error("the first mark is not new")
	}
	if fresh := value(s.Budgets.MarkDegraded(ctx, at, day.Add(time.Hour)))(t); fresh {
		t.Error("the second mark is new")
	}
	if fresh := value(s.Budgets.MarkExhausted(ctx, at, day))(t); !fresh {
		t.Error("the first mark is not new")
	}
	want := domain.BudgetCount{BudgetID: b.ID, Start: start, End: end, Raised: 7, Reserved: 100, Spent: 20, DegradedAt: ptr(day), ExhaustedAt: ptr(day)}
	wantEqual(t, value(s.Budgets.Count(ctx, b.ID, start, end))(t), &want)
	wantEqual(t, value(s.Budgets.Counts(ctx, []domain.BudgetID{"bud_none", b.ID}, start))(t), map[domain.BudgetID]domain.BudgetCount{b.ID: want})
	wantEqual(t, value(s.Budgets.Counts(ctx, []domain.BudgetID{b.ID}, end))(t), map[domain.BudgetID]domain.BudgetCount{})
	total := insertBudget(t, s, "total", func(b *domain.Budget) { b.Period = domain.PeriodTotal })
	from, never := total.PeriodAt(day)
	c := value(s.Budgets.HoldCount(ctx, total.ID, from, never))(t)
	if !c.End.IsZero() || !c.Start.Equal(from) {
		t.Errorf("a period without end: %+v", c)
	}
	if n := len(value(s.Budgets.Periods(ctx, b.ID))(t)); n != 1 {
		t.Errorf("%d periods", n)
	}
}

// testConcurrentCounts: who holds a counter sees what others added, so that a check
// and what follows from it are one.
func testConcurrentCounts(t *testing.T, s *store.Store) {
	b := insertBudget(t, s, "a", nil)
	start, end := b.PeriodAt(day)
	var g errgroup.Group
	for range 16 {
		g.Go(func() error {
			for range 5 {
				err := s.InTx(t.Context(), func(ctx context.Context) error {
					c, err := s.Budgets.HoldCount(ctx, b.ID, start, end)
					if err != nil || c.Reserved >= 50 {
						return err
					}
					return s.Budgets.Add(ctx, domain.CallPeriod{BudgetID: b.ID, Start: start}, 10, 0)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	if c := value(s.Budgets.Count(t.Context(), b.ID, start, end))(t); c.Reserved != 50 {
		t.Errorf("%d are reserved, want 50", c.Reserved)
	}
}

func testBudgetWaits(t *testing.T, s *store.Store) {
	ctx := t.Context()
	b := insertBudget(t, s, "a", nil)
	run := insertRun(t, s, "1", day)
	for step, until := range map[string]*time.Time{"scan": ptr(day), "plan": ptr(day.Add(time.Hour)), "write": nil} {
		must(t, s.Budgets.Wait(ctx, domain.BudgetWait{RunID: run.ID, Step: step, BudgetID: b.ID, Until: until}))
	}
	due := func(at time.Time) []string {
		var out []string
		for _, w := range value(s.Budgets.Due(ctx, at, 10))(t) {
			out = append(out, w.Step)
		}
		return out
	}
	wantEqual(t, due(day.Add(-time.Second)), []string(nil))
	wantEqual(t, due(day), []string{"scan"})
	wantEqual(t, due(day.Add(2*time.Hour)), []string{"scan", "plan"})
	wait := domain.BudgetWait{RunID: run.ID, Step: "plan"}
	if ended := value(s.Budgets.EndWait(ctx, wait, day))(t); ended {
		t.Error("a wait that is not over was ended")
	}
	must(t, s.Budgets.Release(ctx, b.ID, day))
	wantEqual(t, due(day), []string{"plan", "scan", "write"})
	if ended := value(s.Budgets.EndWait(ctx, wait, day))(t); !ended {
		t.Error("a wait that is over was not ended")
	}
	if ended := value(s.Budgets.EndWait(ctx, wait, day))(t); ended {
		t.Error("a wait was ended twice")
	}
	must(t, s.Budgets.Wait(ctx, domain.BudgetWait{RunID: run.ID, Step: "scan", BudgetID: b.ID})) // again, without end
	wantEqual(t, due(day.AddDate(1, 0, 0)), []string{"write"})
	wantCode(t, s.Budgets.Wait(ctx, domain.BudgetWait{RunID: "run_none", Step: "scan", BudgetID: b.ID}), domain.CodeConflict)
	must(t, s.Budgets.Delete(ctx, b.ID))
	wantEqual(t, due(day.AddDate(1, 0, 0)), []string(nil))
}

func testPrices(t *testing.T, s *store.Store) {
	ctx := t.Context()
	price := func(id string, from time.Time, input domain.Micros) *domain.Price {
		p := &domain.Price{
			ID: domain.PriceID("price_" + id), Provider: "openai", Model: "m", Currency: "USD", EffectiveFrom: from, Rates: domain.Rates{Input: input, CachedInput: 2, CacheWrite: 3, Output: 4},
			Bands: []domain.PriceBand{{AboveTokens: 5, Rates: domain.Rates{Input: 6}}}, RecordedAt: day, RecordedBy: "user_a",
		}
		must(t, s.Prices.Insert(ctx, p))
		return p
	}
	first := price("1", day, 10)
	price("2", day.Add(time.Hour), 20)
	third := price("3", day.Add(time.Hour), 30) // corrects the second
	_, err := s.Prices.At(ctx, "openai", "m", day.Add(-time.Second))
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Prices.At(ctx, "other", "m", day)
	wantCode(t, err, domain.CodeNotFound)
	wantEqual(t, value(s.Prices.At(ctx, "openai", "m", day))(t), first)
	wantEqual(t, value(s.Prices.At(ctx, "openai", "m", day.Add(time.Hour-time.Microsecond)))(t), first)
	wantEqual(t, value(s.Prices.At(ctx, "openai", "m", day.Add(time.Hour)))(t), third)
	list, total, err := s.Prices.List(ctx, window(10, 0))
	must(t, err)
	if total != 2 {
		t.Errorf("%d prices count, want 2", total)
	}
	wantEqual(t, list, []domain.Price{*third, *first})
}
