package proxy_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/gateway/proxy"
)

// TestFaultsOfTheFile are found at once, each with its place.
func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"not YAML", "a: [", []string{"file: "}},
		{"a list", "[]", []string{"file: a mapping is needed"}},
		{"two documents", "routes: []\n---\nroutes: []\n", []string{"file: only one YAML document is read"}},
		{"unknown key", "rutes: []", []string{`file: the key "rutes" in line 1 is not one of routes, services`}},
		{"repeated key", "routes: []\nroutes: []", []string{`file: the key "routes" is there again in line 2`}},
		{"routes are no list", "routes: {}", []string{"file: routes: a list is needed"}},
		{"services are no mapping", "services: []", []string{"file: services: a mapping is needed"}},
		{"route is no mapping", "routes: [5]", []string{"routes[0]: a mapping is needed"}},
		{"nothing in a route", "routes: [{}]", []string{`routes[0]: name: ""`, `routes[0]: prefix: ""`}},
		{
			"everything in a route",
			`routes: [{name: blog, prefix: blog, host: "a b", service: "X!", timeout: 5 minutes, retries: 11, strip_prefix: yes please, rewrite_host: 1, weight: 1}]`,
			[]string{
				`route "blog": timeout: "5 minutes" is not a duration such as 30s`, `route "blog": retries: "11" is not a number between 0 and 10`,
				`route "blog": strip_prefix: "yes please" is not true or false`, `route "blog": rewrite_host: "1" is not true or false`,
				`route "blog": the key "weight" in line 1 is not one of host, name, prefix`, `route "blog": service: "X!"`, `route "blog": host: "a b"`,
				`route "blog": prefix: "blog" does not begin with /`,
			},
		},
		{"host with a port", `routes: [{name: a, prefix: /, host: "a.example:80"}]`, []string{`route "a": host: "a.example:80"`}},
		{"dots", `routes: [{name: a, prefix: /a/../b}, {name: b, prefix: /a//b}, {name: c, prefix: "/a?b"}]`, []string{`route "a": prefix`, `route "b": prefix`, `route "c": prefix`}},
		{"timeouts", `routes: [{name: a, prefix: /, timeout: 0s}, {name: b, prefix: /b, timeout: 2h}]`, []string{`route "a": timeout: 0s is not between`, `route "b": timeout: 2h0m0s is not between`}},
		{"nothing to strip for", `routes: [{name: a, prefix: /a, strip_prefix: true}]`, []string{`route "a": service: strip_prefix and rewrite_host need one`}},
		{
			"overlap", `routes: [{name: first, prefix: /blog}, {name: second, prefix: /blog/}, {name: third, prefix: /, host: A.example}, {name: fourth, prefix: /, host: a.example.}]`,
			[]string{`routes "first" and "second": both lead /blog`, `routes "third" and "fourth": both lead a.example/`},
		},
		{"same name", `routes: [{name: a, prefix: /a}, {name: a, prefix: /b}]`, []string{`route "a": name: another route has it already`}},
		{"null", `routes: [{name: ~, prefix: /}]`, []string{`routes[0]: name: a text is needed`}},
		{
			"services",
			`services: {BAD: {urls: []}, app: {weight: 0, health: {path: readyz, interval: 1ms, timeout: soon, every: 1s}, urls: [{url: "ftp://a"}, {url: "http://u:secret@a"}, {url: "http://a/b"}, {url: "http://a?b"}, {url: "http://a:99999"}, {url: "http://b", weight: 101}, {url: "http://b/"}, 5]}}`,
			[]string{
				`service "BAD": the name`, `service "app": weight: "0"`, `service "app": health: interval: 1ms is not between`, `service "app": health: timeout: "soon"`,
				`service "app": health: the key "every"`, `service "app": urls[0]: url: not an address`, `service "app": urls[1]: url: credentials are not taken`,
				`service "app": urls[2]: url: it must end after the port`, `service "app": urls[3]: url: it must end`, `service "app": urls[4]: url: the port`,
				`service "app": urls[5]: weight: "101"`, `service "app": urls[6]: url: "http://b" is there already`, `service "app": urls[7]: a mapping`,
				`service "app": health: path: "readyz"`,
			},
		},
		{"too large", "# " + strings.Repeat("x", 1<<20), []string{"file: it has"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := proxy.ParseTable([]byte(tt.file), nil)
			fault, ok := errors.AsType[*proxy.FileError](err)
			if !ok {
				t.Fatalf("error = %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains("\n"+err.Error(), "\n"+want) {
					t.Errorf("no fault %q in\n%s", want, err)
				}
			}
			if len(fault.Faults) < len(tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("faults = %q", fault.Faults)
			}
		})
	}
}

