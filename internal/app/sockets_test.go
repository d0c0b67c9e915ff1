package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"empire/internal/ws"
)

// socket connects through the gateway; the status of a refused upgrade is returned.
func (c *caller) socket(path string, header ...string) (*websocket.Conn, int) {
	c.t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, c.base+path, &websocket.DialOptions{HTTPHeader: h}) //nolint:bodyclose // Dial: it never needs to be
	if err != nil {
		if res == nil {
			c.t.Fatal(err)
		}
		return nil, res.StatusCode
	}
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, http.StatusSwitchingProtocols
}

// await reads frames until one satisfies a condition.
func await(t *testing.T, conn *websocket.Conn, kind string, fits func(data string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		var f ws.Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		if f.Type == kind && fits(string(f.Data)) {
			return
		}
	}
}

// TestSocketsThroughGateway: WebSockets pass the gateway with its credentials; a
// dashboard sees metrics, a change of an agent as an event, and the end of its
// sign-in; an agent registered over REST is idle once it is connected.
func TestSocketsThroughGateway(t *testing.T) {
	t.Parallel()
	a := startWith(t, map[string]string{"agents.heartbeat": "1s"})
	c := newCaller(t, a)
	bearer := []string{"Authorization", "Bearer " + c.token}
	c.want("POST", "/api/v1/agents", map[string]any{"id": "helper", "task_types": []string{"research"}}, http.StatusCreated, nil)
	for _, tt := range []struct {
		path   string
		header []string
		want   int
	}{
		{"/ws/dashboard", nil, 401},
		{"/ws/dashboard", []string{"Authorization", "Bearer nonsense"}, 401},
		{"/ws/agents/helper", []string{"X-API-Key", "mfm_" + strings.Repeat("A", 43)}, 401},
		{"/ws/agents/nobody", bearer, 404},
		{"/ws/agents/opportunity_scanner", bearer, 403},
		{"/ws/agents/..%2fhelper", bearer, 404},
	} {
		if _, got := c.socket(tt.path, tt.header...); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.path, got, tt.want)
		}
	}
	board, code := c.socket("/ws/dashboard", bearer...)
	if board == nil {
		t.Fatalf("dashboard: %d", code)
	}
	await(t, board, ws.TypeMetrics, func(data string) bool {
		return strings.Contains(data, `"opportunity_scanner"`) && strings.Contains(data, `"store":"ok"`) && strings.Contains(data, `"amount_minor":null`)
	})
	agent, code := c.socket("/ws/agents/helper", bearer...)
	if agent == nil {
		t.Fatalf("agent: %d", code)
	}
	await(t, board, ws.TypeEvent, func(data string) bool {
		return strings.Contains(data, `"agent.status"`) && strings.Contains(data, `"helper"`) && strings.Contains(data, `"idle"`)
	})
	c.want("POST", "/api/v1/agents/helper/tasks", map[string]any{"type": "research"}, http.StatusAccepted, nil)
	await(t, agent, ws.TypeTask, func(string) bool { return true })
	await(t, board, ws.TypeEvent, func(data string) bool { return strings.Contains(data, `"task.running"`) })
	c.want("POST", "/api/v1/auth/logout", nil, http.StatusNoContent, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for {
		if _, _, err := board.Read(ctx); err != nil {
			if got := websocket.CloseStatus(err); got != websocket.StatusPolicyViolation {
				t.Errorf("after signing out: %v", err)
			}
			return
		}
	}
}
