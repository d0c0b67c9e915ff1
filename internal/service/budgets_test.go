package service_test

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// TestBudgetDegrades: from its threshold on, the cheaper model answers; who watches is
// told once in a period.
func TestBudgetDegrades(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{Greedy: true})
		b := p.budget(t, 1, func(b *domain.Budget) { b.DegradeAt = 40 }) // of 10,000 micros; a call takes about 600
		var models []string
		for range 14 {
			a, err := p.ask(step(t.Context(), domain.NewID("s"), 1), "big", "say something")
			if err != nil {
				t.Fatal(err)
			}
			models = append(models, a.Model)
		}
		first := slices.Index(models, "vendor-small")
		if first < 4 || first > 11 || slices.Contains(models[first:], "vendor-big") {
			t.Errorf("models: %v", models)
		}
		if n := p.told("budget.degraded"); n != 1 {
			t.Errorf("told %d times", n)
		}
		calls, _, err := st.ModelCalls.List(t.Context(), domain.CallFilter{Model: "vendor-small"}, domain.Window{Limit: 100})
		if err != nil || len(calls) != 14-first || calls[0].Degraded != "big" || calls[0].Name != "small" {
			t.Errorf("calls of the cheaper model: %+v, %v", calls, err)
		}
		if c := p.count(t, b.ID); c.DegradedAt == nil || c.ExhaustedAt != nil {
			t.Errorf("counters: %+v", c)
		}
		p.clock.move(24 * time.Hour)
		if a, err := p.ask(step(t.Context(), "next", 1), "big", "say something"); err != nil || a.Model != "vendor-big" {
			t.Errorf("in the next period: %+v, %v", a, err)
		}
	})
}

// TestCheaperModelThatFits: a call that the budget does not carry is made with the
// cheaper model if that fits.
func TestCheaperModelThatFits(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{Greedy: true})
	p.budget(t, 1, nil)
	prompt := strings.Repeat("x", 6000) // 12,000 micros with the big one
	if a, err := p.ask(step(t.Context(), "s", 1), "big", prompt); err != nil || a.Model != "vendor-small" {
		t.Errorf("got %+v, %v, want the cheaper model", a, err)
	}
	_, err := p.ask(step(t.Context(), "t", 1), "only", prompt)
	exhausted(t, err)
}

// TestLimitActions: what a refused call says about what becomes of the work.
func TestLimitActions(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{})
	midnight := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		action domain.LimitAction
		limit  int64
		zone   string
		until  time.Time
		text   string
	}{
		{domain.LimitPause, 1, "", midnight, "until 2026-03-15T00:00:00Z"},
		{domain.LimitPause, 1, "Europe/Berlin", midnight.Add(-time.Hour), "until 2026-03-14T23:00:00Z"},
		{domain.LimitPause, 0, "", time.Time{}, "until it is raised"}, // no period carries it
		{domain.LimitAsk, 1, "", midnight, "a person raises it"},
		{domain.LimitFail, 1, "", midnight, "does not carry"},
	} {
		t.Run(string(tt.action)+" "+tt.zone, func(t *testing.T) { // one after the other: they count requests
			name := domain.NewID("b")
			b := p.budget(t, tt.limit, func(b *domain.Budget) {
				b.Name, b.OnLimit, b.TimeZone, b.Scope.Pipeline = name, tt.action, tt.zone, name
			})
			ctx := func() context.Context {
				return domain.WithScope(t.Context(), domain.WorkScope{Tenant: "main", Pipeline: name, StepID: domain.StepID(domain.NewID("step"))})
			}
			fill := strings.Repeat("x", 4000)
			if tt.limit > 0 {
				if _, err := p.models.Complete(ctx(), domain.ModelPrompt{Prompt: fill}); err != nil {
					t.Fatal(err)
				}
			}
			before := p.server.Requests()
			for range 2 {
				_, err := p.models.Complete(ctx(), domain.ModelPrompt{Prompt: fill})
				e := exhausted(t, err)
				if e.Budget != b.ID || e.Name != name || e.Action != tt.action || !e.Until.Equal(tt.until) || e.Needed <= e.Left || !strings.Contains(domain.MessageOf(err), tt.text) {
					t.Errorf("refused with %+v, %q", e, domain.MessageOf(err))
				}
			}
			if n := p.server.Requests() - before; n != 0 {
				t.Errorf("%d requests were sent", n)
			}
			if n := p.told("budget.exhausted"); n == 0 {
				t.Error("nobody was told")
			}
			p.mu.Lock()
			p.news = nil
			p.mu.Unlock()
		})
	}
}

