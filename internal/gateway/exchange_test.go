package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
	"empire/internal/testkit"
)

// TestWaysToWrite: whatever way a handler uses to answer, all of it arrives, with
// its time.
func TestWaysToWrite(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(_ *gateway.Config, mux *http.ServeMux) {
		mux.HandleFunc("GET /api/copied", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("hello")})
		})
		mux.HandleFunc("GET /api/copied.json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("hello")})
		})
		mux.HandleFunc("GET /api/hints", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "hello")
			w.WriteHeader(http.StatusTeapot) // too late
		})
		mux.HandleFunc("GET /api/patient", func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "hello")
		})
	})
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.gw.Stop(context.Background()) })
	for _, path := range []string{"/api/copied", "/api/copied.json", "/api/hints", "/api/patient"} {
		var early atomic.Int64
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			early.Store(int64(code))
			return nil
		}})
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+d.gw.Addr()+path, nil)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 200 || string(body) != "hello" || res.Header.Get("X-Process-Time") == "" || (early.Load() == 103) != (path == "/api/hints") {
			t.Errorf("%s: %d %q %v, early %d", path, res.StatusCode, body, res.Header, early.Load())
		}
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	t.Parallel()
	counted := &outcomes{}
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
		c.Counter, c.Limiter, c.Limits.Write, c.Idempotency = counted, &tally{}, three, testkit.DB(t).Idempotency
	})
	for i, want := range []int{200, 200, 200, 429} {
		if w := d.do(t, "POST", "/api/things", "x", "Authorization", "Bearer admin", "Idempotency-Key", fmt.Sprint("k", i/2)); w.Code != want {
			t.Errorf("request %d: %d, want %d", i+1, w.Code, want)
		}
	}
	if got := counted.String(); got != "replayed, limited write" {
		t.Errorf("counted %s", got)
	}
}

func TestEdgeBodiesAreLimited(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/e", strings.NewReader(strings.Repeat("a", 1<<20+1)))
	w := httptest.NewRecorder()
	d.edge.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d, want 413", w.Code)
	}
}

// broken is a store of idempotency keys that fails, and counts.
type broken struct {
	claims, completes bool // what works
	swept             atomic.Int64
}

var errStore = domain.Errorf(domain.CodeUnavailable, "Database db7 cannot be reached.")

func (b *broken) Claim(context.Context, domain.Idempotency) (*domain.Idempotency, bool, error) {
	if b.claims {
		return nil, true, nil
	}
	return nil, false, errStore
}

func (b *broken) Complete(context.Context, domain.Idempotency) error {
	if b.completes {
		return nil
	}
	return errStore
}

func (b *broken) Release(context.Context, domain.Idempotency) error { return errStore }

func (b *broken) Sweep(context.Context, time.Time) (int, error) {
	b.swept.Add(1)
	return 0, errStore
}

// TestKeyStoreDown: without the store nothing is done under a key; when it goes away
// meanwhile, the client learns the outcome all the same.
func TestKeyStoreDown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		store  *broken
		target string
		want   int
		log    string
	}{
		{"before", &broken{}, "/api/things", 503, "idempotency key not claimed"},
		{"meanwhile", &broken{claims: true}, "/api/things", 200, "answer not stored"},
		{"after a failure", &broken{claims: true}, "/api/fails", 500, "idempotency key not released"},
	} {
		d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
			c.Idempotency = tt.store
			mux.HandleFunc("POST /api/fails", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		})
		w := d.do(t, "POST", tt.target, "x", "Authorization", "Bearer admin", "Idempotency-Key", "k")
		if w.Code != tt.want || !strings.Contains(d.log.String(), tt.log) || strings.Contains(w.Body.String(), "db7") {
			t.Errorf("%s: %d %s, log %s", tt.name, w.Code, w.Body, d.log.String())
		}
		if plain := d.do(t, "POST", "/api/things", "x", "Authorization", "Bearer admin"); plain.Code != 200 {
			t.Errorf("%s: without a key: %d, want 200", tt.name, plain.Code)
		}
	}
}

func TestExpiredKeysAreSwept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys := &broken{}
		d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) { c.APIAddr, c.EdgeAddr, c.Idempotency = "", "", keys })
		if err := d.gw.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + time.Second)
		if err := d.gw.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := keys.swept.Load(); n != 6 {
			t.Errorf("swept %d times in an hour, want 6", n)
		}
		if n := strings.Count(d.log.String(), "expired idempotency keys not removed"); n != 6 {
			t.Errorf("%d lines about it", n)
		}
	})
}

// TestUnfinishedUploads: a body that ends too early is no request.
func TestUnfinishedUploads(t *testing.T) {
	t.Parallel()
	ran := false
	d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
		c.Idempotency = testkit.DB(t).Idempotency
		mux.HandleFunc("POST /api/upload", func(http.ResponseWriter, *http.Request) { ran = true })
	})
	for _, kind := range []string{"application/json", "text/csv"} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/upload", io.MultiReader(strings.NewReader("half"), torn{}))
		r.Header.Set("Authorization", "Bearer admin")
		r.Header.Set("Idempotency-Key", "k")
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || ran {
			t.Errorf("%s: %d, ran %v, want 400", kind, w.Code, ran)
		}
	}
}

// torn is the rest of a body whose connection broke.
type torn struct{}

func (torn) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestPanicAfterTheStart: what was sent cannot be taken back, so the connection is
// cut and the client sees that the answer is not whole.
func TestPanicAfterTheStart(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(_ *gateway.Config, mux *http.ServeMux) {
		mux.HandleFunc("GET /api/late", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("late")
		})
	})
	if err := d.gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.gw.Stop(context.Background()) })
	res, err := http.Get("http://" + d.gw.Addr() + "/api/late")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil || string(body) != "half" {
		t.Errorf("%q, %v, want an error after half", body, err)
	}
}

// TestFlushDoesNotAnticipate: an answer under a key is not sent before it is stored,
// even if the handler wants to.
func TestFlushDoesNotAnticipate(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(c *gateway.Config, mux *http.ServeMux) {
		c.Idempotency = testkit.DB(t).Idempotency
		mux.HandleFunc("POST /api/flush", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("late")
		})
	})
	w := d.do(t, "POST", "/api/flush", "", "Authorization", "Bearer admin", "Idempotency-Key", "k")
	if w.Code != http.StatusInternalServerError || w.Flushed || strings.Contains(w.Body.String(), "half") {
		t.Errorf("%d %s, flushed %v", w.Code, w.Body, w.Flushed)
	}
}
