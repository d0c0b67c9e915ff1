package rest_test

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

	"empire/internal/domain"
	"empire/internal/integration/rest"
)

const secret = "sk-very-secret"

// client returns one on a server that answers with handler, and the waits between
// its tries.
func client(t *testing.T, edit func(c *rest.Config), handler http.HandlerFunc) (*rest.Client, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	var waits []time.Duration
	cfg := rest.Config{
		Vendor: "Vendor", BaseURL: server.URL + "/base", Header: http.Header{"Authorization": {"Bearer " + secret}}, Secrets: []string{secret},
		Sleep: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
	}
	if edit != nil {
		edit(&cfg)
	}
	c, err := rest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, &waits
}

func TestJSON(t *testing.T) {
	t.Parallel()
	c, _ := client(t, nil, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != "/base/things/a%2Fb" && r.URL.EscapedPath() != "/base/things/a%2Fb" || string(body) != `{"n":1}` ||
			r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer "+secret || r.URL.RawQuery != "" {
			t.Errorf("got %s %s %s %v", r.Method, r.URL, body, r.Header)
		}
		_, _ = io.WriteString(w, `{"n":2}`)
	})
	var out struct{ N int }
	if err := c.JSON(t.Context(), http.MethodPost, "/things/a%2Fb", map[string]int{"n": 1}, &out); err != nil || out.N != 2 {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		header string
		body   string
		code   domain.Code
		wait   time.Duration
		kind   rest.Kind
	}{
		{"bad credential", 401, "", "", domain.CodeUnavailable, 0, rest.Refused},
		{"no right", 403, "", "", domain.CodeUnavailable, 0, rest.Refused},
		{"not found", 404, "", "", domain.CodeNotFound, 0, rest.Refused},
		{"conflict", 409, "", "", domain.CodeConflict, 0, rest.Refused},
		{"wrong", 422, "", `{"error":"no"}`, domain.CodeInvalid, 0, rest.Refused},
		{"slow down", 429, "7", "", domain.CodeRateLimited, 7 * time.Second, rest.Refused},
		{"fault", 500, "", "", domain.CodeUnavailable, 0, rest.Refused},
		{"overloaded", 529, "", "", domain.CodeUnavailable, 0, rest.Refused},
		{"gateway timeout", 504, "", "", domain.CodeTimeout, 0, rest.Refused},
		{"redirect", 302, "", "", domain.CodeInvalid, 0, rest.Refused},
		{"not JSON", 200, "", "<html>", domain.CodeUnavailable, 0, rest.Malformed},
		{"too large", 200, "", `"` + strings.Repeat("x", 2000) + `"`, domain.CodeTooLarge, 0, rest.TooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(t, func(c *rest.Config) { c.MaxBytes = 1000 }, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.header)
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				w.Header().Set("X-Request-Id", "req_7")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body+" your key "+secret)
			})
			var out any
			err := c.JSON(t.Context(), http.MethodPost, "x", nil, &out)
			d, ok := errors.AsType[*domain.Error](err)
			if !ok || d.Code != tt.code || d.RetryAfter != tt.wait || !strings.HasSuffix(d.Message, ".") || !strings.Contains(d.Message, "Vendor") {
				t.Fatalf("got %+v, want %s", err, tt.code)
			}
			e, ok := errors.AsType[*rest.Error](err)
			if !ok || e.Kind != tt.kind || !e.Sent || e.Status != tt.status || tt.kind == rest.Refused && e.RequestID != "req_7" {
				t.Errorf("cause %+v", e)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

// TestRetries: what may be repeated is, with growing waits, as long as the vendor
// asks; what may not is sent once.
func TestRetries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		call   rest.Call
		fails  int
		status int
		after  string
		tries  int32
		good   bool
	}{
		{"GET", rest.Call{Method: "GET"}, 2, 503, "", 3, true},
		{"GET that goes on failing", rest.Call{Method: "GET"}, 9, 503, "", 4, false},
		{"GET that is wrong", rest.Call{Method: "GET"}, 9, 400, "", 1, false},
		{"POST", rest.Call{Method: "POST", In: 1}, 9, 503, "", 1, false},
		{"POST that may be repeated", rest.Call{Method: "POST", In: 1, Repeatable: true}, 1, 429, "3", 2, true},
		{"a wait that is too long", rest.Call{Method: "GET"}, 1, 429, "300", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			c, waits := client(t, nil, func(w http.ResponseWriter, _ *http.Request) {
				if int(tries.Add(1)) <= tt.fails {
					w.Header().Set("Retry-After", tt.after)
					w.WriteHeader(tt.status)
				}
			})
			_, err := c.Do(t.Context(), tt.call)
			if n := tries.Load(); n != tt.tries || (err == nil) != tt.good {
				t.Errorf("%d tries, %v; want %d", n, err, tt.tries)
			}
			for i, w := range *waits {
				least := 250 * time.Millisecond << i
				if tt.after == "3" {
					least = 3 * time.Second
				}
				if w < least || w > 30*time.Second {
					t.Errorf("wait %d is %s", i, w)
				}
			}
		})
	}
}