// TestHardestBudgetSpeaks: of several budgets without room, the one with the hardest
// action counts, and of two that pause the one that lasts longer.
func TestHardestBudgetSpeaks(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{})
	full := func(action domain.LimitAction, period domain.BudgetPeriod) {
		b := p.budget(t, 1, func(b *domain.Budget) { b.OnLimit, b.Period = action, period })
		start, end := b.PeriodAt(p.clock.now())
		if _, err := p.st.Budgets.HoldCount(t.Context(), b.ID, start, end); err != nil {
			t.Fatal(err)
		}
		if err := p.st.Budgets.Add(t.Context(), domain.CallPeriod{BudgetID: b.ID, Start: start}, 0, 10_000); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		action domain.LimitAction
		period domain.BudgetPeriod
		want   domain.LimitAction
		until  time.Time
	}{
		{domain.LimitPause, domain.PeriodMonth, domain.LimitPause, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)},
		{domain.LimitPause, domain.PeriodDay, domain.LimitPause, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)},
		{domain.LimitPause, domain.PeriodTotal, domain.LimitPause, time.Time{}},
		{domain.LimitAsk, domain.PeriodDay, domain.LimitAsk, time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)},
		{domain.LimitFail, domain.PeriodDay, domain.LimitFail, time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)},
	} {
		full(tt.action, tt.period)
		_, err := p.ask(step(t.Context(), domain.NewID("s"), 1), "", "x")
		if e := exhausted(t, err); e.Action != tt.want || !e.Until.Equal(tt.until) {
			t.Errorf("with %s for a %s: %+v", tt.action, tt.period, e)
		}
	}
}

