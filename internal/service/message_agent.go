package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"empire/internal/domain"
)

// taskDoer does single tasks; pipeline.Dispatcher is one.
type taskDoer interface {
	Do(ctx context.Context, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error)
}

// BuiltIn is the Recipient of an agent that is part of the program: it serves
// {"type": task type, "params": …} by doing that task, and reads messages without
// acting on them.
type BuiltIn struct {
	agent    domain.AgentID
	tasks    taskDoer
	websites websiteGetter
	slots    chan struct{}
}

// NewBuiltIn returns the recipient of an agent that serves up to atATime requests
// side by side.
func NewBuiltIn(agent domain.AgentID, tasks taskDoer, websites websiteGetter, atATime int) *BuiltIn {
	return &BuiltIn{agent, tasks, websites, make(chan struct{}, max(atATime, 1))}
}

// Deliver implements Recipient.
func (b *BuiltIn) Deliver(context.Context, domain.Message) error { return nil }

// Serve implements Recipient. What the task comes to is the answer, and so is a fault:
// {"error": code, "message": …}.
func (b *BuiltIn) Serve(ctx context.Context, r domain.ServiceRequest) (json.RawMessage, error) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return nil, domain.Errorf(domain.CodeTimeout, "Agent %s had no time.", b.agent)
	}
	out, err := b.do(ctx, r.Request)
	if err == nil {
		return out, nil
	}
	raw, errJSON := json.Marshal(map[string]string{"error": string(domain.CodeOf(err)), "message": domain.MessageOf(err)})
	if errJSON != nil {
		return nil, fmt.Errorf("encode fault: %w", errJSON)
	}
	return raw, nil
}

func (b *BuiltIn) do(ctx context.Context, request json.RawMessage) (json.RawMessage, error) {
	var task domain.TaskSpec
	d := json.NewDecoder(bytes.NewReader(request))
	d.DisallowUnknownFields()
	if err := d.Decode(&task); err != nil || task.Type == "" {
		return nil, domain.Invalid("request", `Agent %s is asked with {"type": task type, "params": …}.`, b.agent)
	}
	work, _ := domain.ScopeFrom(ctx)
	// The agent sees the websites of whoever asked, and no others.
	asker := domain.WithPrincipal(ctx, &domain.Principal{Tenant: work.Tenant.OrDefault()})
	if err := checkNamed(asker, b.websites, task.Params); err != nil {
		return nil, err
	}
	return b.tasks.Do(ctx, b.agent, task, nil)
}
