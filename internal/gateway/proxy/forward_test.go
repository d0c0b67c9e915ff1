package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway/proxy"
)

// breaksOff reads a request whole and cuts the connection.
func breaksOff(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler)
}

// TestRepeats counts how many instances see a request that gets no answer, or a 503.
func TestRepeats(t *testing.T) {
	t.Parallel()
	answers503 := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
	large := strings.Repeat("x", 1<<20+1)
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		method  string
		body    string
		key     string
		want    int64
	}{
		{"GET", breaksOff, "GET", "", "", 3},
		{"HEAD", breaksOff, "HEAD", "", "", 3},
		{"OPTIONS", breaksOff, "OPTIONS", "", "", 3},
		{"DELETE", breaksOff, "DELETE", "", "", 3},
		{"PUT", breaksOff, "PUT", "body", "", 3},
		{"PUT that is too large to keep", breaksOff, "PUT", large, "", 1},
		{"POST", breaksOff, "POST", "body", "", 1},
		{"POST without body", breaksOff, "POST", "", "", 1},
		{"POST with key", breaksOff, "POST", "body", "key-1", 3},
		{"PATCH", breaksOff, "PATCH", "body", "", 1},
		{"PATCH with key", breaksOff, "PATCH", "body", "key-1", 1},
		{"made-up method", breaksOff, "BREW", "", "", 1},
		{"GET, 503", answers503, "GET", "", "", 3},
		{"POST, 503", answers503, "POST", "body", "", 1},
		{"POST with key, 503", answers503, "POST", "body", "key-1", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ups := append(trio(t, tt.handler), newUpstream(t, "d", tt.handler))
			f := newFront(t, routesTo("", ups))
			var header []string
			if tt.key != "" {
				header = []string{"Idempotency-Key", tt.key}
			}
			status, _, _ := f.do(t, tt.method, "/x", tt.body, header...)
			var seen int64
			for _, u := range ups {
				seen += u.hits.Load()
			}
			if status != 503 || seen != tt.want {
				t.Errorf("status %d, seen %d times, want %d", status, seen, tt.want)
			}
		})
	}
}

// TestRetriesAreBounded lets a route say how often.
func TestRetriesAreBounded(t *testing.T) {
	t.Parallel()
	ups := trio(t, breaksOff)
	f := newFront(t, routesTo(", retries: 0", ups))
	if status, _, _ := f.do(t, "GET", "/x", ""); status != 503 || ups[0].hits.Load()+ups[1].hits.Load()+ups[2].hits.Load() != 1 {
		t.Errorf("status %d", status)
	}
}

// TestRepeatedBodyIsWhole breaks off once and then echoes.
func TestRepeatedBodyIsWhole(t *testing.T) {
	t.Parallel()
	var once sync.Once
	echo := func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { breaksOff(w, r) })
		all, _ := io.ReadAll(r.Body)
		_, _ = w.Write(all)
	}
	f := newFront(t, routesTo("", trio(t, echo)))
	want := strings.Repeat("0123456789", 100_000)
	if status, got, _ := f.do(t, "PUT", "/x", want); status != 200 || got != want {
		t.Errorf("status %d, %d of %d bytes came back", status, len(got), len(want))
	}
	large := strings.Repeat("0123456789", 300_000)
	for _, method := range []string{"PUT", "POST"} {
		if status, got, _ := f.do(t, method, "/x", large); status != 200 || got != large {
			t.Errorf("%s: status %d, %d of %d bytes came back", method, status, len(got), len(large))
		}
	}
}

// TestConnectionRefused is safe to repeat for any method: nobody has seen the
// request.
func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	gone, works := newUpstream(t, "gone", nil), newUpstream(t, "works", nil)
	f := newFront(t, routesTo("", []*upstream{gone, works}))
	gone.Close()
	if bad := f.load(t, "POST", "/x", 4, 100); bad > 0 || works.hits.Load() != 100 {
		t.Errorf("%d of 100 failed, %d arrived", bad, works.hits.Load())
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	defer close(free)
	u := newUpstream(t, "hangs", func(http.ResponseWriter, *http.Request) { <-free })
	f := newFront(t, routesTo(", timeout: 50ms", []*upstream{u}))
	for _, method := range []string{"GET", "POST"} {
		status, _, header := f.do(t, method, "/x", "")
		if status != 504 || header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v", method, status, header)
		}
	}
	until(t, "nothing is in flight", func() bool { return f.state(u).InFlight == 0 })
}

