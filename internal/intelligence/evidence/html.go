package evidence

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"empire/internal/domain"
)

// maxDepth bounds the nesting of a page that CheckHTML follows.
const maxDepth = 400

// Allowed collects the figures that a built page may show: inside main those of
// its own claims, elsewhere (menus, related links, footer) also those of other
// pages, because a link shows the other page's label.
type Allowed struct {
	own, site map[string]bool
}

// NewAllowed returns what the page may show on a site with the given pages. extra
// are texts that the theme prints from site data, such as a formatted date.
func NewAllowed(p *domain.Page, site []domain.Page, extra ...string) Allowed {
	a := Allowed{own: map[string]bool{}, site: map[string]bool{}}
	for _, c := range p.Claims {
		collect(a.own, c.Text)
	}
	for _, t := range extra {
		collect(a.own, t)
	}
	for i := range site {
		for _, c := range site[i].Claims {
			collect(a.site, c.Text)
		}
	}
	return a
}

func collect(into map[string]bool, text string) {
	for _, n := range Numbers(text) {
		into[n] = true
	}
}

// CheckHTML finds figures in a built page that no claim carries. It reads visible
// text, the title, the description and texts for screen readers; it does not read
// addresses, styles and scripts.
func CheckHTML(page string, body []byte, a Allowed) ([]Problem, error) {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", page, err)
	}
	c := htmlCheck{page: page, allowed: a}
	c.node(root, false, 0)
	return c.problems, nil
}

type htmlCheck struct {
	page     string
	allowed  Allowed
	problems []Problem
}

func (c *htmlCheck) node(n *html.Node, inMain bool, depth int) {
	if depth > maxDepth {
		c.problems = append(c.problems, Problem{c.page, "html", "the page is nested too deeply to check"})
		return
	}
	switch n.Type {
	case html.TextNode:
		c.text("text", n.Data, inMain)
	case html.ElementNode:
		switch n.DataAtom {
		case atom.Script, atom.Style, atom.Template, atom.Noscript:
			return
		case atom.Main:
			inMain = true
		}
		c.attributes(n, inMain)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.node(child, inMain, depth+1)
	}
}

func (c *htmlCheck) attributes(n *html.Node, inMain bool) {
	description := false
	for _, a := range n.Attr {
		if n.DataAtom == atom.Meta && (a.Key == "name" || a.Key == "property") {
			v := strings.ToLower(a.Val)
			description = v == "description" || v == "og:title" || v == "og:description" || v == "twitter:title" || v == "twitter:description"
		}
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "alt", "aria-label", "title", "placeholder", "aria-description":
			c.text(a.Key, a.Val, inMain)
		case "content":
			if description {
				c.text("description", a.Val, true)
			}
		}
	}
}

func (c *htmlCheck) text(where, text string, inMain bool) {
	for _, n := range Numbers(text) {
		if c.allowed.own[n] || !inMain && c.allowed.site[n] {
			continue
		}
		c.problems = append(c.problems, Problem{c.page, where, fmt.Sprintf("figure %s has no claim: %q", n, strings.TrimSpace(text))})
	}
}
