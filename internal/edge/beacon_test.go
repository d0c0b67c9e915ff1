package edge_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/edge"
)

// tally keeps the hits that it is given, up to room.
type tally struct {
	mu   sync.Mutex
	hits []domain.Hit
	room int
}

func (t *tally) Add(h domain.Hit) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.hits) >= t.room {
		return false
	}
	t.hits = append(t.hits, h)
	return true
}

func counting(t *testing.T) (*world, *edge.Server, *tally) {
	t.Helper()
	w := newWorld(t)
	w.publish("keyboards", w.release(keyboards()...))
	sum := &tally{room: 100}
	return w, w.serve(func(c *edge.Config) {
		c.Collector, c.ClientIP = sum, func(*http.Request) string { return "192.0.2.7" }
	}), sum
}

func report(s http.Handler, host, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://"+host+"/e", strings.NewReader(body))
	r.Header.Set("User-Agent", "Mozilla/5.0 test")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

func TestBeacon(t *testing.T) {
	t.Parallel()
	const host = "keyboards.example"
	for _, tt := range []struct {
		name, host, body string
		headers          []string
		status           int
		want             domain.Hit // of a status 204
	}{
		{"view", host, `{"k":"v","p":"/guide/","r":"https://www.search.example/?q=secret"}`, []string{"Origin", "https://keyboards.example"}, 204,
			domain.Hit{Kind: domain.HitView, Path: "/guide/", Referrer: "www.search.example"}},
		{"view from the site itself", host, `{"k":"v","p":"/","r":"https://keyboards.example/guide/"}`, nil, 204, domain.Hit{Kind: domain.HitView, Path: "/", Internal: true}},
		{"view of a campaign", host, `{"k":"v","p":"/"}`, []string{"Referer", "https://keyboards.example/?utm_source=News%00letter&utm_medium=E-Mail&utm_campaign=" + strings.Repeat("ä", 40)}, 204,
			domain.Hit{Kind: domain.HitView, Path: "/", Campaign: domain.Campaign{Source: "newsletter", Medium: "e-mail", Name: strings.Repeat("ä", 32)}}},
		{"campaign of another page", host, `{"k":"v","p":"/"}`, []string{"Referer", "https://other.example/?utm_source=x"}, 204, domain.Hit{Kind: domain.HitView, Path: "/"}},
		{"view on this machine", "keyboards.localhost:8081", `{"k":"v","p":"/"}`, nil, 204, domain.Hit{Kind: domain.HitView, Path: "/", Local: true}},
		{"view of a driven browser", host, `{"k":"v","p":"/","b":1}`, nil, 204, domain.Hit{Kind: domain.HitView, Path: "/", Bot: true}},
		{"click", host, `{"k":"c","p":"/","s":"top-1","h":"https://www.awin1.com/pclick.php?p=1&clickref=home-0k3"}`, nil, 204,
			domain.Hit{Kind: domain.HitClick, Path: "/", Slot: "top-1", SubID: "home-0k3"}},
		{"click on an offer of AWIN", host, `{"k":"c","p":"/","s":"top-1","h":"https://www.awin1.com/cread.php?awinmid=77&awinaffid=1&clickref=a"}`, nil, 204,
			domain.Hit{Kind: domain.HitClick, Path: "/", Slot: "top-1", SubID: "a", Program: "awin:77"}},
		{"click with a campaign key", host, `{"k":"c","p":"/","s":"top","h":"https://www.digistore24.com/redir/1/me/key-1"}`, nil, 204,
			domain.Hit{Kind: domain.HitClick, Path: "/", Slot: "top", SubID: "key-1", Program: "digistore24:1"}},
		{"click with a sub-id that is none", host, `{"k":"c","p":"/","s":"top","h":"https://x.example/?clickref=%3Cscript%3E"}`, nil, 204,
			domain.Hit{Kind: domain.HitClick, Path: "/", Slot: "top"}},
		{"click without a slot", host, `{"k":"c","p":"/"}`, nil, 400, domain.Hit{}},
		{"slot that is none", host, `{"k":"c","p":"/","s":"<b>"}`, nil, 400, domain.Hit{}},
		{"page that is not there", host, `{"k":"v","p":"/nowhere/"}`, nil, 400, domain.Hit{}},
		{"error page", host, `{"k":"v","p":"/404.html"}`, nil, 400, domain.Hit{}},
		{"file that is no page", host, `{"k":"v","p":"/robots.txt"}`, nil, 400, domain.Hit{}},
		{"other kind", host, `{"k":"x","p":"/"}`, nil, 400, domain.Hit{}},
		{"not JSON", host, `view`, nil, 400, domain.Hit{}},
		{"too long", host, `{"k":"v","p":"/","r":"` + strings.Repeat("x", 5000) + `"}`, nil, 400, domain.Hit{}},
		{"page of another site", host, `{"k":"v","p":"/"}`, []string{"Origin", "https://evil.example"}, 403, domain.Hit{}},
		{"cross-site by its header", host, `{"k":"v","p":"/"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, domain.Hit{}},
		{"unknown host", "other.example", `{"k":"v","p":"/"}`, nil, 421, domain.Hit{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, s, sum := counting(t)
			rec := report(s, tt.host, tt.body, tt.headers...)
			if rec.Code != tt.status || rec.Header().Get("Set-Cookie") != "" {
				t.Fatalf("status = %d with %q, want %d", rec.Code, rec.Body, tt.status)
			}
			if tt.status != 204 {
				if len(sum.hits) > 0 {
					t.Errorf("it was counted: %+v", sum.hits)
				}
				return
			}
			if len(sum.hits) != 1 {
				t.Fatalf("%d hits, want 1", len(sum.hits))
			}
			got := sum.hits[0]
			if got.At.IsZero() || got.IP != "192.0.2.7" || got.Agent != "Mozilla/5.0 test" {
				t.Errorf("hit = %+v, want time, address and agent", got)
			}
			want := tt.want
			want.At, want.IP, want.Agent, want.WebsiteID, want.Source = got.At, got.IP, got.Agent, "site_keyboards", domain.SourceScript
			if got != want {
				t.Errorf("hit = %+v, want %+v", got, want)
			}
		})
	}
}

// TestBeaconGivesWay: a full queue refuses reports and leaves pages alone.
func TestBeaconGivesWay(t *testing.T) {
	t.Parallel()
	_, s, sum := counting(t)
	sum.room = 1
	for i, want := range []int{204, 503, 503} {
		if rec := report(s, "keyboards.example", `{"k":"v","p":"/"}`); rec.Code != want || (want == 503) != (rec.Header().Get("Retry-After") != "") {
			t.Errorf("report %d: status %d, want %d", i, rec.Code, want)
		}
	}
	if rec := get(s, "/"); rec.Code != 200 {
		t.Errorf("page: status %d, want 200", rec.Code)
	}
	if got, want := s.Stats().Beacons, [4]uint64{1, 2, 0, 0}; got != want {
		t.Errorf("beacons = %v, want %v", got, want)
	}
}

// TestBeaconOff: a website without analytics counts nothing, from the change on.
func TestBeaconOff(t *testing.T) {
	t.Parallel()
	w, s, sum := counting(t)
	if rec := report(s, "keyboards.example", `{"k":"v","p":"/"}`); rec.Code != 204 {
		t.Fatalf("status = %d, want 204", rec.Code)
	}
	w.mu.Lock()
	w.seq++
	site := *w.websites["site_keyboards"]
	site.NoAnalytics, site.PointerSeq = true, w.seq
	w.websites["site_keyboards"] = &site
	w.mu.Unlock()
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rec := report(s, "keyboards.example", `{"k":"v","p":"/"}`); rec.Code != 404 || len(sum.hits) != 1 {
		t.Errorf("status = %d with %d hits, want 404 with 1", rec.Code, len(sum.hits))
	}
	if rec := get(s, "/e"); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "POST" {
		t.Errorf("GET: status %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
}
