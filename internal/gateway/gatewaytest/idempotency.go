package gatewaytest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
)

// Idempotency is what the gateway needs to keep answers under idempotency keys.
type Idempotency interface {
	Claim(ctx context.Context, claim domain.Idempotency) (held *domain.Idempotency, claimed bool, err error)
	Complete(ctx context.Context, claim domain.Idempotency) error
	Release(ctx context.Context, claim domain.Idempotency) error
	Sweep(ctx context.Context, now time.Time) (int, error)
}

// RunIdempotency runs the suite of idempotency keys. open returns an empty store.
func RunIdempotency(t *testing.T, open func(t *testing.T) Idempotency) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(t *testing.T, s *shop)
	}{
		{"repeated", testRepeated},
		{"other_request", testOtherRequest},
		{"no_effect", testNoEffect},
		{"bad_keys", testBadKeys},
		{"not_stored", testNotStored},
		{"sizes", testSizes},
		{"uploads", testUploads},
		{"fifty_at_once", testFiftyAtOnce},
		{"under_way", testUnderWay},
		{"dead_process", testDeadProcess},
		{"a_day_later", testADayLater},
		{"stored_before_sent", testStoredBeforeSent},
		{"client_gone", testClientGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &shop{store: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), user: someone()}
			c := config(map[string]http.Handler{"/": http.HandlerFunc(s.order)})
			c.Idempotency, c.NoIdempotency, c.RequestTimeout = s.store, []string{"/api/v1/auth/"}, time.Minute
			c.Now = func() time.Time { return s.now }
			s.door = gateway.New(c).Handler()
			tt.test(t, s)
		})
	}
}

func testRepeated(t *testing.T, s *shop) {
	for _, status := range []string{"201", "204", "404", "409", "422"} {
		s.orders.Store(0)
		first, again := s.post(t, "status="+status, `{"a":1}`, "k"+status), s.post(t, "status="+status, `{"a":1}`, "k"+status)
		s.wantOrders(t, 1)
		if replayed(first) || !replayed(again) || first.Code != again.Code || first.Body.String() != again.Body.String() {
			t.Errorf("first %d %s, again %d %s %v", first.Code, first.Body, again.Code, again.Body, again.Header())
		}
		for _, name := range []string{"Content-Type", "Location"} {
			if v := again.Header().Get(name); v == "" || v != first.Header().Get(name) {
				t.Errorf("%s = %q, first %q", name, v, first.Header().Get(name))
			}
		}
		if first.Header().Get("X-Private") == "" || again.Header().Get("X-Private") != "" {
			t.Error("a header was stored that is not on the list")
		}
		if first.Header().Get("X-Request-ID") == again.Header().Get("X-Request-ID") {
			t.Error("the repeated answer carries the request ID of the first")
		}
	}
}

func testOtherRequest(t *testing.T, s *shop) {
	s.post(t, "a=1", "body", "k")
	for name, in := range map[string]request{
		"body":   {method: "POST", target: "/api/v1/orders?a=1", body: "other"},
		"query":  {method: "POST", target: "/api/v1/orders?a=2", body: "body"},
		"path":   {method: "POST", target: "/api/v1/refunds?a=1", body: "body"},
		"method": {method: "PUT", target: "/api/v1/orders?a=1", body: "body"},
		"rights": {method: "POST", target: "/api/v1/orders?a=1", body: "body", token: s.user + ",agents.read"},
	} {
		if in.token == "" {
			in.token = s.user
		}
		in.header = []string{"Idempotency-Key", "k"}
		if w := do(t, s.door, in); w.Code != http.StatusConflict || replayed(w) || w.Header().Get("Retry-After") != "" {
			t.Errorf("other %s: %d %v, want 409", name, w.Code, w.Header())
		}
	}
	s.wantOrders(t, 1)
	s.user = someone()
	if w := s.post(t, "a=1", "body", "k"); w.Code != 201 || replayed(w) {
		t.Errorf("the same key of somebody else: %d", w.Code)
	}
	s.wantOrders(t, 2)
}

func testNoEffect(t *testing.T, s *shop) {
	for i, in := range []request{
		{method: "GET", target: "/api/v1/orders", token: s.user},
		{method: "POST", target: "/api/v1/orders"},                       // nobody
		{method: "POST", target: "/api/v1/auth/api-key", token: s.user},  // holds a secret
		{method: "POST", target: "/orders", token: s.user},               // not the API
		{method: "OPTIONS", target: "/api/v1/orders", token: s.user},     //
		{method: "POST", target: "/api/v1/auth/totp/new", token: s.user}, // holds a secret
	} {
		in.header = []string{"Idempotency-Key", "k"}
		do(t, s.door, in)
		if w := do(t, s.door, in); w.Code != 201 || replayed(w) {
			t.Errorf("%s %s: %d", in.method, in.target, w.Code)
		}
		s.wantOrders(t, int64(2*i+2))
	}
}

