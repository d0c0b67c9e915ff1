package seo

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// What is read of one page at most. A page beyond it is cut there and breaks
// SEO-SIZE.
const (
	maxReadBytes  = 4 << 20
	maxTokenBytes = 1 << 20
	maxItems      = 20000 // links, ids, headings, images, scripts: each
)

// document is what the rules see of a page's HTML. It is read in one pass over the
// tokens, without a tree, so that no nesting or omitted tag can make it slow.
type document struct {
	path       string
	size       int
	cut        bool // larger than what is read, or broken off
	lang       string
	titles     []string
	metas      map[string][]string // content by lower-case name or property
	canonicals []string
	alternates []alternate
	feeds      []string // addresses of Atom and RSS feeds that the head names
	base       string
	headings   []heading
	links      []link
	ids        map[string]int
	images     int
	unnamed    []string // images without alt
	jsonld     []string
	visible    string // all text that a reader sees
	words      int    // of the main text
	nesting    int
}

type alternate struct{ lang, href string }

type heading struct {
	level int
	text  string
}

type link struct {
	href    string
	hasHref bool
	rel     string
	text    string // with the names of images, or the aria-label
}

// read reads one page.
func read(path string, body []byte) *document {
	d := &document{path: path, size: len(body), metas: map[string][]string{}, ids: map[string]int{}}
	if len(body) > maxReadBytes {
		body, d.cut = body[:maxReadBytes], true
	}
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(maxTokenBytes)
	r := &reader{doc: d}
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				d.cut = true
			}
			r.finish()
			return d
		case html.TextToken:
			r.text(z)
		case html.StartTagToken:
			r.start(z.Token(), false)
		case html.SelfClosingTagToken:
			r.start(z.Token(), true)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.end(string(name))
		}
	}
}

// reader keeps the state between tokens.
type reader struct {
	doc     *document
	all     strings.Builder
	main    strings.Builder
	inMain  bool
	hasMain bool
	raw     string // element whose text is not shown: script, style, …
	jsonld  bool   // the script is JSON-LD
	svg     int
	depth   int
	link    *link // the open link and where its text begins
	linkAt  int
	heading *heading
	headAt  int
}

// unseen are elements whose text no reader sees.
var unseen = map[string]bool{"script": true, "style": true, "template": true, "noscript": true, "title": true, "iframe": true, "textarea": true}

// flowing are elements that do not end a word.
var flowing = map[string]bool{
	"a": true, "b": true, "strong": true, "em": true, "i": true, "span": true, "small": true, "sup": true, "sub": true, "abbr": true,
	"code": true, "mark": true, "time": true, "u": true, "s": true, "q": true, "cite": true, "kbd": true, "label": true, "bdi": true,
	"data": true, "wbr": true, "ins": true, "del": true, "dfn": true, "var": true,
}

// nested are elements whose end tag may not be left out: their depth can be told
// from the tags.
var nested = map[string]bool{
	"div": true, "section": true, "article": true, "aside": true, "nav": true, "header": true, "footer": true, "main": true, "span": true,
	"b": true, "i": true, "em": true, "strong": true, "a": true, "ul": true, "ol": true, "dl": true, "table": true, "figure": true,
	"details": true, "blockquote": true, "svg": true, "g": true, "font": true, "button": true, "label": true,
}

func (r *reader) text(z *html.Tokenizer) {
	switch {
	case r.raw == "":
		r.write(string(z.Text()))
	case r.raw == "title" && r.svg == 0:
		t := strings.Join(strings.Fields(string(z.Text())), " ")
		if n := len(r.doc.titles); n > 0 {
			r.doc.titles[n-1] += t
		}
	case r.raw == "script" && r.jsonld && len(r.doc.jsonld) < maxItems:
		r.doc.jsonld = append(r.doc.jsonld, string(z.Raw()))
	}
}

func (r *reader) write(s string) {
	r.all.WriteString(s)
	if r.inMain {
		r.main.WriteString(s)
	}
}

func (r *reader) start(t html.Token, selfClosing bool) {
	name := t.Data
	if r.raw != "" {
		return // inside a template
	}
	if !flowing[name] {
		r.write("\n")
	}
	attrs := attributes(t.Attr)
	if id, ok := attrs["id"]; ok && len(r.doc.ids) < maxItems {
		r.doc.ids[id]++
	}
	if nested[name] && !selfClosing {
		r.depth++
		r.doc.nesting = max(r.doc.nesting, r.depth)
	}
	r.element(name, attrs, selfClosing)
	if unseen[name] && !selfClosing {
		r.raw = name
		r.jsonld = name == "script" && strings.EqualFold(strings.TrimSpace(attrs["type"]), "application/ld+json")
		if name == "title" && r.svg == 0 && len(r.doc.titles) < maxItems {
			r.doc.titles = append(r.doc.titles, "")
		}
	}
}

