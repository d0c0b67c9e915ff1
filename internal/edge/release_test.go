package edge_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/release"
)

// eventually asks until the answer is good, which takes a nudge and no more.
func eventually(t *testing.T, what string, limit time.Duration, good func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !good(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen within %s", what, limit)
		}
	}
}

// A pointer that moves back and forth under load: every answer is whole and of one
// release, and soon after a move all are of the new one.
func TestPointerMovesUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bodies := [][]byte{page("one", 50), page("two", 70)}
	ids := []domain.ReleaseID{}
	for _, b := range bodies {
		ids = append(ids, w.release(release.File{Path: "/", File: "index.html", ContentType: html, Body: b}))
	}
	w.publish("keyboards", ids[0])
	s := w.serve()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	fetch := func() (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/", nil)
		if err != nil {
			return 0, err
		}
		req.Host = "keyboards.example"
		resp, err := srv.Client().Do(req) // asks for gzip and unpacks it
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			return 0, err
		}
		if resp.StatusCode != 200 {
			return 0, fmt.Errorf("status %d", resp.StatusCode)
		}
		for i := range bodies {
			if bytes.Equal(b, bodies[i]) {
				return i, nil
			}
		}
		return 0, fmt.Errorf("%d bytes of neither release", len(b))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var served atomic.Int64
	for range 8 {
		load.Go(func() {
			for ctx.Err() == nil {
				if _, err := fetch(); err != nil {
					t.Error(err)
					return
				}
				served.Add(1)
			}
		})
	}
	for move := 1; move <= 20; move++ {
		want := move % 2
		w.publish("keyboards", ids[want])
		s.Nudge()
		eventually(t, "the move", time.Second, func() bool { got, err := fetch(); return err == nil && got == want })
		for range 10 {
			if got, err := fetch(); err != nil || got != want {
				t.Errorf("after move %d: release %d, %v; want %d", move, got, err, want)
			}
		}
	}
	cancel()
	load.Wait()
	if n := s.Stats().Requests; n[2] < uint64(served.Load()) || n[4]+n[5] != 0 {
		t.Errorf("counted %v, want at least %d good answers and no bad ones", n, served.Load())
	}
}

func TestPollFindsChangesByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve(func(c *edge.Config) { c.Poll = 0 }) // the default
	w.publish("keyboards", w.release(keyboards()...))
	eventually(t, "the first release", 5*time.Second, func() bool { return get(s, "/").Code == 200 })
}

func TestSitesComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.release(keyboards()...)
	w.publish("keyboards", id)
	s := w.serve()
	code := func(want int) func() bool { return func() bool { return get(s, "/").Code == want } }
	eventually(t, "serving", time.Second, code(200))
	w.publish("keyboards", "")
	s.Nudge()
	eventually(t, "taking down", time.Second, code(421))
	w.publish("keyboards", id)
	s.Nudge()
	eventually(t, "serving again", time.Second, code(200))
	w.publish("lamps", id)
	w.remove("keyboards")
	s.Nudge()
	eventually(t, "forgetting a deleted site", time.Second, code(421))
	if rec := ask(s, "GET", "lamps.example", "/"); rec.Code != 200 {
		t.Errorf("the other site: %d, want 200", rec.Code)
	}
	w.publish("keyboards", id)
	s.Nudge()
	eventually(t, "serving again", time.Second, code(200))
	w.forget("keyboards")
	s.ForceResync()
	s.Nudge()
	eventually(t, "following the database back", time.Second, code(421))
}

func TestADomainBeatsALocalName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("a", w.release(release.File{Path: "/", File: "index.html", ContentType: html, Body: []byte("a")}))
	w.publish("b", w.release(release.File{Path: "/", File: "index.html", ContentType: html, Body: []byte("b")}))
	w.websites["site_b"].Domain = "a.localhost"
	s := w.serve()
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, request("GET", "a.localhost", "/"))
	if rec.Body.String() != "b" {
		t.Errorf("a.localhost gives site %q, want b", rec.Body)
	}
}

func TestManifestsAreReadOnceAndLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.release(keyboards()...)
	for i := range 50 {
		w.publish(fmt.Sprintf("site%d", i), id)
	}
	w.publish("keyboards", w.release(keyboards()[:1]...))
	w.hold = make(chan struct{})
	s := w.serve()
	if n := w.loads.Load(); n != 0 {
		t.Errorf("%d manifests read at the start, want none", n)
	}
	var visitors sync.WaitGroup
	for range 30 {
		visitors.Go(func() {
			if rec := get(s, "/"); rec.Code != 200 {
				t.Errorf("status %d, want 200", rec.Code)
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, request("GET", "keyboards.example", "/").WithContext(gone))
	if rec.Code != 503 {
		t.Errorf("visitor who left: %d, want 503", rec.Code)
	}
	close(w.hold)
	visitors.Wait()
	if n := w.loads.Load(); n != 1 {
		t.Errorf("%d manifests read, want 1", n)
	}
}

func TestReleaseThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	w.setBroken(true)
	s := w.serve()
	if rec := get(s, "/"); rec.Code != 503 || rec.Header().Get("Retry-After") == "" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v, want 503 with Retry-After", rec.Code, rec.Header())
	}
	w.setBroken(false)
	if rec := get(s, "/"); rec.Code != 200 {
		t.Errorf("after it healed: %d, want 200", rec.Code)
	}
}

