package edge

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"empire/internal/domain"
)

// links is the registry of link targets.
type links interface {
	// Since returns up to limit links whose Seq is greater than seq, in its order.
	Since(ctx context.Context, seq int64, limit int) ([]domain.Link, error)
	// Mark returns the greatest Seq that was ever given.
	Mark(ctx context.Context) (int64, error)
}

// linkBatch is how many changed links are read at a time.
const linkBatch = 2000

// linkKey names a link: scope is a website, or a tenant for all of its websites.
type linkKey struct{ scope, slug string }

// target is what is kept of a link.
type target struct {
	state       domain.LinkState
	form        domain.LinkForm
	network     string
	merchant    string
	advertiser  string
	publisher   string
	destination string
	instead     domain.LinkID // who is led here goes there while this one is not active
	insteadName string        // its product, if that is another one
}

func (t *target) link() domain.Link {
	return domain.Link{Form: t.form, Network: t.network, AdvertiserID: t.advertiser, PublisherID: t.publisher, Destination: t.destination}
}

// program returns the key of the program that the link, which leads to address, belongs
// to.
func (t *target) program(address string) string {
	if t.advertiser == "" {
		if found := programOf(address); found != "" {
			return found
		}
	}
	return domain.ProgramKey(t.network, t.advertiser)
}

// linkTable holds all links in memory: a click asks no database.
type linkTable struct {
	seq int64 // of refresh, which runs once at a time

	mu    sync.RWMutex
	known map[linkKey]target
	ids   map[domain.LinkID]linkKey
}

// maxInstead is how many replacements of replacements are followed.
const maxInstead = 3

// stand returns what readers of a link that is not active are led to, and the name of
// its product if that is another one; ok is false if there is nothing.
func (t *linkTable) stand(tg target) (found target, name string, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for range maxInstead {
		key, held := t.ids[tg.instead]
		if tg.instead == "" || !held {
			return target{}, "", false
		}
		if tg.insteadName != "" {
			name = tg.insteadName
		}
		if tg = t.known[key]; tg.state == domain.LinkActive {
			return tg, name, true
		}
	}
	return target{}, "", false
}

func (t *linkTable) find(st *site, slug string) (target, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, scope := range []string{string(st.id), string(st.tenant)} {
		if found, ok := t.known[linkKey{scope, slug}]; ok {
			return found, true
		}
	}
	return target{}, false
}

// refreshLinks takes over the links that changed. A mark that went back says that the
// database was put back to an earlier state: then all are read again.
func (s *Server) refreshLinks(ctx context.Context) error {
	if s.cfg.Links == nil {
		return nil
	}
	t := &s.links
	mark, err := s.cfg.Links.Mark(ctx)
	if err != nil {
		return fmt.Errorf("read mark of links: %w", err)
	}
	if mark == t.seq {
		return nil
	}
	next, ids, seq := map[linkKey]target{}, map[domain.LinkID]linkKey{}, int64(0)
	if mark > t.seq {
		next, seq = nil, t.seq // add to what is known
	}
	for {
		list, err := s.cfg.Links.Since(ctx, seq, linkBatch)
		if err != nil {
			return fmt.Errorf("list changed links: %w", err)
		}
		if next != nil {
			put(next, ids, list)
		} else {
			t.mu.Lock()
			if t.known == nil {
				t.known, t.ids = map[linkKey]target{}, map[domain.LinkID]linkKey{}
			}
			put(t.known, t.ids, list)
			t.mu.Unlock()
		}
		if len(list) > 0 {
			seq = list[len(list)-1].Seq
		}
		if len(list) < linkBatch {
			break
		}
	}
	if next != nil {
		t.mu.Lock()
		t.known, t.ids = next, ids
		t.mu.Unlock()
	}
	t.seq = max(seq, mark)
	return nil
}

func put(known map[linkKey]target, ids map[domain.LinkID]linkKey, list []domain.Link) {
	for i := range list {
		l := &list[i]
		scope := string(l.WebsiteID)
		if scope == "" {
			scope = string(l.Tenant.OrDefault())
		}
		key := linkKey{scope, l.Slug}
		known[key] = target{l.State, l.Form, l.Network, l.Merchant, l.AdvertiserID, l.PublisherID, l.Destination, l.Instead, l.InsteadName}
		ids[l.ID] = key
	}
}

// serveLink leads on to a merchant: /go/SLUG, or /go/SLUG/SLOT/SUB-ID from a page. Where
// it leads is in the registry alone, so that no address of another can be named.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request, host string, st *site) int {
	h := w.Header()
	h["Cache-Control"] = noStore
	h["X-Robots-Tag"] = noIndex
	if !readOnly(r) {
		return refuseMethod(w, r)
	}
	if prefetch(r) { // following it would be a click that nobody made
		s.counters.links[linkPrefetch].Add(1)
		return plainText(w, r, http.StatusForbidden, "Links to merchants are not fetched ahead.\n")
	}
	slug, slot, subID, ok := readGo(r)
	t, known := s.links.find(st, slug)
	other := ""
	if known && t.state != domain.LinkActive && t.state != domain.LinkPaused {
		if found, name, led := s.links.stand(t); led {
			t, other = found, name
		}
	}
	switch {
	case !ok || !known:
		s.counters.links[linkUnknown].Add(1)
		return s.noLink(w, r, st)
	case t.state == domain.LinkPaused:
		s.counters.links[linkGone].Add(1)
		return offerPage(w, r, st, http.StatusNotFound, "")
	case t.state != domain.LinkActive:
		s.counters.links[linkGone].Add(1)
		return offerPage(w, r, st, http.StatusGone, "")
	}
	l := t.link()
	address, err := l.Address(subID, st.publisher)
	if err != nil {
		s.counters.links[linkGone].Add(1)
		return offerPage(w, r, st, http.StatusNotFound, "")
	}
	if other != "" {
		return otherPage(w, r, st, other, t.merchant, address) // readers wanted something else
	}
	if domain.WayOf(&l, "", domain.WayRedirect) == domain.WayDirect {
		return offerPage(w, r, st, http.StatusOK, address) // its program wants readers to see where a link leads
	}
	s.counters.links[linkFollowed].Add(1)
	s.countClick(r, host, st, slot, subID, t.program(address))
	h["Location"] = []string{address}
	return plainText(w, r, http.StatusFound, "This leads to the merchant.\n")
}