// TestRollOver: a call that is reserved in one period is paid there, however late it
// is settled; the next period begins empty.
func TestRollOver(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		b := p.budget(t, 1, nil)
		o := domain.CallOption{Name: "only", Provider: "stand-in", Model: "vendor-big", InputBound: 1000, MaxOutput: 100}
		c, err := p.ledger.Reserve(t.Context(), domain.CallRequest{Key: domain.CallKey{Owner: "w"}, Options: []domain.CallOption{o}, Expires: p.clock.now().Add(100 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		p.clock.move(24 * time.Hour)
		if n := p.count(t, b.ID); n.Reserved != 0 || n.Spent != 0 {
			t.Errorf("the new period: %+v", n)
		}
		if _, err := p.ledger.Settle(t.Context(), c.ID, domain.CallResult{State: domain.CallSettled, Usage: &domain.Usage{Input: 1000, Output: 50}}); err != nil {
			t.Fatal(err)
		}
		periods, err := st.Budgets.Periods(t.Context(), b.ID)
		if err != nil || len(periods) != 1 || periods[0].Spent != 2400 || !periods[0].Start.Equal(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("periods: %+v, %v", periods, err)
		}
		checkSums(t, st)
	})
}

// TestRaise: only a person raises a budget, for its period or for good; what waits
// for it goes on.
func TestRaise(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		b := p.budget(t, 0, func(b *domain.Budget) { b.OnLimit = domain.LimitAsk })
		_, err := p.ask(step(t.Context(), "write", 1), "", "x")
		cause := exhausted(t, err)
		if q, err := p.budgets.RaiseQuestion(t.Context(), cause); err != nil || q.Kind != "raise_budget" || q.Payload != (domain.BudgetRaise{BudgetID: b.ID, Name: b.Name, Minor: 1, Currency: "USD"}) {
			t.Errorf("question: %+v, %v", q, err)
		}
		insertRun(t, st, "run_1")
		if err := p.budgets.Wait(t.Context(), "run_1", "write", cause); err != nil {
			t.Fatal(err)
		}
		if n, err := p.budgets.ResumeDue(t.Context()); n != 0 || err != nil {
			t.Errorf("resumed %d, %v, before it was raised", n, err)
		}
		key := *domain.PrincipalFrom(p.admin)
		key.Human = false
		_, err = p.budgets.Raise(domain.WithPrincipal(t.Context(), &key), b.ID, domain.RaiseParams{Minor: 1})
		wantCode(t, "raise by a program", err, domain.CodeForbidden)
		_, err = p.budgets.Update(domain.WithPrincipal(t.Context(), &key), b.ID, domain.BudgetPatch{Limit: ptr(int64(5))})
		wantCode(t, "greater limit by a program", err, domain.CodeForbidden)
		raised, err := p.budgets.Raise(p.admin, b.ID, domain.RaiseParams{Minor: 2, Approval: "appr_1"})
		if err != nil || raised.Count.Raised != 20_000 || raised.Limit.Minor != 0 {
			t.Fatalf("raised: %+v, %v", raised, err)
		}
		if n, err := p.budgets.ResumeDue(t.Context()); n != 1 || err != nil || !slices.Equal(p.resumed, []string{"run_1/write"}) {
			t.Errorf("resumed %d, %v, %v", n, err, p.resumed)
		}
		if n, err := p.budgets.ResumeDue(t.Context()); n != 0 || err != nil {
			t.Errorf("resumed again: %d, %v", n, err)
		}
		if _, err := p.ask(step(t.Context(), "write", 2), "", "x"); err != nil {
			t.Errorf("after the raise: %v", err)
		}
		p.clock.move(24 * time.Hour)
		_, err = p.ask(step(t.Context(), "write", 3), "", "y")
		exhausted(t, err)
		if raised, err := p.budgets.Raise(p.admin, b.ID, domain.RaiseParams{Minor: 7, Permanent: true}); err != nil || raised.Limit.Minor != 7 {
			t.Errorf("for good: %+v, %v", raised, err)
		}
		if n := p.told("budget.raised"); n != 2 {
			t.Errorf("told %d times", n)
		}
		entries, _, err := st.Audit.List(t.Context(), domain.AuditFilter{Action: "budget.raised"}, domain.Window{Limit: 10})
		if err != nil || len(entries) != 2 || !strings.Contains(entries[1].Detail, "0.02 USD") || !strings.Contains(entries[1].Detail, "appr_1") || entries[0].Before == entries[0].After {
			t.Errorf("audit: %+v, %v", entries, err)
		}
	})
}

// TestResumeWhenThePeriodEnds: what waits goes on with the next period; a run that
// ended meanwhile is forgotten, a fault is not.
func TestResumeWhenThePeriodEnds(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		b := p.budget(t, 1, nil)
		_, end := b.PeriodAt(p.clock.now())
		insertRun(t, st, "run_1")
		for _, name := range []string{"a", "b"} {
			if err := p.budgets.Wait(t.Context(), "run_1", name, &domain.Exhausted{Budget: b.ID, Until: end}); err != nil {
				t.Fatal(err)
			}
		}
		p.clock.move(9 * time.Hour) // after midnight
		p.resume = errors.New("the database is away")
		if _, err := p.budgets.ResumeDue(t.Context()); err == nil {
			t.Error("a fault was taken for an end")
		}
		p.resume = nil
		if n, err := p.budgets.ResumeDue(t.Context()); n != 2 || err != nil {
			t.Errorf("resumed %d, %v", n, err)
		}
		if err := p.budgets.Wait(t.Context(), "run_1", "a", &domain.Exhausted{Budget: b.ID, Until: end}); err != nil {
			t.Fatal(err)
		}
		p.resume = domain.Errorf(domain.CodeConflict, "Run run_1 has ended.")
		if n, err := p.budgets.ResumeDue(t.Context()); n != 0 || err != nil {
			t.Errorf("resumed %d of a run that ended, %v", n, err)
		}
		if waits, err := st.Budgets.Waits(t.Context(), b.ID); len(waits) != 0 || err != nil {
			t.Errorf("still waiting: %+v, %v", waits, err)
		}
	})
}

