package edge_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/edge"
)

// registry is a registry of links in memory.
type registry struct {
	mu    sync.Mutex
	mark  int64
	links map[domain.LinkID]domain.Link
	asked int
}

func (g *registry) put(list ...domain.Link) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.links == nil {
		g.links = map[domain.LinkID]domain.Link{}
	}
	for _, l := range list {
		g.mark++
		l.Seq = g.mark
		g.links[l.ID] = l
	}
}

func (g *registry) Mark(context.Context) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	return g.mark, nil
}

func (g *registry) Since(_ context.Context, seq int64, limit int) ([]domain.Link, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	var out []domain.Link
	for _, l := range g.links {
		if l.Seq > seq {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b domain.Link) int { return int(a.Seq - b.Seq) })
	return out[:min(len(out), limit)], nil
}

func shopLink(id, slug string) domain.Link {
	return domain.Link{ID: domain.LinkID(id), Slug: slug, Merchant: "Shop", State: domain.LinkActive, Form: domain.FormDeep, Network: "awin", AdvertiserID: "1001", Destination: "https://shop.example/" + slug}
}

// linked is an edge with a site, its pages and links.
func linked(t *testing.T) (*world, *registry, *edge.Server, *tally) {
	t.Helper()
	w, g, hits := newWorld(t), &registry{}, &tally{room: 1 << 20}
	w.publish("keyboards", w.release(keyboards()...))
	w.websites["site_keyboards"].Operator.PublisherID, w.websites["site_keyboards"].Language = "45628", "de"
	paused, dead, closed := shopLink("link_p", "paused"), shopLink("link_d", "dead"), shopLink("link_c", "closed")
	paused.State, dead.State, closed.State = domain.LinkPaused, domain.LinkDead, domain.LinkClosed
	plain, amazon, other, own := shopLink("link_s", "plain"), shopLink("link_a", "amazon"), shopLink("link_o", "other"), shopLink("link_own", "k2")
	plain.Form, plain.Destination = domain.FormDigistore, "https://www.digistore24.com/redir/123456/AnnaB"
	amazon.Form, amazon.Destination, amazon.Network = domain.FormPlain, "https://www.amazon.de/dp/B1?tag=x-21", "amazon"
	other.WebsiteID = "site_lamps"
	own.WebsiteID, own.Destination = "site_keyboards", "https://shop.example/own"
	g.put(shopLink("link_1", "k2"), paused, dead, closed, plain, amazon, other, own, shopLink("link_2", "k3"))
	return w, g, w.serve(func(c *edge.Config) { c.Links, c.Collector = g, hits }), hits
}

func TestGo(t *testing.T) {
	t.Parallel()
	const deep = "https://www.awin1.com/cread.php?awinmid=1001&awinaffid=45628&clickref=home-1&ued=https%3A%2F%2Fshop.example%2F"
	for _, tt := range []struct {
		name, path string
		status     int
		location   string
		body       string // part of it
	}{
		{"deep link", "/go/k3/top-1/home-1", 302, deep + "k3", ""},
		{"the website's own comes first", "/go/k2/top-1/home-1", 302, deep + "own", ""},
		{"digistore24", "/go/plain/top/home-1", 302, "https://www.digistore24.com/redir/123456/AnnaB/home-1?sid1=home-1", ""},
		{"from a mail", "/go/k3", 302, strings.Replace(deep, "home-1", "go-k3", 1) + "k3", ""},
		{"a query changes nothing", "/go/k3/top-1/home-1?ued=https://evil.example&url=//evil.example", 302, deep + "k3", ""},
		{"paused", "/go/paused/top/home-1", 404, "", "nicht verfügbar"},
		{"dead", "/go/dead/top/home-1", 410, "", "nicht verfügbar"},
		{"closed", "/go/closed/top/home-1", 410, "", "Zur Startseite"},
		{"Amazon is never hidden", "/go/amazon/top/home-1", 200, "", `<a rel="sponsored nofollow noopener" href="https://www.amazon.de/dp/B1?tag=x-21">Anzeige: www.amazon.de</a>`},
		{"unknown", "/go/nothing/top/home-1", 404, "", "lost"},
		{"of another website", "/go/other/top/home-1", 404, "", "lost"},
		{"nothing", "/go/", 404, "", "lost"},
		{"two parts", "/go/k3/top", 404, "", "lost"},
		{"sub-id that is none", "/go/k3/top/a%20b", 404, "", "lost"},
		{"address as a slug", "/go/https:%2F%2Fevil.example/top/home-1", 404, "", "lost"},
		{"address as a sub-id", "/go/k3/top/%2F%2Fevil.example", 404, "", "lost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, s, hits := linked(t)
			rec := get(s, tt.path)
			if rec.Code != tt.status || rec.Header().Get("Location") != tt.location || !strings.Contains(rec.Body.String(), tt.body) {
				t.Fatalf("%d to %q: %s\nwant %d to %q", rec.Code, rec.Header().Get("Location"), rec.Body, tt.status, tt.location)
			}
			if h := rec.Result().Header; h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("X-Robots-Tag"), "noindex") || h.Get("Set-Cookie") != "" {
				t.Errorf("header %v, want no-store and noindex", h)
			}
			if counted := len(hits.hits); (counted == 1) != (tt.status == 302) {
				t.Errorf("%d clicks counted", counted)
			}
		})
	}
}

