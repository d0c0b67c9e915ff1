package service_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// TestParallelCallersNeverExceedACap: 64 callers ask as long as they may. What the
// endpoint billed is never more than any of the budgets that count it, not even by
// one call, and not less than what fits.
func TestParallelCallersNeverExceedACap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		server modelserver.Config
		exact  bool
	}{
		{"every call costs the most that it can", modelserver.Config{Greedy: true}, true},
		{"with faults", modelserver.Config{Chance: map[modelserver.Fault]float64{
			modelserver.FaultRate: 0.1, modelserver.FaultServer: 0.1, modelserver.FaultCut: 0.1, modelserver.FaultDropped: 0.1,
			modelserver.FaultMalformed: 0.05, modelserver.FaultNoUsage: 0.1, modelserver.FaultOverloaded: 0.05,
		}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			onBothStores(t, func(t *testing.T, st *store.Store) { crowd(t, st, tt.server, tt.exact) })
		})
	}
}

func crowd(t *testing.T, st *store.Store, cfg modelserver.Config, exact bool) {
	p := newPurse(t, st, cfg)
	tight := p.budget(t, 10, func(b *domain.Budget) { b.Scope.AgentID = "content_generator" })
	all := []*domain.BudgetState{
		tight, p.budget(t, 15, nil), p.budget(t, 12, func(b *domain.Budget) { b.Scope.Model = "vendor-big" }),
		p.budget(t, 14, func(b *domain.Budget) { b.Scope.Pipeline, b.Period = "launch_website", domain.PeriodMonth }),
	}
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			ctx := step(t.Context(), nth("s%d", i), 1)
			for {
				_, err := p.ask(ctx, "", nth("caller %d asks for something that takes a few more bytes", i))
				if errors.As(err, new(*domain.Exhausted)) {
					return
				}
				if err != nil && llm.ClassOf(err) == "" {
					t.Errorf("caller %d: %v", i, err)
					return
				}
			}
		})
	}
	group.Wait()
	billed := modelserver.Total(p.server.Bills())
	for _, b := range all {
		limit, c := domain.MicrosOf(b.Limit), p.count(t, b.ID)
		if billed > limit || c.Spent < billed || c.Spent > limit || c.Reserved != 0 {
			t.Errorf("budget of %d micros: billed %d, spent %d, reserved %d", limit, billed, c.Spent, c.Reserved)
		}
	}
	const most = 800 // micros that a call reserves at most
	c := p.count(t, tight.ID)
	if left := c.Left(domain.MicrosOf(tight.Limit)); left >= most {
		t.Errorf("%d micros are left, enough for another call", left)
	}
	if exact && c.Spent-billed > domain.Micros(len(p.server.Bills()))*160 { // bytes of marks that the endpoint does not count
		t.Errorf("spent %d, billed %d", c.Spent, billed)
	}
	checkSums(t, st)
}

// TestRepeatedStepReadsItsAnswer: an attempt that is made again gets what the first
// one paid for; another request or another number is another call.
func TestRepeatedStepReadsItsAnswer(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		first := step(t.Context(), "write", 1)
		a, err := p.ask(first, "", "one")
		if err != nil || a.Cached || a.Text != "ok one" || a.Provider != "stand-in" || a.Model != "vendor-big" || a.Cost <= 0 || a.Currency != "USD" {
			t.Fatalf("first answer: %+v, %v", a, err)
		}
		if _, err := p.ask(first, "", "two"); err != nil {
			t.Fatal(err)
		}
		again := step(t.Context(), "write", 2)
		b, err := p.ask(again, "", "one")
		if err != nil || !b.Cached || b.Text != a.Text || b.InputTokens != a.InputTokens || b.OutputTokens != a.OutputTokens || b.Cost != a.Cost {
			t.Errorf("repeated: %+v, %v, want the first answer %+v", b, err, a)
		}
		c, err := p.ask(again, "", "another")
		if err != nil || c.Cached || c.Text != "ok another" {
			t.Errorf("another request: %+v, %v", c, err)
		}
		if d, err := p.ask(step(t.Context(), "build", 1), "", "one"); err != nil || d.Cached {
			t.Errorf("another step: %+v, %v", d, err)
		}
		for range 2 { // work without a scope asks each time
			if e, err := p.ask(t.Context(), "", "one"); err != nil || e.Cached {
				t.Errorf("without a scope: %+v, %v", e, err)
			}
		}
		bills := p.server.Bills()
		if len(bills) != 6 {
			t.Errorf("%d calls were billed, want 6", len(bills))
		}
		if bills[0].Call != "run_1/write/1" || bills[1].Call != "run_1/write/2" {
			t.Errorf("calls are named %q and %q", bills[0].Call, bills[1].Call)
		}
		calls, err := st.ModelCalls.ByRun(t.Context(), "run_1")
		if err != nil || len(calls) != 4 || string(calls[0].ID) != bills[0].Key || calls[0].Step != "write" || calls[0].Key.Number != 1 || calls[0].State != domain.CallSettled {
			t.Errorf("calls of the run: %+v, %v", calls, err)
		}
	})
}

