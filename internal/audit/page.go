// Package audit reads built pages the way a checker sees them: visible text, links
// in order, scripts, images and structured data. Its sub-packages hold the rules.
package audit

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"empire/internal/domain"
	"empire/internal/parallel"
)

// Limits that keep a hostile page from costing more than a large honest one.
const (
	maxPageBytes = 8 << 20
	maxDepth     = 400
)

// Page is a built page as a checker sees it.
type Page struct {
	Path        string
	Language    string
	Title       string
	Description string // of the meta element
	Headings    []Heading
	Main        string // visible text inside main, blocks separated by newlines
	Text        string // all visible text of the body, with that of drawings, closed details and noscript
	Links       []Link // in document order
	IDs         map[string]bool
	Resources   []string // addresses that the browser loads by itself: src, srcset, stylesheets, preloads, url() in styles
	Scripts     []string // inline scripts that would run, event attributes and javascript addresses
	Schemas     []string // JSON-LD, verbatim
	Microdata   []string // values of itemprop and itemtype
	Images      []Image
	Hidden      []string // text that is in the page but kept from the reader
	Labels      []string // texts for screen readers and tooltips: alt, aria-label, title
	Comments    []string // HTML comments
	Redirects   []string // targets of meta refresh
	Struck      []string // text that is crossed out
	ShareImage  string   // address of the picture that networks show
	Fields      []string // types of form fields: text, email, textarea, select
	NoIndex     bool
}

// Heading is a heading with its level, 1 to 6.
type Heading struct {
	Level int
	Text  string
}

// H1 returns the text of the first heading of level 1, "" for none.
func (p *Page) H1() string {
	for _, h := range p.Headings {
		if h.Level == 1 {
			return h.Text
		}
	}
	return ""
}

// Link is an anchor, or an area of an image map, with an address.
type Link struct {
	Href    string
	Rel     string
	Slot    string // data-slot: which offer it leads to
	Text    string // visible text and text for screen readers
	Visible string // visible text alone
	Before  int    // length of Page.Text before the link: what the reader saw earlier
	InMain  bool
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

// Parse reads one page. It refuses a page over 8 MiB or nested deeper than 400
// elements with CodeTooLarge.
func Parse(path string, body []byte) (*Page, error) {
	if len(body) > maxPageBytes {
		return nil, domain.Errorf(domain.CodeTooLarge, "Page %s has %d bytes; the limit is %d.", path, len(body), maxPageBytes)
	}
	root, err := html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		// The parser fails on nothing but pages that are nested too deeply.
		e := domain.Errorf(domain.CodeTooLarge, "Page %s is nested deeper than %d elements.", path, maxDepth)
		e.Err = fmt.Errorf("parse page %s: %w", path, err)
		return nil, e
	}
	r := reader{page: &Page{Path: path, IDs: map[string]bool{}}, styles: hidingStyles(root, 0)}
	if err := r.walk(root, state{}, 0); err != nil {
		return nil, err
	}
	r.page.Main, r.page.Text = r.main.String(), r.text.String()
	return r.page, nil
}

// Site parses all HTML pages among files, except error pages.
func Site(files []domain.File) ([]*Page, error) {
	var pages []*domain.File
	for i := range files {
		if IsHTML(files[i]) && files[i].Status < 400 {
			pages = append(pages, &files[i])
		}
	}
	out := make([]*Page, len(pages))
	err := parallel.Try(len(pages), func(i int) (err error) {
		out[i], err = Parse(pages[i].Path, pages[i].Body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// IsHTML reports whether a file is a page.
func IsHTML(f domain.File) bool {
	return strings.HasPrefix(strings.ToLower(f.ContentType), "text/html")
}
