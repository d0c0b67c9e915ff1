package edge_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/edge"
)

// records remembers what the edge reports.
type records struct {
	mu      sync.Mutex
	hits    []domain.Hit
	entries []domain.AccessEntry
}

func (r *records) Addresses() bool { return true }

func (r *records) Sent(h *domain.Hit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hits = append(r.hits, *h)
}

func (r *records) Log(e *domain.AccessEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, *e)
}

// TestRecord: pages that were sent to visitors are counted, once, and nothing else is;
// every request is written down while that is on.
func TestRecord(t *testing.T) {
	t.Parallel()
	w, seen := newWorld(t), &records{}
	id := w.release(keyboards()...)
	w.publish("keyboards", id)
	s := w.serve(func(c *edge.Config) { c.Views = seen })
	get(s, "/") // not written down yet
	s.SetLog(seen)
	etag := get(s, "/guide/", "User-Agent", "A", "Referer", "https://x.example/").Header().Get("Etag")
	get(s, "/guide/", "If-None-Match", etag)
	for _, path := range []string{"/robots.txt", "/img/k.1234.png", "/nowhere/", "/guide"} {
		get(s, path)
	}
	s.ServeHTTP(httptest.NewRecorder(), request(http.MethodHead, "keyboards.example", "/"))
	s.ServeHTTP(httptest.NewRecorder(), request(http.MethodPost, "keyboards.example", "/"))
	s.ServeHTTP(httptest.NewRecorder(), request(http.MethodGet, edge.PreviewHost(w.releases[id].Manifest), "/"))
	s.ServeHTTP(httptest.NewRecorder(), request(http.MethodGet, "stranger.example", "/"))
	var paths []string
	for _, h := range seen.hits {
		paths = append(paths, h.Path)
		if h.WebsiteID != "site_keyboards" || h.Kind != domain.HitView || h.Source != domain.SourceServer || h.IP == "" {
			t.Errorf("hit %+v", h)
		}
	}
	if len(paths) != 3 || paths[0] != "/" || paths[1] != "/guide/" || paths[2] != "/guide/" {
		t.Errorf("counted %v, want /, and /guide/ twice", paths)
	}
	var statuses []int
	for _, e := range seen.entries {
		statuses = append(statuses, e.Status)
	}
	want := []int{200, 304, 200, 200, 404, 301, 200, 405, 200, 421}
	if len(statuses) != len(want) {
		t.Fatalf("statuses = %v, want %v", statuses, want)
	}
	for i := range want {
		if statuses[i] != want[i] {
			t.Errorf("statuses = %v, want %v", statuses, want)
			break
		}
	}
	if e := seen.entries[0]; e.Host != "keyboards.example" || e.URI != "http://keyboards.example/guide/" && e.URI != "/guide/" || e.Bytes == 0 || e.Agent != "A" || e.Referrer != "https://x.example/" || e.Took <= 0 {
		t.Errorf("entry %+v", e)
	}
	if e := seen.entries[1]; e.Bytes != 0 {
		t.Errorf("%d bytes of a 304", e.Bytes)
	}
	s.SetLog(nil)
	get(s, "/")
	if len(seen.entries) != len(want) {
		t.Error("written down although that is off")
	}
}
