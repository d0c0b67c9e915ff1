package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
)

// lenient allows everything and costs nothing.
type lenient struct{}

func (lenient) Allow(_ context.Context, _ string, l domain.RateLimit) (domain.RateDecision, error) {
	return domain.RateDecision{Allowed: true, Limit: l.Requests, Remaining: l.Requests - 1, ResetAfter: time.Second}, nil
}

// sink is a ResponseWriter that keeps nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

type known struct{ p *domain.Principal }

func (k known) Authenticate(context.Context, string) (*domain.Principal, error) { return k.p, nil }

// BenchmarkHandler measures what the gateway adds to a handler that writes the 15 kB
// of a list for a known caller, with everything switched on.
func BenchmarkHandler(b *testing.B) {
	body := []byte(strings.Repeat(`{"id":"site_1"},`, 960))
	kind, length := []string{"application/json"}, []string{"15360"}
	write := func(announce bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h["Content-Type"] = kind
			if announce {
				h["Content-Length"] = length
			}
			_, _ = w.Write(body)
		}
	}
	rate := domain.RateLimit{Requests: 1 << 30, Per: time.Minute}
	door := func(h http.Handler) http.Handler {
		return gateway.New(gateway.Config{
			Routes: map[string]http.Handler{"/api/": h}, Auth: known{&domain.Principal{UserID: "user_1"}}, SessionCookie: "session",
			Problem: writeProblem, Logger: slog.New(slog.DiscardHandler), Limits: gateway.Limits{Read: rate, Write: rate, Anonymous: rate},
			Limiter: lenient{}, Fallback: lenient{}, InFlight: 1000, WritesInFlight: 100, RequestTimeout: time.Minute,
		}).Handler()
	}
	for _, bb := range []struct {
		name    string
		handler http.Handler
		match   string
	}{
		{"bare", write(true), ""},
		{"whole", door(write(true)), ""},
		{"unannounced", door(write(false)), ""},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://localhost/api/v1/websites", http.NoBody)
			r.RemoteAddr = "203.0.113.9:4711"
			r.Header = http.Header{
				"Authorization": {"Bearer " + strings.Repeat("a", 300)}, "User-Agent": {"bench"}, "Accept": {"application/json"}, "Accept-Encoding": {"gzip"},
			}
			b.ReportAllocs()
			for b.Loop() {
				w := &sink{header: http.Header{}}
				bb.handler.ServeHTTP(w, r)
				if w.status != http.StatusOK && bb.name != "bare" {
					b.Fatal(w.status)
				}
			}
		})
	}
}
