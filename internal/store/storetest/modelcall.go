package storetest

import (
	"context"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func modelCall(name string, at time.Time) *domain.ModelCall {
	return &domain.ModelCall{
		ID: domain.ModelCallID("call_" + name), Tenant: "main", Key: domain.CallKey{Owner: "step_1", Number: 1, Hash: "h"}, Pipeline: "p", RunID: "run_1", StepID: "step_1",
		Step: "write", Attempt: 2, AgentID: "a", WebsiteID: "site_1", Name: "big", Provider: "openai", Model: "m", State: domain.CallReserved, Currency: "USD",
		InputBound: 10, MaxOutput: 20, Reserved: 100, CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}
}

func callIDs(calls []domain.ModelCall) []string {
	out := []string{}
	for _, c := range calls {
		out = append(out, string(c.ID))
	}
	return out
}

func testModelCalls(t *testing.T, s *store.Store) {
	ctx := t.Context()
	b := insertBudget(t, s, "a", nil)
	start, end := b.PeriodAt(day)
	value(s.Budgets.HoldCount(ctx, b.ID, start, end))(t)
	c := modelCall("1", day)
	must(t, s.ModelCalls.Insert(ctx, c, []domain.CallPeriod{{BudgetID: b.ID, Start: start}}))
	wantEqual(t, value(s.ModelCalls.Get(ctx, c.ID))(t), c)
	wantEqual(t, value(s.ModelCalls.Periods(ctx, c.ID))(t), []domain.CallPeriod{{BudgetID: b.ID, Start: start}})
	wantEqual(t, value(s.ModelCalls.Open(ctx, c.Key))(t), []domain.ModelCallID{c.ID})
	_, err := s.ModelCalls.Answered(ctx, c.Key)
	wantCode(t, err, domain.CodeNotFound)
	wantEqual(t, value(s.ModelCalls.Expired(ctx, day.Add(59*time.Minute), 10))(t), []domain.ModelCallID(nil))
	wantEqual(t, value(s.ModelCalls.Expired(ctx, day.Add(time.Hour), 10))(t), []domain.ModelCallID{c.ID})

	c.State, c.Cost, c.UsageKnown, c.Usage = domain.CallSettled, 60, true, domain.Usage{Input: 8, CachedInput: 2, Output: 15, Reasoning: 3}
	c.Finish, c.RequestID, c.Error, c.AnswerHash, c.SettledAt, c.Text = "stop", "req_1", "none", "hash", ptr(day.Add(time.Minute)), "Schöne Antwort\n"
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		value(s.ModelCalls.Hold(ctx, c.ID))(t)
		return s.ModelCalls.Settle(ctx, c)
	}))
	wantEqual(t, value(s.ModelCalls.Answered(ctx, c.Key))(t), c)
	wantEqual(t, value(s.ModelCalls.Open(ctx, c.Key))(t), []domain.ModelCallID(nil))
	wantEqual(t, value(s.ModelCalls.Expired(ctx, day.AddDate(1, 0, 0), 10))(t), []domain.ModelCallID(nil))
	for _, other := range []domain.CallKey{{Owner: "step_1", Number: 2, Hash: "h"}, {Owner: "step_1", Number: 1, Hash: "i"}, {Owner: "step_2", Number: 1, Hash: "h"}} {
		_, err := s.ModelCalls.Answered(ctx, other)
		wantCode(t, err, domain.CodeNotFound)
	}
	_, err = s.ModelCalls.Hold(ctx, "call_none")
	wantCode(t, err, domain.CodeNotFound)
	must(t, s.Budgets.Delete(ctx, b.ID))
	wantEqual(t, value(s.ModelCalls.Periods(ctx, c.ID))(t), []domain.CallPeriod(nil))
	wantEqual(t, value(s.ModelCalls.Get(ctx, c.ID))(t), c)
}