func (r *reader) element(name string, attrs map[string]string, selfClosing bool) {
	d := r.doc
	switch name {
	case "html":
		d.lang = strings.TrimSpace(attrs["lang"])
	case "main":
		r.inMain, r.hasMain = true, true
	case "base":
		d.base = attrs["href"]
	case "meta":
		r.meta(attrs)
	case "link":
		r.headLink(attrs)
	case "a":
		r.endLink()
		href, ok := attrs["href"]
		_, named := attrs["name"]
		if (ok || !named) && len(d.links) < maxItems { // an anchor with a name and no href is a target
			r.link = &link{href: strings.TrimSpace(href), hasHref: ok, rel: attrs["rel"], text: attrs["aria-label"]}
			r.linkAt = r.all.Len()
		}
	case "area":
		if href, ok := attrs["href"]; ok && len(d.links) < maxItems {
			d.links = append(d.links, link{href: strings.TrimSpace(href), hasHref: true, rel: attrs["rel"], text: attrs["alt"]})
		}
	case "img":
		alt, ok := attrs["alt"]
		r.image(ok, attrs["src"])
		if r.link != nil && r.link.text == "" {
			r.link.text = strings.TrimSpace(alt)
		}
	case "svg":
		if !selfClosing {
			r.svg++
		}
		if strings.EqualFold(attrs["role"], "img") {
			r.image(attrs["aria-label"] != "" || attrs["aria-labelledby"] != "", "svg")
		}
	case "h1", "h2", "h3", "h4", "h5", "h6":
		r.endHeading()
		if len(d.headings) < maxItems {
			r.heading, r.headAt = &heading{level: int(name[1] - '0'), text: attrs["aria-label"]}, r.all.Len()
		}
	}
}

func (r *reader) image(named bool, what string) {
	r.doc.images++
	if !named && len(r.doc.unnamed) < maxItems {
		r.doc.unnamed = append(r.doc.unnamed, what)
	}
}

func (r *reader) meta(attrs map[string]string) {
	name := strings.ToLower(strings.TrimSpace(attrs["name"]))
	if name == "" {
		name = strings.ToLower(strings.TrimSpace(attrs["property"]))
	}
	if name != "" && len(r.doc.metas[name]) < 100 && len(r.doc.metas) < maxItems {
		r.doc.metas[name] = append(r.doc.metas[name], strings.TrimSpace(attrs["content"]))
	}
}

func (r *reader) headLink(attrs map[string]string) {
	d := r.doc
	for _, rel := range strings.Fields(strings.ToLower(attrs["rel"])) {
		switch {
		case rel == "canonical" && len(d.canonicals) < maxItems:
			d.canonicals = append(d.canonicals, strings.TrimSpace(attrs["href"]))
		case rel == "alternate" && attrs["hreflang"] != "" && len(d.alternates) < maxItems:
			d.alternates = append(d.alternates, alternate{strings.TrimSpace(attrs["hreflang"]), strings.TrimSpace(attrs["href"])})
		case rel == "alternate" && feedTypes[strings.ToLower(strings.TrimSpace(attrs["type"]))] && len(d.feeds) < maxItems:
			d.feeds = append(d.feeds, strings.TrimSpace(attrs["href"]))
		}
	}
}

func (r *reader) end(name string) {
	if r.raw != "" {
		if r.raw == name {
			r.raw, r.jsonld = "", false
		}
		return
	}
	switch name {
	case "a":
		r.endLink()
	case "h1", "h2", "h3", "h4", "h5", "h6":
		r.endHeading()
	case "main":
		r.inMain = false
	case "svg":
		r.svg = max(0, r.svg-1)
	}
	if nested[name] {
		r.depth = max(0, r.depth-1)
	}
	if !flowing[name] {
		r.write("\n")
	}
}

func (r *reader) endLink() {
	if r.link == nil {
		return
	}
	if t := strings.Join(strings.Fields(r.all.String()[r.linkAt:]), " "); t != "" {
		r.link.text = t
	}
	r.doc.links = append(r.doc.links, *r.link)
	r.link = nil
}

func (r *reader) endHeading() {
	if r.heading == nil {
		return
	}
	if t := strings.Join(strings.Fields(r.all.String()[r.headAt:]), " "); t != "" {
		r.heading.text = t
	}
	r.doc.headings = append(r.doc.headings, *r.heading)
	r.heading = nil
}

func (r *reader) finish() {
	r.endLink()
	r.endHeading()
	r.doc.visible = r.all.String()
	main := r.main.String()
	if !r.hasMain {
		main = r.doc.visible
	}
	r.doc.words = len(strings.Fields(main))
}

// attributes returns the attributes of a tag; of two with one name the first
// counts, as in browsers.
func attributes(list []html.Attribute) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		if _, seen := m[a.Key]; !seen {
			m[a.Key] = a.Val
		}
	}
	return m
}
