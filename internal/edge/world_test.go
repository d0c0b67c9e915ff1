package edge_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/release"
)

const html = "text/html; charset=utf-8"

// world is what the edge sees of the rest of the program: real blobs and
// manifests, websites and releases in memory.
type world struct {
	t       testing.TB
	dir     string
	blobs   *blob.Dir
	builder *release.Builder
	loads   atomic.Int64         // manifests read
	hold    chan struct{}        // manifests wait for it, if it is not nil
	broken  atomic.Pointer[bool] // manifests cannot be read
	down    atomic.Bool          // websites cannot be listed

	mu       sync.Mutex
	seq      int64
	deleted  int
	websites map[domain.WebsiteID]*domain.Website
	releases map[domain.ReleaseID]*domain.Release
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	d, err := blob.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, dir: dir, blobs: d, builder: release.New(d),
		websites: map[domain.WebsiteID]*domain.Website{}, releases: map[domain.ReleaseID]*domain.Release{},
	}
}

// release builds a release from files and returns its ID.
func (w *world) release(files ...release.File) domain.ReleaseID {
	w.t.Helper()
	sha, _, err := w.builder.Build(w.t.Context(), "x.example", files)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id := domain.ReleaseID(fmt.Sprintf("rel_%d", len(w.releases)+1))
	w.releases[id] = &domain.Release{ID: id, Manifest: sha}
	return id
}

// publish makes a release live; an empty one takes the site down.
func (w *world) publish(name string, id domain.ReleaseID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	site := &domain.Website{
		ID: domain.WebsiteID("site_" + name), Name: name, Domain: name + ".example",
		State: domain.WebsiteLive, LiveRelease: id, PointerSeq: w.seq,
	}
	if id == "" {
		site.State = domain.WebsiteArchived
	}
	w.websites[site.ID] = site
}

func (w *world) remove(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.websites, domain.WebsiteID("site_"+name))
	w.deleted++
}

// forget removes a website as no deletion does, but a database that was put back to
// an earlier state.
func (w *world) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.websites, domain.WebsiteID("site_"+name))
}

func (w *world) Deletions(context.Context) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deleted, nil
}

func (w *world) ChangedSince(_ context.Context, seq int64) ([]domain.Website, error) {
	if w.down.Load() {
		return nil, domain.Errorf(domain.CodeUnavailable, "Down.")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []domain.Website
	for _, site := range w.websites {
		if site.PointerSeq > seq {
			out = append(out, *site)
		}
	}
	return out, nil
}

func (w *world) Get(_ context.Context, id domain.ReleaseID) (*domain.Release, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.releases[id]; ok {
		return r, nil
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Release %s does not exist.", id)
}

func (w *world) Load(ctx context.Context, sha string) (domain.Manifest, error) {
	w.loads.Add(1)
	if w.hold != nil {
		<-w.hold
	}
	if b := w.broken.Load(); b != nil && *b {
		return domain.Manifest{}, domain.Errorf(domain.CodeUnavailable, "Down.")
	}
	return w.builder.Load(ctx, sha)
}

func (w *world) setBroken(b bool) { w.broken.Store(&b) }

// serve starts an edge on the world. It polls once an hour: tests nudge it.
func (w *world) serve(change ...func(*edge.Config)) *edge.Server {
	w.t.Helper()
	cfg := edge.Config{
		Sites: w, Releases: w, Manifests: w, Blobs: w.blobs, Logger: slog.New(slog.DiscardHandler), Poll: time.Hour,
	}
	for _, fn := range change {
		fn(&cfg)
	}
	s, err := edge.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

// page is text that compresses but is too varied to vanish.
func page(title string, rows int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><title>%s</title>", title)
	for i := range rows {
		fmt.Fprintf(&b, "<tr><td>%s</td><td>%x</td></tr>\n", title, sha256.Sum256([]byte(title+fmt.Sprint(i))))
	}
	return []byte(b.String())
}

func keyboards() []release.File {
	return []release.File{
		{Path: "/", File: "index.html", ContentType: html, Body: page("home", 40)},
		{Path: "/guide/", File: "guide/index.html", ContentType: html, Body: page("guide", 60)},
		{Path: "/a b/", File: "ab/index.html", ContentType: html, Body: []byte("space")},
		{Path: "/404.html", File: "404.html", ContentType: html, Body: page("lost", 20), Status: 404},
		{Path: "/img/k.1234.png", File: "img/k.1234.png", ContentType: "image/png", Body: bytes.Repeat([]byte{1, 2, 3}, 100), Immutable: true},
		{Path: "/robots.txt", File: "robots.txt", ContentType: "text/plain; charset=utf-8", Body: []byte("User-agent: *\n")},
	}
}

func body(files []release.File, path string) []byte {
	for _, f := range files {
		if f.Path == path {
			return f.Body
		}
	}
	panic("no file " + path)
}

// request is one request as it would arrive; headers are pairs.
func request(method, host, path string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "http://"+host+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func get(s http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, request(http.MethodGet, "keyboards.example", path, headers...))
	return rec
}

// decoded returns the body of an answer without its content coding.
func decoded(t *testing.T, rec *httptest.ResponseRecorder) []byte {
	t.Helper()
	var r io.Reader = rec.Body
	var err error
	switch enc := rec.Header().Get("Content-Encoding"); enc {
	case "":
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	default:
		t.Fatalf("unknown Content-Encoding %q", enc)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
