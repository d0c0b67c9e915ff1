//go:build linux

package bench_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/bench"
)

// serve starts a server and returns its host and port.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func get(status, length int) func(int) bench.Request {
	return func(int) bench.Request {
		return bench.Request{Bytes: []byte("GET /x HTTP/1.1\r\nHost: test\r\n\r\n"), Status: status, Length: length}
	}
}

func load(t *testing.T, l bench.Load) *bench.Result {
	t.Helper()
	r, err := bench.Run(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun counts every answer of a server that counts them, too.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		body    string
		chunked bool
		rate    int
	}{
		{"closed loop", strings.Repeat("x", 100_000), false, 0},
		{"chunked", strings.Repeat("y", 100_000), true, 0},
		{"no body", "", false, 0},
		{"open loop", "z", false, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var served atomic.Int64
			address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				served.Add(1)
				half := len(tt.body) / 2
				_, _ = io.WriteString(w, tt.body[:half])
				if tt.chunked {
					_ = http.NewResponseController(w).Flush()
				}
				_, _ = io.WriteString(w, tt.body[half:])
			})
			var began, ended int64
			sent := 0
			next := get(200, len(tt.body))
			r := load(t, bench.Load{
				Address: address, Connections: 7, Duration: 300 * time.Millisecond, Rate: tt.rate,
				Next:  func(n int) bench.Request { sent = n + 1; return next(n) },
				Began: func() { began = served.Load() }, Ended: func() { ended = served.Load() },
			})
			if tt.rate > 0 {
				r.Failures.Timeout = 0 // what a busy machine did not get to
			}
			if r.Failures.Total() != 0 || r.Requests == 0 || r.Times.Count() != r.Requests || r.PerSecond() <= 0 {
				t.Errorf("result: %+v, %d times", r, r.Times.Count())
			}
			if tt.rate == 0 && served.Load() != int64(sent) || served.Load() > int64(sent) || began > 7 || ended > served.Load() {
				t.Errorf("%d sent, %d served, %d before and %d until the end of the counted time", sent, served.Load(), began, ended)
			}
			if tt.rate > 0 && sent > int(0.3*float64(tt.rate))+1 {
				t.Errorf("%d sent at %d a second", sent, tt.rate)
			}
		})
	}
}

// TestRunCountsFailures gives it servers that do wrong.
func TestRunCountsFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    func(f bench.Failures) bool
	}{
		{
			"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
			func(f bench.Failures) bool { return f.Status >= 3 && f.Server == 0 && f.Total() == f.Status },
		},
		{
			"overloaded", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			func(f bench.Failures) bool {
				return f.Status >= 3 && f.Server == f.Status && f.Statuses[503] == f.Status
			},
		},
		{
			"short", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1234") },
			func(f bench.Failures) bool { return f.Length >= 3 && f.Total() == f.Length },
		},
		{
			"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			func(f bench.Failures) bool { return f.Socket == 3 && f.Total() == 3 },
		},
		{
			"closing", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
			func(f bench.Failures) bool { return f.Socket == 3 && f.Total() == 3 },
		},
		{
			"hanging", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			func(f bench.Failures) bool { return f.Timeout == 3 && f.Total() == 3 },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := load(t, bench.Load{
				Address: serve(t, tt.handler), Connections: 3, Duration: 100 * time.Millisecond, Patience: 50 * time.Millisecond, Next: get(200, 5),
			})
			if !tt.want(r.Failures) || r.Times.Count() != 0 {
				t.Errorf("failures %+v, %d good answers", r.Failures, r.Times.Count())
			}
		})
	}
}

func TestRunWithoutServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	address := strings.TrimPrefix(s.URL, "http://")
	s.Close()
	r := load(t, bench.Load{Address: address, Connections: 3, Duration: time.Millisecond, Next: get(200, -1)})
	if r.Failures.Connect != 3 || r.Failures.Total() != 3 || r.Requests != 0 {
		t.Errorf("%+v", r)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := serve(t, func(http.ResponseWriter, *http.Request) { cancel() })
	if _, err := bench.Run(ctx, bench.Load{Address: address, Connections: 1, Duration: time.Hour, Next: get(200, 0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestOpenLoopCountsWaiting lets the server answer late: requests that were due
// meanwhile count from when they were due.
func TestOpenLoopCountsWaiting(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	address := serve(t, func(http.ResponseWriter, *http.Request) {
		if n.Add(1) == 1 {
			time.Sleep(100 * time.Millisecond) // what is measured
		}
	})
	r := load(t, bench.Load{Address: address, Connections: 1, Duration: 500 * time.Millisecond, Rate: 100, Next: get(200, 0)})
	late := 0
	for q := 0.0; q <= 1; q += 0.02 {
		if r.Times.Quantile(q) > 20*time.Millisecond {
			late++
		}
	}
	r.Failures.Timeout = 0 // what a busy machine did not get to
	if r.Failures.Total() != 0 || late < 5 {
		t.Errorf("%d of 50 quantiles are late, %+v", late, r.Failures)
	}
}
