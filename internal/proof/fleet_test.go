package proof_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"empire/internal/store"
	"empire/internal/testkit"
	"empire/internal/testkit/modelserver"
)

// patience bounds every wait; only a failing test waits that long.
const patience = 2 * time.Minute

// fleet is a running installation: one process on SQLite, or a gateway and two
// workers on PostgreSQL and a NATS server of their own.
type fleet struct {
	t     *testing.T
	nodes []*node
	env   []string // of every process
	nats  *testkit.NATSServer
	pg    string
	token string
	http  *http.Client
	db    *store.DB // set by open
}

// node is one place for a process: what runs there may be killed and started again.
type node struct {
	f       *fleet
	name    string
	listen  string
	dir     string
	env     []string
	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   chan struct{}
	log     string
	stopped bool
	starts  int
}

// mode is a way to run an installation.
type mode struct {
	name     string
	external bool
}

var modes = []mode{{"embedded", false}, {"external", true}}

// newFleet starts an installation. env are settings of every process.
func newFleet(t *testing.T, m mode, env ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, env: env, http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	root := t.TempDir()
	roles := []string{"all"}
	if m.external {
		f.pg, f.nats = testkit.Postgres(t), testkit.NATS(t)
		key := filepath.Join(root, "seal.key")
		f.env = append(f.env, "EMPIRE_DATABASE_URL="+f.pg, "EMPIRE_BUS_URL="+f.nats.URL(), "EMPIRE_AUTH_SECRET="+strings.Repeat("proof-", 8),
			"EMPIRE_AUTH_KEY_FILE="+key, "EMPIRE_DATABASE_MAX_CONNS=12", "EMPIRE_BLOBS_DIR="+filepath.Join(root, "blobs"))
		if err := os.WriteFile(key, []byte(strings.Repeat("0123456789abcdef", 4)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		roles = []string{"gateway", "worker", "worker"}
	}
	f.env = append(f.env, "EMPIRE_LIMITS_READ=0", "EMPIRE_LIMITS_WRITE=0", "EMPIRE_LIMITS_AUTH=0", "EMPIRE_LIMITS_ANONYMOUS=0", "EMPIRE_LIMITS_INTELLIGENCE=0")
	for i, role := range roles {
		n := &node{f: f, name: fmt.Sprintf("%s-%d", role, i), listen: freeAddress(t), dir: filepath.Join(root, fmt.Sprintf("node-%d", i)), env: []string{"EMPIRE_ROLE=" + role}}
		if err := os.Mkdir(n.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		n.log = filepath.Join(root, fmt.Sprintf("node-%d.log", i))
		f.nodes = append(f.nodes, n)
		n.start()
		n.awaitReady() // the first one migrates and makes the administrator
	}
	t.Cleanup(f.stop)
	f.token = f.signIn()
	return f
}

func (f *fleet) stop() {
	for _, n := range f.nodes {
		n.mu.Lock()
		n.stopped = true
		n.mu.Unlock()
		n.kill()
	}
	if f.t.Failed() {
		for _, n := range f.nodes {
			text, _ := os.ReadFile(n.log)
			f.t.Logf("--- %s, %d starts, end of its log:\n%s", n.name, n.starts, tail(text, 6000))
		}
	}
}

func tail(b []byte, n int) []byte {
	if len(b) > n {
		return b[len(b)-n:]
	}
	return b
}

// signIn asks the program for a token of the administrator.
func (f *fleet) signIn() string {
	f.t.Helper()
	n := f.nodes[0]
	cmd := exec.CommandContext(f.t.Context(), testkit.Binary(f.t), "user", "token", "admin@localhost", "--json")
	cmd.Dir, cmd.Env = n.dir, n.environ()
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("user token: %v", err)
	}
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(out, &got); err != nil || got.Token == "" {
		f.t.Fatalf("user token: %v\n%s", err, out)
	}
	return got.Token
}

func (n *node) environ() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "EMPIRE_") {
			env = append(env, e)
		}
	}
	return append(append(env, n.f.env...), n.env...)
}

// start runs the program; what was written to the log before stays.
func (n *node) start() {
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.f.t.Error(err)
		return
	}
	cmd := exec.Command(testkit.Binary(n.f.t), "serve", "--listen", n.listen, "--listen-edge", "127.0.0.1:0") //nolint:noctx // it outlives contexts and is killed by stop
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = n.dir, n.environ(), log, log
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		_ = log.Close()
		return
	}
	if err := cmd.Start(); err != nil {
		n.f.t.Error(err)
		return
	}
	ended := make(chan struct{})
	n.cmd, n.ended = cmd, ended
	n.starts++
	go func() {
		_ = cmd.Wait()
		_ = log.Close()
		close(ended)
	}()
}