// TestGoCounts: a click is counted once, with the page that it came from; what is no
// person is told apart, and who asks not to be counted is not.
func TestGoCounts(t *testing.T) {
	t.Parallel()
	_, _, s, hits := linked(t)
	get(s, "/guide/") // loads the pages
	for _, headers := range [][]string{
		{"Referer", "http://keyboards.example/guide/"}, {"Referer", "https://evil.example/guide/"}, {"Referer", "http://keyboards.example/nowhere/"}, {"Dnt", "1"}, {"Sec-Gpc", "1"},
	} {
		if rec := get(s, "/go/k3/top-1/home-1", headers...); rec.Code != 302 {
			t.Errorf("%v: status %d", headers, rec.Code)
		}
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if rec := get(s, "/go/k3/top-1/home-1", name, "prefetch;prerender"); rec.Code != 403 || rec.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %s, want no way to the merchant", name, rec.Code, rec.Header().Get("Location"))
		}
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, request(http.MethodHead, "keyboards.example", "/go/k3/top-1/home-1"))
	if rec := report(s, "keyboards.example", `{"k":"c","p":"/","s":"top-1","h":"https://keyboards.example/go/k3/top-1/home-1"}`); rec.Code != 204 {
		t.Errorf("report of a click that the redirect counts: %d", rec.Code)
	}
	var paths []string
	for _, h := range hits.hits {
		if h.Kind != domain.HitClick || h.Source != domain.SourceServer || h.SubID != "home-1" || h.Slot != "top-1" || h.WebsiteID != "site_keyboards" {
			t.Errorf("hit = %+v", h)
		}
		path := h.Path
		if h.Bot {
			path += " bot"
		}
		paths = append(paths, path)
	}
	if want := []string{"/guide/", "/go/", "/go/", "/go/ bot"}; !slices.Equal(paths, want) {
		t.Errorf("clicks from %v, want %v", paths, want)
	}
	if got, want := s.Stats().Links, [4]uint64{6, 0, 0, 3}; got != want {
		t.Errorf("links = %v, want %v", got, want)
	}
	rec = httptest.NewRecorder()
	s.ServeHTTP(rec, request(http.MethodPost, "keyboards.example", "/go/k3"))
	if rec.Code != 405 {
		t.Errorf("POST: %d", rec.Code)
	}
}

