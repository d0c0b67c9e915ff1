package edge_test

import (
	"testing"

	"empire/internal/domain"
)

// TestRedirects leads visitors of old addresses straight to the end, with their query,
// with and without the final slash, and no further than a minute for caches.
func TestRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(append(keyboards(),
		domain.File{Path: "/old/", Status: 301, Location: "/guide/"},
		domain.File{Path: "/sold/", Status: 301, Location: "https://other.example/new/?from=sold"},
		domain.File{Path: "/list.html", Status: 301, Location: "/"},
	)...))
	s := w.serve()
	for _, tt := range []struct {
		path, want string
		status     int
	}{
		{"/old/", "/guide/", 301}, {"/old", "/guide/", 301}, {"/old/?utm=a&b=1", "/guide/?utm=a&b=1", 301},
		{"/sold/", "https://other.example/new/?from=sold", 301}, {"/sold?x=1", "https://other.example/new/?from=sold&x=1", 301},
		{"/list.html", "/", 301}, {"/old/more/", "", 404}, {"/guide/", "", 200},
	} {
		rec := get(s, tt.path)
		if rec.Code != tt.status || rec.Header().Get("Location") != tt.want {
			t.Errorf("%s: %d to %q, want %d to %q", tt.path, rec.Code, rec.Header().Get("Location"), tt.status, tt.want)
		}
		if rec.Code == 301 && (rec.Header().Get("Etag") != "" || rec.Header().Get("Cache-Control") != "public, max-age=60, stale-while-revalidate=600") {
			t.Errorf("%s: headers %v", tt.path, rec.Header())
		}
	}
}
