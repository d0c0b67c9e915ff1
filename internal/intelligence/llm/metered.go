package llm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"empire/internal/domain"
)

// Ledger keeps what calls cost within budgets.
type Ledger interface {
	Recall(ctx context.Context, key domain.CallKey) (*domain.ModelCall, error)
	Reserve(ctx context.Context, req domain.CallRequest) (*domain.ModelCall, error)
	Settle(ctx context.Context, id domain.ModelCallID, res domain.CallResult) (*domain.ModelCall, error)
}

// Metered calls models and pays for it.
type Metered struct {
	router *Router
	ledger Ledger
	now    func() time.Time
	cache  resultCache
	keep   time.Duration // how long the cache holds answers
}

// NewMetered returns a caller without a result cache.
func NewMetered(router *Router, ledger Ledger, now func() time.Time) *Metered {
	return &Metered{router: router, ledger: ledger, now: now}
}

// Router returns the models that are called.
func (m *Metered) Router() *Router { return m.router }

// settleTimeout bounds how long it takes to store an answer that was paid, even when
// the work that asked for it was stopped.
const settleTimeout = 30 * time.Second

// Complete answers a prompt; see Call.
func (m *Metered) Complete(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error) {
	res, err := m.Call(ctx, Request{Model: p.Model, System: p.System, Prompt: p.Prompt, MaxTokens: p.MaxTokens})
	if err != nil {
		return nil, err
	}
	a := &domain.ModelAnswer{
		Text: res.Text, Provider: res.Receipt.Provider, Model: res.Receipt.Model, Cost: res.Receipt.Cost, Currency: res.Receipt.Currency, Cached: res.Receipt.Cached,
	}
	if res.Usage != nil {
		a.InputTokens, a.OutputTokens = res.Usage.Input, res.Usage.Output
	}
	return a, nil
}

// Call asks a model. Within the scope of work, a repeated attempt gets the answer
// that was stored under the same number and request. If a model cannot answer for a
// reason that is its own, the next one of its fallback is asked: what the failed call
// cost is settled first, and the next one must fit into what the budgets have left.
// Once a part of an answer was handed to Request.Stream, no other model is asked.
func (m *Metered) Call(ctx context.Context, r Request) (*Response, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	models, err := m.router.Order(r.Model)
	if err != nil {
		return nil, err
	}
	scope, inWork := domain.ScopeFrom(ctx)
	key, err := callKey(scope, &r, models[0].Name)
	if err != nil {
		return nil, err
	}
	if res, err := m.known(ctx, key, inWork, scope.Tenant, &r); res != nil || err != nil {
		return res, err
	}
	delivered := false
	if stream := r.Stream; stream != nil {
		r.Stream = func(s string) error {
			delivered = true
			return stream(s)
		}
	}
	for i, model := range models {
		res, err := m.try(ctx, scope, key, &r, model)
		if err == nil {
			if err := res.CheckCalls(r.Tools); err != nil {
				return nil, err
			}
			m.remember(ctx, scope.Tenant, key.Hash, res)
			return res, nil
		}
		if i == len(models)-1 || !fallsBack(err) || delivered || ctx.Err() != nil {
			return nil, err
		}
	}
	return nil, errors.New("no model was asked") // not reached: the last one ends the loop
}

// known returns an answer that was paid before: by an earlier attempt of the work, or
// one in the cache. Both nil: there is none.
func (m *Metered) known(ctx context.Context, key domain.CallKey, inWork bool, tenant domain.TenantID, r *Request) (*Response, error) {
	var res *Response
	if inWork {
		c, err := m.ledger.Recall(ctx, key)
		switch {
		case err == nil:
			if res, err = replay(c); err != nil {
				return nil, err
			}
		case domain.CodeOf(err) != domain.CodeNotFound:
			return nil, err
		}
	}
	if res == nil {
		if res = m.recollect(ctx, tenant, key.Hash); res == nil {
			return nil, nil //nolint:nilnil // documented
		}
	}
	if err := res.CheckCalls(r.Tools); err != nil {
		return nil, err
	}
	if r.Stream != nil && res.Text != "" {
		if err := r.Stream(res.Text); err != nil {
			return nil, err
		}
	}
	return res, nil
}

// callKey names a call: by the step or task that asks, else by itself.
func callKey(scope domain.WorkScope, r *Request, asked string) (domain.CallKey, error) {
	named := *r
	named.Model = asked // so that a changed default asks again
	raw, err := json.Marshal(named)
	if err != nil {
		return domain.CallKey{}, fmt.Errorf("hash request: %w", err)
	}
	sum := sha256.Sum256(raw)
	key := domain.CallKey{Owner: string(scope.StepID), Number: r.Number, Hash: hex.EncodeToString(sum[:])}
	if key.Number == 0 {
		key.Number = scope.NextCall()
	}
	if key.Owner == "" {
		key.Owner = string(scope.TaskID)
	}
	if key.Owner == "" {
		key.Owner = domain.NewID("work")
	}
	return key, nil
}

// callName says where in the work a call is made: run/step/number.
func callName(scope domain.WorkScope, key domain.CallKey) string {
	owner, step := string(scope.RunID), scope.Step
	if owner == "" {
		owner = key.Owner
	}
	return url.PathEscape(owner) + "/" + url.PathEscape(step) + "/" + strconv.Itoa(key.Number)
}

