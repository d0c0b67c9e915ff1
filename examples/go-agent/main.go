// Command go-agent is an agent outside empire: it connects over a WebSocket, takes
// tasks of the type word_count, answers service requests in the same way and
// acknowledges messages. Every task is done once: answers are remembered by task id,
// and a task that comes again gets the same one.
//
// It is configured by the environment: EMPIRE_URL, EMPIRE_API_KEY, EMPIRE_AGENT_ID,
// and EMPIRE_AGENT_STATE, a file that keeps answers beyond the end of the program.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"
)

type frame struct {
	Type string          `json:"type"`
	ID   string          `json:"id,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// answer ends a task.
type answer struct {
	TaskID string          `json:"task_id"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *fault          `json:"error,omitempty"`
}

// params are what word_count takes.
type params struct {
	Text         *string `json:"text"`
	PauseSeconds float64 `json:"pause_seconds"` // makes it as slow as real work
}

func main() {
	key := os.Getenv("EMPIRE_API_KEY")
	if key == "" {
		log.Fatal("EMPIRE_API_KEY is not set.")
	}
	a := &agent{answers: map[string]answer{}, running: map[string]bool{}, state: os.Getenv("EMPIRE_AGENT_STATE")}
	if err := a.remember(); err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a.run(ctx, or(os.Getenv("EMPIRE_URL"), "http://127.0.0.1:8080"), key, or(os.Getenv("EMPIRE_AGENT_ID"), "word_counter"))
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

type agent struct {
	state string // file; empty: nothing is kept

	mu      sync.Mutex // guards what follows
	answers map[string]answer
	running map[string]bool
	offset  string
	conn    *websocket.Conn // nil while there is none
}

// remember reads the answers of earlier runs of the program.
func (a *agent) remember() error {
	f, err := os.Open(a.state)
	if a.state == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var one answer
		if json.Unmarshal(lines.Bytes(), &one) == nil { // the last line may be cut off
			a.answers[one.TaskID] = one
		}
	}
	return lines.Err()
}

// keep stores an answer before it is sent.
func (a *agent) keep(one answer) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[one.TaskID] = one
	delete(a.running, one.TaskID)
	if a.state == "" {
		return nil
	}
	f, err := os.OpenFile(a.state, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(one)
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// run stays connected until ctx ends.
func (a *agent) run(ctx context.Context, base, key, id string) {
	instance := "go-" + rand.Text()
	pause := 250 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		if err := a.connect(ctx, base, key, id, instance); ctx.Err() == nil {
			log.Print("not connected: ", err)
		}
		if time.Since(began) > time.Minute {
			pause = 250 * time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(float64(pause) * (0.5 + mathrand.Float64()))):
		}
		pause = min(pause*2, 30*time.Second)
	}
}

func (a *agent) connect(ctx context.Context, base, key, id, instance string) error {
	a.mu.Lock()
	q := url.Values{"instance": {instance}, "last_offset": {a.offset}}
	a.mu.Unlock()
	address := strings.TrimSuffix(base, "/") + "/ws/agents/" + url.PathEscape(id) + "?" + q.Encode()
	conn, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + key}}}) //nolint:bodyclose // Dial: it never needs to be
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(16 << 20)
	a.mu.Lock()
	a.conn = conn
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.conn = nil
		a.mu.Unlock()
	}()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		a.handle(ctx, f)
	}
}

// send sends a frame. Without a connection it is lost: what matters is asked for
// again.
func (a *agent) send(ctx context.Context, kind, id string, data any) {
	a.mu.Lock()
	conn := a.conn
	a.mu.Unlock()
	raw, err := json.Marshal(data)
	if conn == nil || err != nil {
		return
	}
	whole, err := json.Marshal(frame{kind, id, raw})
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = conn.Write(ctx, websocket.MessageText, whole) // the reader notices if it broke
}

func (a *agent) handle(ctx context.Context, f frame) {
	switch f.Type {
	case "hello":
		var d struct {
			AgentID string `json:"agent_id"`
			Offset  string `json:"last_offset"`
		}
		_ = json.Unmarshal(f.Data, &d)
		a.saw(d.Offset)
		log.Print("connected as ", d.AgentID)
	case "task":
		go a.task(ctx, f)
	case "service_request":
		go a.serve(ctx, f)
	case "message":
		log.Print("message ", f.ID)
		a.send(ctx, "message_received", "", map[string]string{"message_id": f.ID})
	case "event":
		a.saw(f.ID)
	case "error":
		log.Printf("refused: %s", f.Data)
	}
}

func (a *agent) saw(offset string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if offset != "" {
		a.offset = offset
	}
}

// task does a task unless that was done, or is being done.
func (a *agent) task(ctx context.Context, f frame) {
	var d struct {
		TaskID string          `json:"task_id"`
		Type   string          `json:"type"`
		Params json.RawMessage `json:"params"`
	}
	if json.Unmarshal(f.Data, &d) != nil {
		return
	}
	a.mu.Lock()
	one, done := a.answers[d.TaskID]
	busy := a.running[d.TaskID]
	if !done {
		a.running[d.TaskID] = true
	}
	a.mu.Unlock()
	if busy && !done {
		return
	}
	if !done {
		log.Print("task begun ", d.TaskID)
		one = answer{TaskID: d.TaskID}
		one.Result, one.Error = a.do(ctx, d.Type, d.Params, d.TaskID)
		if ctx.Err() != nil {
			return // another run of the program does it
		}
		if err := a.keep(one); err != nil {
			log.Print("answer not kept: ", err)
		}
		log.Print("task done ", d.TaskID)
	}
	a.send(ctx, "task_result", "result-"+d.TaskID, one)
}

func (a *agent) serve(ctx context.Context, f frame) {
	var d struct {
		Request json.RawMessage `json:"request"`
	}
	_ = json.Unmarshal(f.Data, &d)
	result, wrong := a.do(ctx, "word_count", d.Request, "")
	reply := map[string]any{"request_id": f.ID}
	if wrong != nil {
		reply["error"] = wrong
	} else {
		reply["response"] = result
	}
	a.send(ctx, "service_response", f.ID, reply)
}

// do does one piece of work.
func (a *agent) do(ctx context.Context, kind string, raw json.RawMessage, task string) (json.RawMessage, *fault) {
	if kind != "word_count" {
		return nil, &fault{"unsupported_task_type", fmt.Sprintf("This agent takes word_count, not %q.", kind)}
	}
	var p params
	if err := json.Unmarshal(raw, &p); err != nil || p.Text == nil {
		return nil, &fault{"invalid", "The parameter text is missing."}
	}
	for step := range 10 {
		if task != "" {
			a.send(ctx, "progress", "", map[string]any{"task_id": task, "done": step, "total": 10})
		}
		select {
		case <-ctx.Done():
			return nil, &fault{"cancelled", "The agent was stopped."}
		case <-time.After(time.Duration(p.PauseSeconds * float64(time.Second) / 10)):
		}
	}
	out, err := json.Marshal(map[string]int{"words": len(strings.Fields(*p.Text))})
	if err != nil {
		return nil, &fault{"internal", "The result cannot be encoded."}
	}
	return out, nil
}
