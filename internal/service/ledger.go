package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"empire/internal/domain"
)

type callStore interface {
	Insert(ctx context.Context, c *domain.ModelCall, periods []domain.CallPeriod) error
	Hold(ctx context.Context, id domain.ModelCallID) (*domain.ModelCall, error)
	Answered(ctx context.Context, k domain.CallKey) (*domain.ModelCall, error)
	Open(ctx context.Context, k domain.CallKey) ([]domain.ModelCallID, error)
	Expired(ctx context.Context, at time.Time, limit int) ([]domain.ModelCallID, error)
	Settle(ctx context.Context, c *domain.ModelCall) error
	Periods(ctx context.Context, id domain.ModelCallID) ([]domain.CallPeriod, error)
}

type counterStore interface {
	Covering(ctx context.Context, scope domain.WorkScope) ([]domain.Budget, error)
	HoldCount(ctx context.Context, id domain.BudgetID, start, end time.Time) (*domain.BudgetCount, error)
	Add(ctx context.Context, p domain.CallPeriod, reserved, spent domain.Micros) error
	MarkDegraded(ctx context.Context, p domain.CallPeriod, at time.Time) (bool, error)
	MarkExhausted(ctx context.Context, p domain.CallPeriod, at time.Time) (bool, error)
}

type priceAt interface {
	At(ctx context.Context, provider, model string, at time.Time) (*domain.Price, error)
}

// LedgerConfig is what Ledger needs.
type LedgerConfig struct {
	Tx      transactor
	Calls   callStore
	Budgets counterStore
	Prices  priceAt
	// Emit tells who watches; nil: nobody.
	Emit func(ctx context.Context, ev domain.Event)
	Now  func() time.Time
	Log  *slog.Logger // nil: no log
}

// Ledger sets money aside before a model is called and says afterwards what the
// call cost.
//
//	Recall   the answer that an earlier attempt of the same work got, if any
//	Reserve  the most that the call can cost, in every budget that counts it
//	Settle   what it did cost, in the periods that it was reserved in
//
// Each is one transaction; the call itself is outside of any. A process that dies in
// between leaves a reservation, which counts as spent in full as soon as somebody
// asks for the same call again, or its time is over. So the budgets never count less
// than what providers bill, and no budget is exceeded by a call.
type Ledger struct {
	cfg LedgerConfig
}

// NewLedger returns the service.
func NewLedger(cfg LedgerConfig) *Ledger {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Emit == nil {
		cfg.Emit = func(context.Context, domain.Event) {}
	}
	return &Ledger{cfg}
}

func (s *Ledger) stamp() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// Recall returns the call of an earlier attempt whose answer is stored, or
// CodeNotFound. Calls with the key whose outcome is open were left by a process that
// is gone: they are settled as lost.
func (s *Ledger) Recall(ctx context.Context, key domain.CallKey) (*domain.ModelCall, error) {
	c, err := s.cfg.Calls.Answered(ctx, key)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return c, err
	}
	open, openErr := s.cfg.Calls.Open(ctx, key)
	if openErr != nil {
		return nil, openErr
	}
	for _, id := range open {
		if _, err := s.Settle(ctx, id, domain.CallResult{State: domain.CallLost, Error: "abandoned"}); err != nil {
			return nil, err
		}
	}
	return nil, err
}

// reservation is what a transaction of Reserve comes to.
type reservation struct {
	call    *domain.ModelCall
	refused *domain.Exhausted
	news    []domain.Event
}

// Reserve sets aside the most that a call can cost in all budgets that count it, for
// the first of the models that they allow. Without room it is CodeBudgetExhausted
// with an *domain.Exhausted as its cause; a model without a price is CodeConflict.
func (s *Ledger) Reserve(ctx context.Context, req domain.CallRequest) (*domain.ModelCall, error) {
	if len(req.Options) == 0 {
		return nil, errors.New("reserve without a model")
	}
	if req.Scope.Tenant == "" {
		req.Scope.Tenant = scope(ctx).OrDefault()
	}
	var r reservation
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		r, err = s.reserve(ctx, &req, s.stamp())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reserve call %d of %s: %w", req.Key.Number, req.Key.Owner, err)
	}
	for _, ev := range r.news {
		s.cfg.Emit(ctx, ev)
	}
	if r.refused != nil {
		return nil, &domain.Error{Code: domain.CodeBudgetExhausted, Message: refusal(r.refused), Err: r.refused}
	}
	return r.call, nil
}

