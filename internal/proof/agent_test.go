package proof_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// frame is what goes over an agent's WebSocket.
type frame struct {
	Type string          `json:"type"`
	ID   string          `json:"id,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

// agent is an agent outside the program: it answers every task at once, acknowledges
// every message, and connects again when it is cut off.
type agent struct {
	f    *fleet
	n    *node
	id   string
	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	messages map[string]int // how often each came, by id
	tasks    map[string]int
	up       bool
	refused  string
}

// newAgent registers an agent and lets it connect to a process.
func (f *fleet) newAgent(n *node, id string) *agent {
	f.t.Helper()
	f.must(http.MethodPost, "/api/v1/agents", map[string]any{"id": id, "task_types": []string{"echo"}, "max_concurrency": 8}, nil)
	ctx, stop := context.WithCancel(context.Background())
	a := &agent{f: f, n: n, id: id, stop: stop, done: make(chan struct{}), messages: map[string]int{}, tasks: map[string]int{}}
	go a.run(ctx)
	f.t.Cleanup(a.end)
	eventually(f.t, "agent "+id, func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.up {
			return errNotYet{a.refused}
		}
		return nil
	})
	return a
}

type errNotYet struct{ why string }

func (e errNotYet) Error() string { return "not connected: " + e.why }

func (a *agent) end() {
	a.stop()
	<-a.done
}

func (a *agent) run(ctx context.Context) {
	defer close(a.done)
	for ctx.Err() == nil {
		err := a.connect(ctx)
		a.mu.Lock()
		a.up = false
		if err != nil {
			a.refused = err.Error()
		}
		a.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (a *agent) connect(ctx context.Context) error {
	options := &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + a.f.token}}}
	conn, _, err := websocket.Dial(ctx, "ws://"+a.n.listen+"/ws/agents/"+a.id+"?instance=proof-"+a.id, options) //nolint:bodyclose // Dial: it never needs to be
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(16 << 20)
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		if err := a.handle(ctx, conn, f); err != nil {
			return err
		}
	}
}

func (a *agent) handle(ctx context.Context, conn *websocket.Conn, f frame) error {
	switch f.Type {
	case "hello":
		a.mu.Lock()
		a.up = true
		a.mu.Unlock()
	case "message":
		a.mu.Lock()
		a.messages[f.ID]++
		a.mu.Unlock()
		return a.send(ctx, conn, "message_received", map[string]string{"message_id": f.ID})
	case "task":
		var d struct {
			TaskID string          `json:"task_id"`
			Params json.RawMessage `json:"params"`
		}
		if err := json.Unmarshal(f.Data, &d); err != nil {
			return err
		}
		a.mu.Lock()
		a.tasks[d.TaskID]++
		a.mu.Unlock()
		return a.send(ctx, conn, "task_result", map[string]any{"task_id": d.TaskID, "result": map[string]any{"echo": d.Params}})
	case "service_request":
		return a.send(ctx, conn, "service_response", map[string]any{"request_id": f.ID, "response": map[string]bool{"done": true}})
	}
	return nil
}

func (a *agent) send(ctx context.Context, conn *websocket.Conn, kind string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	whole, err := json.Marshal(frame{Type: kind, Data: raw})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, whole)
}