// TestGoFollowsTheRegistry: a change is there with the next look, a click asks nothing,
// a rollback keeps old pages' links, and a database that went back is read anew.
func TestGoFollowsTheRegistry(t *testing.T) {
	t.Parallel()
	w, g, s, _ := linked(t)
	location := func(path string) string { return get(s, path).Header().Get("Location") }
	get(s, "/")
	g.asked = 0
	for range 20 {
		location("/go/k3")
	}
	if g.asked != 0 || w.loads.Load() != 1 {
		t.Errorf("20 clicks asked the registry %d times", g.asked)
	}
	moved := shopLink("link_2", "k3")
	moved.Destination = "https://new.example/"
	g.put(moved)
	w.publish("keyboards", w.release(keyboards()[:2]...)) // another release
	w.websites["site_keyboards"].Operator.PublisherID = "45628"
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := location("/go/k3"); !strings.Contains(got, "new.example") {
		t.Errorf("after the change it leads to %s", got)
	}
	g.mu.Lock()
	g.mark, g.links = 1, map[domain.LinkID]domain.Link{}
	g.links["link_1"] = shopLink("link_1", "k2")
	l := g.links["link_1"]
	l.Seq = 1
	g.links["link_1"] = l
	g.mu.Unlock()
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rec := get(s, "/go/k3"); rec.Code != 404 {
		t.Errorf("a link that the restored database does not hold: %d", rec.Code)
	}
	if got := location("/go/k2"); !strings.HasSuffix(got, "shop.example%2Fk2") {
		t.Errorf("a link that it holds leads to %q", got)
	}
}

// TestGoInstead: who is led to a dead link gets the one in its place at once, and is told
// if that is another product; what is paused, or not dead, is not replaced.
func TestGoInstead(t *testing.T) {
	t.Parallel()
	_, g, s, hits := linked(t)
	get(s, "/")
	dead, closed, paused, chain, loop, nobody := shopLink("link_2", "k3"), shopLink("link_c", "closed"), shopLink("link_p", "paused"), shopLink("link_d", "dead"), shopLink("link_l", "loop"), shopLink("link_n", "nobody")
	fresh := shopLink("link_f", "fresh")
	fresh.Merchant, fresh.AdvertiserID = "Neu & Co", "2002"
	dead.State, dead.Instead = domain.LinkDead, fresh.ID
	closed.State, closed.Instead, closed.InsteadName = domain.LinkClosed, fresh.ID, `Lampe <2>`
	paused.State, paused.Instead = domain.LinkPaused, fresh.ID
	chain.State, chain.Instead = domain.LinkDead, dead.ID
	loop.State, loop.Instead = domain.LinkDead, loop.ID
	nobody.State, nobody.Instead = domain.LinkDead, "link_unknown"
	g.put(fresh, dead, closed, paused, chain, loop, nobody)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	const to = "https://www.awin1.com/cread.php?awinmid=2002&awinaffid=45628&clickref=home-1&ued=https%3A%2F%2Fshop.example%2Ffresh"
	for path, want := range map[string]struct {
		status int
		place  string
	}{
		"k3": {302, to}, "dead": {302, to}, "closed": {200, ""}, "paused": {404, ""}, "loop": {410, ""}, "nobody": {410, ""},
	} {
		rec := get(s, "/go/"+path+"/top-1/home-1")
		if rec.Code != want.status || rec.Header().Get("Location") != want.place {
			t.Errorf("%s: %d to %q, want %d to %q", path, rec.Code, rec.Header().Get("Location"), want.status, want.place)
		}
		if body := rec.Body.String(); path == "closed" && !(strings.Contains(body, "Anzeige: Lampe &lt;2&gt; bei Neu &amp; Co") && strings.Contains(body, "awinmid=2002")) {
			t.Errorf("the page of another product: %s", body)
		}
	}
	if len(hits.hits) != 2 || hits.hits[0].Program != "awin:2002" {
		t.Errorf("clicks = %+v", hits.hits)
	}
	dead.State, dead.Instead = domain.LinkActive, ""
	g.put(dead)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rec := get(s, "/go/k3/top-1/home-1"); !strings.Contains(rec.Header().Get("Location"), "k3") {
		t.Errorf("taken back it leads to %s", rec.Header().Get("Location"))
	}
}
