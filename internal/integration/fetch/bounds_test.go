package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"empire/internal/domain"
	"empire/internal/integration/fetch"
)

func TestFetchBounds(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	var sent atomic.Int64
	flood := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		chunk := bytes.Repeat([]byte("<p>more "), 8<<10)
		for range 50 << 20 / len(chunk) {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	packed := func(encoding string, pack func(*bytes.Buffer, []byte), body []byte) http.HandlerFunc {
		var b bytes.Buffer
		pack(&b, body)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", encoding)
			_, _ = w.Write(b.Bytes())
		}
	}
	gz := func(b *bytes.Buffer, body []byte) { z := gzip.NewWriter(b); _, _ = z.Write(body); _ = z.Close() }
	br := func(b *bytes.Buffer, body []byte) { z := brotli.NewWriter(b); _, _ = z.Write(body); _ = z.Close() }
	base := site(t, map[string]http.HandlerFunc{
		"/flood": flood, "/drip": drip,
		"/said": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "52428800") },
		"/bomb": packed("gzip", gz, make([]byte, 50<<20)), "/bomb-br": packed("br", br, make([]byte, 50<<20)),
		"/gzip": packed("gzip", gz, []byte("<p>tea")), "/br": packed("br", br, []byte("<p>tea")), "/no-gzip": packed("gzip", func(b *bytes.Buffer, _ []byte) { b.WriteString("plain") }, nil),
		"/zip":  packed("compress", func(b *bytes.Buffer, _ []byte) { b.WriteString("x") }, nil),
		"/head": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("a", 1<<20)) },
		"/loop": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) },
		"/pdf":  page("application/pdf", "%PDF-1.7"), "/fake": page("text/html", "%PDF-1.7"), "/bare": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = w.Write([]byte("<html><p>x"))
		},
		"/gone": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, "/limit": page("text/plain", strings.Repeat("a", limit)),
		"/tdm": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("TDM-Reservation", "1")
			page("text/html", "<p>x")(w, r)
		},
		"/meta": page("text/html", `<head><META NAME="tdm-reservation" content="1"></head>`), "/zero": page("text/html", `<head><meta name="tdm-reservation" content="0"></head>`),
	})
	c := client(t, func(cfg *fetch.Config) { cfg.MaxBytes, cfg.Timeout = limit, 5*time.Second })
	for path, want := range map[string]domain.FetchReason{
		"/flood": domain.FetchTooLarge, "/said": domain.FetchTooLarge, "/bomb": domain.FetchTooLarge, "/bomb-br": domain.FetchTooLarge, "/gzip": "", "/br": "",
		"/no-gzip": domain.FetchBroken, "/zip": domain.FetchBroken, "/head": domain.FetchUnreachable, "/loop": domain.FetchRedirects, "/pdf": domain.FetchType,
		"/fake": domain.FetchType, "/bare": "", "/gone": domain.FetchStatus, "/limit": "", "/tdm": domain.FetchReserved, "/meta": domain.FetchReserved, "/zero": "",
	} {
		if _, err := c.Fetch(t.Context(), base+path); reason(err) != want || err == nil != (want == "") {
			t.Errorf("%s: %q (%v), want %q", path, reason(err), err, want)
		}
	}
	if n := sent.Load(); n > 20<<20 {
		t.Errorf("%d bytes of the flood were taken", n)
	}
	hasty := client(t, func(cfg *fetch.Config) { cfg.Timeout = 300 * time.Millisecond })
	began := time.Now()
	_, err := hasty.Fetch(t.Context(), base+"/drip")
	wantReason(t, err, domain.FetchTimeout)
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("the drip held for %s", d)
	}
}

func TestFetchTriesAgain(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int64{503: 3, 429: 3, 500: 1, 404: 1} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			base := site(t, map[string]http.HandlerFunc{"/a": func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.WriteHeader(status) }})
			_, err := client(t, func(cfg *fetch.Config) { cfg.Retries = 2 }).Fetch(t.Context(), base+"/a")
			wantReason(t, err, domain.FetchStatus)
			if got := n.Load(); got != want {
				t.Errorf("%d requests, want %d", got, want)
			}
		})
	}
}

// TestFetchKeepsPace: the requests to a host begin one interval after another,
// however many come at once, and never more than allowed run together.
func TestFetchKeepsPace(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var begins []time.Time
	running, most := 0, 0
	base := site(t, map[string]http.HandlerFunc{"/a": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		begins = append(begins, time.Now())
		running++
		most = max(most, running)
		mu.Unlock()
		page("text/html", "<p>x")(w, r)
		mu.Lock()
		running--
		mu.Unlock()
	}})
	const interval = 40 * time.Millisecond
	c := client(t, func(cfg *fetch.Config) { cfg.Interval, cfg.PerHost = interval, 1 })
	began := time.Now()
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := c.Fetch(t.Context(), base+"/a"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(begins) != 5 || most != 1 {
		t.Fatalf("%d requests, %d at a time, want 5 and 1", len(begins), most)
	}
	if d := time.Since(began); d < 4*interval {
		t.Errorf("five requests took %s, want at least %s", d, 4*interval)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Fetch(ctx, base+"/a"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}

func TestSitemaps(t *testing.T) {
	t.Parallel()
	base := site(t, map[string]http.HandlerFunc{"/robots.txt": page("text/plain", "Sitemap: https://a.example/sitemap.xml")})
	got, err := client(t, nil).Sitemaps(t.Context(), base+"/x")
	if err != nil || len(got) != 1 || got[0] != "https://a.example/sitemap.xml" {
		t.Errorf("got %q, %v", got, err)
	}
}