// TestResettle: after a price was wrong, every call costs to the millionth what it
// should, computed here from the endpoint's own log; the original cost stays.
func TestResettle(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{Reply: func(s string) string { return strings.Repeat(s, 2) }})
		start := p.clock.now()
		site := p.budget(t, 1000, func(b *domain.Budget) { b.Scope.WebsiteID = "" })
		agent := p.budget(t, 1000, func(b *domain.Budget) { b.Scope.AgentID, b.Period = "content_generator", domain.PeriodMonth })
		for i := range 240 { // more than are handled at a time
			if _, err := p.ask(step(t.Context(), nth("s%d", i), 1), "", strings.Repeat("word ", i%40+1)); err != nil {
				t.Fatal(err)
			}
			p.clock.move(time.Minute)
		}
		// It was 3.333333 and 7.777777 for a million from the hundredth call on.
		change := start.Add(100 * time.Minute)
		right := domain.Rates{Input: 3_333_333, CachedInput: 3_333_333, CacheWrite: 3_333_333, Output: 7_777_777}
		p.price(t, "vendor-big", right, change)
		before := p.count(t, agent.ID).Spent
		got, err := p.budgets.Resettle(p.admin, "stand-in", "vendor-big", start, p.clock.now())
		if err != nil || got.Calls != 240 || got.Adjusted == 0 || got.Adjusted > 140 {
			t.Fatalf("settled again: %+v, %v", got, err)
		}
		want := independent(p.server.Bills(), 100, rates, right)
		if c := p.count(t, agent.ID); c.Spent != want || c.Spent-before != got.Delta {
			t.Errorf("spent %d, want %d; moved %d, said %d", c.Spent, want, c.Spent-before, got.Delta)
		}
		periods, err := st.Budgets.Periods(t.Context(), site.ID)
		var days domain.Micros
		for _, c := range periods {
			days += c.Spent
		}
		if err != nil || days != want {
			t.Errorf("by day %d, want %d, %v", days, want, err)
		}
		if again, err := p.budgets.Resettle(p.admin, "stand-in", "vendor-big", start, p.clock.now()); err != nil || again.Adjusted != 0 || again.Delta != 0 {
			t.Errorf("repeated: %+v, %v", again, err)
		}
		calls, _, err := st.ModelCalls.List(t.Context(), domain.CallFilter{}, domain.Window{Limit: 1})
		if err != nil || calls[0].Adjusted == 0 || calls[0].Cost == calls[0].Charged() {
			t.Fatalf("the last call: %+v, %v", calls, err)
		}
		if list, err := st.ModelCalls.Adjustments(t.Context(), calls[0].ID); err != nil || len(list) != 1 || list[0].Delta != calls[0].Adjusted || list[0].Actor != "user_main" {
			t.Errorf("its corrections: %+v, %v", list, err)
		}
		checkSums(t, st)
	})
}

