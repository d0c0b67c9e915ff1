package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway/proxy"
	"empire/internal/testkit"
)

// patience bounds every wait; only a failing test waits that long.
const patience = 20 * time.Second

var statuses = map[domain.Code]int{
	domain.CodeNotFound: 404, domain.CodeMalformed: 400, domain.CodeUnavailable: 503, domain.CodeTimeout: 504, domain.CodeCancelled: 499,
}

func writeProblem(w http.ResponseWriter, _ *http.Request, err error) {
	status := statuses[domain.CodeOf(err)]
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = 413
	}
	if status == 0 {
		status = 500
	}
	if e, ok := errors.AsType[*domain.Error](err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, domain.MessageOf(err))
}

// upstream is one instance that counts its requests and says its name.
type upstream struct {
	*httptest.Server
	hits    atomic.Int64
	sick    atomic.Bool
	handler http.HandlerFunc
}

func newUpstream(t *testing.T, name string, handler http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{handler: handler}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			if u.sick.Load() {
				w.WriteHeader(503)
			}
			return
		}
		u.hits.Add(1)
		if u.handler != nil {
			u.handler(w, r)
			return
		}
		_, _ = io.WriteString(w, name)
	}))
	t.Cleanup(u.Close)
	return u
}

// front is a proxy with a server in front of it.
type front struct {
	*proxy.Proxy
	url    string
	file   string
	client *http.Client
	log    *testkit.Buffer
}

// local answers what is not forwarded.
var local = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "local "+r.URL.Path) })

func newFront(t *testing.T, routes string, base ...domain.Route) *front {
	t.Helper()
	return newFrontWith(t, routes, proxy.Config{Base: base})
}

// newFrontWith returns a front with settings of the test's own.
func newFrontWith(t *testing.T, routes string, c proxy.Config) *front {
	t.Helper()
	f := &front{log: &testkit.Buffer{}}
	if routes != "" {
		f.file = filepath.Join(t.TempDir(), "routes.yaml")
		f.write(t, routes)
	}
	var err error
	c.File, c.Problem, c.Logger, c.Poll = f.file, writeProblem, slog.New(slog.NewTextHandler(f.log, nil)), 5*time.Millisecond
	if f.Proxy, err = proxy.New(c); err != nil {
		t.Fatal(err)
	}
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	inside := f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Join(append([]string{"local"}, c.Self...), " ")+" "+r.URL.Path)
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req_front")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		r.Body = http.MaxBytesReader(w, r.Body, 8<<20)
		inside.ServeHTTP(w, r.WithContext(domain.WithRequestID(r.Context(), "req_front")))
	}))
	f.url = server.URL
	f.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}, Timeout: patience}
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		server.Close()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := f.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return f
}

// write replaces the file as an editor does: at once.
func (f *front) write(t *testing.T, routes string) {
	t.Helper()
	next := f.file + ".next"
	if err := os.WriteFile(next, []byte(routes), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, f.file); err != nil {
		t.Fatal(err)
	}
}

func (f *front) do(t *testing.T, method, path, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	res, err := f.client.Do(req)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return 0, "", nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(text), res.Header
}

// load sends n requests by some clients at a time and returns how many were not 200.
func (f *front) load(t *testing.T, method, path string, clients, n int) int {
	t.Helper()
	var group sync.WaitGroup
	var left, bad atomic.Int64
	left.Store(int64(n))
	for range clients {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if status, _, _ := f.do(t, method, path, ""); status != 200 {
					bad.Add(1)
				}
			}
		})
	}
	group.Wait()
	return int(bad.Load())
}

// until waits for a condition that comes true by itself.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	end := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// routesTo leads everything to a service of upstreams with weights.
func routesTo(extra string, ups []*upstream, weights ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "routes:\n  - {name: all, prefix: /, service: app%s}\nservices:\n  app:\n    health: {interval: 100ms, timeout: 1s}\n    urls:\n", extra)
	for i, u := range ups {
		w := 1
		if weights != nil {
			w = weights[i]
		}
		fmt.Fprintf(&b, "      - {url: %q, weight: %d}\n", u.URL, w)
	}
	return b.String()
}

func trio(t *testing.T, handler http.HandlerFunc) []*upstream {
	t.Helper()
	return []*upstream{newUpstream(t, "a", handler), newUpstream(t, "b", handler), newUpstream(t, "c", handler)}
}

// state returns how the proxy sees an upstream.
func (f *front) state(u *upstream) domain.ServiceInstance {
	for _, in := range f.Instances() {
		if in.URL == u.URL {
			return in
		}
	}
	return domain.ServiceInstance{}
}

func benchFront(b *testing.B, routes string) http.Handler {
	b.Helper()
	file := filepath.Join(b.TempDir(), "routes.yaml")
	if err := os.WriteFile(file, []byte(routes), 0o600); err != nil {
		b.Fatal(err)
	}
	p, err := proxy.New(proxy.Config{File: file, Problem: writeProblem, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return p.Handler(local)
}