// readGo takes the path of a redirect apart. The sub-id of a bare /go/SLUG, as it stands
// in mails, is go-SLUG, cut to what networks take.
func readGo(r *http.Request) (slug, slot, subID string, ok bool) {
	if disguised(r.URL.RawPath) {
		return "", "", "", false
	}
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, domain.GoPrefix), "/"), "/")
	switch len(parts) {
	case 1:
		subID = "go-" + parts[0]
		return parts[0], "go", subID[:min(len(subID), domain.MaxSubID)], parts[0] != ""
	case 3:
		return parts[0], parts[1], parts[2], domain.ValidSubID(parts[1]) && domain.ValidSubID(parts[2])
	}
	return "", "", "", false
}

// prefetch reports whether a browser fetches ahead of a click
// (https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header).
func prefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

// countClick counts a click, unless the browser asks not to be counted. What only looks
// where a link leads counts as a bot.
func (s *Server) countClick(r *http.Request, host string, st *site, slot, subID, program string) {
	if s.cfg.Collector == nil || !st.analytics || r.Header.Get("Dnt") == "1" || r.Header.Get("Sec-Gpc") == "1" {
		return
	}
	hit := s.newHit(r, host, st, domain.SourceServer)
	hit.Kind, hit.Path, hit.Slot, hit.SubID, hit.Program, hit.Bot = domain.HitClick, domain.GoPrefix, slot, subID, program, r.Method == http.MethodHead
	if u, err := url.Parse(r.Header.Get("Referer")); err == nil && hostKey(u.Host) == host {
		if c := st.content.Load(); c != nil && c.entries[u.Path] != nil && c.entries[u.Path].page {
			hit.Path = u.Path
		}
	}
	if !s.cfg.Collector.Add(hit) {
		s.counters.beacons[beaconBusy].Add(1)
	}
}

// noLink answers for a link that never was, with the site's own error page.
func (s *Server) noLink(w http.ResponseWriter, r *http.Request, st *site) int {
	c, err := s.contentOf(r.Context(), st)
	if err != nil || c.notFound == nil {
		return offerPage(w, r, st, http.StatusNotFound, "")
	}
	e := *c.notFound
	e.cacheControl = noStore // the link may come to be
	status, err := s.send(w, r, &e)
	if err != nil {
		return s.fault(w, r, c.release[0], err)
	}
	return status
}

// offerWords are what the page of an offer says in one language.
type offerWords struct{ language, title, text, back, marker, on, similar, at string }

var (
	offerEnglish = offerWords{"en", "This offer is not available", "The merchant does not sell it through this site any more, or not now.", "Back to the start page", "Ad", "This offer is at", "A similar product", "at"}
	offerGerman  = offerWords{"de", "Dieses Angebot ist nicht verfügbar", "Der Händler bietet es über diese Seite nicht mehr oder zurzeit nicht an.", "Zur Startseite", "Anzeige", "Dieses Angebot gibt es bei", "Ein ähnliches Produkt", "bei"}
)

// offerPage is the page of an offer that nobody is led to: it is not available. With an
// address it is, but visitors must go there by themselves, seeing where it leads.
func offerPage(w http.ResponseWriter, r *http.Request, st *site, status int, address string) int {
	words := wordsOf(st)
	main := "<h1>" + words.title + "</h1><p>" + words.text + "</p>"
	if u, err := url.Parse(address); err == nil && address != "" {
		main = "<h1>" + words.on + " " + html.EscapeString(u.Hostname()) + `</h1><p><a rel="sponsored nofollow noopener" href="` + html.EscapeString(address) + `">` +
			words.marker + ": " + html.EscapeString(u.Hostname()) + "</a></p>"
		words.title = words.on + " " + u.Hostname()
	}
	return offerHTML(w, r, status, words, main)
}

func wordsOf(st *site) offerWords {
	if base, _, _ := strings.Cut(strings.ToLower(st.language), "-"); base == "de" {
		return offerGerman
	}
	return offerEnglish
}

// otherPage is the page of an offer that is gone and of a similar product, which readers
// go to by themselves.
func otherPage(w http.ResponseWriter, r *http.Request, st *site, name, merchant, address string) int {
	words := wordsOf(st)
	name, merchant = html.EscapeString(name), html.EscapeString(merchant)
	main := "<h1>" + words.title + "</h1><p>" + words.similar + `: <a rel="sponsored nofollow noopener" href="` + html.EscapeString(address) + `">` +
		words.marker + ": " + name + " " + words.at + " " + merchant + "</a></p>"
	return offerHTML(w, r, http.StatusOK, words, main)
}

func offerHTML(w http.ResponseWriter, r *http.Request, status int, words offerWords, main string) int {
	body := `<!doctype html><html lang="` + words.language + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>` +
		html.EscapeString(words.title) + `</title><style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;color-scheme:light dark}</style></head><body><main>` +
		main + `<p><a href="/">` + words.back + "</a></p></main></body></html>\n"
	return writeHTML(w, r, status, body)
}