// independent computes what bills come to at other rates: the first n at one, the
// rest at another, each rounded up to a millionth.
func independent(bills []modelserver.Bill, n int, first, then domain.Rates) domain.Micros {
	sum := new(big.Int)
	for i, b := range bills {
		r := first
		if i >= n {
			r = then
		}
		x := new(big.Rat).SetInt64(int64(b.Input) * int64(r.Input))
		x.Add(x, new(big.Rat).SetInt64(int64(b.Output)*int64(r.Output)))
		x.Quo(x, big.NewRat(1_000_000, 1))
		up := new(big.Int).Neg(new(big.Int).Div(new(big.Int).Neg(x.Num()), x.Denom())) // rounds up
		sum.Add(sum, up)
	}
	return domain.Micros(sum.Int64())
}

// TestPricesAreNeeded: a model without a price is not called, one that costs 0 is;
// budgets and prices have one currency.
func TestPricesAreNeeded(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	p := newPurse(t, st, modelserver.Config{})
	p.budget(t, 0, nil)
	o := domain.CallOption{Name: "x", Provider: "stand-in", Model: "unpriced", InputBound: 10, MaxOutput: 10}
	reserve := func() error {
		_, err := p.ledger.Reserve(t.Context(), domain.CallRequest{Key: domain.CallKey{Owner: domain.NewID("w")}, Options: []domain.CallOption{o}, Expires: p.clock.now()})
		return err
	}
	err := reserve()
	wantCode(t, "no price", err, domain.CodeConflict)
	if !strings.Contains(domain.MessageOf(err), "empire price set") {
		t.Errorf("it does not say what to do: %v", err)
	}
	p.price(t, "unpriced", domain.Rates{}, p.clock.now().Add(-time.Hour))
	if err := reserve(); err != nil {
		t.Errorf("a free model within an empty budget: %v", err)
	}
	_, err = p.budgets.SetPrice(p.admin, domain.Price{Provider: "a", Model: "b", Currency: "EUR"})
	wantCode(t, "price in another currency", err, domain.CodeInvalid)
	_, err = p.budgets.Create(p.admin, domain.Budget{Name: "x", Period: domain.PeriodDay, Limit: domain.Money{Minor: 1, Currency: "EUR"}})
	wantCode(t, "budget in another currency", err, domain.CodeInvalid)
	// What was set before the setting changed is not added up either.
	b := &domain.Budget{ID: "bud_old", Name: "old", Period: domain.PeriodDay, Limit: domain.Money{Minor: 1, Currency: "EUR"}, OnLimit: domain.LimitFail, CreatedAt: p.clock.now(), UpdatedAt: p.clock.now()}
	if err := st.Budgets.Insert(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "call with two currencies", reserve(), domain.CodeConflict)
}

// TestBudgetInput: what cannot be a budget, a price or a report.
func TestBudgetInput(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{})
	good := domain.Budget{Name: "x", Period: domain.PeriodDay, Limit: domain.Money{Minor: 1, Currency: "USD"}}
	for field, edit := range map[string]func(b *domain.Budget){
		"name": func(b *domain.Budget) { b.Name = " " }, "period": func(b *domain.Budget) { b.Period = "week" },
		"time_zone": func(b *domain.Budget) { b.TimeZone = "Berlin" }, "limit": func(b *domain.Budget) { b.Limit.Minor = -1 },
		"degrade_at": func(b *domain.Budget) { b.DegradeAt = 101 }, "on_limit": func(b *domain.Budget) { b.OnLimit = "stop" },
		"scope.model": func(b *domain.Budget) { b.Scope.Model = "a\nb" },
	} {
		b := good
		edit(&b)
		_, err := p.budgets.Create(p.admin, b)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != field || e.Code != domain.CodeInvalid {
			t.Errorf("%s: %v", field, err)
		}
	}
	b := good
	b.Scope.WebsiteID = "site_none"
	_, err := p.budgets.Create(p.admin, b)
	wantCode(t, "website that does not exist", err, domain.CodeNotFound)
	if _, err := p.budgets.Create(p.admin, good); err != nil {
		t.Fatal(err)
	}
	_, err = p.budgets.Create(p.admin, good)
	wantCode(t, "name that is taken", err, domain.CodeConflict)
	for name, price := range map[string]domain.Price{
		"no model": {Provider: "a", Currency: "USD"}, "negative": {Provider: "a", Model: "b", Currency: "USD", Rates: domain.Rates{Input: -1}},
		"bands": {Provider: "a", Model: "b", Currency: "USD", Bands: []domain.PriceBand{{AboveTokens: 5}, {AboveTokens: 5}}},
	} {
		_, err := p.budgets.SetPrice(p.admin, price)
		wantCode(t, name, err, domain.CodeInvalid)
	}
	_, _, err = p.budgets.Spending(p.admin, "colour", domain.CallFilter{}, domain.Window{})
	wantCode(t, "spending by colour", err, domain.CodeInvalid)
	_, err = p.budgets.Resettle(p.admin, "stand-in", "vendor-big", p.clock.now(), p.clock.now().Add(-time.Hour))
	wantCode(t, "time that ends before it begins", err, domain.CodeInvalid)
	_, err = p.budgets.Raise(p.admin, "bud_none", domain.RaiseParams{Minor: 1})
	wantCode(t, "budget that does not exist", err, domain.CodeNotFound)
}

