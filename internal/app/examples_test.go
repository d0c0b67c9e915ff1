package app_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestExampleAgents runs the examples against the program: registered over REST, they
// connect, do a task whose result is at its status URL, and finish one in whose
// middle they were killed, once.
func TestExampleAgents(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	python := "/usr/bin/python3"
	if exec.CommandContext(t.Context(), python, "-c", "import websockets").Run() != nil {
		python = testkit.Look(t, "python3")
		if exec.CommandContext(t.Context(), python, "-c", "import websockets").Run() != nil {
			testkit.Require(t, "the Python package websockets")
		}
	}
	goAgent := filepath.Join(t.TempDir(), "go-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", goAgent, "./examples/go-agent")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address := freeAddress(t)
	dir := t.TempDir()
	serve(t, dir, address, "EMPIRE_AGENTS_HEARTBEAT=1s").awaitReady(t, address)
	create := exec.CommandContext(t.Context(), testkit.Binary(t), "apikey", "create", "--name", "agents", "--scope", "agents.manage,agents.read")
	create.Dir, create.Env = dir, plainEnv()
	out, err := create.CombinedOutput()
	key := regexp.MustCompile(`mfm_[A-Za-z0-9_-]{43}`).FindString(string(out))
	if err != nil || key == "" {
		t.Fatalf("%v\n%s", err, out)
	}
	c := &caller{t: t, base: "http://" + address, token: key}
	for name, command := range map[string][]string{
		"py_counter": {python, filepath.Join(root, "examples/python-agent/agent.py")}, "go_counter": {goAgent},
	} {
		c.want("POST", "/api/v1/agents", map[string]any{"id": name, "task_types": []string{"word_count"}, "capabilities": []string{"text_statistics"}}, http.StatusCreated, nil)
		e := &example{t: t, c: c, name: name, command: command, env: append(plainEnv(),
			"EMPIRE_URL=http://"+address, "EMPIRE_API_KEY="+key, "EMPIRE_AGENT_ID="+name, "EMPIRE_AGENT_STATE="+filepath.Join(t.TempDir(), "state"))}
		e.start()
		e.await(domain.AgentIdle)
		if got := e.result(e.give(0)); !strings.Contains(got, `"words":6`) {
			t.Errorf("%s counted %s", name, got)
		}
		url := e.give(2)
		e.await(domain.AgentWorking)
		e.kill()
		e.await(domain.AgentOffline)
		e.start()
		if got := e.result(url); !strings.Contains(got, `"words":6`) {
			t.Errorf("%s counted %s after it was killed", name, got)
		}
		done := "task done " + url[strings.LastIndex(url, "/")+1:]
		poll(t, name+" says that it is done", func() bool { return strings.Contains(e.log.String(), done) })
		e.kill()
		if n := strings.Count(e.log.String(), done); n != 1 {
			t.Errorf("%s did the task %d times:\n%s", name, n, e.log.String())
		}
	}
}

// example is a running example.
type example struct {
	t       *testing.T
	c       *caller
	name    string
	command []string
	env     []string
	cmd     *exec.Cmd
	log     processLog
}

// processLog is what a process writes, readable meanwhile.
type processLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *processLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (e *example) start() {
	e.t.Helper()
	e.cmd = exec.CommandContext(e.t.Context(), e.command[0], e.command[1:]...) //nolint:gosec // the examples
	e.cmd.Env, e.cmd.Stderr = e.env, &e.log
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
}

func (e *example) kill() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// await waits until the agent has a status.
func (e *example) await(want domain.AgentStatus) {
	e.t.Helper()
	var s struct {
		Status domain.AgentStatus `json:"status"`
	}
	for deadline := time.Now().Add(60 * time.Second); s.Status != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			e.kill()
			e.t.Fatalf("%s is %s, want %s\n%s", e.name, s.Status, want, e.log.String())
		}
		e.c.want("GET", "/api/v1/agents/"+e.name+"/status", nil, http.StatusOK, &s)
	}
}

// give gives the agent a task and returns where its result will be.
func (e *example) give(pause float64) string {
	e.t.Helper()
	var task struct {
		StatusURL string `json:"status_url"`
	}
	e.c.want("POST", "/api/v1/agents/"+e.name+"/tasks", map[string]any{
		"type": "word_count", "params": map[string]any{"text": "to be or not to be", "pause_seconds": pause},
	}, http.StatusAccepted, &task)
	return task.StatusURL
}

// result waits for the end of a task.
func (e *example) result(url string) string {
	e.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		a := e.c.do("GET", url, nil)
		if body := string(a.body); strings.Contains(body, `"status":"completed"`) || strings.Contains(body, `"status":"failed"`) {
			return body
		}
		if time.Now().After(deadline) {
			e.kill()
			e.t.Fatalf("no result at %s\n%s", url, e.log.String())
		}
	}
}