// TestOutcomes: what every way to fail means for the budget. What the endpoint bills
// is never more than what the ledger counts.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	p := newPurse(t, testkit.DB(t), modelserver.Config{})
	for _, tt := range []struct {
		fault modelserver.Fault
		class llm.Class
		code  domain.Code
		state domain.CallState
		full  bool // all that was reserved is spent
	}{
		{modelserver.FaultRate, llm.RateLimited, domain.CodeRateLimited, domain.CallReleased, false},
		{modelserver.FaultQuota, llm.Quota, domain.CodeUnavailable, domain.CallReleased, false},
		{modelserver.FaultOverloaded, llm.Overloaded, domain.CodeUnavailable, domain.CallReleased, false},
		{modelserver.FaultCredential, llm.BadCredential, domain.CodeUnavailable, domain.CallReleased, false},
		{modelserver.FaultTooLong, llm.TooLong, domain.CodeTooLarge, domain.CallReleased, false},
		{modelserver.FaultServer, llm.ServerFault, domain.CodeUnavailable, domain.CallLost, true},
		{modelserver.FaultCut, llm.Cut, domain.CodeUnavailable, domain.CallLost, true},
		{modelserver.FaultDropped, llm.Cut, domain.CodeUnavailable, domain.CallLost, true},
		{modelserver.FaultMalformed, llm.Malformed, domain.CodeUnavailable, domain.CallLost, true},
		{modelserver.FaultNoChoices, llm.Malformed, domain.CodeUnavailable, domain.CallLost, true},
		{modelserver.FaultRefusal, llm.Blocked, domain.CodeInvalid, domain.CallSettled, false},
		{modelserver.FaultFilter, llm.Blocked, domain.CodeInvalid, domain.CallSettled, false},
		{modelserver.FaultNoUsage, "", "", domain.CallSettled, true},
		{modelserver.FaultSlow, "", "", domain.CallSettled, false},
	} {
		t.Run(string(tt.fault), func(t *testing.T) { // one after the other: they count bills
			b := p.budget(t, 100, func(b *domain.Budget) { b.Scope.Pipeline = string(tt.fault) })
			ctx := domain.WithScope(t.Context(), domain.WorkScope{StepID: domain.StepID(tt.fault), Step: "s", Pipeline: string(tt.fault), RunID: domain.RunID(tt.fault)})
			before := modelserver.Total(p.server.Bills())
			_, err := p.ask(ctx, "", modelserver.Marker(tt.fault))
			if llm.ClassOf(err) != tt.class || domain.CodeOf(err) != tt.code {
				t.Errorf("got %v, want class %q and code %q", err, tt.class, tt.code)
			}
			calls, err := p.st.ModelCalls.ByRun(t.Context(), domain.RunID(tt.fault))
			if err != nil || len(calls) != 1 || calls[0].State != tt.state {
				t.Fatalf("calls: %+v, %v, want one that is %s", calls, err, tt.state)
			}
			billed, c := modelserver.Total(p.server.Bills())-before, p.count(t, b.ID)
			if c.Reserved != 0 || c.Spent < billed || tt.full != (c.Spent == calls[0].Reserved) || tt.state == domain.CallReleased && c.Spent != 0 {
				t.Errorf("billed %d, spent %d of %d, still reserved %d", billed, c.Spent, calls[0].Reserved, c.Reserved)
			}
			if tt.state == domain.CallSettled && !tt.full && c.Spent != billed {
				t.Errorf("billed %d, spent %d", billed, c.Spent)
			}
		})
	}
	checkSums(t, p.st)
}

