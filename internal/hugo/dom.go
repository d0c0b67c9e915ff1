package hugo

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// find returns the first element of a name, and of a class if one is given, below n.
func find(n *html.Node, name string, class ...string) *html.Node {
	if n == nil {
		return nil
	}
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == name && (len(class) == 0 || slices.Contains(strings.Fields(attr(c, "class")), class[0])) {
			return c
		}
	}
	return nil
}

// each calls fn for all elements of a name below n, in document order.
func each(n *html.Node, name string, fn func(*html.Node)) {
	if n == nil {
		return
	}
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == name {
			fn(c)
		}
	}
}

func attr(n *html.Node, key string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// meta returns the content of the meta element of a name or property.
func meta(head *html.Node, name string) string {
	found := ""
	each(head, "meta", func(n *html.Node) {
		if attr(n, "name") == name || attr(n, "property") == name {
			found = attr(n, "content")
		}
	})
	return found
}

// text returns the text below n with single blanks.
func text(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// outer returns an element as HTML.
func outer(n *html.Node) string {
	var b strings.Builder
	_ = html.Render(&b, n) // a strings.Builder does not fail
	return b.String()
}

// inner returns what is in an element as HTML.
func inner(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		_ = html.Render(&b, c)
	}
	return b.String()
}
