package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"empire/internal/domain"
	"empire/internal/integration/fetch"
)

// client returns one that may fetch from 127.0.0.1, and from no other address that is
// not public.
func client(t *testing.T, change func(*fetch.Config)) *fetch.Client {
	t.Helper()
	cfg := fetch.Config{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Interval: time.Microsecond, Retries: -1, Timeout: 20 * time.Second,
		Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no names here") }},
	}
	if change != nil {
		change(&cfg)
	}
	c := fetch.New(cfg)
	t.Cleanup(c.Close)
	return c
}

// site serves pages by path; without a robots.txt of its own it has none.
func site(t *testing.T, pages map[string]http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := pages[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func page(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(body))
	}
}

func reason(err error) domain.FetchReason {
	if e, ok := errors.AsType[*domain.FetchError](err); ok {
		return e.Reason
	}
	return ""
}

func wantReason(t *testing.T, err error, want domain.FetchReason) {
	t.Helper()
	if got := reason(err); got != want {
		t.Errorf("got reason %q (%v), want %q", got, err, want)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	var agent atomic.Value
	base := site(t, map[string]http.HandlerFunc{"/a": func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		page("text/html; charset=utf-8", "<p>tea")(w, r)
	}, "/to-a": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a#x", http.StatusFound) }})
	c := client(t, func(cfg *fetch.Config) { cfg.Contact = "https://ops.example/bot" })
	p, err := c.Fetch(t.Context(), base+"/to-a")
	if err != nil || string(p.Body) != "<p>tea" || p.FinalURL != base+"/a" || p.URL != base+"/to-a" || p.Redirects != 1 || p.Status != 200 {
		t.Fatalf("page = %+v, %v", p, err)
	}
	if agent.Load() != "EmpireBot/1.0 (+https://ops.example/bot)" {
		t.Errorf("User-Agent = %v", agent.Load())
	}
}

func TestFetchRefusesAddresses(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("127.0.0.2 cannot be listened on: %v", err)
	}
	_ = inside.Listener.Close()
	inside.Listener = l
	inside.Start()
	t.Cleanup(inside.Close)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	outside := site(t, map[string]http.HandlerFunc{
		"/in": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL+"/secret", http.StatusFound)
		},
		"/file": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		},
		"/name": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://inside.example:"+port+"/", http.StatusFound)
		},
		"/user": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://a:b@127.0.0.1/", http.StatusFound)
		},
	})
	c := client(t, func(cfg *fetch.Config) { cfg.Resolver = names(t, map[string]string{"inside.example.": "127.0.0.2"}) })
	for address, want := range map[string]domain.FetchReason{
		inside.URL:                                      domain.FetchPrivate,
		"http://[::ffff:127.0.0.2]:" + port:             domain.FetchPrivate,
		"http://inside.example:" + port + "/a":          domain.FetchPrivate,
		outside + "/in":                                 domain.FetchPrivate,
		outside + "/name":                               domain.FetchPrivate,
		outside + "/file":                               domain.FetchBadURL,
		outside + "/user":                               domain.FetchBadURL,
		"http://169.254.169.254/latest/":                domain.FetchPrivate,
		"http://[fd00:ec2::254]/latest/":                domain.FetchPrivate,
		"http://[::1]/":                                 domain.FetchPrivate,
		"http://[64:ff9b::7f00:2]/":                     domain.FetchPrivate,
		"http://10.0.0.1/":                              domain.FetchPrivate,
		"http://100.100.100.200/":                       domain.FetchPrivate,
		"http://0.0.0.0/":                               domain.FetchPrivate,
		"http://2130706434:" + port + "/":               domain.FetchUnreachable, // no name, and no address in this form
		"gopher://127.0.0.2/":                           domain.FetchBadURL,
		"http:///a":                                     domain.FetchBadURL,
		"http://user@127.0.0.1/":                        domain.FetchBadURL,
		"http://127.0.0.1/" + strings.Repeat("a", 3000): domain.FetchBadURL,
	} {
		_, err := c.Fetch(t.Context(), address)
		if got := reason(err); got != want {
			t.Errorf("%.60s: %q (%v), want %q", address, got, err, want)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests reached the inside", n)
	}
}

