package domain

import (
	"context"
	"sync/atomic"
)

// WorkScope says on whose behalf work is done: the step of a run, or a task of an
// agent. The engine and the agents' service put it into the context of the work;
// the ledger of model calls, messages and traces read it there. Work without a
// scope (a command, a health check) belongs to no run.
type WorkScope struct {
	Tenant    TenantID
	Pipeline  string // name of the pipeline; empty for a task
	RunID     RunID
	StepID    StepID
	Step      string // its name
	Attempt   int    // from 1
	TaskID    TaskID
	AgentID   AgentID // who does the work; empty for steps that no agent does
	WebsiteID WebsiteID

	calls *atomic.Int64
}

// NextCall returns the number of the next paid call within the scope, from 1. A
// repeated attempt counts from 1 again, so that the same call has the same number
// as long as the work asks in the same order. It is safe for concurrent use, but
// parallel calls have no order.
func (s WorkScope) NextCall() int {
	if s.calls == nil {
		return 0
	}
	return int(s.calls.Add(1))
}

type scopeKey struct{}

// WithScope returns a context for work in a scope, with its own count of calls.
func WithScope(ctx context.Context, s WorkScope) context.Context {
	s.calls = new(atomic.Int64)
	return context.WithValue(ctx, scopeKey{}, s)
}

// ScopeFrom returns the scope of the work in ctx, and whether there is one.
func ScopeFrom(ctx context.Context) (WorkScope, bool) {
	s, ok := ctx.Value(scopeKey{}).(WorkScope)
	return s, ok
}
