package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/sample"
)

// TestRollbackUnderLoad goes back to release 1 and forward to release 2 while
// visitors read the site: no request fails, every answer is whole and of one
// release, and within a second after a move all are of the right one.
func TestRollbackUnderLoad(t *testing.T) {
	t.Parallel()
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, t.TempDir(), db.url(t))
			c := newCaller(t, a)
			first := demo(t, a, app.DemoParams{})
			second := secondRelease(t, a, c, first.WebsiteID)
			l := newLoad(t, first.BaseURL, filesOf(t, first.SiteDir), filesOf(t, second))
			var releases []struct {
				ID     string `json:"id"`
				Number int    `json:"number"`
			}
			c.want("GET", "/api/v1/websites/"+string(first.WebsiteID)+"/releases", nil, http.StatusOK, &releases)
			if len(releases) != 2 || releases[0].Number != 2 || releases[1].ID != string(first.Release) {
				t.Fatalf("releases: %+v", releases)
			}
			l.run(t)
			l.expect(t, 2)
			l.move(t, 1, func() { c.moved("/rollback", releases[1].ID, "") })
			l.move(t, 2, func() { c.moved("/publish", releases[0].ID, releases[0].ID) })
			l.move(t, 1, func() { c.moved("/rollback", releases[1].ID, releases[1].ID) })
			if db.name == "sqlite" {
				mirror(t, first.BaseURL, first.Domain, first.SiteDir)
			}
			t.Logf("%d answers, %d of them in brotli", l.served.Load(), l.compressed.Load())
			if l.compressed.Load() == 0 || l.compressed.Load() == l.served.Load() {
				t.Error("only one form was asked for")
			}
		})
	}
}

// moved calls an operation that moves the pointer of the only website and wants
// release live afterwards. Without to, the operation chooses by itself.
func (c *caller) moved(operation, release, to string) {
	c.t.Helper()
	var sites []struct {
		ID string `json:"id"`
	}
	c.want("GET", "/api/v1/websites", nil, http.StatusOK, &sites)
	var in any
	if to != "" {
		in = map[string]string{"release_id": to}
	}
	var site struct {
		LiveRelease string `json:"live_release"`
	}
	c.want("POST", "/api/v1/websites/"+sites[0].ID+operation, in, http.StatusOK, &site)
	if site.LiveRelease != release {
		c.t.Errorf("after %s release %s is live, want %s", operation, site.LiveRelease, release)
	}
}

