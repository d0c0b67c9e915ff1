package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// TestClientAddress looks at the buckets that requests without identity are counted
// in: those are named for the address.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		peer   string
		header http.Header
		want   string
	}{
		{"direct", "203.0.113.9:1", nil, "203.0.113.9"},
		{"direct, IPv6", "[2001:db8:1:2:3::4]:1", nil, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.9]:1", nil, "203.0.113.9"},
		{"no address", "@", nil, "unknown"},
		{"claim of a stranger", "203.0.113.9:1", http.Header{"X-Forwarded-For": {"198.51.100.1"}}, "203.0.113.9"},
		{"proxy that says nothing", "10.0.0.1:1", nil, "10.0.0.1"},
		{"proxy", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.1"}}, "198.51.100.1"},
		{"proxy, IPv6", "[fd00::1]:1", http.Header{"X-Forwarded-For": {"2001:db8:9::1"}}, "2001:db8:9::/64"},
		{"with a port", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.1:4711"}}, "198.51.100.1"},
		{"brackets", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"[2001:db8:9::1]"}}, "2001:db8:9::/64"},
		{"brackets and port", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"[2001:db8:9::1]:4711"}}, "2001:db8:9::/64"},
		{"made-up hop", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"8.8.8.8, 198.51.100.1"}}, "198.51.100.1"},
		{"made-up line", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"8.8.8.8", "198.51.100.1"}}, "198.51.100.1"},
		{"made-up trusted hop", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"8.8.8.8, 10.0.0.7, 198.51.100.1"}}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"8.8.8.8, 198.51.100.1, 10.0.0.2"}}, "198.51.100.1"},
		{"all trusted", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		{"hidden", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"8.8.8.8, unknown"}}, "10.0.0.1"},
		{"hidden behind the second proxy", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"8.8.8.8, unknown, 10.0.0.2"}}, "10.0.0.2"},
		{"empty", "10.0.0.1:1", http.Header{"X-Forwarded-For": {""}}, "10.0.0.1"},
		{"forwarded", "10.0.0.1:1", http.Header{"Forwarded": {"for=198.51.100.1;proto=http;by=203.0.113.43"}}, "198.51.100.1"},
		{"forwarded, IPv6", "10.0.0.1:1", http.Header{"Forwarded": {`For="[2001:db8:cafe::17]:4711"`}}, "2001:db8:cafe::/64"},
		{"forwarded, list", "10.0.0.1:1", http.Header{"Forwarded": {`for=8.8.8.8, for=198.51.100.1;ext="a,b;c\"", for=10.0.0.2`}}, "198.51.100.1"},
		{"forwarded, lines", "10.0.0.1:1", http.Header{"Forwarded": {`for="`, "for=198.51.100.1"}}, "198.51.100.1"},
		{"forwarded, hidden", "10.0.0.1:1", http.Header{"Forwarded": {`for=8.8.8.8, for=_secret`}}, "10.0.0.1"},
		{"forwarded, broken", "10.0.0.1:1", http.Header{"Forwarded": {`for=8.8.8.8, for="198.51.100.1`}}, "10.0.0.1"},
		{"forwarded by a stranger", "203.0.113.9:1", http.Header{"Forwarded": {"for=198.51.100.1"}}, "203.0.113.9"},
		{"both, equal", "10.0.0.1:1", http.Header{"Forwarded": {"for=198.51.100.1"}, "X-Forwarded-For": {"198.51.100.1"}}, "198.51.100.1"},
		{"both, different", "10.0.0.1:1", http.Header{"Forwarded": {"for=8.8.8.8"}, "X-Forwarded-For": {"198.51.100.1"}}, "10.0.0.1"},
		{"real IP is no standard", "10.0.0.1:1", http.Header{"X-Real-Ip": {"198.51.100.1"}}, "10.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			counted := &tally{}
			d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) {
				c.TrustedProxies = prefixes("10.0.0.0/8", "fd00::/8")
				c.Limiter, c.Limits.Anonymous = counted, domain.RateLimit{Requests: 10, Per: time.Minute}
			})
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/things/1", nil)
			r.RemoteAddr = tt.peer
			if tt.header != nil {
				r.Header = tt.header
			}
			d.handler.ServeHTTP(httptest.NewRecorder(), r)
			if len(counted.keys) != 1 || counted.keys[0] != "anonymous:"+tt.want {
				t.Errorf("got %q, want anonymous:%s", counted.keys, tt.want)
			}
			if log := d.log.String(); tt.want != "unknown" && contains(log, "198.51.100.1", "203.0.113.9", "2001:db8", "10.0.0.1") {
				t.Errorf("the log has an address: %s", log)
			}
		})
	}
}

func TestStrictTransportOverTLSOnly(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) { c.TrustedProxies = prefixes("10.0.0.0/8") })
	for _, tt := range []struct {
		name   string
		target string
		peer   string
		header []string
		want   string
	}{
		{"plain", "http://x/healthz", "203.0.113.9:1", nil, ""},
		{"TLS", "https://x/healthz", "203.0.113.9:1", nil, "max-age=31536000"},
		{"claim of a stranger", "http://x/healthz", "203.0.113.9:1", []string{"X-Forwarded-Proto", "https"}, ""},
		{"proxy with TLS", "http://x/healthz", "10.0.0.1:1", []string{"X-Forwarded-Proto", "https"}, "max-age=31536000"},
		{"proxy without", "http://x/healthz", "10.0.0.1:1", []string{"X-Forwarded-Proto", "http"}, ""},
		{"what the client said first", "http://x/healthz", "10.0.0.1:1", []string{"X-Forwarded-Proto", "https, http"}, ""},
		{"forwarded", "http://x/healthz", "10.0.0.1:1", []string{"Forwarded", "for=_hidden;proto=https"}, "max-age=31536000"},
		{"forwarded by two", "http://x/healthz", "10.0.0.1:1", []string{"Forwarded", `for=8.8.8.8;proto=https, for=9.9.9.9;proto=http`}, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", tt.target, nil)
		r.RemoteAddr = tt.peer
		for i := 0; i < len(tt.header); i += 2 {
			r.Header.Set(tt.header[i], tt.header[i+1])
		}
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestMetricsBehindAProxy: what a proxy on this machine passes on is not local.
func TestMetricsBehindAProxy(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(c *gateway.Config, _ *http.ServeMux) { c.TrustedProxies = prefixes("127.0.0.0/8") })
	for _, tt := range []struct {
		name   string
		header http.Header
		want   int
	}{
		{"not forwarded", http.Header{}, 200},
		{"for somebody", http.Header{"X-Forwarded-For": {"203.0.113.9"}}, 401},
		{"for a made-up local one", http.Header{"X-Forwarded-For": {"127.0.0.1"}}, 401},
		{"contradiction", http.Header{"X-Forwarded-For": {"203.0.113.9"}, "Forwarded": {"for=127.0.0.1"}}, 401},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		r.RemoteAddr, r.Header = "127.0.0.1:5000", tt.header
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
	}
}
