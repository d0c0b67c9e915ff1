package main

import (
	"context"
	"strconv"
	"time"

	"empire/client"
	"empire/internal/domain"
)

// SendMessage implements portfolio.
func (l local) SendMessage(ctx context.Context, m domain.Message, ttl time.Duration) (*messageView, error) {
	return view(viewMessage)(l.a.Messages.Post(ctx, m, ttl))
}

// Inbox implements portfolio.
func (l local) Inbox(ctx context.Context, agent domain.AgentID, state domain.MessageState, w domain.Window) ([]inboxView, int, error) {
	list, total, err := l.a.Messages.List(ctx, agent, state, w)
	return views(list, func(m *domain.MessageRecord) inboxView {
		return inboxView{
			messageView: viewMessage(&m.Message), Kind: m.Kind, InReplyTo: m.InReplyTo, State: m.State, Attempts: m.Attempts, HandledAt: utc(m.HandledAt),
			RunID: orNil(m.RunID), TaskID: orNil(m.TaskID),
		}
	}), total, err
}

// DeadLetters implements portfolio.
func (l local) DeadLetters(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]deadLetterView, int, error) {
	list, total, err := l.a.DeadLetters.List(ctx, f, w)
	return views(list, viewDeadLetter), total, err
}

// DeadLetter implements portfolio.
func (l local) DeadLetter(ctx context.Context, id domain.DeadLetterID) (*deadLetterView, error) {
	return view(viewDeadLetter)(l.a.DeadLetters.Get(ctx, id))
}

// ReplayDeadLetter implements portfolio.
func (l local) ReplayDeadLetter(ctx context.Context, id domain.DeadLetterID) (*deadLetterView, error) {
	return view(viewDeadLetter)(l.a.DeadLetters.Replay(ctx, id))
}

// Orchestrator implements portfolio.
func (l local) Orchestrator(ctx context.Context) (*orchestratorView, error) {
	return view(viewOrchestrator)(l.a.Orchestrator.Overview(ctx))
}

func viewMessage(m *domain.Message) messageView {
	return messageView{m.ID, m.From, m.To, m.Message, m.Priority, m.Timestamp.UTC(), m.TTL.UTC(), m.RequiresResponse}
}

func viewDeadLetter(d *domain.DeadLetter) deadLetterView {
	return deadLetterView{
		ID: d.ID, Kind: d.Kind, AgentID: d.AgentID, From: d.From, Reason: d.Reason, Detail: d.Detail, Payload: d.Payload, CreatedAt: d.CreatedAt.UTC(),
		ReplayedAt: utc(d.ReplayedAt), ReplayedBy: orNil(d.ReplayedBy),
	}
}

func viewOrchestrator(o *domain.Orchestrator) orchestratorView {
	v := orchestratorView{
		Agents: map[string]int{}, Messages: map[string]priorityView{}, DeadLetters: map[string]int{"total": o.DeadTotal, "open": o.DeadOpen},
		ActiveTasks: map[string]int{}, Runs: map[string]int{},
	}
	for _, s := range []domain.AgentStatus{domain.AgentIdle, domain.AgentWorking, domain.AgentError, domain.AgentOffline} {
		v.Agents[string(s)] = o.Agents[s]
		v.Agents["total"] += o.Agents[s]
	}
	for _, s := range []domain.MessageState{domain.MessageQueued, domain.MessageHandled, domain.MessageDead} {
		v.Messages[string(s)] = priorityView{}
	}
	for _, c := range o.Messages {
		n := v.Messages[string(c.State)]
		n.Total += c.Count
		if c.Priority == domain.PriorityHigh {
			n.High += c.Count
		} else {
			n.Normal += c.Count
		}
		v.Messages[string(c.State)] = n
	}
	for _, s := range []domain.RunState{domain.StateQueued, domain.StateRunning, domain.StateWaiting} {
		v.ActiveTasks[string(s)] = o.ActiveTasks[s]
		v.ActiveTasks["total"] += o.ActiveTasks[s]
	}
	for _, s := range []domain.RunState{
		domain.StateQueued, domain.StateRunning, domain.StateWaiting, domain.StateCompleted, domain.StateFailed, domain.StateCancelled,
	} {
		v.Runs[string(s)] = o.Runs[s]
		v.Runs["total"] += o.Runs[s]
	}
	return v
}

// SendMessage implements portfolio.
func (r *remote) SendMessage(ctx context.Context, m domain.Message, ttl time.Duration) (*messageView, error) {
	seconds := int64(ttl / time.Second)
	sent, err := r.api.SendMessage(ctx, string(m.To), client.SendMessageInput{
		Message: m.Message, Priority: client.SendMessageInputPriority(m.Priority), RequiresResponse: &m.RequiresResponse, TtlSeconds: &seconds,
	})
	return shown[messageView](r, sent, err)
}

// Inbox implements portfolio.
func (r *remote) Inbox(ctx context.Context, agent domain.AgentID, state domain.MessageState, w domain.Window) ([]inboxView, int, error) {
	list, err := r.api.ListMessages(ctx, string(agent), client.ListMessagesParams{Limit: w.Limit, Offset: w.Offset, State: string(state)})
	return window[inboxView](r, list, err)
}

// DeadLetters implements portfolio.
func (r *remote) DeadLetters(ctx context.Context, f domain.DeadLetterFilter, w domain.Window) ([]deadLetterView, int, error) {
	p := client.ListDeadLettersParams{Limit: w.Limit, Offset: w.Offset, Kind: f.Kind, AgentID: string(f.AgentID), Reason: f.Reason}
	if f.Replayed != nil {
		p.Replayed = strconv.FormatBool(*f.Replayed)
	}
	list, err := r.api.ListDeadLetters(ctx, p)
	return window[deadLetterView](r, list, err)
}

// DeadLetter implements portfolio.
func (r *remote) DeadLetter(ctx context.Context, id domain.DeadLetterID) (*deadLetterView, error) {
	d, err := r.api.GetDeadLetter(ctx, string(id))
	return shown[deadLetterView](r, d, err)
}

// ReplayDeadLetter implements portfolio.
func (r *remote) ReplayDeadLetter(ctx context.Context, id domain.DeadLetterID) (*deadLetterView, error) {
	d, err := r.api.ReplayDeadLetter(ctx, string(id))
	return shown[deadLetterView](r, d, err)
}

// Orchestrator implements portfolio.
func (r *remote) Orchestrator(ctx context.Context) (*orchestratorView, error) {
	o, err := r.api.GetOrchestrator(ctx)
	return shown[orchestratorView](r, o, err)
}
