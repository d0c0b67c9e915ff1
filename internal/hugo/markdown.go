package hugo

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// blocks are the elements that begin a block of HTML in Markdown (CommonMark 0.30,
// 4.6, kind 6): it ends with a blank line.
var blocks = map[string]bool{
	"address": true, "article": true, "aside": true, "blockquote": true, "details": true, "div": true, "dl": true, "fieldset": true, "figure": true,
	"footer": true, "form": true, "h1": true, "h2": true, "h3": true, "h4": true, "header": true, "hr": true, "nav": true, "ol": true, "p": true,
	"section": true, "table": true, "ul": true,
}

// frames are the elements whose children may be Markdown again.
var frames = map[string]bool{"article": true, "div": true, "section": true}

// markdown writes the main part of a page: headings, paragraphs and lists as Markdown,
// what Markdown has no words for (tables, charts, offers) as HTML.
func markdown(main *html.Node) string {
	var w writer
	w.children(main)
	return w.b.String()
}

type writer struct{ b strings.Builder }

// block writes one block and the blank line after it.
func (w *writer) block(text string) {
	w.b.WriteString(text)
	w.b.WriteString("\n\n")
}

func (w *writer) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			w.element(c)
		}
	}
}

func (w *writer) element(n *html.Node) {
	switch {
	case n.Data == "p" || len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '4':
		if line, ok := inline(n); ok && onlyNamed(n) {
			w.paragraph(n, line)
			return
		}
	case (n.Data == "ul" || n.Data == "ol") && len(n.Attr) == 0:
		if list, ok := list(n); ok {
			w.block(list)
			return
		}
	case frames[n.Data] && framesOnly(n):
		w.block(openTag(n))
		w.children(n)
		w.block("</" + n.Data + ">")
		return
	}
	w.block(raw(n))
}

func (w *writer) paragraph(n *html.Node, line string) {
	names := attributes(n)
	if n.Data == "p" {
		if names != "" {
			names = "\n" + names
		}
		w.block(atLineStart(line) + names)
		return
	}
	if names != "" {
		names = " " + names
	}
	w.block(strings.Repeat("#", int(n.Data[1]-'0')) + " " + line + names)
}

// onlyNamed reports whether an element has no attributes but an id and classes.
func onlyNamed(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key != "id" && a.Key != "class" || strings.ContainsAny(a.Val, `"{}<>&\`) {
			return false
		}
	}
	return true
}

// attributes writes an id and classes as {#id .class}.
func attributes(n *html.Node) string {
	var list []string
	if id := attr(n, "id"); id != "" {
		list = append(list, "#"+id)
	}
	for _, c := range strings.Fields(attr(n, "class")) {
		list = append(list, "."+c)
	}
	if len(list) == 0 {
		return ""
	}
	return "{" + strings.Join(list, " ") + "}"
}

// framesOnly reports whether an element holds nothing but blocks.
func framesOnly(n *html.Node) bool {
	some := false
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "":
		case c.Type == html.ElementNode && blocks[c.Data]:
			some = true
		default:
			return false
		}
	}
	return some
}

func list(n *html.Node) (string, bool) {
	var b strings.Builder
	i := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		line, ok := inline(c)
		if c.Data != "li" || len(c.Attr) > 0 || !ok || line == "" {
			return "", false
		}
		if i++; n.Data == "ol" {
			fmt.Fprintf(&b, "%d. %s\n", i, atLineStart(line))
		} else {
			fmt.Fprintf(&b, "- %s\n", atLineStart(line))
		}
	}
	return strings.TrimSuffix(b.String(), "\n"), i > 0
}

// inline writes text with plain links; ok is false if there is more.
func inline(n *html.Node) (line string, ok bool) {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(escape(c.Data))
		case c.Type == html.ElementNode && c.Data == "a" && len(c.Attr) == 1 && attr(c, "href") != "" && !strings.ContainsAny(attr(c, "href"), "<> \n\\"):
			label, plain := inline(c)
			if !plain || find(c, "a") != nil {
				return "", false
			}
			fmt.Fprintf(&b, "[%s](<%s>)", label, attr(c, "href"))
		default:
			return "", false
		}
	}
	return strings.TrimSpace(strings.Join(strings.Fields(b.String()), " ")), true
}

// special are the characters that may mean something within a line of Markdown. Hugo
// takes "{{" for its own.
var special = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "&", `\&`, "#", `\#`, "~", `\~`, "|", `\|`, "{", `\{`, "}", `\}`, "!", `\!`,
	"^", `\^`, "$", `\$`, "\u00a0", "&nbsp;",
)

func escape(s string) string { return special.Replace(s) }

var (
	numbered = regexp.MustCompile(`^(\d{1,9})([.)])`)
	marked   = regexp.MustCompile(`^[-+=:]`)
)

// atLineStart escapes what would begin a list, a rule or a definition.
func atLineStart(line string) string {
	if m := numbered.FindStringSubmatch(line); m != nil {
		return m[1] + `\` + line[len(m[1]):]
	}
	if marked.MatchString(line) {
		return `\` + line
	}
	return line
}

func openTag(n *html.Node) string {
	shallow := &html.Node{Type: html.ElementNode, Data: n.Data, DataAtom: n.DataAtom, Attr: n.Attr}
	return strings.TrimSuffix(outer(shallow), "</"+n.Data+">")
}

var blankLines = regexp.MustCompile(`\n\s*\n+`)

// raw writes an element as one block of HTML: without blank lines, which would end
// it, within a block element, and without braces that Hugo would read.
func raw(n *html.Node) string {
	s := blankLines.ReplaceAllString(outer(n), "\n")
	s = strings.ReplaceAll(s, "{{", "&#123;&#123;")
	if !blocks[n.Data] {
		s = "<div>" + s + "</div>"
	}
	return s
}
