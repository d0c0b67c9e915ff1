package seo

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// networkHosts are hosts of click links of affiliate networks.
var networkHosts = []string{
	"awin1.com", "zenaps.com", "tidd.ly", "digistore24.com", "checkout-ds24.com", "amzn.to", "tradedoubler.com", "go2cloud.org", "shareasale.com",
	"anrdoezrs.net", "linksynergy.com",
}

// redirects is where a site redirects to merchants from.
const redirects = "/go/"

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func underHost(host string, list []string) bool {
	return slices.ContainsFunc(list, func(h string) bool { return h != "" && (host == h || strings.HasSuffix(host, "."+h)) })
}

// target is where a link of a page leads.
type target struct {
	internal bool
	path     string // of an internal link
	fragment string
	host     string
}

// resolve follows href from the page as a browser does.
func (a *audit) resolve(p *page, href string) (target, bool) {
	base := &url.URL{Scheme: "https", Host: "site.invalid", Path: p.path}
	if own, err := url.Parse(a.site.BaseURL); err == nil && own.Host != "" {
		base.Scheme, base.Host = own.Scheme, own.Host
	}
	home := base.Host
	if b, err := url.Parse(p.base); err == nil && p.base != "" {
		base = base.ResolveReference(b)
	}
	u, err := url.Parse(href)
	if err != nil {
		return target{}, false
	}
	u = base.ResolveReference(u)
	if u.Scheme != "http" && u.Scheme != "https" {
		return target{}, true // mailto:, tel:
	}
	t := target{internal: u.Host == home, path: u.EscapedPath(), fragment: u.Fragment, host: strings.ToLower(u.Hostname())}
	if t.path == "" {
		t.path = "/"
	}
	return t, true
}

func (a *audit) checkSponsored(p *page) {
	var bad []string
	total := 0
	for _, l := range p.links {
		t, ok := a.resolve(p, l.href)
		ad := underHost(t.host, networkHosts) || underHost(t.host, a.site.AffiliateHosts)
		if t.internal {
			ad = strings.HasPrefix(t.path, redirects)
		}
		if !ok || !ad {
			continue
		}
		total++
		if !slices.Contains(strings.Fields(strings.ToLower(l.rel)), "sponsored") {
			bad = append(bad, clip(l.href, 60))
		}
	}
	p.share("SEO-SPONSORED-MISSING", bad, total, "Affiliate links that are not marked")
}

// checkSite applies the rules that need all pages.
func (a *audit) checkSite() {
	a.checkDuplicates()
	links := map[string][]string{} // internal targets by page
	for _, p := range a.pages {
		links[p.path] = a.checkLinks(p)
	}
	a.checkReach(links)
	a.checkSitemap()
	a.checkConflicts()
	a.checkSimilar()
	a.checkAround()
}

func (a *audit) checkDuplicates() {
	for _, r := range []struct {
		id   string
		what string
		text func(*page) string
	}{
		{"SEO-TITLE-DUPLICATE", "title", (*page).title}, {"SEO-DESC-DUPLICATE", "description", (*page).description}, {"SEO-H1-DUPLICATE", "h1", (*page).h1},
	} {
		first := map[string]string{}
		count := map[string]int{}
		key := func(p *page) string { return strings.ToLower(strings.Join(strings.Fields(r.text(p)), " ")) }
		for _, p := range a.pages {
			if k := key(p); k != "" && p.indexable() {
				count[k]++
				if first[k] == "" {
					first[k] = p.path
				}
			}
		}
		for _, p := range a.pages {
			k := key(p)
			if k == "" || !p.indexable() {
				continue
			}
			message := "The page shares its " + r.what + " with other pages, first with " + first[k] + "."
			if first[k] == p.path {
				message = "Other pages have the same " + r.what + "."
			}
			p.pass(r.id, count[k] == 1, message)
		}
	}
}