// kill ends the process with SIGKILL and waits for its end.
func (n *node) kill() {
	n.mu.Lock()
	cmd, ended := n.cmd, n.ended
	n.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		<-ended
	}
}

// awaitReady is ready in the test's own goroutine.
func (n *node) awaitReady() {
	n.f.t.Helper()
	if err := n.ready(); err != nil {
		n.f.t.Fatal(err)
	}
}

// ready waits until the process answers. One that ends by itself is an error.
func (n *node) ready() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.f.t.Context()), patience)
	defer cancel()
	n.mu.Lock()
	ended := n.ended
	n.mu.Unlock()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.listen+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := n.f.http.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready in time", n.name)
		case <-ended:
			return fmt.Errorf("%s ended by itself", n.name)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// storm kills random nodes at random times, each started again at once, and returns
// how many kills there were.
func (f *fleet) storm(kills int) int {
	for n := range kills {
		if f.t.Failed() {
			return n
		}
		time.Sleep(150*time.Millisecond + time.Duration(rand.Int64N(int64(1200*time.Millisecond))))
		victim := f.nodes[rand.IntN(len(f.nodes))]
		victim.kill()
		victim.start()
		if rand.IntN(3) > 0 { // let it come up most of the time
			if err := victim.ready(); err != nil {
				f.t.Error(err)
				return n
			}
		}
	}
	return kills
}

// ask sends a request to the first process until it is answered by more than an outage.
// POST carries an idempotency key, so that a repeat has no second effect.
func (f *fleet) ask(method, path string, body, into any) (int, error) {
	return f.askNode(f.nodes[0], method, path, body, into)
}

// askNode is ask of a process of one's choice.
func (f *fleet) askNode(n *node, method, path string, body, into any) (int, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	key := fmt.Sprintf("proof-%d", rand.Int64())
	deadline := time.Now().Add(patience)
	for {
		status, answer, err := n.once(method, path, raw, key)
		outage := err != nil || status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout ||
			status == http.StatusConflict && bytes.Contains(answer, []byte("under way"))
		if !outage {
			if into != nil && status < 300 {
				if err := json.Unmarshal(answer, into); err != nil {
					return status, fmt.Errorf("%s %s: %w: %.300s", method, path, err, answer)
				}
			}
			if status >= 300 {
				return status, fmt.Errorf("%s %s: %d %.500s", method, path, status, answer)
			}
			return status, nil
		}
		if time.Now().After(deadline) {
			return status, fmt.Errorf("%s %s: no answer within %s: %d %w", method, path, patience, status, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (n *node) once(method, path string, raw []byte, key string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.f.t.Context()), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.listen+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+n.f.token)
	if len(raw) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := n.f.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return res.StatusCode, answer, err
}

// must is ask in the test's own goroutine.
func (f *fleet) must(method, path string, body, into any) {
	f.t.Helper()
	if _, err := f.ask(method, path, body, into); err != nil {
		f.t.Fatal(err)
	}
}

// freeAddress returns an address that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// eventually repeats look until it returns nil.
func eventually(t *testing.T, what string, look func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := look()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// modelEnv are the settings that make a vendor the only model.
func modelEnv(vendor *modelserver.Server) []string {
	return []string{
		"EMPIRE_MODELS_MODEL=proof-1", "EMPIRE_MODELS_PROVIDER=proof", "EMPIRE_MODELS_BASE_URL=" + vendor.URL(), "EMPIRE_MODELS_API_KEY=none",
		"EMPIRE_MODELS_TIMEOUT=20s",
	}
}

// setPrice records what the vendor takes.
func setPrice(f *fleet) {
	f.t.Helper()
	f.must(http.MethodPut, "/api/v1/prices", map[string]any{
		"provider": "proof", "model": "proof-1", "input_micros": rates.Input, "cached_input_micros": rates.CachedInput, "output_micros": rates.Output,
	}, nil)
}

// applyPipeline stores an own pipeline.
func applyPipeline(f *fleet, text string) {
	f.t.Helper()
	var head struct {
		Name string `yaml:"name"`
	}
	if err := yaml.Unmarshal([]byte(text), &head); err != nil {
		f.t.Fatal(err)
	}
	f.must(http.MethodPut, "/api/v1/pipelines/"+head.Name, map[string]string{"definition": text}, nil)
}
