package audit

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"empire/internal/domain"
)

// state is what an element hands down to its children.
type state struct {
	main, hidden, head bool
}

type reader struct {
	page       *Page
	styles     hiding
	main, text strings.Builder
}

func (r *reader) walk(n *html.Node, s state, depth int) error {
	if depth > maxDepth {
		return domain.Errorf(domain.CodeTooLarge, "Page %s is nested deeper than %d elements.", r.page.Path, maxDepth)
	}
	switch n.Type {
	case html.CommentNode:
		r.page.Comments = append(r.page.Comments, n.Data)
		return nil
	case html.TextNode:
		r.addText(n.Data, s)
		return nil
	case html.ElementNode:
		s = r.element(n, s)
		if n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Template || s.head && n.DataAtom == atom.Title {
			return nil
		}
		if !flowing[n.DataAtom] && n.Data != "tspan" {
			r.lineBreak(s)
			defer r.lineBreak(s)
		}
	}
	before, link, heading, said := r.text.Len(), r.openLink(n, s), r.openHeading(n), len(r.page.Labels)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := r.walk(c, s, depth+1); err != nil {
			return err
		}
	}
	if link >= 0 {
		l := &r.page.Links[link]
		l.Visible = squash(r.text.String()[before:])
		l.Text = squash(attr(n, "aria-label") + " " + attr(n, "alt") + " " + attr(n, "title") + " " + strings.Join(r.page.Labels[said:], " ") + " " + l.Visible)
	}
	if n.Type == html.ElementNode && (n.DataAtom == atom.S || n.DataAtom == atom.Del || n.DataAtom == atom.Strike) {
		r.page.Struck = append(r.page.Struck, squash(r.text.String()[before:]))
	}
	if heading >= 0 {
		r.page.Headings[heading].Text = squash(r.text.String()[before:])
	}
	return nil
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

// openLink adds a link and returns its index, or -1 if n is none.
func (r *reader) openLink(n *html.Node, s state) int {
	href, ok := lookup(n, "href")
	if n.Type != html.ElementNode || !ok || n.DataAtom != atom.A && n.DataAtom != atom.Area {
		return -1
	}
	r.page.Links = append(r.page.Links, Link{Href: strings.TrimSpace(href), Rel: attr(n, "rel"), Slot: attr(n, "data-slot"), Before: r.text.Len(), InMain: s.main})
	return len(r.page.Links) - 1
}

// openHeading adds a heading and returns its index, or -1 if n is none.
func (r *reader) openHeading(n *html.Node) int {
	if n.Type != html.ElementNode || len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' {
		return -1
	}
	r.page.Headings = append(r.page.Headings, Heading{Level: int(n.Data[1] - '0')})
	return len(r.page.Headings) - 1
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
	text = lineEndsToSpaces.Replace(text)
	r.text.WriteString(text)
	if s.main {
		r.main.WriteString(text)
	}
}

// A line end in the source is a space on the page; only blocks break lines.
var lineEndsToSpaces = strings.NewReplacer("\n", " ", "\r", " ")

// lineBreak ends a run of words: the text of blocks must not run into another.
func (r *reader) lineBreak(s state) {
	if s.head || s.hidden {
		return
	}
	r.text.WriteByte('\n')
	if s.main {
		r.main.WriteByte('\n')
	}
}

// flowing are the elements that do not break a line of text.
var flowing = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Bdi: true, atom.Bdo: true, atom.Cite: true, atom.Code: true, atom.Data: true,
	atom.Del: true, atom.Dfn: true, atom.Em: true, atom.Font: true, atom.I: true, atom.Img: true, atom.Ins: true, atom.Kbd: true,
	atom.Label: true, atom.Mark: true, atom.Nobr: true, atom.Noscript: true, atom.Q: true, atom.S: true, atom.Samp: true, atom.Small: true,
	atom.Span: true, atom.Strong: true, atom.Sub: true, atom.Sup: true, atom.Time: true, atom.Tt: true, atom.U: true, atom.Var: true, atom.Wbr: true,
}

// element reads the attributes of an element and returns the state of its children.
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
		if s.head && r.page.Title == "" && n.FirstChild != nil {
			r.page.Title = squash(n.FirstChild.Data)
		}
	case atom.Main:
		s.main = true
	case atom.Meta:
		r.meta(n)
	case atom.Input, atom.Textarea, atom.Select:
		kind := strings.ToLower(attr(n, "type"))
		if n.DataAtom != atom.Input {
			kind = n.Data
		} else if kind == "" {
			kind = "text"
		}
		r.page.Fields = append(r.page.Fields, kind)
	case atom.Img:
		_, has := lookup(n, "alt")
		r.page.Images = append(r.page.Images, Image{attr(n, "src"), attr(n, "alt"), has})
	}
	r.loads(n)
	for _, a := range n.Attr {
		r.attribute(a)
	}
	s.hidden = s.hidden || r.styles.hides(n)
	return s
}

func (r *reader) attribute(a html.Attribute) {
	switch {
	case labels[a.Key]:
		r.label(a.Val)
	case a.Key == "itemprop", a.Key == "itemtype":
		r.page.Microdata = append(r.page.Microdata, strings.Fields(a.Val)...)
	case strings.HasPrefix(a.Key, "on"):
		r.page.Scripts = append(r.page.Scripts, a.Val)
	case (a.Key == "href" || a.Key == "action" || a.Key == "formaction") && strings.HasPrefix(cleanAddress(strings.ToLower(a.Val)), "javascript:"):
		r.page.Scripts = append(r.page.Scripts, a.Val)
	case a.Key == "style":
		r.css(a.Val)
	}
}

// labels are the attributes that readers see or hear.
var labels = map[string]bool{
	"alt": true, "title": true, "placeholder": true, "aria-label": true, "aria-description": true, "aria-valuetext": true, "aria-roledescription": true,
}

func (r *reader) label(text string) {
	if text = squash(text); text != "" {
		r.page.Labels = append(r.page.Labels, text)
	}
}

func (r *reader) meta(n *html.Node) {
	content := attr(n, "content")
	switch name := strings.ToLower(attr(n, "name")); name {
	case "description":
		if r.page.Description == "" {
			r.page.Description = squash(content)
		}
	case "robots", "googlebot":
		for d := range strings.SplitSeq(strings.ToLower(content), ",") {
			if d = strings.TrimSpace(d); d == "noindex" || d == "none" {
				r.page.NoIndex = true
			}
		}
	}
	if attr(n, "property") == "og:image" && r.page.ShareImage == "" {
		r.page.ShareImage = content
	}
	if strings.EqualFold(attr(n, "http-equiv"), "refresh") {
		r.page.Redirects = append(r.page.Redirects, content)
	}
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
