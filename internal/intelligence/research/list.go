package research

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/extract"
)

// Bounds of lists.
const (
	maxEntries   = 50_000 // of one sitemap or feed (sitemaps.org allows as many)
	maxChildren  = 20     // sitemaps of a sitemap index
	listAge      = 10 * time.Minute
	minListMatch = 0.5 // of the topic's words that an entry must have
)

// Lists is a source over sitemaps, feeds (RSS, Atom) and plain addresses that the
// operator gave. What lists hold is kept for ten minutes.
type Lists struct {
	kind    string
	fetch   Fetcher
	address []string

	mu   sync.Mutex
	held []Hit
	at   time.Time
}

// NewSitemaps returns a source over sitemaps and sitemap indexes.
func NewSitemaps(f Fetcher, addresses []string) *Lists {
	return &Lists{kind: "sitemap", fetch: f, address: addresses}
}

// NewFeeds returns a source over RSS and Atom feeds.
func NewFeeds(f Fetcher, addresses []string) *Lists {
	return &Lists{kind: "feed", fetch: f, address: addresses}
}

// NewURLs returns a source over plain addresses. All of them are hits: whoever gave
// them knows why.
func NewURLs(addresses []string) *Lists { return &Lists{kind: "list", address: addresses} }

// Name implements Source.
func (l *Lists) Name() string { return l.kind }

// Find implements Source: the entries with at least half of the topic's words in
// title, text or address, the best first.
func (l *Lists) Find(ctx context.Context, q Query) ([]Hit, error) {
	if l.kind == "list" {
		out := make([]Hit, 0, len(l.address))
		for _, a := range l.address[:min(len(l.address), q.Limit)] {
			out = append(out, Hit{URL: a})
		}
		return out, nil
	}
	all, err := l.entries(ctx)
	if err != nil && len(all) == 0 {
		return nil, err
	}
	t := newTopic(q.Topic, q.Language)
	type scored struct {
		Hit
		score float64
	}
	var found []scored
	for _, h := range all {
		if s := t.coverage(h.Title + " " + h.Snippet + " " + addressWords(h.URL)); s >= minListMatch {
			found = append(found, scored{h, s})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	out := make([]Hit, 0, min(len(found), q.Limit))
	for _, f := range found[:min(len(found), q.Limit)] {
		out = append(out, f.Hit)
	}
	return out, nil
}

var notWord = regexp.MustCompile(`[^\pL\pN]+`)

// addressWords returns the words in the path of an address.
func addressWords(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return notWord.ReplaceAllString(u.Path, " ")
}

// entries reads all lists. An error of one does not hide the others.
func (l *Lists) entries(ctx context.Context) ([]Hit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil && time.Since(l.at) < listAge {
		return l.held, nil
	}
	var all []Hit
	var errs []error
	for _, a := range l.address {
		hits, err := l.read(ctx, a, true)
		errs = append(errs, err)
		all = append(all, hits...)
	}
	err := errors.Join(errs...)
	if err == nil {
		l.held, l.at = all, time.Now()
	}
	return all, err
}

// read reads one list, and the sitemaps of an index.
func (l *Lists) read(ctx context.Context, address string, index bool) ([]Hit, error) {
	page, err := l.fetch.Fetch(ctx, address)
	if err != nil {
		return nil, listError(l.kind, address, err)
	}
	hits, children, err := parseList(page)
	if err != nil {
		return hits, listError(l.kind, address, err)
	}
	if index {
		for _, child := range children[:min(len(children), maxChildren)] {
			more, err := l.read(ctx, child, false)
			if err != nil {
				return hits, err
			}
			hits = append(hits, more...)
		}
	}
	return hits[:min(len(hits), maxEntries)], nil
}

func listError(kind, address string, err error) error {
	reason := "it is not XML"
	if e, ok := errors.AsType[*domain.FetchError](err); ok {
		reason = string(e.Reason)
	}
	return &domain.Error{Code: domain.CodeUnavailable, Message: "The " + kind + " " + address + " cannot be read: " + reason + ".", Err: err}
}

// entry is one entry of a sitemap or feed, in the words of all three formats.
type entry struct {
	Loc       string `xml:"loc"`
	Title     string `xml:"title"`
	Summary   string `xml:"summary"`
	Text      string `xml:"description"`
	PubDate   string `xml:"pubDate"`
	Updated   string `xml:"updated"`
	Published string `xml:"published"`
	Links     []struct {
		Href string `xml:"href,attr"`
		Rel  string `xml:"rel,attr"`
		Text string `xml:",chardata"`
	} `xml:"link"`
}

func (e *entry) address() string {
	if e.Loc != "" {
		return strings.TrimSpace(e.Loc)
	}
	for _, l := range e.Links {
		if l.Href != "" && (l.Rel == "" || l.Rel == "alternate") {
			return strings.TrimSpace(l.Href)
		}
		if t := strings.TrimSpace(l.Text); t != "" && l.Href == "" {
			return t
		}
	}
	return ""
}

func (e *entry) published() *time.Time {
	for _, s := range []string{e.Published, e.PubDate, e.Updated} {
		for _, layout := range []string{time.RFC3339, time.RFC1123Z, time.RFC1123, time.DateOnly} {
			if at, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
				return &at
			}
		}
	}
	return nil
}

// parseList reads a sitemap, a sitemap index (sitemaps.org), RSS 2.0 or Atom (RFC
// 4287): url, sitemap, item and entry elements wherever they are. What was read before
// a fault counts.
func parseList(page *domain.FetchedPage) (hits []Hit, children []string, err error) {
	text, _, _ := extract.Decode(page.Body, page.ContentType)
	d := xml.NewDecoder(bytes.NewReader([]byte(text)))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	base, _ := url.Parse(page.FinalURL)
	for len(hits) < maxEntries {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return hits, children, nil
		}
		if err != nil {
			return hits, children, err
		}
		start, ok := token.(xml.StartElement)
		if !ok || !slices.Contains([]string{"url", "sitemap", "item", "entry"}, start.Name.Local) {
			continue
		}
		var e entry
		if err := d.DecodeElement(&e, &start); err != nil {
			return hits, children, err
		}
		address := e.address()
		if u, err := base.Parse(address); address != "" && err == nil {
			address = u.String()
		}
		switch {
		case address == "":
		case start.Name.Local == "sitemap":
			children = append(children, address)
		default:
			hits = append(hits, Hit{URL: address, Title: e.Title, Snippet: plainText(e.Summary + " " + e.Text), Published: e.published()})
		}
	}
	return hits, children, nil
}

var tag = regexp.MustCompile(`<[^>]{0,500}>`)

func plainText(s string) string {
	return strings.Join(strings.Fields(tag.ReplaceAllString(s, " ")), " ")
}