// try reserves, calls and settles.
func (m *Metered) try(ctx context.Context, scope domain.WorkScope, key domain.CallKey, r *Request, asked *Model) (*Response, error) {
	if err := m.router.admits(asked); err != nil {
		return nil, err
	}
	req := domain.CallRequest{Key: key, Scope: scope}
	var patience time.Duration
	for _, model := range m.router.Cheaper(asked) {
		req.Options = append(req.Options, domain.CallOption{
			Name: model.Name, Provider: model.Provider.Name(), Model: model.Model, InputBound: InputBound(r), MaxOutput: maxTokens(r, model),
		})
		patience = max(patience, model.Timeout)
	}
	var res *Response
	settled, err := m.pay(ctx, &req, patience, func(call *domain.ModelCall) (result domain.CallResult, err error) {
		out := *r
		out.Model, out.MaxTokens, out.IdempotencyKey, out.CallName = call.Model, call.MaxOutput, string(call.ID), callName(scope, key)
		res, err = m.send(ctx, call, &out)
		return resultOf(res, err), err
	})
	if err != nil {
		return nil, err
	}
	res.Receipt = receipt(settled)
	return res, blocked(res)
}

// pay reserves, lets do make the call, and settles.
func (m *Metered) pay(ctx context.Context, req *domain.CallRequest, patience time.Duration, do func(*domain.ModelCall) (domain.CallResult, error)) (*domain.ModelCall, error) {
	// It waits for its turn no longer than for the answer; then there is time to store
	// what came.
	req.Expires = m.now().Add(2*patience + 2*settleTimeout)
	call, err := m.ledger.Reserve(ctx, *req)
	if err != nil {
		return nil, err
	}
	result, callErr := do(call)
	// What was paid is stored even if whoever asked has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	settled, err := m.ledger.Settle(ctx, call.ID, result)
	if callErr != nil && err != nil {
		return nil, errors.Join(callErr, err)
	}
	if callErr != nil {
		return nil, callErr
	}
	return settled, err
}

func maxTokens(r *Request, m *Model) int {
	if r.MaxTokens > 0 {
		return max(r.MaxTokens, m.MinTokens)
	}
	return m.MaxTokens
}

// send makes the one call, as soon as the model takes it.
func (m *Metered) send(ctx context.Context, call *domain.ModelCall, r *Request) (res *Response, err error) {
	model, callCtx, leave, err := m.turn(ctx, call)
	if err != nil {
		return nil, err
	}
	defer func() { leave(err) }()
	return model.Provider.Complete(callCtx, *r)
}

// turn waits until the model of a call takes it. leave ends the call; the context is
// for the call alone.
func (m *Metered) turn(ctx context.Context, call *domain.ModelCall) (model *Model, callCtx context.Context, leave func(error), err error) {
	model, err = m.router.Get(call.Name)
	if err != nil {
		return nil, nil, nil, err
	}
	waitCtx, cancel := context.WithTimeout(ctx, model.Timeout)
	defer cancel()
	// Vendors count what they expect: three bytes or more to a token.
	done, err := m.router.enter(waitCtx, call.Name, call.InputBound/3+call.MaxOutput)
	if err != nil {
		if ClassOf(err) != "" && ctx.Err() == nil {
			return nil, nil, nil, err
		}
		class := Overloaded // by ourselves
		if ctx.Err() != nil {
			class = Unsent
		}
		return nil, nil, nil, Fail(&Error{Provider: model.Provider.Name(), Class: class, Detail: "it waited for its turn", Err: err}, 0)
	}
	callCtx, cancelCall := context.WithTimeout(ctx, model.Timeout)
	return model, callCtx, func(err error) {
		cancelCall()
		done(err)
	}, nil
}

// resultOf is what the ledger stores of a call.
func resultOf(res *Response, err error) domain.CallResult {
	if err != nil {
		return failedResult(err)
	}
	out := domain.CallResult{State: domain.CallSettled, Text: stored(res), Usage: valid(res.Usage), Finish: string(res.Finish), RequestID: res.ProviderRequestID}
	if res.Finish == FinishBlocked {
		out.Error = string(Blocked)
	}
	return out
}

func failedResult(err error) domain.CallResult {
	class := string(ClassOf(err))
	if class == "" {
		class = string(domain.CodeOf(err))
	}
	return domain.CallResult{State: Outcome(err), Error: class}
}

// valid returns figures that can be true; else the bounds count.
func valid(u *domain.Usage) *domain.Usage {
	if u == nil || !u.Valid() {
		return nil
	}
	return u
}

func receipt(c *domain.ModelCall) Receipt {
	return Receipt{CallID: c.ID, Provider: c.Provider, Model: c.Model, Cost: c.Charged(), Currency: c.Currency, Degraded: c.Degraded != ""}
}

// replay is the answer that an earlier attempt paid for.
func replay(c *domain.ModelCall) (*Response, error) {
	res, err := unstored(c.Text, Finish(c.Finish))
	if err != nil {
		return nil, err
	}
	res.ProviderRequestID, res.Receipt = c.RequestID, receipt(c)
	res.Receipt.Cached = true
	if c.UsageKnown {
		res.Usage = &c.Usage
	}
	return res, blocked(res)
}

// blocked is the error of an answer that is none.
func blocked(res *Response) error {
	if res.Finish != FinishBlocked {
		return nil
	}
	return Fail(&Error{Provider: res.Receipt.Provider, Class: Blocked}, 0)
}
