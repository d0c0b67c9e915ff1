package proxy_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/gateway/proxy"
)

// TestReloadUnderLoad changes the routes 100 times while requests run: none fails,
// and none goes where no table ever led it.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	ups := trio(t, nil)
	file := func(i int) string {
		return fmt.Sprintf(`
routes:
  - {name: app, prefix: /app, service: app, retries: %d}
  - {name: other%d, prefix: /other/%d, service: app}
services:
  app:
    urls: [{url: %q, weight: %d}, {url: %q}]
`, i%3, i, i, ups[0].URL, 1+i%5, ups[1+i%2].URL)
	}
	f := newFront(t, file(0))
	ended := make(chan int)
	for _, path := range []string{"/app/x", "/local"} {
		go func() { ended <- f.load(t, "GET", path, 8, 2000) }()
	}
	for i := range 100 {
		f.write(t, file(i+1))
		if err := f.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if bad := <-ended; bad > 0 {
			t.Errorf("%d requests failed during reloads", bad)
		}
	}
	if n := ups[0].hits.Load() + ups[1].hits.Load() + ups[2].hits.Load(); n != 2000 {
		t.Errorf("%d requests were forwarded, want 2000", n)
	}
}

// TestReloadKeepsRequests changes where a route leads while a request is under way.
func TestReloadKeepsRequests(t *testing.T) {
	t.Parallel()
	arrived, free := make(chan struct{}), make(chan struct{})
	old := newUpstream(t, "old", nil)
	f := newFront(t, routesTo("", []*upstream{old}))
	next := newUpstream(t, "next", nil)
	slow := newUpstream(t, "slow", nil)
	slow.handler = func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-free
		_, _ = fmt.Fprint(w, "slow")
	}
	f.write(t, routesTo("", []*upstream{slow}))
	if err := f.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		_, text, _ := f.do(t, "GET", "/x", "")
		got <- text
	}()
	<-arrived
	f.write(t, routesTo("", []*upstream{next}))
	if err := f.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, text, _ := f.do(t, "GET", "/x", ""); text != "next" {
		t.Errorf("after the reload: %q", text)
	}
	close(free)
	if text := <-got; text != "slow" {
		t.Errorf("the request under way: %q", text)
	}
}

// TestFileIsWatched changes the file without a word.
func TestFileIsWatched(t *testing.T) {
	t.Parallel()
	a, b := newUpstream(t, "a", nil), newUpstream(t, "b", nil)
	f := newFront(t, routesTo("", []*upstream{a}))
	loaded := f.RouteTable().LoadedAt
	f.write(t, routesTo("", []*upstream{b}))
	until(t, "the new routes hold", func() bool { return f.RouteTable().LoadedAt.After(loaded) })
	if _, text, _ := f.do(t, "GET", "/x", ""); text != "b" {
		t.Errorf("answered by %q", text)
	}
	f.write(t, "routes:\n  - {name: broken, prefix: nowhere}\n")
	until(t, "the fault is seen", func() bool { return f.RouteTable().Error != "" })
	table := f.RouteTable()
	if !strings.Contains(table.Error, `route "broken": prefix: "nowhere"`) || table.ErrorAt == nil || table.Routes[0].Name != "all" {
		t.Errorf("table = %+v", table)
	}
	if err := f.Check(t.Context()); err == nil {
		t.Error("the component is well")
	}
	if _, text, _ := f.do(t, "GET", "/x", ""); text != "b" {
		t.Errorf("with a bad file: answered by %q", text)
	}
	if !strings.Contains(f.log.String(), "routes refused") {
		t.Errorf("log = %s", f.log)
	}
	if err := f.Reload(t.Context()); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("reload = %v", err)
	}
	if err := os.Remove(f.file); err != nil {
		t.Fatal(err)
	}
	until(t, "the loss is seen", func() bool { return strings.Contains(f.RouteTable().Error, "no such file") })
	f.write(t, routesTo("", []*upstream{a}))
	until(t, "it is well again", func() bool { return f.Check(t.Context()) == nil })
	if _, text, _ := f.do(t, "GET", "/x", ""); text != "a" {
		t.Errorf("answered by %q", text)
	}
}

func TestNewRefusesBadFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "routes.yaml")
	c := proxy.Config{File: file, Problem: writeProblem, Logger: slog.New(slog.DiscardHandler)}
	if _, err := proxy.New(c); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
	if err := os.WriteFile(file, []byte("routes: 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(c); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("with a bad file: %v", err)
	}
	if _, err := proxy.New(proxy.Config{}); err == nil {
		t.Error("without a logger it was made")
	}
}

// TestBaseRoutes hold unless the file says otherwise.
func TestBaseRoutes(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "a", nil)
	base := append(proxy.Local("/readyz", "/api/v1/system"), domain.Route{Name: "workers", Prefix: "/", Service: "worker"})
	f := newFront(t, fmt.Sprintf("routes:\n  - {name: api, prefix: /api, service: app}\n  - {name: mine, prefix: /readyz/, service: app}\nservices:\n  app: {urls: [{url: %q}]}\n", u.URL), base...)
	for path, want := range map[string]string{"/api/v1/websites": "a", "/api/v1/system/routes": "local /api/v1/system/routes", "/readyz/x": "a"} {
		if _, text, _ := f.do(t, "GET", path, ""); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
	if status, _, _ := f.do(t, "GET", "/", ""); status != 503 {
		t.Errorf("/: %d, want 503 as there is no worker", status)
	}
	var names []string
	for _, r := range f.RouteTable().Routes {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, " "); got != "api mine local_api_v1_system workers" {
		t.Errorf("routes: %s", got)
	}
}
