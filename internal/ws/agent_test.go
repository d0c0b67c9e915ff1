package ws_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"empire/internal/domain"
	"empire/internal/ws"
)

// TestAgentUpgrade: who may not connect learns so before the upgrade.
func TestAgentUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.connect("/ws/agents/helper?instance=i1", "ada")
	for _, tt := range []struct {
		name, path, token string
		want              int
	}{
		{"nobody", "/ws/agents/helper", "", 401},
		{"bad token", "/ws/agents/helper", "eve", 401},
		{"credential of another agent", "/ws/agents/helper", "bo", 403},
		{"unknown agent", "/ws/agents/nobody", "ada", 404},
		{"another instance", "/ws/agents/helper?instance=i2", "ada", 409},
		{"the same instance", "/ws/agents/helper?instance=i1", "ada", 101},
	} {
		if _, got := w.dial(tt.path, tt.token); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	res, err := w.server.Client().Get(w.server.URL + "/ws/agents/helper") //nolint:noctx // it answers at once
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("plain request: %d, want 401", res.StatusCode)
	}
}

// TestBadFrames: what is no frame ends the connection; a frame with a fault is
// answered and the connection stays.
func TestBadFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.MaxFrame = 4096 })
	for _, tt := range []struct {
		name string
		kind websocket.MessageType
		data string
		want websocket.StatusCode
	}{
		{"binary", websocket.MessageBinary, `{"type":"ping"}`, websocket.StatusUnsupportedData},
		{"no JSON", websocket.MessageText, `hello`, websocket.StatusInvalidFramePayloadData},
		{"half", websocket.MessageText, `{"type":`, websocket.StatusInvalidFramePayloadData},
		{"null", websocket.MessageText, `null`, websocket.StatusInvalidFramePayloadData},
		{"a list", websocket.MessageText, `[]`, websocket.StatusInvalidFramePayloadData},
		{"too large", websocket.MessageText, `{"type":"ping","id":"` + strings.Repeat("x", 5000) + `"}`, websocket.StatusMessageTooBig},
	} {
		for _, path := range []string{"/ws/agents/a1?instance=i", "/ws/dashboard"} {
			p := w.connect(path, "ada")
			if err := p.conn.Write(t.Context(), tt.kind, []byte(tt.data)); err != nil {
				t.Fatal(err)
			}
			p.wantClose(tt.want)
		}
	}
	p := w.connect("/ws/agents/helper", "ada")
	for id, frame := range map[string]struct{ kind, data string }{
		"x1": {"dance", `{}`}, "x2": {"subscribe", `{"topic":["task.*"]}`}, "x3": {"task_result", `7`}, "x4": {"", `{}`},
		"x5": {"service_request", `{"target":"b"}`}, "x6": {"progress", ``}, "x7": {"service_response", `{"request_id":"r"}`},
	} {
		text := `{"type":"` + frame.kind + `","id":"` + id + `"`
		if frame.data != "" {
			text += `,"data":` + frame.data
		}
		p.text(text + "}")
		p.wantError(id, 422)
	}
	p.send(ws.TypePing, "still here", struct{}{})
	p.want(ws.TypePing)
}

// TestTasks: a task reaches its agent, the answer ends it once, and after a
// reconnect what is unanswered comes again with the same id.
func TestTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.connect("/ws/agents/helper?instance=i1", "ada")
	if p.hello.AgentID != "helper" || p.hello.Instance != "i1" || p.hello.Config == nil || string(*p.hello.Config) != `{"depth":2}` {
		t.Errorf("hello = %+v", p.hello)
	}
	w.agents.queue("task_1", "helper")
	w.hub.Wake("helper")
	w.hub.Wake("nobody")
	f := p.want(ws.TypeTask)
	if got := into[ws.TaskFrame](t, f); f.ID != "task_1" || got.TaskID != "task_1" || got.Type != "research" || string(got.Params) != `{"topic":"tea"}` || got.Attempt != 1 {
		t.Errorf("task frame = %s %s", f.ID, f.Data)
	}
	_ = p.conn.CloseNow()
	eventually(t, "offline", func() bool { return w.agents.away() == 1 })
	p = w.connect("/ws/agents/helper?instance=i1", "ada")
	if f = p.want(ws.TypeTask); f.ID != "task_1" || into[ws.TaskFrame](t, f).Attempt != 1 {
		t.Errorf("task frame after a reconnect = %s %s", f.ID, f.Data)
	}
	p.send(ws.TypeProgress, "", domain.TaskProgress{TaskID: "task_1", Done: 1, Total: 10})
	p.send(ws.TypeProgress, "", domain.TaskProgress{TaskID: "task_1", Done: 2, Total: 10}) // just after
	p.send(ws.TypeProgress, "", domain.TaskProgress{TaskID: "task_1", Done: 10, Total: 10})
	for range 2 {
		p.send(ws.TypeTaskResult, "r1", domain.TaskResult{TaskID: "task_1", Result: json.RawMessage(`{"ok":true}`)})
		if end := into[ws.TaskEnd](t, p.want(ws.TypeTaskResult)); end.TaskID != "task_1" || end.Status != domain.StateCompleted {
			t.Errorf("answer = %+v", end)
		}
	}
	p.send(ws.TypeTaskResult, "r2", domain.TaskResult{TaskID: "task_9", Result: json.RawMessage(`1`)})
	p.wantError("r2", 404)
	w.agents.mu.Lock()
	defer w.agents.mu.Unlock()
	if len(w.agents.progress) != 2 || w.agents.progress[1].Done != 10 {
		t.Errorf("progress = %+v, want the first and the last", w.agents.progress)
	}
}