func testBadKeys(t *testing.T, s *shop) {
	for _, tt := range []struct {
		key  string
		want int
	}{
		{"x", 201}, {strings.Repeat("~", 255), 201}, {"!\"#", 201},
		{"", 422}, {strings.Repeat("x", 256), 422}, {"with space", 422}, {"ümlaut", 422}, {"tab\t", 422}, {"\x7f", 422},
	} {
		if w := s.post(t, "", "", tt.key); w.Code != tt.want {
			t.Errorf("key %q: %d, want %d", tt.key, w.Code, tt.want)
		}
	}
	s.wantOrders(t, 3)
}

func testNotStored(t *testing.T, s *shop) {
	for _, query := range []string{"status=500", "status=503", "status=429", "status=401", "status=403", "panic=x", "cookie=1"} {
		s.orders.Store(0)
		s.post(t, query, "b", "k-"+query)
		if w := s.post(t, query, "b", "k-"+query); replayed(w) || w.Code == http.StatusConflict {
			t.Errorf("%s: %d, replayed %v, want another attempt", query, w.Code, replayed(w))
		}
		s.wantOrders(t, 2)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the connection of an aborted answer was not cut")
			}
		}()
		s.post(t, "abort=1", "b", "k-abort")
	}()
	claim := domain.Idempotency{Owner: s.user, Key: "k-abort", RequestHash: "h", CreatedAt: s.now, LeaseUntil: s.now, ExpiresAt: s.now.Add(time.Hour)}
	if _, claimed, err := s.store.Claim(t.Context(), claim); err != nil || !claimed {
		t.Errorf("the key of an aborted answer: %v, %v, want it free", claimed, err)
	}
}

func testSizes(t *testing.T, s *shop) {
	for _, tt := range []struct {
		size   int
		stored bool
	}{{256 << 10, true}, {257 << 10, false}, {2 << 20, false}} {
		s.orders.Store(0)
		query := fmt.Sprint("size=", tt.size)
		for i := range 2 {
			w := s.post(t, query, "", query)
			if w.Body.Len() != tt.size || replayed(w) != (tt.stored && i == 1) {
				t.Errorf("%d bytes, request %d: got %d, replayed %v", tt.size, i+1, w.Body.Len(), replayed(w))
			}
		}
		s.wantOrders(t, map[bool]int64{true: 1, false: 2}[tt.stored])
	}
}

func testUploads(t *testing.T, s *shop) {
	csv := []string{"Content-Type", "text/csv"}
	for _, tt := range []struct {
		size, want int
	}{{1000, 201}, {5 << 20, 201}, {10<<20 + 1, 413}} {
		s.orders.Store(0)
		key, body := fmt.Sprint("k", tt.size), strings.Repeat("a", tt.size)
		for i := range 2 {
			w := s.post(t, "", body, key, csv...)
			if w.Code != tt.want || tt.want == 201 && !strings.Contains(w.Body.String(), fmt.Sprint(tt.size)) {
				t.Errorf("%d bytes, request %d: %d %s", tt.size, i+1, w.Code, w.Body)
			}
		}
		if w := s.post(t, "", body[1:]+"b", key, csv...); tt.want == 201 && w.Code != http.StatusConflict {
			t.Errorf("%d other bytes: %d, want 409", tt.size, w.Code)
		}
	}
}

