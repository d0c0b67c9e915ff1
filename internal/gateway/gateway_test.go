package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
)

// door holds a gateway with everything around it faked.
type door struct {
	handler http.Handler
	edge    http.Handler
	gw      *gateway.Gateway
	health  *health
	seen    *seen

	mu  sync.Mutex
	now time.Time
	log bytes.Buffer
}

func (d *door) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *door) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(t)
}

type health struct{ down bool }

func (h *health) Ready(context.Context) ([]domain.Component, bool) {
	state := "ok"
	if h.down {
		state = "down"
	}
	return []domain.Component{{Name: "store", State: state, Error: "dial tcp db7: refused"}}, !h.down
}

// seen remembers metrics.
type seen struct {
	mu    sync.Mutex
	lines []string
}

func (s *seen) ObserveRequest(listener, method, route string, status int, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf("%s %s %s %d", listener, method, route, status))
}

type tokens struct{}

func (tokens) Authenticate(_ context.Context, token string) (*domain.Principal, error) {
	switch token {
	case "admin":
		return &domain.Principal{UserID: "user_1", Permissions: []domain.Permission{domain.AdminFull}}, nil
	case "reader":
		return &domain.Principal{UserID: "user_2", Permissions: []domain.Permission{domain.WebsitesRead}}, nil
	case "mfm_reader":
		return &domain.Principal{UserID: "user_2", Key: "key_1", Permissions: []domain.Permission{domain.WebsitesRead}}, nil
	case "mfm_second":
		return &domain.Principal{UserID: "user_2", Key: "key_2"}, nil
	case "broken":
		return nil, errors.New("database is down")
	}
	return nil, domain.Errorf(domain.CodeUnauthenticated, "The access token is not valid.")
}

var statuses = map[domain.Code]int{
	domain.CodeMalformed: 400, domain.CodeUnauthenticated: 401, domain.CodeForbidden: 403, domain.CodeNotFound: 404, domain.CodeConflict: 409,
	domain.CodeTooLarge: 413, domain.CodeInvalid: 422, domain.CodeRateLimited: 429, domain.CodeUnavailable: 503, domain.CodeTimeout: 504,
}

func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	status := statuses[domain.CodeOf(err)]
	if status == 0 {
		status = 500
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": domain.MessageOf(err), "request_id": domain.RequestIDFrom(r.Context())})
}

// newDoor returns a gateway in which everything that has a switch is off, unless a
// change turns it on.
func newDoor(t *testing.T, changes ...func(c *gateway.Config, mux *http.ServeMux)) *door {
	t.Helper()
	d := &door{health: &health{}, seen: &seen{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/things/{id}", func(w http.ResponseWriter, r *http.Request) {
		if p := domain.PrincipalFrom(r.Context()); p != nil {
			_, _ = io.WriteString(w, string(p.UserID))
		}
	})
	mux.HandleFunc("POST /api/things", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			writeProblem(w, r, domain.Errorf(domain.CodeTooLarge, "Too large."))
			return
		}
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
	})
	mux.HandleFunc("GET /api/slow/{ms}", func(_ http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.PathValue("ms"))
		d.pass(time.Duration(ms) * time.Millisecond)
	})
	mux.HandleFunc("GET /api/panic", func(http.ResponseWriter, *http.Request) { panic("secret of the stack") })
	c := gateway.Config{
		APIAddr: "127.0.0.1:0", EdgeAddr: "127.0.0.1:0", Routes: map[string]http.Handler{"/api/": mux},
		Edge:    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "site "+r.Host) }),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") }),
		Auth:    tokens{}, SessionCookie: "session", Health: d.health, Problem: writeProblem, Observer: d.seen,
		Logger: slog.New(slog.NewJSONHandler(&d.log, nil)), Now: d.clock,
	}
	for _, change := range changes {
		change(&c, mux)
	}
	d.gw = gateway.New(c)
	d.handler, d.edge = d.gw.Handler(), d.gw.EdgeHandler()
	return d
}

func (d *door) get(t *testing.T, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return d.do(t, "GET", target, "", header...)
}