func TestParseTable(t *testing.T) {
	t.Parallel()
	for _, empty := range []string{"", "# nothing\n", "---\n", "routes:\nservices: {}\n"} {
		if empty == "routes:\nservices: {}\n" {
			continue // a key without value is a mistake
		}
		if table, err := proxy.ParseTable([]byte(empty), nil); err != nil || len(table.Routes()) != 0 {
			t.Errorf("%q: %v", empty, err)
		}
	}
	table, err := proxy.ParseTable([]byte(`
routes:
  - {name: shop, host: Shop.Example., prefix: /cart/, service: shop, strip_prefix: true, timeout: 5s, retries: 1, rewrite_host: true}
  - {name: all, prefix: /, service: "007"}
`), []domain.Route{{Name: "here", Prefix: "/healthz"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []domain.Route{
		{Name: "shop", Host: "shop.example", Prefix: "/cart", Service: "shop", StripPrefix: true, RewriteHost: true, Timeout: 5e9, Retries: 1},
		{Name: "all", Prefix: "/", Service: "007", Timeout: 30e9, Retries: 2},
		{Name: "here", Prefix: "/healthz", Timeout: 30e9, Retries: 2},
	}
	if d := cmp.Diff(want, table.Routes()); d != "" {
		t.Errorf("routes (-want +got):\n%s", d)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	table, err := proxy.ParseTable([]byte(`
routes:
  - {name: root, prefix: /}
  - {name: blog, prefix: /blog}
  - {name: deep, prefix: /blog/a/b}
  - {name: space, prefix: "/with space"}
  - {name: shop, host: shop.example, prefix: /blog}
  - {name: six, host: "::1", prefix: /six}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ host, path, want string }{
		{"x", "/", "root"}, {"x", "/blog", "blog"}, {"x", "/blog/", "blog"}, {"x", "/blog/a", "blog"}, {"x", "/blogs", "root"}, {"x", "/blog/a/b", "deep"},
		{"x", "/blog/a/b/c/d", "deep"}, {"x", "/blog/a/bc", "blog"}, {"x", "/with space/x", "space"}, {"x", "//blog", "root"}, {"x", "*", ""}, {"x", "", ""},
		{"shop.example", "/blog/a/b", "shop"}, // a named host before a longer prefix
		{"SHOP.example.:8080", "/blog", "shop"}, {"shop.example", "/other", "root"}, {"shop.example.evil", "/blog", "blog"},
		{"[::1]:8080", "/six", "six"}, {"[::1]", "/six", "six"}, {"::1", "/six", "six"}, {"[::1", "/six", "root"},
		{"x", "/blog" + strings.Repeat("/x", 1<<15), "blog"},
	} {
		got, _ := table.Match(tt.host, tt.path)
		if got.Name != tt.want {
			t.Errorf("%s%.40s: %q, want %q", tt.host, tt.path, got.Name, tt.want)
		}
	}
}

// TestEscapesMakeNoBorders: an escaped slash is part of a segment.
func TestEscapesMakeNoBorders(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, "forwarded", nil)
	f := newFront(t, fmt.Sprintf("routes:\n  - {name: a, prefix: /a, service: app}\n  - {name: b, prefix: /a/b}\n  - {name: c, prefix: \"/with space\", service: app}\nservices:\n  app: {urls: [{url: %q}]}\n", u.URL))
	for path, want := range map[string]string{"/a%2Fb": "local /a/b", "/a/b": "local /a/b", "/a/b%2Fc": "forwarded", "/%61/x": "forwarded", "/with%20space": "forwarded"} {
		if _, text, _ := f.do(t, "GET", path, ""); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
}

// FuzzMatch reads any file, and what it leads must be led by the longest prefix.
func FuzzMatch(f *testing.F) {
	f.Add([]byte("routes:\n - {name: a, prefix: /}\n - {name: b, prefix: /b/c, host: x.example}\n"), "x.example:1", "/b/c/d")
	f.Add([]byte("routes: [{name: a, prefix: /a/b/}, {name: b, prefix: /a}]\nservices: {x: {urls: [{url: 'http://a'}]}}"), "", "/a/b")
	f.Add([]byte("routes: &r [{name: a, prefix: /a, timeout: 1s}]\nservices: *r"), "h", "/a//b")
	f.Fuzz(func(t *testing.T, file []byte, host, path string) {
		table, err := proxy.ParseTable(file, nil)
		if err != nil {
			if len(err.Error()) == 0 {
				t.Error("a fault without words")
			}
			return
		}
		got, ok := table.Match(host, path)
		covers := func(r domain.Route) bool {
			p := strings.TrimSuffix(r.Prefix, "/")
			return path == p || strings.HasPrefix(path, p+"/")
		}
		if ok && !covers(got) {
			t.Errorf("route %+v does not lead %q", got, path)
		}
		if ok && got.Host != "" && !strings.Contains(strings.ToLower(host), got.Host) {
			t.Errorf("route %+v does not lead host %q", got, host)
		}
		for _, r := range table.Routes() {
			if r.Timeout <= 0 || r.Name == "" {
				t.Errorf("route %+v", r)
			}
			if strings.HasPrefix(path, "/") && covers(r) && (r.Host == "" && !ok || ok && r.Host == got.Host && len(r.Prefix) > len(got.Prefix)) {
				t.Errorf("%q is led by %+v, but %+v is longer", path, got, r)
			}
		}
	})
}

// BenchmarkMatch finds one of 1,000 routes.
func BenchmarkMatch(b *testing.B) {
	var file strings.Builder
	file.WriteString("routes:\n")
	for i := range 1000 {
		fmt.Fprintf(&file, "  - {name: r%d, prefix: /api/v%d/things, service: app}\n", i, i)
	}
	table, err := proxy.ParseTable([]byte(file.String()), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := table.Match("shop.example:8080", "/api/v500/things/42/parts/7"); !ok {
			b.Fatal("no route")
		}
	}
}

// BenchmarkForward sends requests through the proxy to one of three instances that
// answer at once; connections and the answer's way included.
func BenchmarkForward(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	var file strings.Builder
	file.WriteString("routes:\n  - {name: all, prefix: /, service: app}\nservices:\n  app:\n    urls:\n")
	for range 3 {
		s := httptest.NewServer(handler)
		defer s.Close()
		fmt.Fprintf(&file, "      - {url: %q}\n", s.URL)
	}
	front := benchFront(b, file.String())
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			front.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), "GET", "/api/v1/websites", nil))
			if w.Code != 200 {
				b.Errorf("status %d", w.Code)
			}
		}
	})
}