func testFiftyAtOnce(t *testing.T, s *shop) {
	var ran, repeated, refused atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			switch w := s.post(t, "", "b", "k"); {
			case w.Code == 201 && replayed(w):
				repeated.Add(1)
			case w.Code == 201:
				ran.Add(1)
			case w.Code == 409 && w.Header().Get("Retry-After") != "":
				refused.Add(1)
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	s.wantOrders(t, 1)
	if ran.Load() != 1 || ran.Load()+repeated.Load()+refused.Load() != 50 {
		t.Errorf("%d ran, %d repeated, %d refused", ran.Load(), repeated.Load(), refused.Load())
	}
}

func testUnderWay(t *testing.T, s *shop) {
	s.enter, s.leave = make(chan struct{}), make(chan struct{})
	var first *httptest.ResponseRecorder
	var wg sync.WaitGroup
	wg.Go(func() { first = s.post(t, "", "b", "k") })
	<-s.enter
	if w := s.post(t, "", "b", "k"); w.Code != http.StatusConflict || w.Header().Get("Retry-After") != "1" {
		t.Errorf("under way: %d %v, want 409 with Retry-After", w.Code, w.Header())
	}
	if w := s.post(t, "", "other", "k"); w.Code != http.StatusConflict || w.Header().Get("Retry-After") != "" {
		t.Errorf("another request: %d %v, want 409 without Retry-After", w.Code, w.Header())
	}
	close(s.leave)
	wg.Wait()
	if w := s.post(t, "", "b", "k"); !replayed(w) || w.Body.String() != first.Body.String() {
		t.Errorf("afterwards: %d %s, want %s", w.Code, w.Body, first.Body)
	}
	s.wantOrders(t, 1)
}

func testDeadProcess(t *testing.T, s *shop) {
	// What a process leaves that dies during the request: the claim.
	s.done = func(context.Context) { panic(http.ErrAbortHandler) }
	dead := brokenStore{s.store}
	c := config(map[string]http.Handler{"/": http.HandlerFunc(s.order)})
	c.Idempotency, c.RequestTimeout, c.Now = dead, time.Minute, func() time.Time { return s.now }
	door := s.door
	s.door = gateway.New(c).Handler()
	func() {
		defer func() { _ = recover() }() // the connection is cut
		s.post(t, "", "b", "k")
	}()
	s.door, s.done = door, nil
	s.wantOrders(t, 1)
	if w := s.post(t, "", "b", "k"); w.Code != http.StatusConflict {
		t.Errorf("before the lease is over: %d, want 409", w.Code)
	}
	s.now = s.now.Add(2 * time.Minute)
	if w := s.post(t, "", "other", "k"); w.Code != http.StatusConflict {
		t.Errorf("another request after the lease: %d, want 409", w.Code)
	}
	if w := s.post(t, "", "b", "k"); w.Code != 201 || replayed(w) {
		t.Errorf("after the lease: %d, want 201", w.Code)
	}
	s.wantOrders(t, 2)
}

// brokenStore forgets to give claims back.
type brokenStore struct{ Idempotency }

func (brokenStore) Release(context.Context, domain.Idempotency) error { return nil }

func testADayLater(t *testing.T, s *shop) {
	s.post(t, "", "b", "k")
	s.now = s.now.Add(24*time.Hour - time.Second)
	if w := s.post(t, "", "b", "k"); !replayed(w) {
		t.Errorf("after almost a day: %d, want it repeated", w.Code)
	}
	s.now = s.now.Add(2 * time.Second)
	if w := s.post(t, "", "other", "k"); w.Code != 201 || replayed(w) {
		t.Errorf("after more than a day: %d, want 201", w.Code)
	}
	s.wantOrders(t, 2)
}

// spy looks into the store when an answer begins.
type spy struct {
	*httptest.ResponseRecorder
	begun func()
}

func (s spy) WriteHeader(status int) {
	s.begun()
	s.ResponseRecorder.WriteHeader(status)
}

func testStoredBeforeSent(t *testing.T, s *shop) {
	var held *domain.Idempotency
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/orders", strings.NewReader("b"))
	r.Header.Set("Authorization", "Bearer "+s.user)
	r.Header.Set("Idempotency-Key", "k")
	s.door.ServeHTTP(spy{httptest.NewRecorder(), func() {
		claim := domain.Idempotency{Owner: s.user, Key: "k", RequestHash: "h", CreatedAt: s.now, LeaseUntil: s.now, ExpiresAt: s.now.Add(time.Hour)}
		var err error
		if held, _, err = s.store.Claim(t.Context(), claim); err != nil {
			t.Error(err)
		}
	}}, r)
	if held == nil || held.Response == nil || held.Response.Status != 201 {
		t.Errorf("when the answer began, the store had %+v", held)
	}
}

func testClientGone(t *testing.T, s *shop) {
	ctx, cancel := context.WithCancel(t.Context())
	s.done = func(ctx context.Context) {
		cancel()
		if ctx.Err() != nil {
			t.Error("the work ended with the connection")
		}
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the work may take for ever")
		}
	}
	r := httptest.NewRequestWithContext(ctx, "POST", "/api/v1/orders?", strings.NewReader("b"))
	r.Header.Set("Authorization", "Bearer "+s.user)
	r.Header.Set("Idempotency-Key", "k")
	s.door.ServeHTTP(httptest.NewRecorder(), r)
	s.done = nil
	if w := s.post(t, "", "b", "k"); w.Code != 201 || !replayed(w) {
		t.Errorf("the repetition: %d, replayed %v", w.Code, replayed(w))
	}
	s.wantOrders(t, 1)
}
