package seo

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// checkAround looks at the files around the pages: robots.txt, redirects, feeds. What
// they break counts against the home page, or the first page without one.
func (a *audit) checkAround() {
	for _, p := range a.pages {
		if p.indexable() && a.robots != nil {
			p.pass("SEO-ROBOTS-BLOCKED", a.crawlable(p.path), "robots.txt keeps crawlers from the page.")
		}
	}
	if len(a.pages) == 0 {
		return
	}
	p := a.pages[0] // pages are sorted: the home page comes first
	var chains []string
	for _, from := range slices.Sorted(maps.Keys(a.moved)) {
		if fault := a.chainFault(from); fault != "" {
			chains = append(chains, fault)
		}
	}
	p.share("SEO-REDIRECT-CHAIN", chains, len(a.moved), "Redirects that do not lead straight to a page")
	a.checkFeeds(p)
}

// chainFault says what is wrong with where a redirect of the site leads.
func (a *audit) chainFault(from string) string {
	to := a.local(a.moved[from])
	if to == "" {
		return "" // another site
	}
	if next, again := a.moved[to]; again {
		if a.local(next) == from || to == from {
			return clip(from, 60) + " leads in a circle"
		}
		return fmt.Sprintf("%s → %s → %s", clip(from, 60), clip(to, 60), clip(next, 60))
	}
	if !a.files[to] && !a.files[unescaped(to)] {
		return fmt.Sprintf("%s → %s, which is missing", clip(from, 60), clip(to, 60))
	}
	return ""
}

// local returns the path of an address of the site, "" for one elsewhere.
func (a *audit) local(address string) string {
	if strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") {
		path, _, _ := strings.Cut(address, "#")
		return path
	}
	if path := sitePath(address, a.site.BaseURL); a.site.BaseURL != "" && strings.HasPrefix(path, "/") {
		return path
	}
	return ""
}

// feedTypes are the types of links to feeds.
var feedTypes = map[string]bool{"application/atom+xml": true, "application/rss+xml": true}

func isFeed(f domain.File, path string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(f.ContentType), ";")
	return feedTypes[strings.TrimSpace(kind)] || f.ContentType == "" && (path == "/feed.xml" || path == "/rss.xml" || path == "/atom.xml")
}

// checkFeeds reads the feeds of the site and follows links to feeds.
func (a *audit) checkFeeds(home *page) {
	var faults []string
	total := len(a.feeds)
	for _, p := range a.pages {
		for _, href := range p.feeds {
			t, ok := a.resolve(p, href)
			if ok && !t.internal {
				continue
			}
			total++
			if _, there := a.feeds[t.path]; !ok || !there {
				faults = append(faults, clip(href, 60)+" is no feed")
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(a.feeds)) {
		if fault := a.feedFault(a.feeds[path]); fault != "" {
			faults = append(faults, path+": "+fault)
		}
	}
	slices.Sort(faults)
	home.share("SEO-FEED", slices.Compact(faults), total, "Feeds at fault")
}

// feedXML reads Atom (RFC 4287) and RSS 2.0 alike.
type feedXML struct {
	XMLName xml.Name
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Entries []feedEntry `xml:"entry"`
	Items   []feedEntry `xml:"channel>item"`
}

type feedEntry struct {
	ID      string     `xml:"id"`
	GUID    string     `xml:"guid"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	PubDate string     `xml:"pubDate"`
	Links   []feedLink `xml:"link"`
}

type feedLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Text string `xml:",chardata"`
}

// feedFault returns the first fault of a feed, "" for none.
func (a *audit) feedFault(body []byte) string {
	var f feedXML
	if err := xml.NewDecoder(bytes.NewReader(body[:min(len(body), maxReadBytes)])).Decode(&f); err != nil {
		return "it is no XML"
	}
	atom := f.XMLName.Local == "feed"
	if !atom && f.XMLName.Local != "rss" {
		return fmt.Sprintf("a document of type %q", clip(f.XMLName.Local, 20))
	}
	if atom && (f.ID == "" || !fullDate(f.Updated, atom)) {
		return "it has no id or no full date"
	}
	seen := map[string]bool{}
	for _, e := range append(f.Entries, f.Items...) {
		id, at, link := e.ID, e.Updated, ""
		if !atom {
			id, at = e.GUID, e.PubDate
		}
		for _, l := range e.Links {
			if atom && (l.Rel == "" || l.Rel == "alternate") && link == "" {
				link = l.Href
			}
			if text := strings.TrimSpace(l.Text); !atom && text != "" {
				link = text
			}
		}
		path := a.local(strings.TrimSpace(link))
		switch {
		case strings.TrimSpace(e.Title) == "":
			return "an entry without a title"
		case id == "" || seen[id]:
			return "an entry without an id of its own: " + clip(e.Title, 40)
		case !fullDate(at, atom):
			return fmt.Sprintf("the date %q of an entry", clip(at, 40))
		case link == "" || path != "" && a.byPath[path] == nil:
			return "an entry that leads to no page: " + clip(link, 60)
		case path != "" && !a.byPath[path].indexable():
			return "an entry of a page that may not be indexed: " + clip(link, 60)
		}
		seen[id] = true
	}
	return ""
}

// fullDate reports whether a date has a time and a zone: RFC 3339 in Atom, RFC 822 with
// a year of four digits in RSS.
func fullDate(s string, atom bool) bool {
	layouts := []string{time.RFC1123, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 -0700"}
	if atom {
		layouts = []string{time.RFC3339}
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, strings.TrimSpace(s)); err == nil && t.Year() > 1990 {
			return true
		}
	}
	return false
}