func (d *door) do(t *testing.T, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

// lines returns the log as decoded JSON.
func (d *door) lines(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(d.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func TestEveryAnswerIsStamped(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, target := range []string{"/healthz", "/api/things/1", "/api/slow/5", "/nothing", "/api/panic"} {
		w := d.get(t, target, "X-Process-Time", "999")
		seconds, err := strconv.ParseFloat(w.Header().Get("X-Process-Time"), 64)
		if err != nil || seconds < 0 || seconds > 1 {
			t.Errorf("%s: X-Process-Time = %q", target, w.Header().Get("X-Process-Time"))
		}
		if w.Header().Get("X-Request-ID") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers = %v", target, w.Header())
		}
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, tt := range []struct {
		sent string
		kept bool
	}{
		{"abcdef-12345", true},
		{"short", false},
		{"with space and more", false},
		{"line\nbreak-and-more", false},
		{strings.Repeat("a", 65), false},
	} {
		got := d.get(t, "/healthz", "X-Request-ID", tt.sent).Header().Get("X-Request-ID")
		if (got == tt.sent) != tt.kept || got == "" {
			t.Errorf("sent %q, got %q", tt.sent, got)
		}
	}
}

func TestSlowRequestsAreWarnings(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.get(t, "/api/slow/900", "X-Request-ID", "request-fast")
	d.get(t, "/api/slow/1100?token=secret", "X-Request-ID", "request-slow")
	lines := d.lines(t)
	if len(lines) != 2 || lines[0]["level"] != "INFO" || lines[1]["level"] != "WARN" {
		t.Fatalf("log = %v", lines)
	}
	slow := lines[1]
	if slow["route"] != "/api/slow/{ms}" || slow["seconds"] != 1.1 || slow["request_id"] != "request-slow" {
		t.Errorf("warning = %v", slow)
	}
	if strings.Contains(d.log.String(), "secret") {
		t.Error("the log holds the query")
	}
}

func TestPanicsBecomeProblems(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	w := d.get(t, "/api/panic", "X-Request-ID", "request-1")
	if w.Code != 500 || !strings.Contains(w.Body.String(), "request-1") || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	line := d.lines(t)[0]
	if line["level"] != "ERROR" || line["err"] != "secret of the stack" || !strings.Contains(line["stack"].(string), "gateway_test.go") {
		t.Errorf("log = %v", line)
	}
	if got := d.seen.lines; len(got) != 1 || got[0] != "api GET /api/panic 500" {
		t.Errorf("metrics = %v", got)
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, tt := range []struct {
		kind string
		size int
		want int
	}{
		{"application/json", 1 << 20, 200},
		{"application/json", 1<<20 + 1, 413},
		{"text/csv; charset=utf-8", 5 << 20, 200},
		{"multipart/form-data; boundary=x", 10<<20 + 1, 413},
	} {
		w := d.do(t, "POST", "/api/things", strings.Repeat("a", tt.size), "Content-Type", tt.kind)
		if w.Code != tt.want {
			t.Errorf("%s, %d bytes: %d, want %d", tt.kind, tt.size, w.Code, tt.want)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ready := func() int {
		w := d.get(t, "/readyz")
		if strings.Contains(w.Body.String(), "db7") {
			t.Errorf("the open page tells why: %s", w.Body)
		}
		return w.Code
	}
	if got := ready(); got != 200 {
		t.Errorf("ready: %d", got)
	}
	d.health.down = true
	if got := ready(); got != 503 {
		t.Errorf("store down: %d", got)
	}
	d.health.down = false
	d.gw.Drain()
	if got := ready(); got != 503 {
		t.Errorf("stopping: %d", got)
	}
	if w := d.get(t, "/healthz"); w.Code != 200 {
		t.Errorf("the process is alive while it stops: %d", w.Code)
	}
}

func TestMetricsAreNotForAll(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	get := func(peer string, header ...string) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		r.RemoteAddr = peer
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		return w.Code
	}
	for _, tt := range []struct {
		name string
		got  int
		want int
	}{
		{"this machine", get("127.0.0.1:5000"), 200},
		{"forwarded", get("127.0.0.1:5000", "X-Forwarded-For", "203.0.113.9"), 401},
		{"elsewhere", get("203.0.113.9:5000"), 401},
		{"elsewhere, reader", get("203.0.113.9:5000", "Authorization", "Bearer reader"), 403},
		{"elsewhere, admin", get("203.0.113.9:5000", "Authorization", "Bearer admin"), 200},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, tt.got, tt.want)
		}
	}
}

func TestMetricLabelsAreBounded(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.get(t, "/api/things/42")
	d.do(t, "BREW", "/api/things/42", "")
	d.get(t, "/no/such/page")
	want := []string{"api GET /api/things/{id} 200", "api OTHER unmatched 405", "api GET unmatched 404"}
	if fmt.Sprint(d.seen.lines) != fmt.Sprint(want) {
		t.Errorf("metrics = %q, want %q", d.seen.lines, want)
	}
}

func TestPathTricksFindNothing(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, target := range []string{"/api/../healthz", "/api//things/1", "/./api/things/1", "/api/things/../things/1"} {
		if w := d.get(t, target); w.Code != 404 {
			t.Errorf("%s: %d, want 404", target, w.Code)
		}
	}
}

// TestVisitorOfAPanic: a page that panics is a 500 with the ID that the log has, and cuts
// the connection if it was half sent; other visitors are served.
func TestVisitorOfAPanic(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
		c.Edge = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/half" {
				w.Header().Set("Content-Length", "10")
				_, _ = io.WriteString(w, "half")
			}
			if r.URL.Path != "/" {
				panic("odd")
			}
		})
	})
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.gw.Stop(context.Background()) })
	for path, want := range map[string]int{"/whole": 500, "/half": 0, "/": 200} {
		res, err := http.Get("http://" + d.gw.EdgeAddr() + path)
		got := 0
		if err == nil {
			if _, err = io.ReadAll(res.Body); err == nil {
				got = res.StatusCode
			}
			_ = res.Body.Close()
		}
		if got != want || want == 500 && res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d, %v; want %d", path, got, err, want)
		}
	}
}
