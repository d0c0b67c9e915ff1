package extract

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Structured is what a page says about itself in forms that programs read.
type Structured struct {
	JSONLD    []map[string]any `json:"json_ld,omitempty"`
	Microdata []*Item          `json:"-"`
	RDFa      []*Item          `json:"-"`
	OpenGraph []Property       `json:"opengraph,omitempty"` // og:, article:, product:, twitter:, … in order
	// Broken is how many JSON-LD scripts could not be read.
	Broken int `json:"broken,omitempty"`
}

// Property is a name with its content.
type Property struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Structured returns the structured data of the page. base is the page's address, to
// resolve relative ones; nil leaves them as they are.
func (p *Page) Structured(base *url.URL) Structured {
	var out Structured
	if n := find(p.root, func(n *html.Node) bool { return n.DataAtom == atom.Base && attr(n, "href") != "" }); n != nil && base != nil {
		if u, err := base.Parse(attr(n, "href")); err == nil {
			base = u
		}
	}
	out.JSONLD, out.Broken = jsonLD(p.root)
	out.Microdata = microdata(p.root, base)
	out.RDFa = rdfa(p.root, base)
	each(p.root, func(n *html.Node) bool {
		if n.DataAtom != atom.Meta {
			return true
		}
		for _, name := range strings.Fields(first(attr(n, "property"), attr(n, "name"))) {
			prefix, _, ok := strings.Cut(name, ":")
			if ok && graphs[strings.ToLower(prefix)] && hasAttr(n, "content") {
				out.OpenGraph = append(out.OpenGraph, Property{strings.ToLower(name), strings.TrimSpace(attr(n, "content"))})
			}
		}
		return true
	})
	return out
}

// graphs are the prefixes of the Open Graph protocol (ogp.me) and of its relatives.
var graphs = map[string]bool{
	"og": true, "article": true, "product": true, "book": true, "profile": true, "video": true,
	"music": true, "twitter": true, "fb": true, "al": true, "place": true, "business": true,
}

// rdfa returns the items of RDFa Lite 1.1: elements with typeof, their property
// attributes, and the vocabulary in force. Items that are values are left out of the
// list.
func rdfa(root *html.Node, base *url.URL) []*Item {
	var out []*Item
	var visit func(n *html.Node, vocab string, owner *Item)
	visit = func(n *html.Node, vocab string, owner *Item) {
		if n.Type == html.ElementNode {
			if v := attr(n, "vocab"); v != "" {
				vocab = v
			}
			names := strings.Fields(attr(n, "property"))
			if kind := attr(n, "typeof"); kind != "" {
				it := &Item{Properties: map[string][]any{}, ID: resolve(base, attr(n, "resource"))}
				for _, t := range strings.Fields(kind) {
					it.Types = append(it.Types, term(vocab, t))
				}
				if owner != nil && len(names) > 0 {
					for _, name := range names {
						owner.Properties[term(vocab, name)] = append(owner.Properties[term(vocab, name)], it)
					}
				} else {
					out = append(out, it)
				}
				owner = it
			} else if owner != nil {
				for _, name := range names {
					owner.Properties[term(vocab, name)] = append(owner.Properties[term(vocab, name)], rdfaValue(n, base))
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c, vocab, owner)
		}
	}
	visit(root, "", nil)
	return out
}

// term returns a name as an address: of the vocabulary unless it has a prefix.
func term(vocab, name string) string {
	if strings.Contains(name, ":") || vocab == "" {
		return name
	}
	return vocab + name
}

func rdfaValue(n *html.Node, base *url.URL) any {
	switch {
	case hasAttr(n, "content"):
		return attr(n, "content")
	case hasAttr(n, "resource"):
		return resolve(base, attr(n, "resource"))
	case hasAttr(n, "href"):
		return resolve(base, attr(n, "href"))
	case hasAttr(n, "src"):
		return resolve(base, attr(n, "src"))
	case hasAttr(n, "datetime"):
		return attr(n, "datetime")
	}
	return lines(n)
}
