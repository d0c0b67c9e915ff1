package extract

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Item is an item of microdata or RDFa Lite.
type Item struct {
	Types      []string
	ID         string
	Properties map[string][]any // values are strings, items, or maps for "-input" properties
	// Value is the text of an item without properties.
	Value string
}

// JSON returns the item as the microdata specification writes it (§5.1, every value in
// a list); compact writes a list of one as its value, as most tools do.
func (it *Item) JSON(compact bool) map[string]any {
	list := func(values []any) any {
		out := make([]any, len(values))
		for i, v := range values {
			if sub, ok := v.(*Item); ok {
				v = sub.JSON(compact)
			}
			out[i] = v
		}
		if compact && len(out) == 1 {
			return out[0]
		}
		return out
	}
	out := map[string]any{}
	if len(it.Types) > 0 {
		types := make([]any, len(it.Types))
		for i, t := range it.Types {
			types[i] = t
		}
		out["type"] = list(types)
	}
	if it.ID != "" {
		out["id"] = it.ID
	}
	if len(it.Properties) == 0 {
		out["value"] = it.Value
		return out
	}
	properties := map[string]any{}
	for name, values := range it.Properties {
		properties[name] = list(values)
	}
	out["properties"] = properties
	return out
}

// microReader reads microdata. Every element becomes an item at most once, so that
// references in a circle end.
type microReader struct {
	base *url.URL
	ids  map[string]*html.Node
	seen map[*html.Node]bool
	root *html.Node
}

// microdata returns the items of a page that are no value of another item before them.
func microdata(root *html.Node, base *url.URL) []*Item {
	r := &microReader{base: base, ids: map[string]*html.Node{}, seen: map[*html.Node]bool{}, root: root}
	var scopes []*html.Node
	each(root, func(n *html.Node) bool {
		if id := attr(n, "id"); id != "" && r.ids[id] == nil {
			r.ids[id] = n
		}
		if hasAttr(n, "itemscope") {
			scopes = append(scopes, n)
		}
		return true
	})
	var out []*Item
	for _, n := range scopes {
		if it := r.item(n); it != nil {
			out = append(out, it)
		}
	}
	return out
}

func (r *microReader) item(n *html.Node) *Item {
	if r.seen[n] {
		return nil
	}
	r.seen[n] = true
	it := &Item{Types: strings.Fields(attr(n, "itemtype")), Properties: map[string][]any{}}
	if len(it.Types) > 0 {
		it.ID = strings.TrimSpace(attr(n, "itemid"))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.properties(c, it)
	}
	for _, id := range strings.Fields(attr(n, "itemref")) {
		ref := r.ids[id]
		switch {
		case ref == nil:
		case hasAttr(ref, "itemscope") && !hasAttr(ref, "itemprop"):
			for c := ref.FirstChild; c != nil; c = c.NextSibling {
				r.properties(c, it)
			}
		default:
			r.properties(ref, it)
		}
	}
	if len(it.Properties) == 0 {
		it.Value = lines(n)
	}
	return it
}

// properties adds the properties at and below n that belong to it.
func (r *microReader) properties(n *html.Node, it *Item) {
	if n.Type != html.ElementNode {
		return
	}
	if hasAttr(n, "itemprop") {
		if v := r.value(n); v != nil {
			for _, name := range strings.Fields(attr(n, "itemprop")) {
				it.Properties[name] = append(it.Properties[name], v)
			}
		}
	}
	if hasAttr(n, "itemscope") {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.properties(c, it)
	}
}

// value returns the value of a property (microdata §5.4), or nil for an item that is
// already a value elsewhere. A content attribute counts on every element, as
// schema.org's examples have it.
func (r *microReader) value(n *html.Node) any {
	if hasAttr(n, "itemscope") {
		if it := r.item(n); it != nil {
			return it
		}
		return nil
	}
	switch n.DataAtom {
	case atom.Meta:
		return attr(n, "content")
	case atom.Audio, atom.Embed, atom.Iframe, atom.Img, atom.Source, atom.Track, atom.Video:
		return resolve(r.base, first(attr(n, "src"), attr(n, "content")))
	case atom.A, atom.Area, atom.Link:
		return resolve(r.base, first(attr(n, "href"), attr(n, "content")))
	case atom.Object:
		return resolve(r.base, first(attr(n, "data"), attr(n, "content")))
	case atom.Data, atom.Meter:
		return attr(n, "value")
	case atom.Time:
		return attr(n, "datetime")
	}
	if c := attr(n, "content"); c != "" {
		return c
	}
	if name := attr(n, "itemprop"); strings.HasSuffix(name, "-input") || strings.HasSuffix(name, "-output") {
		out := map[string]any{} // schema.org/docs/actions.html part 4
		if hasAttr(n, "required") {
			out["valueRequired"] = true
		}
		if v := attr(n, "name"); v != "" {
			out["valueName"] = v
		}
		return out
	}
	return lines(n)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// resolve returns an address as seen from base; without base, or if it cannot be
// parsed, as it is.
func resolve(base *url.URL, ref string) string {
	ref = strings.Trim(ref, " \t\n\r\f")
	if base == nil || ref == "" {
		return ref
	}
	u, err := base.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// lines returns the text below n with its line breaks at block elements.
func lines(n *html.Node) string {
	var b strings.Builder
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(n.Data, "\n", " "), "\r", " "))
			return
		}
		if n.DataAtom == atom.Script || n.DataAtom == atom.Style {
			return
		}
		isBlock := blocks[n.DataAtom] || n.DataAtom == atom.Br
		if isBlock {
			b.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
		if isBlock {
			b.WriteByte('\n')
		}
	}
	visit(n)
	var out []string
	for line := range strings.Lines(b.String()) {
		if line = space(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
