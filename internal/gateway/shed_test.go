package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/gateway"
)

// outcomes remembers what was counted.
type outcomes struct {
	mu    sync.Mutex
	lines []string
}

func (o *outcomes) CountOutcome(outcome, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, strings.TrimSpace(outcome+" "+what))
}

func (o *outcomes) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, ", ")
}

// TestShedding: beyond the bounds requests are refused at once, and what a request
// held is free again whatever its end.
func TestShedding(t *testing.T) {
	t.Parallel()
	counted, begun, end := &outcomes{}, make(chan struct{}), make(chan struct{})
	d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
		c.InFlight, c.WritesInFlight, c.Counter = 3, 1, counted
		mux.HandleFunc("/api/wait", func(http.ResponseWriter, *http.Request) {
			begun <- struct{}{}
			<-end
		})
	})
	var wg sync.WaitGroup
	hold := func(method string) {
		wg.Go(func() { d.do(t, method, "/api/wait", "") })
		<-begun
	}
	code := func(method, target string, want int) {
		t.Helper()
		w := d.do(t, method, target, "", "Authorization", "Bearer broken") // answers 503 without shedding, too, but counts nothing
		if w.Code != want || want == 503 && target == "/api/things" && w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s %s: %d %v, want %d", method, target, w.Code, w.Header(), want)
		}
	}
	hold("POST")
	code("POST", "/api/things", 503)
	if got := counted.String(); got != "shed writes" {
		t.Errorf("with a write under way: %s", got)
	}
	hold("GET")
	hold("GET")
	code("GET", "/api/things/1", 503)
	code("GET", "/healthz", 200)
	code("GET", "/readyz", 200)
	if got := counted.String(); got != "shed writes, shed requests" {
		t.Errorf("with three under way: %s", got)
	}
	close(end)
	wg.Wait()
	for range 5 { // all places are free again, those of a panic too
		if w := d.get(t, "/api/panic"); w.Code != 500 {
			t.Errorf("afterwards: %d, want 500", w.Code)
		}
		if w := d.do(t, "POST", "/api/things", "x"); w.Code != 200 {
			t.Errorf("afterwards: %d, want 200", w.Code)
		}
	}
	if n := strings.Count(d.log.String(), "requests shed"); n != 1 {
		t.Errorf("%d lines about refused requests, want 1", n)
	}
}

// TestSocketsTakeNoPlace: a connection that was taken over is no request any more.
func TestSocketsTakeNoPlace(t *testing.T) {
	t.Parallel()
	taken := make(chan struct{})
	d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
		c.InFlight, c.RequestTimeout = 1, time.Minute
		mux.HandleFunc("GET /api/socket", func(w http.ResponseWriter, r *http.Request) {
			if _, ok := r.Context().Deadline(); ok {
				t.Error("a socket has a deadline")
			}
			w.Header().Set("Upgrade", "echo")
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			close(taken)
			line, _ := rw.ReadString('\n')
			_, _ = io.WriteString(conn, line)
		})
	})
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.gw.Stop(context.Background()) })
	conn, err := net.Dial("tcp", d.gw.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 101 {
		t.Fatalf("%d, want 101", res.StatusCode)
	}
	<-taken
	other, err := http.Get("http://" + d.gw.Addr() + "/api/things/1")
	if err != nil {
		t.Fatal(err)
	}
	_ = other.Body.Close()
	if other.StatusCode != 200 {
		t.Errorf("beside a socket: %d, want 200", other.StatusCode)
	}
	fmt.Fprint(conn, "hello\n")
	if line, _ := in.ReadString('\n'); line != "hello\n" {
		t.Errorf("the socket answered %q", line)
	}
}

// piped is a ResponseWriter whose connection can be taken over.
type piped struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (p piped) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return p.conn, bufio.NewReadWriter(bufio.NewReader(p.conn), bufio.NewWriter(p.conn)), nil
}

// TestSocketsAreNotSlow: how long a socket stays open is no time of a request.
func TestSocketsAreNotSlow(t *testing.T) {
	t.Parallel()
	var d *door
	d = newDoor(t, func(_ *gateway.Config, mux *http.ServeMux) {
		mux.HandleFunc("GET /api/socket", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			d.pass(time.Hour)
			_ = conn.Close()
		})
	})
	conn, other := net.Pipe()
	defer other.Close()
	d.handler.ServeHTTP(piped{httptest.NewRecorder(), conn}, httptest.NewRequestWithContext(t.Context(), "GET", "/api/socket", nil))
	if line := d.lines(t)[0]; line["level"] != "INFO" || line["seconds"] != 0.0 || line["status"] != 101.0 {
		t.Errorf("log = %v", line)
	}
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
			c.RequestTimeout = 5 * time.Second
			mux.HandleFunc("/api/wait", func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
					w.WriteHeader(http.StatusGatewayTimeout)
					_, _ = io.WriteString(w, context.Cause(r.Context()).Error())
				case <-time.After(time.Hour):
				}
			})
		})
		for _, tt := range []struct {
			name, method, kind, accept string
			took                       time.Duration
			want                       int
		}{
			{"read", "GET", "", "", 5 * time.Second, 504},
			{"write", "POST", "application/json", "", 5 * time.Second, 504},
			{"upload", "POST", "text/csv", "", time.Hour, 200},
			{"stream", "GET", "", "text/event-stream", time.Hour, 200},
		} {
			begin := time.Now()
			w := d.do(t, tt.method, "/api/wait", "x", "Content-Type", tt.kind, "Accept", tt.accept)
			if took := time.Since(begin); w.Code != tt.want || took != tt.took {
				t.Errorf("%s: %d %s after %s, want %d after %s", tt.name, w.Code, w.Body, took, tt.want, tt.took)
			}
		}
	})
}