// reserve holds the counters in their order, once, and then looks at the models.
func (s *Ledger) reserve(ctx context.Context, req *domain.CallRequest, now time.Time) (r reservation, err error) {
	counted, err := s.hold(ctx, req, now)
	if err != nil {
		return r, err
	}
	for i := range req.Options {
		o, last := &req.Options[i], i == len(req.Options)-1
		price, err := s.price(ctx, o, now)
		if err != nil {
			return r, err
		}
		bound := price.Bound(o.InputBound, o.MaxOutput)
		v, err := s.judge(ctx, counted, o, price.Currency, bound, now)
		if err != nil {
			return r, err
		}
		r.news = append(r.news, v.news...)
		if (v.degraded || v.refused != nil) && !last {
			continue
		}
		if r.refused = v.refused; r.refused != nil {
			news, err := s.exhausted(ctx, v, now)
			r.news = append(r.news, news...)
			return r, err
		}
		r.call = newCall(req, o, price.Currency, bound, now)
		return r, s.book(ctx, r.call, v.budgets)
	}
	return r, nil // not reached: the last model ends the loop
}

func (s *Ledger) price(ctx context.Context, o *domain.CallOption, now time.Time) (*domain.Price, error) {
	p, err := s.cfg.Prices.At(ctx, o.Provider, o.Model, now)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, domain.Errorf(domain.CodeConflict,
			"Model %s of %s has no price, so it is not called: set one with empire price set, 0 if it costs nothing.", o.Model, o.Provider)
	}
	return p, err
}

// counted is a budget with the counters of its current period, which are held.
type counted struct {
	domain.Budget
	count *domain.BudgetCount
}

func (c *counted) period() domain.CallPeriod {
	return domain.CallPeriod{BudgetID: c.ID, Start: c.count.Start}
}

// limit of the budget, without what it was raised by for the period.
func (c *counted) limit() domain.Micros { return domain.MicrosOf(c.Limit) }

// hold returns the budgets that count a call of any of the models.
func (s *Ledger) hold(ctx context.Context, req *domain.CallRequest, now time.Time) ([]*counted, error) {
	budgets, err := s.cfg.Budgets.Covering(ctx, req.Scope)
	if err != nil {
		return nil, err
	}
	var out []*counted
	for _, b := range budgets {
		for _, o := range req.Options {
			if !b.Scope.Covers(req.Scope, o.Name, o.Model) {
				continue
			}
			start, end := b.PeriodAt(now)
			c, err := s.cfg.Budgets.HoldCount(ctx, b.ID, start, end)
			if err != nil {
				return nil, err
			}
			out = append(out, &counted{b, c})
			break
		}
	}
	return out, nil
}

// verdict is what the budgets say about one model.
type verdict struct {
	budgets  []*counted // that count it
	degraded bool       // one of them wants a cheaper model
	refused  *domain.Exhausted
	by       *counted
	news     []domain.Event
}

func (s *Ledger) judge(ctx context.Context, all []*counted, o *domain.CallOption, currency string, bound domain.Micros, now time.Time) (v verdict, err error) {
	for _, c := range all {
		if c.Scope.Model != "" && c.Scope.Model != o.Name && c.Scope.Model != o.Model {
			continue
		}
		if c.Limit.Currency != currency {
			return v, domain.Errorf(domain.CodeConflict, "Budget %q is in %s, but the price of model %s of %s is in %s: amounts of two currencies are not added.",
				c.Name, c.Limit.Currency, o.Model, o.Provider, currency)
		}
		v.budgets = append(v.budgets, c)
		if c.count.Degraded(c.limit(), c.DegradeAt) {
			v.degraded = true
			fresh, err := s.cfg.Budgets.MarkDegraded(ctx, c.period(), now)
			if err != nil {
				return v, err
			}
			if fresh {
				v.news = append(v.news, budgetNews("degraded", &c.Budget, c.count, now))
			}
		}
		if left := c.count.Left(c.limit()); left < bound && bound > 0 { // what is free is never refused
			v.refuse(c, bound, left)
		}
	}
	return v, nil
}

var severity = map[domain.LimitAction]int{domain.LimitPause: 0, domain.LimitAsk: 1, domain.LimitFail: 2}

// refuse notes that a budget lacks room. Of several, the one with the hardest action
// counts, then the one that lasts longest: the work would meet it anyway.
func (v *verdict) refuse(c *counted, needed, left domain.Micros) {
	e := &domain.Exhausted{Budget: c.ID, Name: c.Name, Needed: needed, Left: left, Until: c.count.End, Action: c.OnLimit}
	if needed > c.limit() {
		e.Until = time.Time{} // the next period will not carry it either
	}
	if old := v.refused; old != nil {
		harder := cmp.Compare(severity[e.Action], severity[old.Action])
		if harder < 0 || harder == 0 && !e.Until.IsZero() && (old.Until.IsZero() || !old.Until.Before(e.Until)) {
			return
		}
	}
	v.refused, v.by = e, c
}

func (s *Ledger) exhausted(ctx context.Context, v verdict, now time.Time) ([]domain.Event, error) {
	fresh, err := s.cfg.Budgets.MarkExhausted(ctx, v.by.period(), now)
	if err != nil || !fresh {
		return nil, err
	}
	return []domain.Event{budgetNews("exhausted", &v.by.Budget, v.by.count, now)}, nil
}

