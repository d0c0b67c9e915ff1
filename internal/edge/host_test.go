package edge_test

import (
	"net/http/httptest"
	"testing"

	"empire/internal/domain"
)

// TestHostTotals: every website has totals of its own, which go on when its release
// changes, and only its tenant sees them.
func TestHostTotals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := keyboards()
	w.publish("keyboards", w.release(files...))
	w.publish("quiet", w.release(files...))
	s := w.serve()
	get(s, "/robots.txt")
	get(s, "/nowhere/")
	w.publish("keyboards", w.release(append(files[:1:1], files[3:]...)...))
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	get(s, "/robots.txt")
	s.ServeHTTP(httptest.NewRecorder(), request("HEAD", "keyboards.localhost", "/robots.txt"))
	s.ServeHTTP(httptest.NewRecorder(), request("GET", "unknown.example", "/"))

	list := s.Hosts(domain.DefaultTenant)
	if len(list) != 2 || list[0].Domain != "keyboards.example" || list[1].Domain != "quiet.example" {
		t.Fatalf("hosts = %+v, want both websites, the busy one first", list)
	}
	busy, quiet := list[0], list[1]
	robots, lost := uint64(len(body(files, "/robots.txt"))), uint64(len(body(files, "/404.html")))
	if want := [6]uint64{2: 3, 4: 1}; busy.Classes != want || busy.Requests != 4 || busy.Bytes != 2*robots+lost {
		t.Errorf("busy = %+v, want 3 answers, 1 not found and %d bytes", busy, 2*robots+lost)
	}
	if busy.P50 <= 0 || busy.P99 < busy.P50 || !busy.Loaded || busy.ReleaseID != "rel_3" {
		t.Errorf("busy = %+v", busy)
	}
	if quiet.Requests != 0 || quiet.P99 != 0 || quiet.Loaded {
		t.Errorf("quiet = %+v, want nothing", quiet)
	}
	if other := s.Hosts("other"); len(other) != 0 {
		t.Errorf("another tenant sees %+v", other)
	}
}
