package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/ws"
)

// fakeAgents knows the agents of user_ada: "helper", and "a0", "a1", ….
type fakeAgents struct {
	mu       sync.Mutex
	links    map[domain.AgentID]*domain.AgentLink
	offline  map[domain.AgentID]bool
	queued   []domain.Task
	running  map[domain.TaskID]domain.Task
	ended    map[domain.TaskID]domain.RunState
	results  map[domain.TaskID]domain.TaskResult
	progress []domain.TaskProgress
	n        int
}

func newFakeAgents() *fakeAgents {
	return &fakeAgents{
		links: map[domain.AgentID]*domain.AgentLink{}, offline: map[domain.AgentID]bool{}, running: map[domain.TaskID]domain.Task{},
		ended: map[domain.TaskID]domain.RunState{}, results: map[domain.TaskID]domain.TaskResult{},
	}
}

func (f *fakeAgents) Connect(ctx context.Context, id domain.AgentID, instance string) (*domain.AgentLink, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == "nobody" {
		return nil, domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
	}
	if domain.PrincipalFrom(ctx).UserID != "user_ada" {
		return nil, domain.Errorf(domain.CodeForbidden, "This credential is not one of agent %s.", id)
	}
	before := f.links[id]
	if before != nil && before.Instance != instance {
		return nil, domain.Errorf(domain.CodeConflict, "Agent %s is connected already.", id)
	}
	f.n++
	link := &domain.AgentLink{Agent: id, ID: fmt.Sprint("link_", f.n), Instance: instance, Resumed: before != nil || f.offline[id], Config: json.RawMessage(`{"depth":2}`)}
	f.links[id] = link
	delete(f.offline, id)
	return link, nil
}

func (f *fakeAgents) Disconnect(_ context.Context, link *domain.AgentLink) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.links[link.Agent] == link {
		delete(f.links, link.Agent)
		f.offline[link.Agent] = true
	}
	return nil
}

func (f *fakeAgents) Beat(context.Context) (map[domain.AgentID]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[domain.AgentID]string{}
	for id, l := range f.links {
		out[id] = l.ID
	}
	return out, nil
}

func (f *fakeAgents) Holds(_ context.Context, link *domain.AgentLink) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.links[link.Agent] == link, nil
}

func (f *fakeAgents) Unanswered(_ context.Context, link *domain.AgentLink) ([]domain.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []domain.Task
	for _, t := range f.running {
		if t.AgentID == link.Agent {
			out = append(out, t)
		}
	}
	return out, nil
}

func (f *fakeAgents) Take(_ context.Context, link *domain.AgentLink) ([]domain.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out, rest []domain.Task
	for _, t := range f.queued {
		if t.AgentID != link.Agent {
			rest = append(rest, t)
			continue
		}
		t.Attempts++
		f.running[t.ID] = t
		out = append(out, t)
	}
	f.queued = rest
	return out, nil
}

func (f *fakeAgents) Wanted(context.Context, []domain.AgentID) ([]domain.AgentID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []domain.AgentID
	for _, t := range f.queued {
		out = append(out, t.AgentID)
	}
	return out, nil
}

func (f *fakeAgents) Answer(_ context.Context, link *domain.AgentLink, r domain.TaskResult) (domain.RunState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state, ok := f.ended[r.TaskID]; ok {
		return state, nil
	}
	if t, ok := f.running[r.TaskID]; !ok || t.AgentID != link.Agent {
		return "", domain.Errorf(domain.CodeNotFound, "Task %s does not exist.", r.TaskID)
	}
	delete(f.running, r.TaskID)
	f.results[r.TaskID] = r
	f.ended[r.TaskID] = domain.StateCompleted
	return domain.StateCompleted, nil
}

func (f *fakeAgents) Progress(_ context.Context, _ *domain.AgentLink, p domain.TaskProgress) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.progress = append(f.progress, p)
	return nil
}

func (f *fakeAgents) queue(id domain.TaskID, agent domain.AgentID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queued = append(f.queued, domain.Task{ID: id, AgentID: agent, Type: "research", Params: json.RawMessage(`{"topic":"tea"}`)})
}

func (f *fakeAgents) away() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.offline)
}

// fakeMail keeps boxes and what agents sent.
type fakeMail struct {
	mu    sync.Mutex
	boxes map[domain.AgentID]ws.Recipient
	sent  []json.RawMessage
}

func newFakeMail() *fakeMail { return &fakeMail{boxes: map[domain.AgentID]ws.Recipient{}} }

func (m *fakeMail) Attach(agent domain.AgentID, box ws.Recipient) (func(), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.boxes[agent] = box
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.boxes[agent] == box {
			delete(m.boxes, agent)
		}
	}, nil
}

func (m *fakeMail) box(agent domain.AgentID) ws.Recipient {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boxes[agent]
}

func (m *fakeMail) HandleAgentMessage(_ context.Context, agent domain.AgentID, data json.RawMessage) (*domain.Message, error) {
	var msg domain.Message
	if err := json.Unmarshal(data, &msg); err != nil {
		return nil, domain.Invalid("data", "It is no message.")
	}
	if msg.To == "nobody" {
		return nil, domain.Errorf(domain.CodeAgentNotFound, "Agent nobody does not exist.")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, data)
	return &domain.Message{ID: "m-1", From: agent, To: msg.To}, nil
}

// servedFor is the key under which a context says for which request it serves.
type servedFor struct{}

// cycle is an error that knows who waits for whom.
type cycle []string

func (c cycle) Error() string   { return "cycle" }
func (c cycle) Cycle() []string { return c }

func (m *fakeMail) Request(ctx context.Context, from, to domain.AgentID, request json.RawMessage, timeout time.Duration) (json.RawMessage, error) {
	switch to {
	case from:
		return nil, &domain.Error{Code: domain.CodeConflict, Message: "The requests wait for each other.", Err: cycle{string(from), string(to)}}
	case "slow":
		return json.RawMessage(`{"error":"timeout","request_id":"r-9"}`), nil
	case "chain":
		chain, _ := ctx.Value(servedFor{}).(string)
		return json.Marshal(map[string]any{"chain": chain, "timeout": timeout.Seconds()})
	}
	return request, nil
}