// TestTaskCancelled: the agent that works on a task hears that it was cancelled.
func TestTaskCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.connect("/ws/agents/helper", "ada")
	w.hub.TaskCancelled(&domain.Task{ID: "task_1", AgentID: "nobody"})
	w.hub.TaskCancelled(&domain.Task{ID: "task_1", AgentID: "helper"})
	if ev := into[domain.Event](t, p.want(ws.TypeEvent)); ev.Topic != "task.cancelled" || ev.Object != "task_1" {
		t.Errorf("event = %+v", ev)
	}
}

// TestPolledTask: a task that no news announced is found.
func TestPolledTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.Poll = 5 * time.Millisecond })
	p := w.connect("/ws/agents/helper", "ada")
	w.agents.queue("task_1", "helper")
	p.want(ws.TypeTask)
}

// TestLostPlace: a connection whose agent is connected elsewhere is closed.
func TestLostPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.Heartbeat = 10 * time.Millisecond })
	p := w.connect("/ws/agents/helper?instance=i1", "ada")
	w.agents.mu.Lock()
	w.agents.links["helper"] = &domain.AgentLink{Agent: "helper", ID: "elsewhere", Instance: "i1"}
	w.agents.mu.Unlock()
	p.wantClose(websocket.StatusPolicyViolation)
}

// TestDeadPeer: an agent that answers no ping any more is taken for dead.
func TestDeadPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.Heartbeat = 10 * time.Millisecond })
	w.connect("/ws/agents/helper", "ada") // reads nothing from now on, pings included
	eventually(t, "offline", func() bool { return w.agents.away() == 1 })
}