// book stores the call and adds it to the counters, which are held.
func (s *Ledger) book(ctx context.Context, c *domain.ModelCall, budgets []*counted) error {
	periods := make([]domain.CallPeriod, 0, len(budgets))
	for _, b := range budgets {
		if err := s.cfg.Budgets.Add(ctx, b.period(), c.Reserved, 0); err != nil {
			return err
		}
		periods = append(periods, b.period())
	}
	return s.cfg.Calls.Insert(ctx, c, periods)
}

func newCall(req *domain.CallRequest, o *domain.CallOption, currency string, bound domain.Micros, now time.Time) *domain.ModelCall {
	sc := &req.Scope
	c := &domain.ModelCall{
		ID: domain.ModelCallID(domain.NewID("call")), Tenant: sc.Tenant, Key: req.Key, Pipeline: sc.Pipeline, RunID: sc.RunID, StepID: sc.StepID, Step: sc.Step,
		Attempt: sc.Attempt, TaskID: sc.TaskID, AgentID: sc.AgentID, WebsiteID: sc.WebsiteID, Name: o.Name, Provider: o.Provider, Model: o.Model,
		State: domain.CallReserved, Currency: currency, InputBound: o.InputBound, MaxOutput: o.MaxOutput, Reserved: bound,
		CreatedAt: now, ExpiresAt: req.Expires.UTC().Truncate(time.Microsecond),
	}
	if asked := req.Options[0].Name; asked != o.Name {
		c.Degraded = asked
	}
	return c
}

// Settle stores what became of a call and moves what was reserved for it. A call that
// counts as lost already is corrected by a late answer; any other that is settled
// stays as it is.
func (s *Ledger) Settle(ctx context.Context, id domain.ModelCallID, res domain.CallResult) (*domain.ModelCall, error) {
	var call *domain.ModelCall
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		call, err = s.cfg.Calls.Hold(ctx, id)
		late := err == nil && call.State == domain.CallLost && res.State == domain.CallSettled
		if err != nil || call.State != domain.CallReserved && !late {
			return err
		}
		before := *call
		if err := s.apply(ctx, call, &res); err != nil {
			return err
		}
		periods, err := s.cfg.Calls.Periods(ctx, id)
		if err != nil {
			return err
		}
		freed, spent := -call.Reserved, call.Charged()
		if late {
			freed, spent = 0, call.Charged()-before.Charged()
		}
		for _, p := range periods {
			if err := s.cfg.Budgets.Add(ctx, p, freed, spent); err != nil {
				return err
			}
		}
		return s.cfg.Calls.Settle(ctx, call)
	})
	if err != nil {
		return nil, fmt.Errorf("settle model call %s: %w", id, err)
	}
	if call.State == domain.CallSettled && call.Charged() > call.Reserved {
		s.cfg.Log.WarnContext(ctx, "model call cost more than its bound", "call_id", id, "provider", call.Provider, "model", call.Model,
			"reserved_micros", int64(call.Reserved), "cost_micros", int64(call.Charged()))
	}
	return call, nil
}

// apply gives a call its outcome and its cost, at the price that holds for the time
// when it was made.
func (s *Ledger) apply(ctx context.Context, c *domain.ModelCall, res *domain.CallResult) error {
	now := s.stamp()
	c.State, c.SettledAt, c.Finish, c.RequestID, c.Error = res.State, &now, res.Finish, res.RequestID, res.Error
	switch {
	case res.State == domain.CallReleased:
		c.Cost = 0
	case res.State == domain.CallLost || res.Usage == nil:
		c.Cost = c.Reserved - c.Adjusted
	default:
		p, err := s.cfg.Prices.At(ctx, c.Provider, c.Model, c.CreatedAt)
		if err != nil {
			return err
		}
		// The corrections of a call that counted as lost are part of this cost.
		c.Cost, c.Usage, c.UsageKnown = p.Cost(*res.Usage)-c.Adjusted, *res.Usage, true
	}
	if res.State == domain.CallSettled {
		sum := sha256.Sum256([]byte(res.Text))
		c.Text, c.AnswerHash = res.Text, hex.EncodeToString(sum[:])
	}
	return nil
}

// sweepChunk is how many calls or waits are handled at a time.
const sweepChunk = 100

// Sweep settles calls as lost whose time is over, and returns how many those were.
func (s *Ledger) Sweep(ctx context.Context) (int, error) {
	for n := 0; ; {
		ids, err := s.cfg.Calls.Expired(ctx, s.stamp(), sweepChunk)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		for _, id := range ids {
			if _, err := s.Settle(ctx, id, domain.CallResult{State: domain.CallLost, Error: "expired"}); err != nil {
				return n, err
			}
			n++
		}
	}
}
