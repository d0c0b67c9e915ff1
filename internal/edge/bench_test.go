package edge_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"empire/internal/edge"
)

var discard = slog.New(slog.DiscardHandler)

// sink is a response writer that costs next to nothing.
type sink struct {
	h      http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

func manySites(b *testing.B, n int) (*world, *edge.Server) {
	b.Helper()
	w := newWorld(b)
	id := w.release(keyboards()...)
	for i := range n {
		w.publish(fmt.Sprintf("site%d", i), id)
	}
	return w, w.serve()
}

// BenchmarkCachedPage serves one page, compressed, from the cache.
func BenchmarkCachedPage(b *testing.B) {
	_, s := manySites(b, 1500)
	r := request("GET", "site700.example", "/guide/", "Accept-Encoding", "gzip, deflate, br, zstd")
	b.ReportAllocs()
	for b.Loop() {
		w := &sink{h: make(http.Header, 12)}
		s.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
	}
}

// BenchmarkHostLookup asks for 1,500 hosts in turn.
func BenchmarkHostLookup(b *testing.B) {
	_, s := manySites(b, 1500)
	requests := make([]*http.Request, 1500)
	for i := range requests {
		requests[i] = request("GET", fmt.Sprintf("site%d.example:8081", i), "/", "If-None-Match", "*")
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		w := &sink{h: make(http.Header, 12)}
		s.ServeHTTP(w, requests[i%len(requests)])
		if w.status != 304 {
			b.Fatal(w.status)
		}
		i++
	}
}

// BenchmarkStart starts an edge with 1,500 sites.
func BenchmarkStart(b *testing.B) {
	w, _ := manySites(b, 1500)
	for b.Loop() {
		s, err := edge.New(edge.Config{Sites: w, Releases: w, Manifests: w, Blobs: w.blobs, Logger: discard})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := s.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
