package evidence

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"empire/internal/domain"
)

// Limits that keep a hostile page from costing more than a large honest one.
const (
	maxPageBytes = 8 << 20
	maxDepth     = 400
	maxProblems  = 100 // of one page; more say nothing new
)

// Allowed collects the figures that a built page may show: inside main those of
// its own claims, elsewhere (menus, related links, footer) also those of other
// pages, because a link shows the other page's label.
type Allowed struct {
	own, site, dates map[string]bool
}

// NewAllowed returns what the page may show on a site with the given pages. extra
// are dates that the theme prints from site data; they may stand in time elements.
func NewAllowed(p *domain.Page, site []domain.Page, extra ...string) Allowed {
	return NewSiteAllowed(site).For(p, extra...)
}

// NewSiteAllowed returns what any page of a site may show outside main. For each
// page, add its own figures with For.
func NewSiteAllowed(site []domain.Page) Allowed {
	a := Allowed{site: map[string]bool{}}
	for i := range site {
		for _, c := range site[i].Claims {
			collect(a.site, c.Text)
		}
	}
	return a
}

// For returns what one page of the site may show; see NewAllowed.
func (a Allowed) For(p *domain.Page, extra ...string) Allowed {
	a.own, a.dates = map[string]bool{}, map[string]bool{}
	for _, c := range p.Claims {
		collect(a.own, c.Text)
	}
	for _, t := range extra {
		collect(a.dates, t)
	}
	return a
}

func collect(into map[string]bool, text string) {
	for _, n := range Numbers(text) {
		into[n] = true
	}
}

// CheckHTML finds figures in a built page that no claim carries. It reads visible
// text, with that of drawings, closed details, noscript and generated content of
// style sheets, the title, the description and texts for screen readers; it does
// not read addresses, scripts and the rest of the styles. Figures are read as they
// are seen: digits that inline elements split are one figure. A page over 8 MiB,
// nested deeper than 400 elements or with over 100 problems is not read to its end,
// which is a problem of its own.
func CheckHTML(page string, body []byte, a Allowed) ([]Problem, error) {
	c := htmlCheck{page: page, allowed: a}
	if len(body) > maxPageBytes {
		c.fault("html", fmt.Sprintf("the page has %d bytes, too many to check", len(body)))
		return c.problems, nil
	}
	root, err := html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", page, err)
	}
	c.node(root, place{}, 0)
	c.flush()
	return c.problems, nil
}

// place says where on the page a text stands.
type place struct{ main, date bool }

type htmlCheck struct {
	page     string
	allowed  Allowed
	problems []Problem
	run      strings.Builder // text since the last break
	at       place           // of run
	stopped  bool
}

func (c *htmlCheck) fault(where, message string) {
	if c.stopped {
		return
	}
	if len(c.problems) == maxProblems {
		where, message, c.stopped = "html", "the page has more problems", true
	}
	c.problems = append(c.problems, Problem{c.page, where, message})
}

// flowing are the elements that do not break a line of text.
var flowing = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Bdi: true, atom.Bdo: true, atom.Cite: true, atom.Code: true, atom.Data: true,
	atom.Del: true, atom.Dfn: true, atom.Em: true, atom.Font: true, atom.I: true, atom.Ins: true, atom.Kbd: true, atom.Mark: true,
	atom.Nobr: true, atom.Q: true, atom.S: true, atom.Samp: true, atom.Small: true, atom.Span: true, atom.Strong: true, atom.Tt: true,
	atom.U: true, atom.Var: true, atom.Wbr: true,
}

func (c *htmlCheck) node(n *html.Node, at place, depth int) {
	if c.stopped {
		return
	}
	if depth > maxDepth {
		c.fault("html", "the page is nested too deeply to check")
		c.stopped = true
		return
	}
	breaks := false
	switch n.Type {
	case html.TextNode:
		if at != c.at {
			c.flush()
			c.at = at
		}
		c.run.WriteString(n.Data)
	case html.ElementNode:
		if n.DataAtom == atom.Style {
			c.style(n, at)
		}
		if n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Template {
			return
		}
		breaks = !flowing[n.DataAtom] && n.Data != "tspan"
		at.main = at.main || n.DataAtom == atom.Main
		at.date = at.date || n.DataAtom == atom.Time
		c.attributes(n, at)
	}
	if breaks {
		c.flush()
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.node(child, at, depth+1)
	}
	if breaks {
		c.flush()
	}
}

// flush checks the text since the last break.
func (c *htmlCheck) flush() {
	if c.run.Len() > 0 {
		c.text("text", c.run.String(), c.at)
		c.run.Reset()
	}
}

// spoken are the attributes that readers see or hear.
var spoken = map[string]bool{
	"alt": true, "title": true, "placeholder": true, "label": true, "summary": true, "aria-label": true, "aria-description": true,
	"aria-valuetext": true, "aria-roledescription": true, "aria-placeholder": true,
}

// snippets are the meta elements whose content is shown elsewhere.
var snippets = map[string]bool{
	"description": true, "og:title": true, "og:description": true, "og:image:alt": true, "twitter:title": true, "twitter:description": true,
}

func (c *htmlCheck) attributes(n *html.Node, at place) {
	snippet := false
	for _, a := range n.Attr {
		snippet = snippet || n.DataAtom == atom.Meta && (a.Key == "name" || a.Key == "property") && snippets[strings.ToLower(a.Val)]
	}
	for _, a := range n.Attr {
		switch {
		case spoken[a.Key]:
			c.text(a.Key, a.Val, at)
		case a.Key == "content" && snippet:
			c.text("description", a.Val, place{main: true})
		case a.Key == "value" && (n.DataAtom == atom.Input || n.DataAtom == atom.Button):
			c.text("value", a.Val, at)
		case a.Key == "style":
			c.generated(a.Val, at)
		case a.Key == "srcdoc":
			c.text("srcdoc", a.Val, at)
		}
	}
}

func (c *htmlCheck) style(n *html.Node, at place) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.generated(child.Data, at)
	}
}

var (
	generatedText = regexp.MustCompile(`(?i)\bcontent\s*:([^;}]*)`)
	quotedText    = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'`)
	cssEscape     = regexp.MustCompile(`\\[0-9A-Fa-f]{1,6}\s?`) // a character such as "\2605", not a figure
)

// generated checks what a style sheet writes on the page.
func (c *htmlCheck) generated(css string, at place) {
	for _, m := range generatedText.FindAllStringSubmatch(css, -1) {
		for _, q := range quotedText.FindAllStringSubmatch(m[1], -1) {
			c.text("style", cssEscape.ReplaceAllStringFunc(q[1]+q[2], unescapeCSS), at)
		}
	}
}

func unescapeCSS(s string) string {
	var r rune
	if _, err := fmt.Sscanf(s[1:], "%x", &r); err != nil {
		return s
	}
	return string(r)
}

func (c *htmlCheck) text(where, text string, at place) {
	for n := range figures(text) {
		if c.allowed.own[n] || !at.main && c.allowed.site[n] || at.date && c.allowed.dates[n] {
			continue
		}
		if c.stopped {
			return
		}
		c.fault(where, fmt.Sprintf("figure %s has no claim: %q", clip(n), clip(strings.TrimSpace(text))))
	}
}