// names answers questions for A records from a table.
func names(t *testing.T, table map[string]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}
			m.Additionals = nil
			if ip, ok := table[q.Name.String()]; !ok {
				m.RCode = dnsmessage.RCodeNameError
			} else if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:4700::1111": true, "64:ff9b::5db8:d822": true, "2002:5db8:d822::1": true, "172.32.0.1": true, "100.128.0.1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "::": false, "::1": false, "::ffff:10.0.0.1": false, "::7f00:1": false, "fe80::1%eth0": false,
		"fd00::1": false, "2001:db8::1": false, "64:ff9b::a00:1": false, "2002:a00:1::1": false, "198.18.0.1": false, "168.63.129.16": false,
	} {
		if got := fetch.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("Public(%s) = %v, want %v", address, got, want)
		}
	}
	if fetch.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestFetchThroughProxy(t *testing.T) {
	t.Parallel()
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		asked.Store(r.URL.String())
		page("text/html", "<p>by proxy")(w, r)
	}))
	t.Cleanup(proxy.Close)
	u, _ := url.Parse(proxy.URL)
	c := client(t, func(cfg *fetch.Config) {
		cfg.Proxy, cfg.Allow = u, nil
		cfg.Resolver = names(t, map[string]string{"shop.example.": "93.184.216.34", "trap.example.": "10.0.0.7"})
	})
	if p, err := c.Fetch(t.Context(), "http://shop.example/a"); err != nil || string(p.Body) != "<p>by proxy" || asked.Load() != "http://shop.example/a" {
		t.Errorf("got %+v, %v, the proxy was asked for %v", p, err, asked.Load())
	}
	_, err := c.Fetch(t.Context(), "http://trap.example/a")
	wantReason(t, err, domain.FetchPrivate)
}

func TestFetchObeysRobots(t *testing.T) {
	t.Parallel()
	var pages atomic.Int64
	count := func(w http.ResponseWriter, r *http.Request) { pages.Add(1); page("text/html", "<p>x")(w, r) }
	for _, tt := range []struct {
		name, robots string
		status       int
		path         string
		want         domain.FetchReason
		hits         int64
	}{
		{"none", "", 404, "/a", "", 1},
		{"disallowed for all", "User-agent: *\nDisallow: /a", 200, "/a", domain.FetchRobots, 0},
		{"with its query", "User-agent: *\nDisallow: /a?x=", 200, "/a?x=1", domain.FetchRobots, 0},
		{"disallowed for us", "User-agent: EmpireBot\nDisallow: /\n\nUser-agent: *\nAllow: /", 200, "/a", domain.FetchRobots, 0},
		{"disallowed for others", "User-agent: Other\nDisallow: /", 200, "/a", "", 1},
		{"not well", "", 503, "/a", domain.FetchRobots, 0},
		{"too many requests", "", 429, "/a", domain.FetchRobots, 0},
		{"forbidden", "", 403, "/a", "", 1},
		{"long pauses", "User-agent: *\nCrawl-delay: 60", 200, "/a", domain.FetchDelay, 0},
		{"leads to the page", "User-agent: *\nDisallow: /a", 200, "/to-a", domain.FetchRobots, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int64
			base := site(t, map[string]http.HandlerFunc{
				"/robots.txt": func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.robots))
				},
				"/a": count, "/to-a": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a", http.StatusFound) },
			})
			c, before := client(t, nil), pages.Load()
			for range 2 {
				_, err := c.Fetch(t.Context(), base+tt.path)
				wantReason(t, err, tt.want)
			}
			if n := pages.Load() - before; n != 2*tt.hits {
				t.Errorf("%d requests for the page, want %d", n, 2*tt.hits)
			}
			if n := asked.Load(); n != 1 {
				t.Errorf("robots.txt was asked for %d times, want once", n)
			}
		})
	}
}
