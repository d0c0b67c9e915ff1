package extract

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Metadata is what a page says about its article. Empty fields are not said.
type Metadata struct {
	Title       string `json:"title,omitempty"`
	Author      string `json:"author,omitempty"`
	Published   string `json:"published,omitempty"` // as the page writes it
	Language    string `json:"language,omitempty"`  // BCP 47, as the page writes it
	Canonical   string `json:"canonical,omitempty"`
	SiteName    string `json:"site_name,omitempty"`
	Description string `json:"description,omitempty"`
	// PublishedAt is Published, if it is a date that can be read in one way only.
	PublishedAt *time.Time `json:"published_at,omitempty"`
}

// Metadata returns title, author, date, language, canonical address, site and
// description. A field is taken from the first that has it: JSON-LD, the page's meta
// elements, microdata and the elements that readers see. base is the page's address,
// or nil.
func (p *Page) Metadata(base *url.URL) Metadata {
	meta := map[string]string{}
	each(p.root, func(n *html.Node) bool {
		if n.DataAtom == atom.Meta {
			for _, name := range strings.Fields(first(attr(n, "property"), attr(n, "name"), attr(n, "itemprop"), attr(n, "http-equiv"))) {
				name = strings.ToLower(name)
				if c := space(attr(n, "content")); c != "" && meta[name] == "" {
					meta[name] = c
				}
			}
		}
		return n.DataAtom != atom.Svg
	})
	get := func(names ...string) string {
		for _, n := range names {
			if meta[n] != "" {
				return html.UnescapeString(meta[n])
			}
		}
		return ""
	}
	objects, _ := jsonLD(p.root)
	ld := articleObject(objects)
	out := Metadata{
		SiteName: first(get("og:site_name"), nameOf(ld["publisher"]), get("application-name")),
		Published: first(stringOf(ld["datePublished"]), get("article:published_time", "og:article:published_time", "datepublished",
			"parsely-pub-date", "sailthru.date", "date", "dc.date", "dcterms.created", "dc.date.issued", "publishdate", "pubdate", "cxenseparse:recs:publishtime")),
		Author:      first(nameOf(ld["author"]), person(get("author", "article:author", "dc.creator", "dcterm.creator", "parsely-author", "sailthru.author", "byl"))),
		Language:    p.language(get("og:locale", "content-language", "inlanguage", "language")),
		Description: first(get("og:description", "description", "twitter:description", "dc.description"), stringOf(ld["description"])),
	}
	out.Title = p.title(first(get("og:title", "twitter:title", "dc.title", "dcterm.title"), stringOf(ld["headline"])), out.SiteName)
	p.visible(&out)
	out.Canonical = p.canonical(base, get("og:url"))
	out.PublishedAt = readTime(out.Published)
	return out
}

func (p *Page) language(other string) string {
	n := find(p.root, func(n *html.Node) bool { return n.DataAtom == atom.Html })
	if n == nil {
		return other
	}
	return strings.ReplaceAll(first(strings.TrimSpace(attr(n, "lang")), attr(n, "xml:lang"), other), "_", "-")
}

func (p *Page) canonical(base *url.URL, other string) string {
	n := find(p.root, func(n *html.Node) bool {
		return n.DataAtom == atom.Link && strings.EqualFold(attr(n, "rel"), "canonical") && attr(n, "href") != ""
	})
	if n == nil {
		return resolve(base, other)
	}
	return resolve(base, attr(n, "href"))
}

// parted finds the sign between the title of an article and the name of its site.
var parted = regexp.MustCompile(`\s+[|\-–—•»·/\\>]+\s+`)

// title returns what the page declares, or its title element, without the site's name.
func (p *Page) title(declared, site string) string {
	var heading, element string
	if n := find(p.root, func(n *html.Node) bool {
		return n.DataAtom == atom.Title && n.Parent != nil && n.Parent.DataAtom == atom.Head
	}); n != nil {
		element = text(n)
	}
	if n := find(p.root, func(n *html.Node) bool { return n.DataAtom == atom.H1 }); n != nil {
		heading = text(n)
	}
	t := first(space(declared), element, heading)
	if at := parted.FindAllStringIndex(t, -1); len(at) > 0 {
		last := at[len(at)-1]
		before, after := t[:last[0]], t[last[1]:]
		switch {
		case site != "" && strings.EqualFold(after, site), heading != "" && before == heading:
			return before
		case site != "" && strings.EqualFold(t[:at[0][0]], site):
			return t[at[0][1]:]
		case declared == "" && len(strings.Fields(before)) >= 4:
			return before
		}
	}
	return t
}

var byName = regexp.MustCompile(`(?:^|-)(?:by-?line(?:-name)?|author(?:-name)?|p-author|writtenby|dateline-author)(?:-|$)`)

// visible fills author and date from what readers see.
func (p *Page) visible(out *Metadata) {
	each(p.root, func(n *html.Node) bool {
		if n.Type != html.ElementNode {
			return true
		}
		if out.Published == "" {
			prop := attr(n, "itemprop")
			if strings.Contains(prop, "datePublished") || n.DataAtom == atom.Time && attr(n, "datetime") != "" {
				out.Published = first(attr(n, "content"), attr(n, "datetime"), text(n))
			}
		}
		if out.Author == "" && (attr(n, "rel") == "author" || strings.Contains(attr(n, "itemprop"), "author") || named(n, byName)) {
			if t := text(n); len(t) > 2 && len(t) < 100 {
				out.Author = person(t)
			}
		}
		return out.Published == "" || out.Author == ""
	})
}

var by = regexp.MustCompile(`(?i)^(?:written\s+)?(?:by|von|par|por|di|author|autor)\s*:?\s+`)

// person returns a name without "by"; an address is no name.
func person(s string) string {
	s = strings.TrimSpace(by.ReplaceAllString(strings.TrimSpace(s), ""))
	if strings.Contains(s, "://") {
		return ""
	}
	return s
}

// articleObject returns the object of an article, or the first with a date or author.
func articleObject(objects []map[string]any) map[string]any {
	var found map[string]any
	var visit func(o map[string]any, depth int)
	visit = func(o map[string]any, depth int) {
		for _, e := range listOf(o["@graph"]) {
			if sub, ok := e.(map[string]any); ok && depth < 3 {
				visit(sub, depth+1)
			}
		}
		article := false
		for _, t := range listOf(o["@type"]) {
			s := stringOf(t)
			article = article || strings.HasSuffix(s, "Article") || strings.HasSuffix(s, "Posting") || s == "Report"
		}
		if article && found == nil {
			found = o
		}
	}
	for _, o := range objects {
		visit(o, 0)
	}
	for _, o := range objects {
		if found == nil && (o["datePublished"] != nil || o["author"] != nil) {
			found = o
		}
	}
	return found
}

func listOf(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

func stringOf(v any) string {
	s, _ := v.(string)
	return space(html.UnescapeString(s))
}

// nameOf returns the names of persons or organizations.
func nameOf(v any) string {
	var out []string
	for _, e := range listOf(v) {
		switch e := e.(type) {
		case string:
			out = append(out, person(stringOf(e)))
		case map[string]any:
			for _, n := range listOf(e["name"]) {
				out = append(out, person(stringOf(n)))
			}
		}
	}
	return strings.Trim(strings.Join(out, ", "), ", ")
}

// timeLayouts are the dates that can be read in one way only.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", time.RFC1123, time.RFC1123Z,
	"January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006", "02.01.2006", "2.1.2006", "20060102",
}

func readTime(s string) *time.Time {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return &t
		}
	}
	return nil
}
