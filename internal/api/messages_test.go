package api_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
)

type (
	messages     struct{ *fakes }
	deadLetters  struct{ *fakes }
	orchestrator struct{ *fakes }
)

const messageID = "0198f0a4-5c1e-7cc3-9d0b-6a1f0d1c2b3a"

func (f messages) Post(ctx context.Context, m domain.Message, ttl time.Duration) (*domain.Message, error) {
	if m.To != "opportunity_scanner" {
		return nil, missing("Agent", string(m.To))
	}
	f.note(func() { f.message, f.ttl = m, ttl })
	m.ID, m.From, m.Timestamp, m.TTL = messageID, domain.AgentID(domain.PrincipalFrom(ctx).UserID), noon, noon.Add(ttl)
	return &m, f.fail
}

func (f messages) List(_ context.Context, agent domain.AgentID, state domain.MessageState, w domain.Window) ([]domain.MessageRecord, int, error) {
	if agent != "opportunity_scanner" {
		return nil, 0, missing("Agent", string(agent))
	}
	f.note(func() { f.inState, f.window = state, w })
	return []domain.MessageRecord{{
		Message: domain.Message{ID: messageID, From: "user_1", To: agent, Message: json.RawMessage(`{"a":1}`), Priority: "high", Timestamp: noon, TTL: noon},
		Seq:     7, Tenant: "acme", Kind: domain.KindMessage, State: domain.MessageHandled, Attempts: 2, HandledAt: &noon, RunID: "run_1",
	}}, 1, f.fail
}

func (f deadLetters) Get(_ context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	if id != "dead_1" {
		return nil, missing("Dead letter", string(id))
	}
	return &domain.DeadLetter{
		ID: id, Tenant: "acme", Kind: domain.DeadMessage, AgentID: "a", From: "b", Reason: domain.DeadExpired, Detail: "Late.", Payload: json.RawMessage(`{"id":"x"}`), CreatedAt: noon,
	}, f.fail
}

func (f deadLetters) List(ctx context.Context, df domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error) {
	f.note(func() { f.dead, f.window = df, w })
	d, err := f.Get(ctx, "dead_1")
	return []domain.DeadLetter{*d}, 1, err
}

func (f deadLetters) Replay(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	d, err := f.Get(ctx, id)
	if err == nil {
		d.ReplayedAt, d.ReplayedBy = &noon, "user_1"
	}
	return d, err
}

func (f orchestrator) Overview(context.Context) (*domain.Orchestrator, error) {
	return &domain.Orchestrator{
		OrchestratorCounts: domain.OrchestratorCounts{
			Messages: []domain.MessageCount{{State: "queued", Priority: "high", Count: 2}, {State: "queued", Priority: "normal", Count: 3}, {State: "dead", Priority: "normal", Count: 5}},
			DeadOpen: 6, DeadTotal: 7, ActiveTasks: map[domain.RunState]int{"running": 8, "queued": 1}, Runs: map[domain.RunState]int{"failed": 9},
		},
		Agents: map[domain.AgentStatus]int{domain.AgentIdle: 4, domain.AgentOffline: 1},
	}, f.fail
}

// TestSendMessage: what the sender leaves out is as usual, and nobody says who it is.
func TestSendMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string
		want domain.Message
		ttl  time.Duration
	}{
		{`{"message":{"a":1}}`, domain.Message{Message: json.RawMessage(`{"a":1}`), Priority: "normal"}, 300 * time.Second},
		{
			`{"message":{},"priority":"high","ttl_seconds":7,"requires_response":true}`,
			domain.Message{Message: json.RawMessage(`{}`), Priority: "high", RequiresResponse: true}, 7 * time.Second,
		},
	} {
		f := &fakes{}
		w := call(t, newAPI(f), admin, "POST", "/api/v1/agents/opportunity_scanner/messages", tt.body)
		tt.want.To = "opportunity_scanner"
		if diff := cmp.Diff(tt.want, f.message); w.Code != 202 || diff != "" || f.ttl != tt.ttl {
			t.Errorf("%s: %d, ttl %s\n%s", tt.body, w.Code, f.ttl, diff)
		}
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 8 || got["from"] != "user_1" || got["id"] != messageID {
			t.Errorf("answer: %v %s", err, w.Body)
		}
	}
}

func TestMessageBodies(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	for _, tt := range []struct{ path, want string }{
		{"/agents/opportunity_scanner/messages?state=handled", `[{"id":"` + messageID + `","from":"user_1","to":"opportunity_scanner","message":{"a":1},"priority":"high",
			"timestamp":"2026-03-01T12:00:00Z","ttl":"2026-03-01T12:00:00Z","requires_response":false,"kind":"message","in_reply_to":"","state":"handled","attempts":2,
			"handled_at":"2026-03-01T12:00:00Z","run_id":"run_1","task_id":null}]`},
		{"/dead-letters?kind=task&agent_id=a&reason=refused&replayed=true", `[{"id":"dead_1","kind":"message","agent_id":"a","from":"b","reason":"expired","detail":"Late.",
			"payload":{"id":"x"},"created_at":"2026-03-01T12:00:00Z","replayed_at":null,"replayed_by":null}]`},
		{"/orchestrator", `{"agents":{"total":5,"idle":4,"working":0,"error":0,"offline":1},
			"messages":{"queued":{"total":5,"high":2,"normal":3},"handled":{"total":0,"high":0,"normal":0},"dead":{"total":5,"high":0,"normal":5}},
			"dead_letters":{"total":7,"open":6},"active_tasks":{"total":9,"queued":1,"running":8,"waiting":0},
			"runs":{"total":9,"queued":0,"running":0,"waiting":0,"completed":0,"failed":9,"cancelled":0}}`},
	} {
		w := call(t, a, admin, "GET", "/api/v1"+tt.path, "")
		var got, want any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || w.Code != 200 {
			t.Errorf("%s: %d\n%s", tt.path, w.Code, diff)
		}
	}
	yes := true
	if diff := cmp.Diff(domain.DeadLetterFilter{Kind: "task", AgentID: "a", Reason: "refused", Replayed: &yes}, f.dead); diff != "" || f.inState != "handled" {
		t.Errorf("filters: %s %s", f.inState, diff)
	}
}
