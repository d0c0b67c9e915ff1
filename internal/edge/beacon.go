package edge

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

// beaconPath is where pages report views and clicks; no page of a site has this path.
const beaconPath = "/e"

const (
	maxBeacon = 4 << 10 // bytes of a report
	maxSlot   = 64      // characters of a slot or sub-id
)

// collector takes hits, or says that it cannot now. It never waits.
type collector interface{ Add(h domain.Hit) bool }

// beacon is what the script of a page sends: as text, so that browsers send it without
// asking first.
type beacon struct {
	Kind     string `json:"k"` // v: view, c: click
	Path     string `json:"p"`
	Referrer string `json:"r"` // of a view: document.referrer
	Slot     string `json:"s"` // of a click
	Href     string `json:"h"` // of a click: where it leads
	Driven   int    `json:"b"` // 1: a program drives the browser (navigator.webdriver)
}

var errBeacon = errors.New("not a report of a page")

// serveBeacon takes a report. The site is that of the host: a report cannot name
// another, and its path must be that of a page of the live release.
func (s *Server) serveBeacon(w http.ResponseWriter, r *http.Request, host string, st *site) int {
	h := w.Header()
	h["Cache-Control"] = noStore
	if r.Method != http.MethodPost {
		h["Allow"] = []string{"POST"}
		return plainText(w, r, http.StatusMethodNotAllowed, "Only POST is allowed here.\n")
	}
	if s.cfg.Collector == nil || !st.analytics {
		return plainText(w, r, http.StatusNotFound, "Nothing is counted here.\n")
	}
	if !sameOrigin(r, host) {
		s.counters.beacons[beaconForeign].Add(1)
		return plainText(w, r, http.StatusForbidden, "Only pages of this site report here.\n")
	}
	hit, err := s.readBeacon(r, host, st)
	switch {
	case errors.Is(err, errBeacon):
		s.counters.beacons[beaconBad].Add(1)
		return plainText(w, r, http.StatusBadRequest, "This is not a report of a page.\n")
	case err != nil:
		return s.fault(w, r, string(st.release), err)
	case hit.Kind == "": // the redirect counts it
	case !s.cfg.Collector.Add(hit):
		s.counters.beacons[beaconBusy].Add(1)
		h["Retry-After"] = retrySeconds
		return plainText(w, r, http.StatusServiceUnavailable, "Too many reports wait.\n")
	}
	s.counters.beacons[beaconTaken].Add(1)
	w.WriteHeader(http.StatusNoContent)
	return http.StatusNoContent
}

// sameOrigin reports whether a report comes from a page of the host that it is sent
// to, as far as the browser says.
func sameOrigin(r *http.Request, host string) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	_, name, ok := strings.Cut(origin, "://")
	return ok && hostKey(name) == host
}

func (s *Server) readBeacon(r *http.Request, host string, st *site) (domain.Hit, error) {
	var b beacon
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBeacon+1))
	if err != nil || len(body) > maxBeacon || json.Unmarshal(body, &b) != nil {
		return domain.Hit{}, errBeacon
	}
	c, err := s.contentOf(r.Context(), st)
	if err != nil {
		return domain.Hit{}, err
	}
	e := c.entries[b.Path]
	if e == nil || !e.page {
		return domain.Hit{}, errBeacon
	}
	hit := s.newHit(r, host, st, domain.SourceScript)
	hit.Path, hit.Bot = b.Path, b.Driven != 0
	switch b.Kind {
	case "v":
		hit.Kind = domain.HitView
		if from := domain.ReferrerHost(b.Referrer); from != host {
			hit.Referrer = from
		} else {
			hit.Internal = true
		}
		hit.Campaign = campaignOf(r, host)
	case "c":
		hit.Kind = domain.HitClick
		hit.Slot, hit.SubID, hit.Program = b.Slot, subIDOf(b.Href), programOf(b.Href)
		if hit.Slot == "" || !isCode(hit.Slot) {
			return domain.Hit{}, errBeacon
		}
		if s.redirected(host, b.Href) {
			hit.Kind = ""
		}
	default:
		return domain.Hit{}, errBeacon
	}
	return hit, nil
}

// newHit fills in what the request itself says.
func (s *Server) newHit(r *http.Request, host string, st *site, source domain.HitSource) domain.Hit {
	return domain.Hit{
		At: time.Now().UTC(), WebsiteID: st.id, Source: source, IP: s.clientIP(r), Agent: r.Header.Get("User-Agent"), Local: strings.HasSuffix(host, ".localhost"),
	}
}

func (s *Server) clientIP(r *http.Request) string {
	if s.cfg.ClientIP != nil {
		return s.cfg.ClientIP(r)
	}
	return hostKey(r.RemoteAddr)
}

// subIDOf returns the sub-id that an affiliate link carries: AWIN's clickref, the
// campaign key that ends a link of Digistore24, or none.
func subIDOf(href string) string {
	u, err := url.Parse(href)
	if err != nil {
		return ""
	}
	id := u.Query().Get("clickref")
	if parts := strings.Split(strings.Trim(u.Path, "/"), "/"); id == "" && len(parts) == 4 && parts[0] == "redir" {
		id = parts[3] // /redir/PRODUCT/AFFILIATE/CAMPAIGNKEY
	}
	if !isCode(id) {
		return ""
	}
	return id
}

// programOf returns the key of the affiliate program that an address leads to, as far as
// it tells: AWIN's advertiser, the product of Digistore24. Otherwise it is empty.
func programOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	network, id := "", ""
	switch host := strings.TrimPrefix(hostKey(u.Host), "www."); host {
	case "awin1.com":
		network = "awin"
		if id = u.Query().Get("awinmid"); id == "" {
			id = u.Query().Get("m")
		}
	case "digistore24.com", "checkout-ds24.com":
		network = "digistore24"
		if parts := strings.Split(strings.Trim(u.Path, "/"), "/"); len(parts) > 2 {
			id = parts[1] // /redir/PRODUCT/AFFILIATE, /content/PRODUCT/LINK/AFFILIATE
		}
	}
	if id == "" || !isCode(id) {
		return ""
	}
	return domain.ProgramKey(network, id)
}

// maxUTM is how many bytes of a parameter of a campaign are kept.
const maxUTM = 64

// campaignOf reads the campaign from the address of the page that reports, which
// browsers send with requests to the same host.
func campaignOf(r *http.Request, host string) (c domain.Campaign) {
	u, err := url.Parse(r.Referer())
	if err != nil || hostKey(u.Host) != host || !strings.Contains(u.RawQuery, "utm_") {
		return c
	}
	q := u.Query()
	return domain.Campaign{Source: plainUTM(q.Get("utm_source")), Medium: plainUTM(q.Get("utm_medium")), Name: plainUTM(q.Get("utm_campaign"))}
}

// plainUTM makes a parameter a short text in lower case without control characters.
func plainUTM(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	if len(s) > maxUTM {
		s = strings.ToValidUTF8(s[:maxUTM], "") // no half of a character
	}
	return strings.ToLower(strings.TrimSpace(s))
}

// redirected reports whether a link leads to a redirect of the site itself.
func (s *Server) redirected(host, href string) bool {
	u, err := url.Parse(href)
	return s.cfg.Links != nil && err == nil && hostKey(u.Host) == host && strings.HasPrefix(u.Path, domain.GoPrefix)
}

// isCode reports whether s has only what slots and sub-ids are made of.
func isCode(s string) bool {
	if len(s) > maxSlot {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