func testModelCallLists(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, edit := range []func(c *domain.ModelCall){
		func(*domain.ModelCall) {},
		func(c *domain.ModelCall) { c.State, c.Cost, c.Model, c.Step = domain.CallSettled, 50, "n", "build" },
		func(c *domain.ModelCall) {
			c.State, c.Cost, c.RunID, c.WebsiteID = domain.CallLost, 100, "run_2", "site_2"
		},
		func(c *domain.ModelCall) { c.State, c.RunID, c.TaskID = domain.CallReleased, "", "task_1" },
		func(c *domain.ModelCall) { c.State, c.Cost, c.Tenant, c.RunID = domain.CallSettled, 7, "acme", "run_3" },
	} {
		c := modelCall(string(rune('1'+i)), day.Add(time.Duration(i)*12*time.Hour))
		edit(c)
		must(t, s.ModelCalls.Insert(ctx, c, nil))
	}
	for _, tt := range []struct {
		filter domain.CallFilter
		want   []string
	}{
		{domain.CallFilter{}, []string{"call_5", "call_4", "call_3", "call_2", "call_1"}},
		{domain.CallFilter{Tenant: "main"}, []string{"call_4", "call_3", "call_2", "call_1"}},
		{domain.CallFilter{RunID: "run_1"}, []string{"call_2", "call_1"}},
		{domain.CallFilter{TaskID: "task_1"}, []string{"call_4"}},
		{domain.CallFilter{WebsiteID: "site_2"}, []string{"call_3"}},
		{domain.CallFilter{Model: "n", State: domain.CallSettled, Pipeline: "p", Provider: "openai", AgentID: "a"}, []string{"call_2"}},
		{domain.CallFilter{From: day.Add(12 * time.Hour), To: day.Add(36 * time.Hour)}, []string{"call_3", "call_2"}},
	} {
		list, total, err := s.ModelCalls.List(ctx, tt.filter, window(10, 0))
		must(t, err)
		wantEqual(t, callIDs(list), tt.want)
		if total != len(tt.want) {
			t.Errorf("%+v: total %d", tt.filter, total)
		}
	}
	wantEqual(t, callIDs(value(s.ModelCalls.ByRun(ctx, "run_1"))(t)), []string{"call_1", "call_2"})
	wantEqual(t, callIDs(value(s.ModelCalls.ByRun(ctx, ""))(t)), []string{})
	lines, total, err := s.ModelCalls.Spending(ctx, domain.ByRun, domain.CallFilter{Tenant: "main"}, window(10, 0))
	must(t, err)
	if total != 2 {
		t.Errorf("%d lines, want 2", total)
	}
	wantEqual(t, lines, []domain.Spending{
		{Key: "run_2", Currency: "USD", Calls: 1, Lost: 1, Spent: 100}, {Key: "run_1", Currency: "USD", Calls: 2, Spent: 50, Reserved: 100},
	})
	_, _, err = s.ModelCalls.Spending(ctx, "colour", domain.CallFilter{}, window(10, 0))
	wantCode(t, err, domain.CodeInvalid)
}

func testModelCallCorrections(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Prices.Insert(ctx, &domain.Price{ID: "price_1", Provider: "openai", Model: "m", Currency: "USD", EffectiveFrom: day, RecordedAt: day}))
	for i, state := range []domain.CallState{domain.CallSettled, domain.CallLost, domain.CallReserved, domain.CallReleased, domain.CallSettled} {
		c := modelCall(string(rune('1'+i)), day.Add(time.Duration(i)*time.Hour))
		c.State = state
		must(t, s.ModelCalls.Insert(ctx, c, nil))
	}
	priced := func(from, to time.Time, after domain.ModelCallID, limit int) []string {
		return callIDs(value(s.ModelCalls.Priced(ctx, "openai", "m", from, to, after, limit))(t))
	}
	later := day.AddDate(1, 0, 0)
	wantEqual(t, priced(day, later, "", 10), []string{"call_1", "call_2", "call_5"})
	wantEqual(t, priced(day, later, "call_1", 1), []string{"call_2"})
	wantEqual(t, priced(day.Add(time.Hour), day.Add(4*time.Hour), "", 10), []string{"call_2"})
	a := domain.CallAdjustment{CallID: "call_1", At: day, Delta: -5, Price: "price_1", Actor: "user_a"}
	must(t, s.ModelCalls.Adjust(ctx, a))
	a2 := a
	a2.Delta = 12
	must(t, s.ModelCalls.Adjust(ctx, a2))
	if c := value(s.ModelCalls.Get(ctx, "call_1"))(t); c.Adjusted != 7 || c.Cost != 0 {
		t.Errorf("after two corrections: %+v", c)
	}
	wantEqual(t, value(s.ModelCalls.Adjustments(ctx, "call_1"))(t), []domain.CallAdjustment{a, a2})
	a.Price = "price_none"
	wantCode(t, s.ModelCalls.Adjust(ctx, a), domain.CodeConflict)
}
