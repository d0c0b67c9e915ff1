package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/store"
)

type sentAnswer struct {
	ID       string    `json:"id"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Priority string    `json:"priority"`
	State    string    `json:"state"`
	Time     time.Time `json:"timestamp"`
	TTL      time.Time `json:"ttl"`
}

type deadAnswer struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	AgentID string          `json:"agent_id"`
	From    string          `json:"from"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
}

// TestMessagesOverHTTP sends messages, finds them handled or dead, and compares what
// the orchestrator says with counts of rows.
func TestMessagesOverHTTP(t *testing.T) {
	t.Parallel()
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			dir, url := t.TempDir(), db.url(t)
			a := start(t, dir, url)
			c := newCaller(t, a)
			const inbox = "/api/v1/agents/website_builder/messages"
			begin := time.Now()
			var sent sentAnswer
			c.want("POST", inbox, map[string]any{"message": map[string]any{"note": "hello"}, "priority": "high"}, http.StatusAccepted, &sent)
			if !strings.HasPrefix(sent.From, "user_") || sent.To != "website_generator" || sent.Priority != "high" || sent.TTL.Sub(sent.Time) != 5*time.Minute {
				t.Errorf("sent %+v", sent)
			}
			c.want("POST", inbox, map[string]any{"message": map[string]any{}}, http.StatusAccepted, nil)
			poll(t, "both are handled", func() bool {
				var list []sentAnswer
				c.want("GET", inbox+"?state=handled", nil, http.StatusOK, &list)
				return len(list) == 2
			})
			poll(t, "the agent was active", func() bool {
				var agent agentAnswer
				c.want("GET", "/api/v1/agents/website_generator", nil, http.StatusOK, &agent)
				return agent.LastActivity != nil && !agent.LastActivity.Before(begin.Add(-time.Second))
			})

			var problem struct {
				Type string `json:"type"`
			}
			c.want("POST", "/api/v1/agents/nobody/messages", map[string]any{"message": map[string]any{}}, http.StatusNotFound, &problem)
			if problem.Type != "urn:empire:error:agent_not_found" {
				t.Errorf("unknown agent: %s", problem.Type)
			}
			var dead []deadAnswer
			c.want("GET", "/api/v1/dead-letters?reason=agent_not_found&replayed=false", nil, http.StatusOK, &dead)
			if len(dead) != 1 || dead[0].Kind != "message" || dead[0].AgentID != "nobody" || dead[0].From != sent.From {
				t.Fatalf("dead letters: %+v", dead)
			}
			c.want("GET", "/api/v1/dead-letters/"+dead[0].ID, nil, http.StatusOK, nil)
			c.want("POST", "/api/v1/dead-letters/"+dead[0].ID+"/replay", nil, http.StatusConflict, nil)
			if body := metrics(t, c); !strings.Contains(body, `empire_messages_total{event="agent_not_found"} 1`) || !strings.Contains(body, "empire_messages_queued 0") {
				t.Error("/metrics does not count messages")
			}

			answer, err := a.Messages.Request(t.Context(), "content_generator", "opportunity_scanner", json.RawMessage(`{"type":"market_scan","params":{"topic":"of the best"}}`), time.Minute)
			if err != nil || !strings.Contains(string(answer), `"error":"invalid"`) {
				t.Errorf("a request of an agent: %s, %v", answer, err)
			}
			compareCounts(t, c, dir, url)
		})
	}
}

func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 400 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

func metrics(t *testing.T, c *caller) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", c.base+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// compareCounts compares the orchestrator with SQL.
func compareCounts(t *testing.T, c *caller, dir, url string) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(dir, "empire.db"), URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var o map[string]any
	c.want("GET", "/api/v1/orchestrator", nil, http.StatusOK, &o)
	at := func(path string) string {
		var v any = o
		for name := range strings.SplitSeq(path, ".") {
			v = v.(map[string]any)[name]
		}
		return fmt.Sprint(v)
	}
	for path, query := range map[string]string{
		"messages.queued.total":   `SELECT count(*) FROM messages WHERE kind = 'message' AND state = 'queued'`,
		"messages.handled.total":  `SELECT count(*) FROM messages WHERE kind = 'message' AND state = 'handled'`,
		"messages.handled.high":   `SELECT count(*) FROM messages WHERE kind = 'message' AND state = 'handled' AND priority = 'high'`,
		"messages.handled.normal": `SELECT count(*) FROM messages WHERE kind = 'message' AND state = 'handled' AND priority = 'normal'`,
		"messages.dead.total":     `SELECT count(*) FROM messages WHERE kind = 'message' AND state = 'dead'`,
		"dead_letters.total":      `SELECT count(*) FROM dead_letters`,
		"dead_letters.open":       `SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL`,
		"active_tasks.total":      `SELECT count(*) FROM tasks WHERE state IN ('queued', 'running', 'waiting')`,
		"runs.total":              `SELECT count(*) FROM runs`,
	} {
		var n int
		if err := db.Readers().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if got := at(path); got != fmt.Sprint(n) {
			t.Errorf("%s is %s, the rows say %d", path, got, n)
		}
	}
	if at("messages.handled.high") != "1" || at("dead_letters.open") != "1" || at("agents.total") != "5" {
		t.Errorf("orchestrator: %v", o)
	}
}