// secondRelease builds and approves a release from the feed of the day before, and
// returns the directory with its files.
func secondRelease(t *testing.T, a *app.App, c *caller, id domain.WebsiteID) string {
	t.Helper()
	ctx := a.AsAdmin(t.Context())
	feed := sample.Feed(time.Now().UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour))
	report, err := a.Catalogue.ImportFeed(ctx, "sample", "sample", bytes.NewReader(feed), int64(len(feed)), func(int64, int64, int) {})
	if err != nil || report.Updated == 0 {
		t.Fatalf("import of another feed: %+v, %v", report, err)
	}
	run, err := a.Websites.Rebuild(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []domain.RunState{domain.StateWaiting, domain.StateCompleted} {
		ended, err := a.Follow(ctx, run.ID, func(app.DemoProgress) {})
		if err != nil || ended.State != want {
			t.Fatalf("run is %+v, %v; want it %s", ended, err, want)
		}
		if want == domain.StateWaiting {
			var open []approval
			c.want("GET", "/api/v1/approvals?state=pending", nil, http.StatusOK, &open)
			c.want("POST", "/api/v1/approvals/"+open[0].ID+"/decision", map[string]string{"decision": "approve", "payload_hash": open[0].PayloadHash}, http.StatusOK, &open[0])
		}
	}
	site, err := a.Websites.Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	dir, _, err := a.ExportLive(ctx, site)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// filesOf reads an exported release: bytes by path, without the error page.
func filesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "404.html" {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		path := strings.TrimSuffix("/"+filepath.ToSlash(rel), "index.html")
		out[path], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// load is visitors who read a site over and over and know both of its releases.
type load struct {
	base       string
	releases   [3]map[string][]byte // by number
	paths      []string             // in both releases, different in each
	served     atomic.Int64
	compressed atomic.Int64
	settled    atomic.Pointer[settled]
}

// settled says which release all answers to requests since then must be of.
type settled struct {
	since   time.Time
	release int
}

func newLoad(t *testing.T, base string, first, second map[string][]byte) *load {
	t.Helper()
	l := &load{base: strings.TrimSuffix(base, "/"), releases: [3]map[string][]byte{1: first, 2: second}}
	for path, b := range first {
		if other, both := second[path]; both && !bytes.Equal(b, other) {
			l.paths = append(l.paths, path)
		}
	}
	slices.Sort(l.paths)
	if len(l.paths) < 10 {
		t.Fatalf("the releases differ at %q only", l.paths)
	}
	return l
}

// run starts eight visitors, who leave when the test ends.
func (l *load) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var visitors sync.WaitGroup
	t.Cleanup(func() { cancel(); visitors.Wait() })
	for n := range 8 {
		visitors.Go(func() {
			transport := &http.Transport{DisableCompression: true}
			defer transport.CloseIdleConnections()
			h := &http.Client{Transport: transport}
			for i := n; ctx.Err() == nil; i++ {
				began := time.Now()
				got, err := l.visit(ctx, h, i)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if s := l.settled.Load(); s != nil && began.After(s.since) && got != s.release {
					t.Errorf("%s is of release %d, although release %d has been live for %s", l.paths[i%len(l.paths)], got, s.release, began.Sub(s.since))
				}
			}
		})
	}
}

// visit reads one page, every other one compressed, and returns which release it is
// of.
func (l *load) visit(ctx context.Context, h *http.Client, i int) (release int, err error) {
	path := l.paths[i%len(l.paths)]
	accept := "identity"
	if i%2 == 0 {
		accept = "br"
	}
	status, header, body, err := visit(ctx, h, l.base+path, "Accept-Encoding", accept)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	if status != http.StatusOK {
		return 0, fmt.Errorf("%s: status %d", path, status)
	}
	l.served.Add(1)
	if header.Get("Content-Encoding") == "br" && accept == "br" {
		l.compressed.Add(1)
		var plain bytes.Buffer
		if _, err := plain.ReadFrom(brotli.NewReader(bytes.NewReader(body))); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		body = plain.Bytes()
	}
	for number := 1; number <= 2; number++ {
		if bytes.Equal(body, l.releases[number][path]) {
			return number, nil
		}
	}
	return 0, fmt.Errorf("%s: %d bytes of neither release", path, len(body))
}

// expect wants the next hundreds of answers to be of one release.
func (l *load) expect(t *testing.T, release int) {
	t.Helper()
	l.settled.Store(&settled{time.Now(), release})
	for end := l.served.Load() + 500; l.served.Load() < end && !t.Failed(); {
		if got, err := l.visit(t.Context(), http.DefaultClient, 0); err != nil || got != release {
			t.Fatalf("release %d, %v; want %d", got, err, release)
		}
	}
}

// move calls fn, which makes another release live, and wants the answers to all
// requests from a second later on to be of that one. How long an answer takes on a
// busy machine does not count.
func (l *load) move(t *testing.T, release int, fn func()) {
	t.Helper()
	l.settled.Store(nil)
	fn()
	called := time.Now()
	for {
		took := time.Since(called)
		got, err := l.visit(t.Context(), http.DefaultClient, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got == release {
			t.Logf("release %d was served %s after the call", release, took)
			break
		}
		if took > time.Second {
			t.Fatalf("release %d is served %s after the call for release %d", got, took, release)
		}
	}
	l.expect(t, release)
}
