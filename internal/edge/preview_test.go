package edge_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/release"
)

// manifest builds a release that nobody publishes and returns its manifest's sum.
func (w *world) manifest(files ...release.File) string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	sha, _, err := w.builder.Build(w.t.Context(), "x.example", files)
	if err != nil {
		w.t.Fatal(err)
	}
	return sha
}

func ask(s http.Handler, method, host, path string, headers ...string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, request(method, host, path, headers...))
	return rec
}

func wantPrivate(t *testing.T, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	h := rec.Header()
	if h.Get("X-Robots-Tag") != "noindex, nofollow" || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" ||
		!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%s: %d with %v", what, rec.Code, h)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := keyboards()
	w.publish("lamps", w.release(files[0]))
	sha := w.manifest(files...)
	s := w.serve()
	host := edge.PreviewHost(sha)
	for _, h := range []string{host, host + ":8081", strings.ToUpper(host), host + "."} {
		if rec := ask(s, "GET", h, "/"); rec.Code != 200 || !bytes.Equal(rec.Body.Bytes(), body(files, "/")) {
			t.Errorf("%s: %d, %d bytes", h, rec.Code, rec.Body.Len())
		}
	}
	for _, tt := range []struct {
		method, path string
		status       int
		file         string
	}{
		{"GET", "/", 200, "/"},
		{"GET", "/guide/", 200, "/guide/"},
		{"GET", "/img/k.1234.png", 200, "/img/k.1234.png"},
		{"GET", "/nothing", 404, "/404.html"},
		{"GET", "/guide", 301, ""},
		{"HEAD", "/guide/", 200, ""},
		{"POST", "/", 405, ""},
	} {
		rec := ask(s, tt.method, host, tt.path)
		wantPrivate(t, tt.path, rec)
		if rec.Code != tt.status || tt.file != "" && !bytes.Equal(rec.Body.Bytes(), body(files, tt.file)) {
			t.Errorf("%s %s: %d, %d bytes; want %d", tt.method, tt.path, rec.Code, rec.Body.Len(), tt.status)
		}
	}
	if rec := ask(s, "GET", host, "/guide/", "Accept-Encoding", "br"); rec.Header().Get("Content-Encoding") != "br" || !bytes.Equal(decoded(t, rec), body(files, "/guide/")) {
		t.Errorf("compressed: %v", rec.Header())
	}
	if rec := ask(s, "GET", "lamps.example", "/"); rec.Header().Get("X-Robots-Tag") != "" || rec.Header().Get("Cache-Control") == "no-store" {
		t.Errorf("a live site has the headers of a preview: %v", rec.Header())
	}
}

// No site's host leads to a preview, and no preview's host to a site.
func TestPreviewsAndSitesAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha := w.manifest(keyboards()...)
	w.publish("preview", w.release(keyboards()[0]))
	w.publish("trap", w.release(keyboards()[0]))
	unknown := strings.Repeat("0", 64)
	w.websites["site_trap"].Domain = edge.PreviewHost(unknown)
	s := w.serve()
	for _, host := range []string{
		sha + ".localhost", sha[:32] + "." + sha[32:] + ".localhost", sha[:32] + "." + sha[32:] + ".preview.example", sha[:32] + "." + sha[32:] + ".preview.localhost.example",
		sha[:32] + "." + sha[32:] + ".lamps.example",
	} {
		if rec := ask(s, "GET", host, "/"); rec.Code != 421 {
			t.Errorf("%s: %d, want 421", host, rec.Code)
		}
	}
	if rec := ask(s, "GET", "preview.localhost", "/"); rec.Code != 200 || rec.Header().Get("X-Robots-Tag") != "" {
		t.Errorf("the site named preview: %d %v", rec.Code, rec.Header())
	}
	notManifest, err := w.blobs.PutBytes(t.Context(), []byte(`{"pages":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		edge.PreviewHost(unknown), edge.PreviewHost(notManifest), edge.PreviewHost(sha)[1:], sha + ".preview.localhost", ".preview.localhost", "..preview.localhost",
		sha[:31] + "." + sha[31:] + ".preview.localhost", sha[:32] + ".." + sha[32:] + ".preview.localhost", "x." + edge.PreviewHost(sha), "lamps.preview.localhost",
	} {
		rec := ask(s, "GET", host, "/")
		wantPrivate(t, host, rec)
		if rec.Code != 404 || rec.Body.String() != "There is no such preview.\n" || rec.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %q, want a plain 404", host, rec.Code, rec.Body)
		}
	}
}

func TestPreviewThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := edge.PreviewHost(w.manifest(keyboards()...))
	w.setBroken(true)
	s := w.serve()
	if rec := ask(s, "GET", host, "/"); rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %v, want 503", rec.Code, rec.Header())
	}
	w.setBroken(false)
	if rec := ask(s, "GET", host, "/"); rec.Code != 200 {
		t.Errorf("after it healed: %d, want 200", rec.Code)
	}
}

func TestPreviewsInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var hosts []string
	for i := range 40 {
		f := keyboards()[0]
		f.Body = fmt.Append(nil, i)
		hosts = append(hosts, edge.PreviewHost(w.manifest(f)))
	}
	s := w.serve()
	visit := func(i int, wantLoads int64) {
		t.Helper()
		before := w.loads.Load()
		if rec := ask(s, "GET", hosts[i], "/"); rec.Body.String() != fmt.Sprint(i) {
			t.Errorf("preview %d shows %q", i, rec.Body)
		}
		if got := w.loads.Load() - before; got != wantLoads {
			t.Errorf("preview %d was read %d times, want %d", i, got, wantLoads)
		}
	}
	for i := range 32 {
		visit(i, 1)
	}
	visit(0, 0) // and so 1 is the one that nobody asked for longest
	visit(32, 1)
	visit(0, 0)
	visit(1, 1)
	for i := 33; i < 40; i++ {
		visit(i, 1)
	}
	if got := s.Stats().Previews; got != 32 {
		t.Errorf("%d previews in memory, want 32", got)
	}
}

func TestPreviewHost(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("0123456789abcdef", 4)
	if got, want := edge.PreviewHost(sha), "0123456789abcdef0123456789abcdef.0123456789abcdef0123456789abcdef.preview.localhost"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, bad := range []string{"", sha[1:], sha + "0", strings.ToUpper(sha), sha[:63] + "."} {
		if got := edge.PreviewHost(bad); got != "" {
			t.Errorf("PreviewHost(%q) = %q, want none", bad, got)
		}
	}
}

// FuzzPreviewHost sends any host: only exactly one shows the preview.
func FuzzPreviewHost(f *testing.F) {
	w := newWorld(f)
	sha := w.manifest(keyboards()...)
	s := w.serve()
	want := edge.PreviewHost(sha)
	f.Add(want)
	f.Add("x." + want)
	f.Add("..preview.localhost")
	f.Add(domain.NewID("site") + ".localhost")
	f.Fuzz(func(t *testing.T, host string) {
		r := request("GET", "x.example", "/")
		r.Host = host
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		plain, _, _ := strings.Cut(strings.TrimSuffix(strings.ToLower(host), "."), ":")
		if rec.Code == 200 && strings.TrimSuffix(plain, ".") != want {
			t.Errorf("host %q shows the preview", host)
		}
		if rec.Code != 200 && rec.Code != 404 && rec.Code != 421 {
			t.Errorf("host %q: %d", host, rec.Code)
		}
	})
}