// checkLinks looks up the internal links of a page and returns where they lead.
func (a *audit) checkLinks(p *page) []string {
	var broken, anchors, detours, out []string
	internal, fragments := 0, 0
	for _, l := range p.links {
		if !l.hasHref || l.href == "" || strings.HasPrefix(strings.ToLower(l.href), "javascript:") {
			continue // SEO-LINK-CRAWLABLE
		}
		t, ok := a.resolve(p, l.href)
		if ok && (!t.internal || strings.HasPrefix(t.path, redirects)) {
			continue
		}
		internal++
		if !ok || !a.files[t.path] && !a.files[unescaped(t.path)] {
			broken = append(broken, clip(l.href, 60))
			continue
		}
		if to, moved := a.moved[t.path]; moved {
			detours = append(detours, clip(l.href, 60)+" → "+clip(to, 60))
			continue
		}
		q := a.byPath[t.path]
		if q == nil {
			continue
		}
		out = append(out, t.path)
		if t.fragment == "" || t.fragment == "top" {
			continue
		}
		fragments++
		if q.ids[t.fragment] == 0 {
			anchors = append(anchors, clip(l.href, 60))
		}
	}
	p.share("SEO-LINK-BROKEN", broken, internal, "Links that lead nowhere")
	p.share("SEO-LINK-REDIRECT", detours, internal, "Links that lead to a redirect")
	p.share("SEO-ANCHOR-BROKEN", anchors, fragments, "Links to ids that do not exist")
	return out
}

func unescaped(path string) string {
	u, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return u
}

// checkReach counts who links to each page and how many clicks it is away.
func (a *audit) checkReach(links map[string][]string) {
	for from, targets := range links {
		slices.Sort(targets)
		links[from] = slices.Compact(targets)
		for _, to := range links[from] {
			if to != from && a.byPath[from].indexable() {
				a.byPath[to].inbound++
			}
		}
	}
	queue := []*page{}
	if home := a.byPath["/"]; home != nil {
		home.clicks = 0
		queue = append(queue, home)
	}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, to := range links[p.path] {
			if q := a.byPath[to]; q.clicks < 0 {
				q.clicks = p.clicks + 1
				queue = append(queue, q)
			}
		}
	}
	for _, p := range a.pages {
		if !p.indexable() || p.path == "/" {
			continue
		}
		p.pass("SEO-ORPHAN", p.inbound > 0, "No other page links to this one.")
		if a.byPath["/"] != nil && p.inbound > 0 {
			p.pass("SEO-DEPTH", p.clicks >= 0 && p.clicks <= MaxClicks, reachText(p.clicks))
		}
	}
}

func reachText(clicks int) string {
	if clicks < 0 {
		return "The page cannot be reached from the home page."
	}
	return fmt.Sprintf("The page is %d clicks away from the home page.", clicks)
}

// checkSitemap compares the sitemap with the indexable pages. What it lists too much
// counts against the home page, or the first page without one.
func (a *audit) checkSitemap() {
	var extra []string
	for path := range a.sitemap {
		if p := a.byPath[path]; p == nil || !p.indexable() {
			extra = append(extra, path)
		}
	}
	slices.Sort(extra)
	for _, p := range a.pages {
		if p.indexable() {
			p.pass("SEO-SITEMAP-MISSING", a.sitemap[p.path], "The sitemap does not list the page.")
		}
	}
	if len(a.pages) > 0 {
		p := a.pages[0] // pages are sorted: the home page comes first
		p.share("SEO-SITEMAP-EXTRA", extra, len(a.sitemap), "The sitemap lists what is no indexable page")
	}
}

// readSitemap returns the paths that a sitemap lists, or nil if it cannot be read.
// Addresses of other hosts are kept whole.
func readSitemap(body []byte, baseURL string) map[string]bool {
	out := map[string]bool{}
	dec := xml.NewDecoder(bytes.NewReader(body[:min(len(body), maxReadBytes*4)]))
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return nil
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "url" {
			continue
		}
		var entry struct {
			Loc string `xml:"loc"`
		}
		if err := dec.DecodeElement(&entry, &start); err != nil {
			return nil
		}
		out[sitePath(strings.TrimSpace(entry.Loc), baseURL)] = true
	}
}

func sitePath(address, baseURL string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || baseURL != "" && u.Scheme+"://"+u.Host != baseURL {
		return address
	}
	if u.Path == "" {
		return "/"
	}
	return u.EscapedPath()
}
