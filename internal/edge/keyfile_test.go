package edge_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"empire/internal/edge"
)

// TestKeyFile serves the key of each host at its own address and nowhere else.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	key := strings.Repeat("0123456789abcdef", 2)
	s := w.serve(func(c *edge.Config) {
		c.KeyFile = func(host string) string {
			if host == "keyboards.example" {
				return key
			}
			return strings.Repeat("f", 32)
		}
	})
	for _, tt := range []struct {
		method, url string
		status      int
		body        string
	}{
		{"GET", "http://keyboards.example/" + key + ".txt", http.StatusOK, key},
		{"HEAD", "http://keyboards.example/" + key + ".txt", http.StatusOK, ""},
		{"POST", "http://keyboards.example/" + key + ".txt", http.StatusMethodNotAllowed, ""},
		{"GET", "http://keyboards.example/" + strings.Repeat("f", 32) + ".txt", http.StatusNotFound, ""},
		{"GET", "http://other.example/" + strings.Repeat("f", 32) + ".txt", http.StatusMisdirectedRequest, ""},
	} {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequest(tt.method, tt.url, nil))
		if rec.Code != tt.status || tt.status == http.StatusOK && rec.Body.String() != tt.body {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.url, rec.Code, rec.Body, tt.status, tt.body)
		}
	}
	if rec := httptest.NewRecorder(); true {
		w.serve().ServeHTTP(rec, httptest.NewRequest("GET", "http://keyboards.example/"+key+".txt", nil))
		if rec.Code != http.StatusNotFound {
			t.Errorf("without keys: %d", rec.Code)
		}
	}
}
