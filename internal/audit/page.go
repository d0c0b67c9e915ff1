// Package audit reads built pages the way a checker sees them: visible text, links
// in order, scripts, images and structured data. Its sub-packages hold the rules.
package audit

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"empire/internal/domain"
)

// Limits that keep a hostile page from costing more than a large honest one.
const (
	maxPageBytes = 8 << 20
	maxDepth     = 400
)

// Page is a built page as a checker sees it.
type Page struct {
	Path      string
	Language  string
	Title     string
	Main      string // visible text inside main, blocks separated by newlines
	Text      string // all visible text of the body
	Links     []Link // in document order
	IDs       map[string]bool
	Resources []string // addresses that the browser loads by itself: src, srcset, stylesheets, preloads
	Scripts   []string // inline scripts that would run
	Schemas   []string // JSON-LD, verbatim
	Images    []Image
	Hidden    []string // text that is in the page but kept from the reader
	NoIndex   bool
}

// Link is an anchor with an address.
type Link struct {
	Href   string
	Rel    string
	Text   string // visible text and text for screen readers
	Before int    // length of Page.Text before the link: what the reader saw earlier
	InMain bool
}

// HasRel reports whether the link's rel lists the value.
func (l Link) HasRel(value string) bool {
	for _, r := range strings.Fields(strings.ToLower(l.Rel)) {
		if r == value {
			return true
		}
	}
	return false
}

// Image is an img element.
type Image struct {
	Src    string
	Alt    string
	HasAlt bool
}

// Parse reads one page. It refuses a page over 8 MiB or nested deeper than 400.
func Parse(path string, body []byte) (*Page, error) {
	if len(body) > maxPageBytes {
		return nil, domain.Errorf(domain.CodeTooLarge, "Page %s has %d bytes; the limit is %d.", path, len(body), maxPageBytes)
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", path, err)
	}
	r := reader{page: &Page{Path: path, IDs: map[string]bool{}}}
	if err := r.walk(root, state{}, 0); err != nil {
		return nil, err
	}
	r.page.Main, r.page.Text = r.main.String(), r.text.String()
	return r.page, nil
}

// Site parses all HTML pages among files.
func Site(files []domain.File) ([]*Page, error) {
	var out []*Page
	for _, f := range files {
		if !strings.HasPrefix(f.ContentType, "text/html") || f.Status >= 400 {
			continue
		}
		p, err := Parse(f.Path, f.Body)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

type state struct {
	main, hidden, head bool
}

type reader struct {
	page       *Page
	main, text strings.Builder
}

func (r *reader) walk(n *html.Node, s state, depth int) error {
	if depth > maxDepth {
		return domain.Errorf(domain.CodeTooLarge, "Page %s is nested deeper than %d elements.", r.page.Path, maxDepth)
	}
	switch n.Type {
	case html.TextNode:
		r.addText(n.Data, s)
		return nil
	case html.ElementNode:
		s = r.element(n, s)
		if n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Template || n.DataAtom == atom.Title {
			return nil
		}
	}
	before := r.text.Len()
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := r.walk(c, s, depth+1); err != nil {
			return err
		}
	}
	if n.Type == html.ElementNode {
		r.close(n, s, before)
	}
	return nil
}

func (r *reader) addText(text string, s state) {
	if s.head {
		return
	}
	if s.hidden {
		if t := strings.TrimSpace(text); t != "" {
			r.page.Hidden = append(r.page.Hidden, t)
		}
		return
	}
	r.text.WriteString(text)
	if s.main {
		r.main.WriteString(text)
	}
}

func (r *reader) element(n *html.Node, s state) state {
	if id := attr(n, "id"); id != "" {
		r.page.IDs[id] = true
	}
	switch n.DataAtom {
	case atom.Html:
		r.page.Language = attr(n, "lang")
	case atom.Head:
		s.head = true
	case atom.Title:
		if s.head && n.FirstChild != nil {
			r.page.Title = strings.TrimSpace(n.FirstChild.Data)
		}
	case atom.Main:
		s.main = true
	case atom.Meta:
		if strings.EqualFold(attr(n, "name"), "robots") && strings.Contains(strings.ToLower(attr(n, "content")), "noindex") {
			r.page.NoIndex = true
		}
	case atom.Script:
		r.script(n)
	case atom.Link:
		rel := strings.ToLower(attr(n, "rel"))
		if rel == "stylesheet" || strings.Contains(rel, "icon") || strings.Contains(rel, "preload") || strings.Contains(rel, "preconnect") || strings.Contains(rel, "prefetch") {
			r.resource(attr(n, "href"))
		}
	case atom.Img:
		_, has := lookup(n, "alt")
		r.page.Images = append(r.page.Images, Image{attr(n, "src"), attr(n, "alt"), has})
		r.resource(attr(n, "src"))
		for _, candidate := range strings.Split(attr(n, "srcset"), ",") {
			r.resource(strings.TrimSpace(strings.SplitN(strings.TrimSpace(candidate), " ", 2)[0]))
		}
	case atom.Iframe, atom.Video, atom.Audio, atom.Source, atom.Embed, atom.Track:
		r.resource(attr(n, "src"))
	}
	if isHidden(n) {
		s.hidden = true
	}
	return s
}

func (r *reader) script(n *html.Node) {
	body := ""
	if n.FirstChild != nil {
		body = n.FirstChild.Data
	}
	switch kind := strings.ToLower(attr(n, "type")); {
	case kind == "application/ld+json":
		r.page.Schemas = append(r.page.Schemas, body)
	case attr(n, "src") != "":
		r.resource(attr(n, "src"))
	case kind == "" || strings.Contains(kind, "javascript") || kind == "module":
		r.page.Scripts = append(r.page.Scripts, body)
	}
}

func (r *reader) resource(address string) {
	if address != "" {
		r.page.Resources = append(r.page.Resources, address)
	}
}

// blocks end a run of words; their text must not run into what follows.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Li: true, atom.Td: true, atom.Th: true, atom.Tr: true, atom.H1: true, atom.H2: true, atom.H3: true,
	atom.H4: true, atom.Dt: true, atom.Dd: true, atom.Figcaption: true, atom.Caption: true, atom.Section: true, atom.Article: true,
	atom.Header: true, atom.Footer: true, atom.Nav: true, atom.Aside: true, atom.Summary: true, atom.Br: true, atom.Title: true,
	atom.Desc: true, atom.Main: true, atom.A: false,
}

func (r *reader) close(n *html.Node, s state, before int) {
	if n.DataAtom == atom.A {
		if href, ok := lookup(n, "href"); ok {
			text := attr(n, "aria-label") + " " + attr(n, "title") + " " + r.text.String()[before:]
			r.page.Links = append(r.page.Links, Link{Href: href, Rel: attr(n, "rel"), Text: strings.TrimSpace(text), Before: before, InMain: s.main})
		}
	}
	if blocks[n.DataAtom] || n.Data == "text" || n.Data == "title" || n.Data == "desc" {
		r.addText("\n", state{main: s.main, head: s.head})
	}
}

// isHidden reports whether the element keeps its text from readers. Text that is
// only for screen readers is not hidden: it says what others see.
func isHidden(n *html.Node) bool {
	if _, ok := lookup(n, "hidden"); ok {
		return true
	}
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") || strings.Contains(style, "font-size:0")
}

func attr(n *html.Node, key string) string {
	v, _ := lookup(n, key)
	return v
}

func lookup(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}
