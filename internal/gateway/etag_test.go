package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"empire/internal/gateway"
)

// listDoor has a list that answers as its query asks for.
func listDoor(t *testing.T) *door {
	return newDoor(t, func(_ *gateway.Config, mux *http.ServeMux) {
		mux.HandleFunc("/api/list", func(w http.ResponseWriter, r *http.Request) {
			q, h, status := r.URL.Query(), w.Header(), http.StatusOK
			kind, body := "application/json", []byte(q.Get("body"))
			if q.Has("type") {
				kind = q.Get("type")
			}
			if n, err := strconv.Atoi(q.Get("size")); err == nil {
				body = bytes.Repeat([]byte("x"), n)
			}
			if n, err := strconv.Atoi(q.Get("status")); err == nil {
				status = n
			}
			h.Set("Content-Type", kind)
			for name, header := range map[string]string{"etag": "ETag", "total": "X-Total-Count", "cache": "Cache-Control", "name": "Content-Disposition"} {
				if q.Has(name) {
					h.Set(header, q.Get(name))
				}
			}
			if q.Has("announce") {
				h.Set("Content-Length", strconv.Itoa(len(body)))
			}
			w.WriteHeader(status)
			half := len(body) / 2
			if q.Has("announce") {
				half = len(body)
			}
			_, _ = w.Write(body[:half])
			if q.Has("flush") {
				w.(http.Flusher).Flush()
			}
			_, _ = io.Copy(w, bytes.NewReader(body[half:]))
			if q.Has("panic") {
				panic("late")
			}
		})
	})
}

func TestETags(t *testing.T) {
	t.Parallel()
	d := listDoor(t)
	for _, tt := range []struct {
		name, query string
		tagged      bool
		cache       string
	}{
		{"JSON", "body=[1,2]", true, "private, no-cache"},
		{"JSON with parameters", "body=[1,2]&type=application/json;charset=utf-8", true, "private, no-cache"},
		{"other JSON", "body=[1,2]&type=application/openapi%2Bjson", true, "private, no-cache"},
		{"length announced", "body=[1,2]&announce=1", true, "private, no-cache"},
		{"nothing", "body=", true, "private, no-cache"},
		{"a file", "body=[1,2]&name=attachment", true, "private, no-cache"},
		{"not stored at all", "body=[1]&cache=no-store", true, "private, no-cache"},
		{"cache control of the handler", "body=[1]&cache=max-age%3D60", true, "max-age=60"},
		{"ETag of the handler", "body=[1]&etag=%22v7%22", true, "private, no-cache"},
		{"a megabyte", "size=1048576", true, "private, no-cache"},
		{"more", "size=1048577", false, "no-store"},
		{"stream", "body=[1,2]&flush=1", false, "no-store"},
		{"text", "body=hello&type=text/plain", false, "no-store"},
		{"problem", "body={}&type=application/problem%2Bjson&status=404", false, "no-store"},
		{"created", "body={}&status=201", false, "no-store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := "/api/list?" + tt.query
			first := d.get(t, target)
			tag := first.Header().Get("ETag")
			if (tag != "") != tt.tagged || first.Header().Get("Cache-Control") != tt.cache {
				t.Fatalf("ETag = %q, Cache-Control = %q", tag, first.Header().Get("Cache-Control"))
			}
			if !tt.tagged {
				return
			}
			if strings.HasPrefix(tag, "W/") || d.get(t, target).Header().Get("ETag") != tag {
				t.Errorf("ETag = %q, later %q", tag, d.get(t, target).Header().Get("ETag"))
			}
			if n := first.Header().Get("Content-Length"); !strings.Contains(tt.query, "etag") && n != strconv.Itoa(first.Body.Len()) {
				t.Errorf("Content-Length = %s of %d", n, first.Body.Len())
			}
			wantNotModified(t, d.get(t, target, "If-None-Match", tag), first)
			if w := d.get(t, target, "If-None-Match", `"other"`); w.Code != 200 || w.Body.String() != first.Body.String() {
				t.Errorf("another ETag: %d", w.Code)
			}
			if w := d.do(t, "POST", target, "", "If-None-Match", tag); w.Code != 200 || !strings.Contains(tt.query, "etag") && w.Header().Get("ETag") != "" {
				t.Errorf("POST: %d %v", w.Code, w.Header())
			}
			head := d.do(t, "HEAD", target, "")
			if got := head.Header().Get("ETag"); got != tag && !strings.HasSuffix(tt.query, "body=") {
				t.Errorf("HEAD has ETag %q, GET %q", got, tag)
			}
		})
	}
}

// wantNotModified checks an answer to If-None-Match against the full one.
func wantNotModified(t *testing.T, got, full *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != http.StatusNotModified || got.Body.Len() != 0 {
		t.Errorf("%d with %d bytes, want 304 without", got.Code, got.Body.Len())
	}
	h := got.Header()
	for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
		if h.Get(name) != full.Header().Get(name) {
			t.Errorf("304: %s = %q, in full %q", name, h.Get(name), full.Header().Get(name))
		}
	}
	if h.Get("Content-Length") != "" || h.Get("Content-Type") != "" || h.Get("Content-Disposition") != "" || h.Get("X-Process-Time") == "" {
		t.Errorf("304: %v", h)
	}
}

func TestETagsTellAnswersApart(t *testing.T) {
	t.Parallel()
	d, seen := listDoor(t), map[string]string{}
	for _, query := range []string{"body=[1]", "body=[2]", "body=[1]&total=5", "body=[1]&total=6", "size=31", "size=32", "size=33", "size=64"} {
		tag := d.get(t, "/api/list?"+query).Header().Get("ETag")
		if other, ok := seen[tag]; ok {
			t.Errorf("%s and %s have the same ETag %s", query, other, tag)
		}
		seen[tag] = query
	}
}

// TestPanicAfterTheBody: what was held back is not sent when the handler fails in
// the end.
func TestPanicAfterTheBody(t *testing.T) {
	t.Parallel()
	w := listDoor(t).get(t, "/api/list?body=[1,2]&panic=1&total=7&etag=")
	if w.Code != 500 || strings.Contains(w.Body.String(), "[1,2]") || w.Header().Get("X-Total-Count") != "" || w.Header().Get("ETag") != "" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}

func TestUnmatchedPathsAreScrubbed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, want string }{
		{"/nothing/here", "/nothing/here"},
		{"/users/ann@example.org/mail", "/users/{email}/mail"},
		{"/users/ann%40example.org", "/users/{email}"},
		{"/users/ann%2540example.org", "/users/{email}"},
		{"/keys/mfm_abc", "/keys/{token}"},
		{"/t/eyJhbGciOi", "/t/{token}"},
		{"/t/0123456789abcdefghijklmnop", "/t/{token}"},
		{"/a=b;c/x", "/{other}/x"},
		{"/line%0Abreak", "/{other}"},
		{"/" + strings.Repeat("abc/", 100), "/" + strings.Repeat("abc/", 49) + "abc/{more}"},
	} {
		d := newDoor(t)
		d.get(t, tt.path)
		if got := d.lines(t)[0]; got["path"] != tt.want || got["route"] != "unmatched" {
			t.Errorf("%s: path = %v of route %v, want %s", tt.path, got["path"], got["route"], tt.want)
		}
	}
}