func TestReleaseThatCannotBeReadDoesNotTakeOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	next := w.release(release.File{Path: "/", File: "index.html", ContentType: html, Body: []byte("next")})
	s := w.serve()
	first := get(s, "/").Body.String()
	w.setBroken(true)
	loads := w.loads.Load()
	w.publish("keyboards", next)
	s.Nudge()
	eventually(t, "reading the manifest", time.Second, func() bool { return w.loads.Load() > loads })
	if rec := get(s, "/"); rec.Code != 200 || rec.Body.String() != first {
		t.Errorf("got %d, want the release before", rec.Code)
	}
	w.setBroken(false)
	s.ForceResync()
	s.Nudge()
	eventually(t, "taking over", time.Second, func() bool { return get(s, "/").Body.String() == "next" })
}

func TestDamagedBlobIsNotServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := keyboards()
	w.publish("keyboards", w.release(files...))
	s := w.serve()
	sha, err := w.blobs.PutBytes(t.Context(), body(files, "/"))
	if err != nil {
		t.Fatal(err)
	}
	damage(t, w, sha)
	rec := get(s, "/")
	if h := rec.Header(); rec.Code != 503 || h.Get("Etag") != "" || h.Get("Vary") != "" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v, want a bare 503", rec.Code, h)
	}
	if rec := get(s, "/guide/"); rec.Code != 200 {
		t.Errorf("another page: %d, want 200", rec.Code)
	}
}

// damage changes one byte of a stored blob.
func damage(t *testing.T, w *world, sha string) {
	t.Helper()
	name := filepath.Join(w.dir, "sha256", sha[:2], sha[2:4], sha)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[0]++
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var files []release.File
	for i := range 60 {
		files = append(files, release.File{
			Path: fmt.Sprintf("/%d", i), File: fmt.Sprint(i), ContentType: "image/png", Body: bytes.Repeat([]byte{byte(i)}, 4<<10),
		})
	}
	files = append(files, release.File{Path: "/big", File: "big", ContentType: "image/png", Body: make([]byte, 60<<10)})
	w.publish("keyboards", w.release(files...))
	const bound = 64 << 10
	s := w.serve(func(c *edge.Config) { c.CacheBytes = bound })
	for range 3 {
		for _, f := range files {
			if rec := get(s, f.Path); rec.Code != 200 || !bytes.Equal(rec.Body.Bytes(), f.Body) {
				t.Errorf("%s: %d with %d bytes", f.Path, rec.Code, rec.Body.Len())
			}
		}
	}
	eventually(t, "shrinking to the bound", 5*time.Second, func() bool { return s.Stats().CacheBytes <= bound })
	if st := s.Stats(); st.CacheReads < uint64(len(files)) {
		t.Errorf("%d reads of %d files", st.CacheReads, len(files))
	}
}

func TestServerLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	s := w.serve(func(c *edge.Config) { c.Addr = "127.0.0.1:0" })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "keyboards.localhost"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("second Start succeeded")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if s.Addr() != "" {
		t.Errorf("Addr after Stop = %q, want none", s.Addr())
	}
	if err := s.Start(t.Context()); err != nil {
		t.Errorf("Start after Stop = %v, want nil", err)
	}
}

func TestStartFailsWithoutItsSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	s := w.serve()
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	w.down.Store(true)
	s.Nudge()
	eventually(t, "noticing", time.Second, func() bool { return s.Ping(t.Context()) != nil })
	if rec := get(s, "/"); rec.Code != 200 || !s.Serving() {
		t.Errorf("with its source down: %d, want 200", rec.Code)
	}
	w.down.Store(false)
	s.Nudge()
	eventually(t, "healing", time.Second, func() bool { return s.Ping(t.Context()) == nil })
	w.down.Store(true)
	other, err := edge.New(edge.Config{Sites: w, Releases: w, Manifests: w, Blobs: w.blobs, Logger: discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(t.Context()); err == nil {
		t.Error("Start succeeded with its source down")
	}
	rec := httptest.NewRecorder()
	other.ServeHTTP(rec, request("GET", "keyboards.example", "/"))
	if other.Serving() || other.Ping(t.Context()) == nil {
		t.Error("it says that it serves before its start")
	}
	if rec.Code != 503 {
		t.Errorf("before its start: %d, want 503", rec.Code)
	}
	if _, err := edge.New(edge.Config{}); err == nil {
		t.Error("New succeeded without sources")
	}
}