// TestSpendingReports: what was paid, grouped by everything that it can be grouped by.
func TestSpendingReports(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		for i, model := range []string{"only", "only", "small"} {
			if _, err := p.ask(step(t.Context(), nth("s%d", i), 1), model, "hello there"); err != nil {
				t.Fatal(err)
			}
			p.clock.move(12 * time.Hour)
		}
		if _, err := p.ask(step(t.Context(), "lost", 1), "only", modelserver.Marker(modelserver.FaultServer)); err == nil {
			t.Fatal("no error")
		}
		if _, err := p.ask(step(t.Context(), "free", 1), "only", modelserver.Marker(modelserver.FaultRate)); err == nil {
			t.Fatal("no error")
		}
		for by, want := range map[domain.SpendingBy][]string{
			domain.BySite: {"site_1"}, domain.ByPipeline: {"launch_website"}, domain.ByAgent: {"content_generator"}, domain.ByModel: {"vendor-big", "vendor-small"},
			domain.ByProvider: {"stand-in"}, domain.ByDay: {"2026-03-14", "2026-03-15", "2026-03-16"}, domain.ByRun: {"run_1"},
		} {
			lines, total, err := p.budgets.Spending(p.admin, by, domain.CallFilter{}, domain.Window{Limit: 10})
			if err != nil || total != len(want) || len(lines) != len(want) {
				t.Errorf("by %s: %+v, %d, %v", by, lines, total, err)
				continue
			}
			var calls, lost int
			var spent domain.Micros
			for i, l := range lines {
				if l.Key != want[i] || l.Currency != "USD" {
					t.Errorf("by %s: line %d is %+v, want %s", by, i, l, want[i])
				}
				calls, lost, spent = calls+l.Calls, lost+l.Lost, spent+l.Spent
			}
			if calls != 4 || lost != 1 || spent < modelserver.Total(p.server.Bills()) {
				t.Errorf("by %s: %d calls, %d lost, %d micros", by, calls, lost, spent)
			}
		}
		if lines, _, err := p.budgets.Spending(p.admin, domain.ByDay, domain.CallFilter{From: p.clock.now()}, domain.Window{Limit: 10}); err != nil || len(lines) != 1 || lines[0].Lost != 1 {
			t.Errorf("from now on: %+v, %v", lines, err)
		}
	})
}

func insertRun(t *testing.T, st *store.Store, id domain.RunID) {
	t.Helper()
	err := st.Runs.Insert(t.Context(), &domain.Run{ID: id, Pipeline: "x", State: domain.StateRunning, Params: []byte(`{}`), CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
}