// TestAbandonedReservation: a process died between reserving and settling. The next
// attempt counts that call as paid in full and makes its own.
func TestAbandonedReservation(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		b := p.budget(t, 100, nil)
		var dead domain.CallKey
		p.models = meter(t, keyKeeper{p.ledger, &dead}, p.server.URL(), p.clock.now)
		if _, err := p.ask(step(t.Context(), "write", 1), "", modelserver.Marker(modelserver.FaultRate)); llm.ClassOf(err) != llm.RateLimited {
			t.Fatal(err)
		}
		option := domain.CallOption{Name: "only", Provider: "stand-in", Model: "vendor-big", InputBound: 100, MaxOutput: 50}
		left, err := p.ledger.Reserve(t.Context(), domain.CallRequest{Key: dead, Options: []domain.CallOption{option}, Expires: p.clock.now().Add(time.Hour)})
		if err != nil || left.Reserved != 600 {
			t.Fatalf("reservation: %+v, %v", left, err)
		}
		if c := p.count(t, b.ID); c.Reserved != 600 || c.Spent != 0 {
			t.Errorf("after reserving: %+v", c)
		}
		_, err = p.ledger.Recall(t.Context(), dead)
		wantCode(t, "recall", err, domain.CodeNotFound)
		if c := p.count(t, b.ID); c.Reserved != 0 || c.Spent != 600 {
			t.Errorf("after it was found: %+v", c)
		}
		got, err := st.ModelCalls.Get(t.Context(), left.ID)
		if err != nil || got.State != domain.CallLost || got.Error != "abandoned" || got.Cost != 600 {
			t.Errorf("the call: %+v, %v", got, err)
		}
		// Its process lives, after all: what it says is better than the guess.
		late, err := p.ledger.Settle(t.Context(), left.ID, domain.CallResult{State: domain.CallSettled, Text: "late", Usage: &domain.Usage{Input: 10, Output: 10}})
		if err != nil || late.State != domain.CallSettled || late.Cost != 100 {
			t.Errorf("late: %+v, %v", late, err)
		}
		if c := p.count(t, b.ID); c.Reserved != 0 || c.Spent != 100 {
			t.Errorf("after the late answer: %+v", c)
		}
		if again, err := p.ledger.Settle(t.Context(), left.ID, domain.CallResult{State: domain.CallReleased}); err != nil || again.State != domain.CallSettled {
			t.Errorf("settled twice: %+v, %v", again, err)
		}
		if found, err := p.ledger.Recall(t.Context(), dead); err != nil || found.Text != "late" {
			t.Errorf("recall of the late answer: %+v, %v", found, err)
		}
		checkSums(t, st)
	})
}

// TestSweep: what nobody asks for again counts as paid once its time is over.
func TestSweep(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		b := p.budget(t, 100, nil)
		option := domain.CallOption{Name: "only", Provider: "stand-in", Model: "vendor-big", InputBound: 100, MaxOutput: 50}
		for i := range 3 {
			req := domain.CallRequest{Key: domain.CallKey{Owner: nth("w%d", i)}, Options: []domain.CallOption{option}, Expires: p.clock.now().Add(time.Duration(i+1) * time.Minute)}
			if _, err := p.ledger.Reserve(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		p.clock.move(2 * time.Minute)
		if n, err := p.ledger.Sweep(t.Context()); n != 2 || err != nil {
			t.Errorf("swept %d, %v, want 2", n, err)
		}
		if c := p.count(t, b.ID); c.Spent != 1200 || c.Reserved != 600 {
			t.Errorf("counters: %+v", c)
		}
		checkSums(t, st)
	})
}

// TestLedgerSums gives the ledger random sequences of everything that moves money:
// the counters of every period stay the sums of its calls.
func TestLedgerSums(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		p := newPurse(t, st, modelserver.Config{})
		for i := range 4 {
			p.budget(t, int64(300+100*i), func(b *domain.Budget) {
				b.Period = []domain.BudgetPeriod{domain.PeriodDay, domain.PeriodMonth, domain.PeriodTotal, domain.PeriodDay}[i]
				if i == 3 {
					b.TimeZone = "Asia/Kolkata"
				}
			})
		}
		rng := rand.New(rand.NewPCG(4, uint64(len(st.DB().Dialect())))) //nolint:gosec // repeatable
		start, states := p.clock.now(), []domain.CallState{domain.CallSettled, domain.CallLost, domain.CallReleased}
		var open []domain.ModelCallID
		for range 250 {
			switch rng.IntN(8) {
			case 0, 1, 2:
				o := domain.CallOption{Name: "only", Provider: "stand-in", Model: "vendor-big", InputBound: rng.IntN(9000), MaxOutput: rng.IntN(9000)}
				c, err := p.ledger.Reserve(t.Context(), domain.CallRequest{
					Key: domain.CallKey{Owner: domain.NewID("w")}, Options: []domain.CallOption{o}, Expires: p.clock.now().Add(time.Duration(rng.IntN(72)) * time.Hour),
				})
				if err == nil {
					open = append(open, c.ID)
				} else if domain.CodeOf(err) != domain.CodeBudgetExhausted {
					t.Fatal(err)
				}
			case 3, 4, 5:
				if len(open) == 0 {
					continue
				}
				i := rng.IntN(len(open)) // some more than once
				res := domain.CallResult{State: states[rng.IntN(3)], Usage: &domain.Usage{Input: rng.IntN(5000), Output: rng.IntN(5000)}}
				if _, err := p.ledger.Settle(t.Context(), open[i], res); err != nil {
					t.Fatal(err)
				}
			case 6:
				p.clock.move(time.Duration(rng.IntN(20)) * time.Hour)
				if _, err := p.ledger.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 7:
				r := rates
				r.Output = domain.Micros(rng.IntN(20_000_000))
				p.price(t, "vendor-big", r, start.Add(time.Duration(rng.IntN(100))*time.Hour))
				if _, err := p.budgets.Resettle(p.admin, "stand-in", "vendor-big", start, p.clock.now().Add(time.Second)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(open) < 20 {
			t.Errorf("only %d calls were made", len(open))
		}
		checkSums(t, st)
	})
}
