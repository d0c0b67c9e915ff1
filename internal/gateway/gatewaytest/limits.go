package gatewaytest

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/gateway"
)

// Limiter is what the gateway needs to limit rates.
type Limiter interface {
	Allow(ctx context.Context, key string, l domain.RateLimit) (domain.RateDecision, error)
}

// limits lets five requests of each group through in the time of a test.
var limits = func() gateway.Limits {
	five := domain.RateLimit{Requests: 5, Per: 24 * time.Hour}
	return gateway.Limits{Auth: five, Webhooks: five, Intelligence: five, Write: five, Read: five, Anonymous: five}
}()

// RunLimits runs the suite of rate limits. open returns n limiters that share their
// counts, as those of n instances do.
func RunLimits(t *testing.T, open func(t *testing.T, n int) []Limiter) {
	t.Helper()
	for _, tt := range []struct {
		name string
		n    int
		test func(t *testing.T, doors []http.Handler)
	}{
		{"one_too_many", 1, testOneTooMany},
		{"one_bucket_for_each_group_and_identity", 1, testBuckets},
		{"addresses", 1, testAddresses},
		{"guessing_is_limited", 1, testGuessing},
		{"three_instances_have_one_limit", 3, testInstances},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var doors []http.Handler
			for _, l := range open(t, tt.n) {
				ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
				c := config(map[string]http.Handler{"/": ok})
				c.Limits, c.Limiter, c.TrustedProxies = limits, l, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
				doors = append(doors, gateway.New(c).Handler())
			}
			tt.test(t, doors)
		})
	}
}

// exhaust sends five requests, which pass, and a sixth, which does not.
func exhaust(t *testing.T, h http.Handler, in request) {
	t.Helper()
	for i := range 5 {
		if w := do(t, h, in); w.Code == http.StatusTooManyRequests {
			t.Fatalf("%s %s: request %d was limited", in.method, in.target, i+1)
		}
	}
	if w := do(t, h, in); w.Code != http.StatusTooManyRequests {
		t.Fatalf("%s %s: request 6: %d, want 429", in.method, in.target, w.Code)
	}
}

func testOneTooMany(t *testing.T, doors []http.Handler) {
	in := request{method: "GET", target: "/api/v1/things", token: someone()}
	for i := range 6 {
		w := do(t, doors[0], in)
		h, left := w.Header(), max(4-i, 0)
		if w.Code != 204 && i < 5 || w.Code != 429 && i == 5 {
			t.Errorf("request %d: %d", i+1, w.Code)
		}
		reset, err := strconv.Atoi(h.Get("RateLimit-Reset"))
		if err != nil || reset < 1 || reset > 86400 {
			t.Errorf("request %d: RateLimit-Reset = %q", i+1, h.Get("RateLimit-Reset"))
		}
		for name, want := range map[string]string{
			"RateLimit-Limit": "5", "RateLimit-Remaining": strconv.Itoa(left), "RateLimit-Policy": `"read";q=5;w=86400`,
			"RateLimit": `"read";r=` + strconv.Itoa(left) + ";t=" + strconv.Itoa(reset),
		} {
			if h.Get(name) != want {
				t.Errorf("request %d: %s = %q, want %q", i+1, name, h.Get(name), want)
			}
		}
		wait, err := strconv.Atoi(h.Get("Retry-After"))
		if (i == 5) != (err == nil && wait > 0 && wait <= 86400/5) {
			t.Errorf("request %d: Retry-After = %q", i+1, h.Get("Retry-After"))
		}
	}
}

