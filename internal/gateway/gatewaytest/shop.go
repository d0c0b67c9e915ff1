package gatewaytest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
)

// shop takes orders, each once, if the keys do what they should.
type shop struct {
	store  Idempotency
	door   http.Handler
	now    time.Time
	user   string
	orders atomic.Int64
	enter  chan struct{} // told when an order is begun, if not nil
	leave  chan struct{} // waited for before it is done, if not nil
	done   func(ctx context.Context)
}

// order answers as its query asks for.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	n := s.orders.Add(1)
	if s.enter != nil {
		s.enter <- struct{}{}
		<-s.leave
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		problem(w, r, domain.Errorf(domain.CodeTooLarge, "Too large."))
		return
	}
	if s.done != nil {
		s.done(r.Context())
	}
	q, status := r.URL.Query(), 201
	_, _ = fmt.Sscan(q.Get("status"), &status) // else it stays
	if q.Has("panic") {
		panic(q.Get("panic"))
	}
	if q.Has("abort") {
		panic(http.ErrAbortHandler)
	}
	if q.Has("cookie") {
		w.Header().Set("Set-Cookie", "session=secret")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", fmt.Sprint("/api/v1/orders/", n))
	w.Header().Set("X-Private", "not stored")
	w.WriteHeader(status)
	if size := 0; q.Has("size") {
		_, _ = fmt.Sscan(q.Get("size"), &size)
		for range size / 1024 {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1024))
		}
		return
	}
	if status != http.StatusNoContent {
		fmt.Fprintf(w, `{"order":%d,"bytes":%d}`, n, len(body))
	}
}

// post sends an order with a key.
func (s *shop) post(t *testing.T, query, body, key string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, s.door, request{
		method: "POST", target: "/api/v1/orders?" + query, body: body, token: s.user, header: append([]string{"Idempotency-Key", key}, header...),
	})
}

// wantOrders compares how often the handler ran.
func (s *shop) wantOrders(t *testing.T, want int64) {
	t.Helper()
	if got := s.orders.Load(); got != want {
		t.Errorf("the handler ran %d times, want %d", got, want)
	}
}

// replayed reports whether an answer is one that was stored.
func replayed(w *httptest.ResponseRecorder) bool {
	return w.Header().Get("Idempotency-Replayed") == "true"
}
