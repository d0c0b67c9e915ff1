package ws_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"empire/internal/domain"
	"empire/internal/ws"
)

// world is a hub behind a server, with everything around it faked.
type world struct {
	t      *testing.T
	hub    *ws.Hub
	server *httptest.Server
	agents *fakeAgents
	mail   *fakeMail

	mu     sync.Mutex
	tokens map[string]*domain.Principal
}

var statuses = map[domain.Code]int{
	domain.CodeInvalid: 422, domain.CodeForbidden: 403, domain.CodeNotFound: 404, domain.CodeConflict: 409, domain.CodeUnauthenticated: 401,
	domain.CodeMalformed: 400, domain.CodeUnavailable: 503, domain.CodeRateLimited: 429, domain.CodeAgentNotFound: 404,
}

func status(err error) int {
	if s := statuses[domain.CodeOf(err)]; s != 0 {
		return s
	}
	return http.StatusInternalServerError
}

func newWorld(t *testing.T, change func(c *ws.Config)) *world {
	t.Helper()
	w := &world{t: t, agents: newFakeAgents(), mail: newFakeMail(), tokens: map[string]*domain.Principal{
		"ada": {UserID: "user_ada", Tenant: "main", Permissions: []domain.Permission{domain.AdminFull}},
		"bo":  {UserID: "user_bo", Tenant: "other", Permissions: []domain.Permission{domain.AgentsRead, domain.AgentsManage}},
		"cy":  {UserID: "user_cy", Tenant: "main", Permissions: []domain.Permission{domain.WebsitesRead}},
		"di":  {UserID: "user_di", Tenant: "main"},
	}}
	c := ws.Config{
		Agents: w.agents, Mail: w.mail, Authenticate: w.authenticate, SessionCookie: "session", Collect: collect, Status: status,
		Problem: func(rw http.ResponseWriter, _ *http.Request, err error) {
			http.Error(rw, domain.MessageOf(err), status(err))
		},
		Logger: slog.New(slog.DiscardHandler), MetricsEvery: time.Hour, Recheck: time.Hour, Heartbeat: time.Hour, Poll: time.Hour,
	}
	if change != nil {
		change(&c)
	}
	w.hub = ws.New(c)
	if err := w.hub.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := w.hub.Handler()
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if cookie, err := r.Cookie("session"); err == nil {
			token = cookie.Value
		}
		if p, err := w.authenticate(r.Context(), token); err == nil {
			r = r.WithContext(domain.WithPrincipal(r.Context(), p))
		}
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = w.hub.Stop(ctx)
		w.server.Close()
	})
	return w
}

func (w *world) authenticate(_ context.Context, token string) (*domain.Principal, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.tokens[token]; p != nil {
		return p, nil
	}
	return nil, domain.Errorf(domain.CodeUnauthenticated, "Sign in first.")
}

func collect(_ context.Context, tenant domain.TenantID) (*ws.Metrics, error) {
	return &ws.Metrics{
		At: time.Now().UTC(), System: &ws.SystemMetrics{Components: map[string]string{"store": "ok"}}, Runs: map[string]int{"running": 2},
		Agents:   &ws.AgentMetrics{Total: 1, ByStatus: map[domain.AgentStatus]int{domain.AgentIdle: 1}, List: []ws.AgentLine{{ID: domain.AgentID("agent_of_" + string(tenant)), Status: domain.AgentIdle, Completed: 4, SuccessRate: 0.75}}},
		Websites: &ws.SiteMetrics{Total: 3, ByState: map[string]int{"live": 3}}, Revenue: &ws.RevenueMetrics{Reason: "No revenue source is connected yet."},
	}, nil
}

// dial connects; the answer of a refused upgrade is returned.
func (w *world) dial(path, token string, header ...string) (*peer, int) {
	w.t.Helper()
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, w.server.URL+path, &websocket.DialOptions{HTTPHeader: h}) //nolint:bodyclose // Dial: it never needs to be
	if err != nil {
		if res == nil {
			w.t.Fatal(err)
		}
		return nil, res.StatusCode
	}
	conn.SetReadLimit(1 << 24)
	p := &peer{t: w.t, conn: conn}
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return p, http.StatusSwitchingProtocols
}

// connect is dial that must succeed; it reads hello.
func (w *world) connect(path, token string) *peer {
	w.t.Helper()
	p, code := w.dial(path, token)
	if p == nil {
		w.t.Fatalf("%s as %s: %d", path, token, code)
	}
	p.hello = into[ws.Hello](w.t, p.want(ws.TypeHello))
	return p
}

// peer is the other side of a connection.
type peer struct {
	t     *testing.T
	conn  *websocket.Conn
	hello ws.Hello
	seen  []ws.Frame // all frames that came
}

func (p *peer) send(kind, id string, data any) {
	p.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		p.t.Fatal(err)
	}
	frame, err := json.Marshal(ws.Frame{Type: kind, ID: id, Data: raw})
	if err != nil {
		p.t.Fatal(err)
	}
	p.text(string(frame))
}

func (p *peer) text(s string) {
	p.t.Helper()
	if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(s)); err != nil {
		p.t.Fatal(err)
	}
}

// next reads one frame.
func (p *peer) next() (ws.Frame, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	_, raw, err := p.conn.Read(ctx)
	if err != nil {
		return ws.Frame{}, err
	}
	var f ws.Frame
	err = json.Unmarshal(raw, &f)
	p.seen = append(p.seen, f)
	return f, err
}

// want reads the next frame that is no metrics, which must be of a type.
func (p *peer) want(kind string) ws.Frame {
	p.t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if f.Type == ws.TypeMetrics && kind != ws.TypeMetrics {
			continue
		}
		if f.Type != kind {
			p.t.Fatalf("got %s %s, want %s", f.Type, f.Data, kind)
		}
		return f
	}
}

// wantError reads an error frame with a code and the id of what it answers.
func (p *peer) wantError(id string, code int) {
	p.t.Helper()
	f := p.want(ws.TypeError)
	if fault := into[ws.Fault](p.t, f); fault.Code != code || f.ID != id || fault.Message == "" {
		p.t.Errorf("error frame %s %s, want %d for %s", f.ID, f.Data, code, id)
	}
}

// wantClose reads until the connection ends, which must be with a code.
func (p *peer) wantClose(code websocket.StatusCode) {
	p.t.Helper()
	for {
		if _, err := p.next(); err != nil {
			if got := websocket.CloseStatus(err); got != code {
				p.t.Errorf("closed with %v (%v), want %v", got, err, code)
			}
			return
		}
	}
}

func into[T any](t *testing.T, f ws.Frame) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(f.Data, &v); err != nil {
		t.Fatalf("data of %s: %v\n%s", f.Type, err, f.Data)
	}
	return v
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it never came", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