// TestAnswerMayTakeLonger: the timeout ends with the head of the answer.
func TestAnswerMayTakeLonger(t *testing.T) {
	t.Parallel()
	got := make(chan string)
	u := newUpstream(t, "streams", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first ")
		_ = http.NewResponseController(w).Flush()
		<-got // the client has it already
		select {
		case <-r.Context().Done(): // the proxy has cut it
		case <-time.After(400 * time.Millisecond): // longer than the timeout of the route
		}
		_, _ = io.WriteString(w, "second")
	})
	f := newFront(t, routesTo(", timeout: 300ms", []*upstream{u}))
	res, err := f.client.Get(f.url + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first := make([]byte, 6)
	if _, err := io.ReadFull(res.Body, first); err != nil {
		t.Fatal(err)
	}
	if n := f.state(u).InFlight; n != 1 {
		t.Errorf("%d in flight while the answer is under way", n)
	}
	got <- string(first)
	rest, err := io.ReadAll(res.Body)
	if err != nil || string(first)+string(rest) != "first second" {
		t.Errorf("%q, %v", string(first)+string(rest), err)
	}
}

// TestBrokenAnswerIsSeen: a client must not take half an answer for a whole one, and
// nothing is repeated once a byte was passed on.
func TestBrokenAnswerIsSeen(t *testing.T) {
	t.Parallel()
	half := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	ups := trio(t, half)
	f := newFront(t, routesTo("", ups))
	res, err := f.client.Get(f.url + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil || string(body) != "half" {
		t.Errorf("%q without an error", body)
	}
	if n := ups[0].hits.Load() + ups[1].hits.Load() + ups[2].hits.Load(); n != 1 {
		t.Errorf("seen %d times", n)
	}
}

// TestClientGoesAway does not count against the instance.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	arrived, left := make(chan struct{}), make(chan struct{})
	u := newUpstream(t, "a", func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	})
	f := newFront(t, routesTo("", []*upstream{u}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, "GET", f.url+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := f.client.Do(req); err == nil {
		res.Body.Close()
		t.Error("the request was answered")
	}
	<-left
	until(t, "nothing is in flight", func() bool { return f.state(u).InFlight == 0 })
	if s := f.state(u); s.State != domain.ServiceReady || s.Failures != 0 {
		t.Errorf("the instance is shown as %+v", s)
	}
}

// TestTooLargeBody is the client's fault, too.
func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "a", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	f := newFront(t, routesTo("", []*upstream{u}))
	for _, method := range []string{"POST", "PUT"} {
		if status, _, _ := f.do(t, method, "/x", strings.Repeat("x", 8<<20+1)); status != 413 {
			t.Errorf("%s: status %d, want 413", method, status)
		}
	}
	if s := f.state(u); s.State != domain.ServiceReady || s.Failures != 0 {
		t.Errorf("the instance is shown as %+v", s)
	}
}

// TestHeaders looks at what an instance is told, and what its answer brings along.
func TestHeaders(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "a", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'self'")
		w.Header().Set("X-Request-Id", "req_back")
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		h := r.Header
		_, _ = fmt.Fprintf(w, "%s %s host=%s for=%s proto=%s xhost=%s prefix=%s id=%s hop=%s%s via=%d", r.Method, r.RequestURI, r.Host,
			h.Get("X-Forwarded-For"), h.Get("X-Forwarded-Proto"), h.Get("X-Forwarded-Host"), h.Get("X-Forwarded-Prefix"), h.Get("X-Request-Id"),
			h.Get("Keep-Alive"), h.Get("X-Hop"), len(h["Via"]))
	})
	f := newFront(t, fmt.Sprintf(`
routes:
  - {name: plain, prefix: /plain, service: app}
  - {name: strip, prefix: /strip/this, service: app, strip_prefix: true}
  - {name: host, prefix: /host, service: app, rewrite_host: true}
services:
  app: {urls: [{url: %q}]}
`, u.URL))
	host := strings.TrimPrefix(u.URL, "http://")
	spoof := []string{"Host", "shop.example", "X-Forwarded-For", "198.51.100.1", "X-Forwarded-Host", "evil", "X-Forwarded-Prefix", "/evil", "Connection", "X-Hop", "X-Hop", "1", "Keep-Alive", "5"}
	for _, tt := range []struct{ path, want string }{
		{"/plain/a%2Fb?q=1", "GET /plain/a%2Fb?q=1 host=shop.example for=127.0.0.1 proto=http xhost=shop.example prefix= id=req_front hop= via=1"},
		{"/strip/this", "GET / host=shop.example for=127.0.0.1 proto=http xhost=shop.example prefix=/strip/this id=req_front hop= via=1"},
		{"/strip/this/", "GET / host=shop.example for=127.0.0.1 proto=http xhost=shop.example prefix=/strip/this id=req_front hop= via=1"},
		{"/strip/this/a%2Fb/c", "GET /a%2Fb/c host=shop.example for=127.0.0.1 proto=http xhost=shop.example prefix=/strip/this id=req_front hop= via=1"},
		{"/host/x", "GET /host/x host=" + host + " for=127.0.0.1 proto=http xhost=shop.example prefix= id=req_front hop= via=1"},
		{"/other", "local /other"},
	} {
		status, got, header := f.do(t, "GET", tt.path, "", spoof...)
		if status != 200 || got != tt.want {
			t.Errorf("%s: %d\n got %s\nwant %s", tt.path, status, got, tt.want)
		}
		if tt.path == "/other" {
			continue
		}
		if id, csp := header["X-Request-Id"], header["Content-Security-Policy"]; fmt.Sprint(id, csp) != "[req_front] [script-src 'self']" {
			t.Errorf("%s: %v %v", tt.path, id, csp)
		}
		if cookies := header["Set-Cookie"]; len(cookies) != 2 {
			t.Errorf("%s: cookies %v", tt.path, cookies)
		}
	}
	for _, path := range []string{"/plain/../host", "/plain/%2e%2e/host", "/plain/x/..%2f..", "/plain/."} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, " 404 ") {
			t.Errorf("%s: %q, %v, want 404", path, line, err)
		}
		_ = conn.Close()
	}
}