// TestPaidCallIsSentOnce: net/http sends a request with an Idempotency-Key again when
// a kept connection breaks; a call that may not be repeated must not be.
func TestPaidCallIsSentOnce(t *testing.T) {
	t.Parallel()
	var paid atomic.Int32
	c, _ := client(t, nil, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/base/pay" {
			paid.Add(1)
			panic(http.ErrAbortHandler) // after the work, before the answer
		}
		_, _ = io.WriteString(w, "{}")
	})
	if err := c.JSON(t.Context(), http.MethodGet, "warm", nil, nil); err != nil { // leaves a connection
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), rest.Call{Method: "POST", Path: "pay", In: "x", Header: http.Header{"Idempotency-Key": {"k"}}})
	if e, ok := errors.AsType[*rest.Error](err); !ok || e.Kind != rest.Broken || !e.Sent {
		t.Errorf("got %v", err)
	}
	if n := paid.Load(); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

func TestUnsentAndCancelled(t *testing.T) {
	t.Parallel()
	dead := httptest.NewServer(nil)
	dead.Close()
	c, err := rest.New(rest.Config{Vendor: "Vendor", BaseURL: dead.URL, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	err = c.JSON(t.Context(), "POST", "x?key="+secret, nil, nil)
	if e, ok := errors.AsType[*rest.Error](err); !ok || e.Kind != rest.Unreachable || e.Sent || domain.CodeOf(err) != domain.CodeUnavailable {
		t.Errorf("nobody listens: %v", err)
	}
	arrived, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	slow, _ := client(t, nil, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	err = slow.JSON(ctx, "POST", "x", nil, nil)
	if e, ok := errors.AsType[*rest.Error](err); !ok || e.Kind != rest.Cancelled || !e.Sent || domain.CodeOf(err) != domain.CodeCancelled {
		t.Errorf("cancelled: %v", err)
	}
	hang, _ := client(t, func(c *rest.Config) { c.Timeout = 20 * time.Millisecond; c.Retries = -1 }, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	err = hang.JSON(t.Context(), "GET", "x", nil, nil)
	if e, ok := errors.AsType[*rest.Error](err); !ok || e.Kind != rest.TimedOut || domain.CodeOf(err) != domain.CodeTimeout {
		t.Errorf("timed out: %v", err)
	}
	for _, bad := range []string{"", "ftp://x", "http://", "::"} {
		if _, err := rest.New(rest.Config{Vendor: "Vendor", BaseURL: bad}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("address %q: %v", bad, err)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "")
	f.Add("Wed, 21 Oct 2026 07:28:00 GMT", "")
	f.Add("", "1500")
	f.Add("-1", "NaN")
	now := time.Date(2026, 10, 21, 7, 27, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, ms string) {
		if d := rest.RetryAfter(http.Header{"Retry-After": {after}, "Retry-After-Ms": {ms}}, now); d < 0 {
			t.Errorf("RetryAfter(%q, %q) = %s", after, ms, d)
		}
	})
}