func testBuckets(t *testing.T, doors []http.Handler) {
	ann, bob, peer := someone(), someone(), somewhere()
	exhaust(t, doors[0], request{method: "GET", target: "/api/v1/things", token: ann})
	exhaust(t, doors[0], request{method: "GET", target: "/api/v1/things", token: bob})
	exhaust(t, doors[0], request{method: "POST", target: "/api/v1/things", token: ann})
	exhaust(t, doors[0], request{method: "POST", target: "/api/v1/intelligence/research", token: ann})
	exhaust(t, doors[0], request{method: "GET", target: "/docs", peer: peer})
	exhaust(t, doors[0], request{method: "POST", target: "/api/v1/auth/login", peer: peer})
	exhaust(t, doors[0], request{method: "POST", target: "/webhooks/awin/x", peer: peer})
	for _, in := range []request{
		{method: "PUT", target: "/api/v1/other", token: ann},
		{method: "HEAD", target: "/api/v1/other", token: ann},
		{method: "GET", target: "/api/v1/intelligence/trends", token: ann},
		{method: "POST", target: "/sign-in", peer: peer},
		{method: "POST", target: "/api/v1/auth/login/", peer: peer, token: someone()}, // whoever they are
	} {
		if w := do(t, doors[0], in); w.Code != http.StatusTooManyRequests {
			t.Errorf("%s %s: %d, want 429: the bucket is that of another route", in.method, in.target, w.Code)
		}
	}
	if w := do(t, doors[0], request{method: "GET", target: "/healthz", peer: peer}); w.Code != http.StatusOK || w.Header().Get("RateLimit") != "" {
		t.Errorf("a health check was limited: %d", w.Code)
	}
}

func testAddresses(t *testing.T, doors []http.Handler) {
	peer := somewhere()
	network := strings.TrimSuffix(peer, "::1]:4711")
	neighbor := network[:len(network)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(network, "0")]
	exhaust(t, doors[0], request{method: "GET", target: "/docs", peer: peer})
	limited := func(name string, want bool, in request) {
		t.Helper()
		in.method, in.target = "GET", "/docs"
		if w := do(t, doors[0], in); (w.Code == http.StatusTooManyRequests) != want {
			t.Errorf("%s: %d, limited should be %v", name, w.Code, want)
		}
	}
	limited("another port", true, request{peer: network + "::1]:4712"})
	limited("another address of the same /64", true, request{peer: network + "::ffff:1]:4711"})
	limited("another /64", false, request{peer: neighbor + "::1]:4711"})
	limited("a claim by somebody not trusted", true, request{peer: peer, header: []string{"X-Forwarded-For", "198.51.100.1"}})
	limited("another claim by somebody not trusted", true, request{peer: peer, header: []string{"Forwarded", "for=198.51.100.2"}})
	behind := strings.TrimPrefix(network, "[") + "::1"
	limited("the same client through a proxy", true, request{peer: "192.0.2.1:80", header: []string{"X-Forwarded-For", behind}})
	limited("with a made-up hop before it", true, request{peer: "192.0.2.1:80", header: []string{"X-Forwarded-For", "198.51.100.3, " + behind}})
	limited("through two proxies", true, request{peer: "192.0.2.1:80", header: []string{"X-Forwarded-For", behind + ", 192.0.2.2"}})
}

func testGuessing(t *testing.T, doors []http.Handler) {
	peer := somewhere()
	for i := range 5 {
		w := do(t, doors[0], request{method: "GET", target: "/api/v1/things", token: "guess" + strconv.Itoa(i), peer: peer})
		if w.Code != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d, want 401", i+1, w.Code)
		}
	}
	if w := do(t, doors[0], request{method: "GET", target: "/api/v1/things", token: "guess", peer: peer}); w.Code != http.StatusTooManyRequests {
		t.Errorf("guess 6: %d, want 429", w.Code)
	}
	if w := do(t, doors[0], request{method: "GET", target: "/api/v1/things", token: someone(), peer: peer}); w.Code != http.StatusNoContent {
		t.Errorf("somebody known from the same address: %d, want 204", w.Code)
	}
}

func testInstances(t *testing.T, doors []http.Handler) {
	token := someone()
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			if do(t, doors[i%len(doors)], request{method: "GET", target: "/api/v1/things", token: token}).Code == http.StatusNoContent {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if got := passed.Load(); got != 5 {
		t.Errorf("%d instances let %d requests through, want 5", len(doors), got)
	}
}