// TestUpgrade talks over a connection that is not HTTP any more, as WebSocket does.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "a", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "echo" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			w.WriteHeader(400)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, rw)
	})
	f := newFront(t, routesTo(", timeout: 200ms", []*upstream{u}))
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatalf("%v, %v", res, err)
	}
	defer res.Body.Close()
	for range 3 {
		_, _ = io.WriteString(conn, "ping\n")
		if line, err := r.ReadString('\n'); err != nil || line != "ping\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if n := f.state(u).InFlight; n != 1 {
			t.Errorf("%d in flight", n)
		}
	}
	_ = conn.Close()
	until(t, "the connection is given back", func() bool { return f.state(u).InFlight == 0 })
}

// TestLoopsEnd leads a request back to where it came from: it is handled there.
func TestLoopsEnd(t *testing.T) {
	t.Parallel()
	f := newFront(t, "routes:\n  - {name: all, prefix: /, service: worker}\n")
	f.SetInstances([]domain.ServiceInstance{{ID: "self", Name: "worker", URL: f.url, Weight: 1, State: domain.ServiceReady}})
	if status, text, _ := f.do(t, "GET", "/x", ""); status != 200 || text != "local /x" {
		t.Errorf("%d %q", status, text)
	}
}

// TestGatewaysDoNotPlayBall: what one gateway sends to another process is handled
// there, though that one is a gateway, too.
func TestGatewaysDoNotPlayBall(t *testing.T) {
	t.Parallel()
	const routes = "routes:\n  - {name: all, prefix: /, service: worker}\n"
	one, two, third := newFront(t, routes), newFrontWith(t, routes, proxy.Config{Self: []string{"two"}}), newFront(t, routes)
	list := []domain.ServiceInstance{{ID: "two", Name: "worker", URL: two.url, Weight: 1, State: domain.ServiceReady}}
	one.SetInstances(list)
	third.SetInstances([]domain.ServiceInstance{{ID: "x", Name: "worker", URL: one.url, Weight: 1, State: domain.ServiceReady}})
	two.SetInstances(append(list, domain.ServiceInstance{ID: "one", Name: "worker", URL: one.url, Weight: 100, State: domain.ServiceReady}))
	if status, text, _ := one.do(t, "GET", "/x", ""); status != 200 || text != "local two /x" {
		t.Errorf("%d %q", status, text)
	}
	if status, text, _ := third.do(t, "GET", "/x", ""); status != 200 || text != "local two /x" {
		t.Errorf("gateways in a row: %d %q", status, text)
	}
}

// TestUnwantedUpgrade switches protocols without being asked.
func TestUnwantedUpgrade(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "a", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: evil\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
	})
	f := newFront(t, routesTo("", []*upstream{u}))
	if status, text, _ := f.do(t, "GET", "/x", ""); status != 503 || strings.Contains(text, "evil") {
		t.Errorf("%d %q", status, text)
	}
	until(t, "the connection is given back", func() bool { return f.state(u).InFlight == 0 })
}
