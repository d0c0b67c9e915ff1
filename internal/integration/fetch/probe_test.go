package fetch_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/integration/fetch"
)

// TestProbeNeverAsksNetworks: whatever a merchant's pages and robots.txt lead to, a host
// that is not permitted gets no request at all, not even for its robots.txt.
func TestProbeNeverAsksNetworks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	var port string
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		mu.Lock()
		asked[host]++
		mu.Unlock()
		network := "http://www.awin1.com:" + port + "/cread.php?awinmid=1&awinaffid=2"
		switch {
		case r.URL.Path == "/robots.txt" && host == "robots.example":
			http.Redirect(w, r, network, http.StatusFound)
		case r.URL.Path == "/robots.txt":
			http.NotFound(w, r)
		case r.URL.Path == "/away":
			http.Redirect(w, r, network, http.StatusFound)
		case r.URL.Path == "/other":
			http.Redirect(w, r, "http://other.example:"+port+"/", http.StatusMovedPermanently)
		case r.URL.Path == "/maze":
			http.Redirect(w, r, "/maze", http.StatusFound)
		case r.URL.Path == "/gone":
			http.Error(w, "gone", http.StatusGone)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<p>here</p>"))
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port = u.Port()
	table := map[string]string{"shop.example.": "127.0.0.1", "robots.example.": "127.0.0.1", "other.example.": "127.0.0.1", "www.awin1.com.": "127.0.0.1"}
	guarded := client(t, func(cfg *fetch.Config) {
		cfg.Resolver, cfg.Retries = names(t, table), -1
		cfg.Permit = func(host string) bool { return domain.NetworkHost(host) == "" }
	})
	within := func(host string) bool {
		return host == "shop.example" || host == "robots.example" || domain.NetworkHost(host) != ""
	}
	for _, tt := range []struct {
		address string
		reason  domain.FetchReason
		status  int
		hops    int
	}{
		{"http://shop.example:" + port + "/", "", 200, 0},
		{"http://shop.example:" + port + "/gone", "", 410, 0},
		{"http://shop.example:" + port + "/moved", "", 200, 1},
		{"http://robots.example:" + port + "/", "", 200, 0},
		{"http://shop.example:" + port + "/away", domain.FetchForeign, 0, 1},
		{"http://shop.example:" + port + "/other", domain.FetchForeign, 0, 1},
		{"http://shop.example:" + port + "/maze", domain.FetchRedirects, 0, 6},
		{"http://www.awin1.com:" + port + "/cread.php", domain.FetchForeign, 0, 0},
		{"http://WWW.AWIN1.COM.:" + port + "/cread.php", domain.FetchForeign, 0, 0},
	} {
		p, err := guarded.Probe(t.Context(), tt.address, within)
		reason := domain.FetchReason("")
		if e, ok := errors.AsType[*domain.FetchError](err); ok {
			reason = e.Reason
		}
		if reason != tt.reason || p == nil || p.Status != tt.status || len(p.Hops) != tt.hops {
			t.Errorf("%s: %+v, %v; want %d after %d redirects, %q", tt.address, p, err, tt.status, tt.hops, tt.reason)
		}
	}
	mu.Lock()
	if asked["www.awin1.com"]+asked["other.example"] != 0 || asked["shop.example"] == 0 {
		t.Errorf("requests by host: %v", asked)
	}
	mu.Unlock()
	// The stand-in is within reach: without the guard it is asked.
	free := client(t, func(cfg *fetch.Config) { cfg.Resolver, cfg.Retries = names(t, table), -1 })
	if p, err := free.Probe(t.Context(), "http://shop.example:"+port+"/away", within); err != nil || p.Status != 200 {
		t.Errorf("without the guard: %+v, %v", p, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked["www.awin1.com"] == 0 {
		t.Error("the stand-in of the network cannot be reached: the test shows nothing")
	}
}
