package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// MaxPage is how many bytes of a page are read; the rest is left out and told.
const MaxPage = 8 << 20

// Page is a parsed page.
type Page struct {
	Charset string `json:"charset"`
	// Clean is false if bytes had no meaning in the charset.
	Clean bool `json:"clean"`
	// Truncated is true if the page was longer than MaxPage.
	Truncated bool `json:"truncated"`
	// Flat is true if the page nests too deep for a tree; only its text was read.
	Flat bool `json:"flat"`

	root *html.Node
}

// Parse reads a page; contentType is the header's value, or empty. It never fails: a
// page that nests deeper than 512 elements is read as the flat sequence of its texts.
// It takes time and memory in proportion to the page, at most MaxPage.
func Parse(body []byte, contentType string) *Page {
	p := &Page{Truncated: len(body) > MaxPage}
	if p.Truncated {
		body = body[:MaxPage]
	}
	var text string
	text, p.Charset, p.Clean = Decode(body, contentType)
	if !tooDeep(text) {
		root, err := html.Parse(strings.NewReader(text))
		if err == nil {
			p.root = root
			return p
		}
	}
	p.Flat = true
	p.root = flat(text)
	return p
}

// maxOpen is how deep elements may nest; the parser gives up at the same depth, but
// only after it has built the tree.
const maxOpen = 512

// void are the elements without an end tag.
var void = map[atom.Atom]bool{
	atom.Area: true, atom.Base: true, atom.Br: true, atom.Col: true, atom.Embed: true, atom.Hr: true,
	atom.Img: true, atom.Input: true, atom.Link: true, atom.Meta: true, atom.Param: true,
	atom.Source: true, atom.Track: true, atom.Wbr: true,
}

// selfClosing are the elements that end when the next of their kind begins.
var selfClosing = map[atom.Atom]bool{
	atom.P: true, atom.Li: true, atom.Td: true, atom.Th: true, atom.Tr: true, atom.Dd: true, atom.Dt: true, atom.Option: true,
}

// maxFormatting is how many formatting elements may stay open: the parser opens them
// again in every block that follows, which takes quadratic time.
const maxFormatting = 256

var formatting = map[atom.Atom]bool{
	atom.A: true, atom.B: true, atom.Big: true, atom.Code: true, atom.Em: true, atom.Font: true, atom.I: true,
	atom.Nobr: true, atom.S: true, atom.Small: true, atom.Strike: true, atom.Strong: true, atom.Tt: true, atom.U: true,
}

// tooDeep counts open elements roughly, and cheaply, before a tree is built.
func tooDeep(text string) bool {
	z := html.NewTokenizer(strings.NewReader(text))
	depth, open := 0, 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return false
		}
		if kind != html.StartTagToken && kind != html.EndTagToken {
			continue
		}
		name, _ := z.TagName()
		a := atom.Lookup(name)
		if void[a] || selfClosing[a] {
			continue
		}
		step := 1
		if kind == html.EndTagToken {
			step = -1
		}
		depth = max(0, depth+step)
		if formatting[a] {
			open = max(0, open+step)
		}
		if depth > 4*maxOpen || open > maxFormatting {
			return true
		}
	}
}

// flat returns a tree of the texts of a page without their nesting: one paragraph for
// each run between block elements.
func flat(text string) *html.Node {
	root := &html.Node{Type: html.DocumentNode}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	root.AppendChild(body)
	z := html.NewTokenizer(strings.NewReader(text))
	var p *html.Node
	skip := atom.Atom(0)
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return root
		case html.TextToken:
			if skip != 0 {
				continue
			}
			if p == nil {
				p = &html.Node{Type: html.ElementNode, Data: "p", DataAtom: atom.P}
				body.AppendChild(p)
			}
			p.AppendChild(&html.Node{Type: html.TextNode, Data: string(z.Text())})
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == atom.Script || a == atom.Style || a == atom.Title {
				if skip = 0; kind == html.StartTagToken {
					skip = a
				}
			}
			if blocks[a] {
				p = nil
			}
		}
	}
}

// blocks are the elements that begin a new line.
var blocks = map[atom.Atom]bool{
	atom.Address: true, atom.Article: true, atom.Aside: true, atom.Blockquote: true, atom.Body: true,
	atom.Center: true, atom.Dd: true, atom.Details: true, atom.Dialog: true, atom.Div: true, atom.Dl: true,
	atom.Dt: true, atom.Fieldset: true, atom.Figcaption: true, atom.Figure: true, atom.Footer: true,
	atom.Form: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
	atom.Header: true, atom.Hr: true, atom.Html: true, atom.Li: true, atom.Main: true, atom.Nav: true,
	atom.Ol: true, atom.P: true, atom.Pre: true, atom.Section: true, atom.Summary: true, atom.Table: true,
	atom.Tbody: true, atom.Td: true, atom.Tfoot: true, atom.Th: true, atom.Thead: true, atom.Tr: true,
	atom.Ul: true, atom.Caption: true, atom.Iframe: true,
}

// attr returns the value of an attribute, empty if there is none.
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return true
		}
	}
	return false
}

// each calls fn for n and everything below it, in document order; fn returns false to
// leave out what is below.
func each(n *html.Node, fn func(*html.Node) bool) {
	if !fn(n) {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, fn)
	}
}

// find returns the first element that ok accepts, or nil.
func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && ok(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if got := find(c, ok); got != nil {
			return got
		}
	}
	return nil
}

// space returns text with every run of white space as one space.
func space(text string) string { return strings.Join(strings.Fields(text), " ") }