// TestLivePeer: an agent that reads stays connected, long after the time that one frame
// may take to be written is over, and pings of its own are answered.
func TestLivePeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *ws.Config) { c.Heartbeat, c.WriteTimeout = 300*time.Millisecond, time.Second })
	pings := make(chan struct{}, 100)
	conn, _, err := websocket.Dial(t.Context(), w.server.URL+"/ws/agents/helper", &websocket.DialOptions{ //nolint:bodyclose // Dial: it never needs to be
		HTTPHeader: http.Header{"Authorization": {"Bearer ada"}},
		OnPingReceived: func(context.Context, []byte) bool {
			pings <- struct{}{}
			return true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	ended := make(chan error, 1)
	go func() {
		for {
			if _, _, err := conn.Read(t.Context()); err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 5 {
		select {
		case <-pings:
		case err := <-ended:
			t.Fatalf("the connection ended: %v", err)
		}
	}
	pinged := make(chan error, 1)
	go func() { pinged <- conn.Ping(t.Context()) }()
	select {
	case err := <-pinged:
		if err != nil {
			t.Errorf("own ping: %v", err)
		}
	case err := <-ended: // nobody reads the answer any more
		t.Fatalf("the connection ended: %v", err)
	}
	if n := w.agents.away(); n != 0 {
		t.Errorf("the agent went offline %d times", n)
	}
}

// TestMessages: exactly one notification comes before each message, the sender is
// who it is, and an acknowledgment ends the delivery.
func TestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.connect("/ws/agents/helper", "ada")
	eventually(t, "mailbox", func() bool { return w.mail.box("helper") != nil })
	box := w.mail.box("helper")
	m := domain.Message{ID: "m-7", From: "scout", To: "helper", Message: json.RawMessage(`{"n":1}`), Priority: domain.PriorityNormal}
	short, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { failed <- box.Deliver(short, m) }()
	notice := into[ws.Received](t, p.want(ws.TypeMessageReceived))
	if notice.From != "scout" || notice.MessageID != "m-7" {
		t.Errorf("notification = %+v", notice)
	}
	p.want(ws.TypeMessage)
	cancel()
	if err := <-failed; err == nil {
		t.Error("a message that nobody acknowledged was delivered")
	}
	delivered := make(chan error, 1)
	go func() { delivered <- box.Deliver(t.Context(), m) }()
	if f := p.want(ws.TypeMessage); f.ID != "m-7" || into[domain.Message](t, f).From != "scout" { // without another notification
		t.Errorf("message = %s %s", f.ID, f.Data)
	}
	p.send(ws.TypeMessageReceived, "", ws.Received{MessageID: "m-7"})
	if err := <-delivered; err != nil {
		t.Errorf("delivery: %v", err)
	}

	p.send(ws.TypeMessage, "o1", map[string]any{"to": "scout", "message": map[string]int{"n": 2}})
	if f := p.want(ws.TypeMessageReceived); f.ID != "o1" || into[ws.Received](t, f).MessageID != "m-1" {
		t.Errorf("confirmation = %s %s", f.ID, f.Data)
	}
	p.send(ws.TypeMessage, "o2", map[string]any{"from": "scout", "to": "helper", "message": 1})
	p.wantError("o2", 403)
	p.send(ws.TypeMessage, "o3", map[string]any{"to": "nobody", "message": 1})
	p.wantError("o3", 404)
	if len(w.mail.sent) != 1 {
		t.Errorf("%d messages were sent, want 1", len(w.mail.sent))
	}
	go func() { delivered <- box.Deliver(t.Context(), m) }()
	p.want(ws.TypeMessage)
	_ = p.conn.CloseNow()
	if err := <-delivered; domain.CodeOf(err) != domain.CodeUnavailable {
		t.Errorf("delivery to an agent that goes away: %v", err)
	}
	eventually(t, "detached", func() bool { return w.mail.box("helper") == nil })
}

// TestServiceRequests: an agent asks and is asked.
func TestServiceRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.connect("/ws/agents/helper", "ada")
	ask := func(id string, a ws.Ask) { p.send(ws.TypeServiceRequest, id, a) }
	ask("q1", ws.Ask{Target: "scout", Request: json.RawMessage(`{"a":1}`)})
	if f := p.want(ws.TypeServiceResponse); f.ID != "q1" || string(into[ws.Reply](t, f).Response) != `{"a":1}` {
		t.Errorf("response = %s %s", f.ID, f.Data)
	}
	ask("q2", ws.Ask{Target: "slow", Request: json.RawMessage(`1`)})
	if got := into[map[string]string](t, p.want(ws.TypeServiceResponse)); got["error"] != "timeout" || got["request_id"] != "q2" {
		t.Errorf("timeout = %v", got)
	}
	ask("q3", ws.Ask{Target: "helper", Request: json.RawMessage(`1`)})
	f := p.want(ws.TypeError)
	if fault := into[ws.Fault](t, f); f.ID != "q3" || fault.Code != 409 || len(fault.Cycle) != 2 {
		t.Errorf("cycle = %s %s", f.ID, f.Data)
	}
	ask("q4", ws.Ask{Target: "scout", Request: json.RawMessage(`1`), InReplyTo: "r-0"})
	p.wantError("q4", 422)
	ask("q5", ws.Ask{Target: "scout", Request: json.RawMessage(`1`), TimeoutSeconds: 1e6})
	p.wantError("q5", 422)

	box := w.mail.box("helper")
	type result struct {
		raw json.RawMessage
		err error
	}
	served := make(chan result, 1)
	serve := func(id string) {
		ctx := context.WithValue(t.Context(), servedFor{}, id)
		raw, err := box.Serve(ctx, domain.ServiceRequest{ID: id, Type: domain.TypeServiceRequest, From: "scout", Request: json.RawMessage(`{"b":2}`)})
		served <- result{raw, err}
	}
	go serve("r-1")
	if f := p.want(ws.TypeServiceRequest); f.ID != "r-1" || into[domain.ServiceRequest](t, f).From != "scout" {
		t.Errorf("request = %s %s", f.ID, f.Data)
	}
	ask("q6", ws.Ask{Target: "chain", Request: json.RawMessage(`1`), InReplyTo: "r-1", TimeoutSeconds: 2})
	if got := string(into[ws.Reply](t, p.want(ws.TypeServiceResponse)).Response); got != `{"chain":"r-1","timeout":2}` {
		t.Errorf("a request for another = %s", got)
	}
	p.send(ws.TypeServiceResponse, "r-1", ws.Reply{Response: json.RawMessage(`{"c":3}`)})
	if got := <-served; string(got.raw) != `{"c":3}` || got.err != nil {
		t.Errorf("served = %s, %v", got.raw, got.err)
	}
	p.send(ws.TypeServiceResponse, "r-1", ws.Reply{Response: json.RawMessage(`{"late":true}`)}) // dropped
	go serve("r-2")
	p.want(ws.TypeServiceRequest)
	p.send(ws.TypeServiceResponse, "", ws.Reply{RequestID: "r-2", Error: &domain.TaskFault{Code: domain.CodeNotFound, Message: "No."}})
	if got := <-served; domain.CodeOf(got.err) != domain.CodeNotFound {
		t.Errorf("served = %v, want not_found", got.err)
	}
}
