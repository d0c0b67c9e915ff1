package hugo

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"empire/internal/domain"
)

// entry is an entry of a menu, with those below it.
type entry struct {
	name, url string
	children  []entry
}

// frame writes what all pages share: settings, menus, the words around pages.
func (p *project) frame(home *html.Node) error {
	body, head := find(home, "body"), find(home, "head")
	nav := find(body, "nav", "menu")
	layout := "menu"
	main := menu(nav)
	if find(body, "header", "rail") != nil {
		layout, main = "rail", groups(nav)
	}
	footer := []entry{}
	each(find(body, "footer", "site"), "nav", func(n *html.Node) {
		if attr(n, "class") != "legal" {
			footer = append(footer, entry{name: text(find(n, "p")), children: links(n)})
		}
	})
	legal := links(find(body, "nav", "legal"))
	var b strings.Builder
	w := p.draft.Website
	fmt.Fprintf(&b, "baseURL = %s\ntitle = %s\nlanguageCode = %s\ndefaultContentLanguage = %s\n", quote("https://"+w.Domain+"/"), quote(p.title(body)),
		quote(w.Language), quote(w.Language))
	b.WriteString(settings)
	fmt.Fprintf(&b, "\n[params]\ntagline = %s\ndomain = %s\nauthor = %s\n", quote(p.draft.Plan.Tagline), quote(w.Domain), quote(w.Operator.Name))
	for _, m := range []struct {
		name string
		list []entry
	}{{"main", main}, {"footer", footer}, {"legal", legal}, {"aisles", p.aisles(body)}} {
		writeMenu(&b, m.name, "", m.list)
	}
	p.files["hugo.toml"] = []byte(b.String())
	p.files["data/explore.json"] = []byte(plainJSON(explore(find(body, "nav", "explore"))) + "\n")
	return p.words(body, head, layout)
}

// settings are the same for all sites. Quotes and dashes stay as they were written,
// and HTML in pages is allowed.
const settings = `enableRobotsTXT = false
disableKinds = ["taxonomy", "term", "section"]
enableEmoji = false
summaryLength = 30

[markup.goldmark.extensions]
typographer = false
linkify = false
[markup.goldmark.renderer]
unsafe = true
[markup.goldmark.parser]
autoHeadingID = false
[markup.goldmark.parser.attribute]
title = true
block = true

[mediaTypes."application/atom+xml"]
suffixes = ["xml"]
[outputFormats.ATOM]
mediaType = "application/atom+xml"
baseName = "feed"
noUgly = false
[outputs]
home = ["HTML", "ATOM"]
page = ["HTML"]
`

func (p *project) title(body *html.Node) string {
	if t := text(find(body, "a", "brand")); t != "" {
		return t
	}
	return p.draft.Website.Domain
}

// words keeps the fixed texts around pages in data files, for the templates.
func (p *project) words(body, head *html.Node, layout string) error {
	header := find(body, "header", "site")
	if header == nil {
		return domain.Invalid("page", "The home page has no header.")
	}
	data := map[string]string{
		"disclosure": p.disclosure, "crumbs_label": p.crumbs, "related": p.related, "footer_brand": inner(find(find(body, "div", "about"), "p")),
		"layout": layout, "header_class": attr(header, "class"),
		"skip": text(find(body, "a", "skip")), "brand": inner(find(body, "a", "brand")), "menu_label": attr(find(body, "nav", "menu"), "aria-label"),
		"menu": text(find(find(body, "nav", "menu"), "summary")), "legal_label": attr(find(body, "nav", "legal"), "aria-label"),
		"aisles_label": attr(find(body, "nav", "aisles"), "aria-label"), "light": themeColor(head, "light"), "dark": themeColor(head, "dark"),
		"locale": meta(head, "og:locale"), "beacon": beacon(head), "explore": text(find(find(body, "nav", "explore"), "h2")),
	}
	if n := find(body, "aside", "sample"); n != nil {
		data["sample"] = raw(n)
	}
	if n := find(header, "p", "motto"); n != nil {
		data["motto"] = text(n)
	}
	p.files["data/frame.json"] = []byte(plainJSON(data) + "\n")
	return nil
}

func themeColor(head *html.Node, scheme string) string {
	found := ""
	each(head, "meta", func(n *html.Node) {
		if attr(n, "name") == "theme-color" && strings.Contains(attr(n, "media"), scheme) {
			found = attr(n, "content")
		}
	})
	return found
}

// beacon is the script that counts views. It reports to this program's edge; on other
// hosts it finds nobody and does nothing.
func beacon(head *html.Node) string {
	found := ""
	each(head, "script", func(n *html.Node) {
		if src := attr(n, "src"); strings.HasPrefix(src, "/e-") {
			found = src
		}
	})
	return found
}

// menu reads the main menu: links, and groups that open.
func menu(nav *html.Node) []entry {
	var out []entry
	top := find(nav, "ul")
	if top == nil {
		return nil
	}
	for li := top.FirstChild; li != nil; li = li.NextSibling {
		if li.Type != html.ElementNode {
			continue
		}
		if d := find(li, "details"); d != nil {
			out = append(out, entry{name: text(find(d, "summary")), children: links(d)})
		} else if a := find(li, "a"); a != nil {
			out = append(out, entry{name: text(a), url: attr(a, "href")})
		}
	}
	return out
}

// groups reads a menu that is all open: labels with lists.
func groups(nav *html.Node) []entry {
	var out []entry
	rows := find(nav, "div", "rows")
	if rows == nil {
		return nil
	}
	for c := rows.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.ElementNode && c.Data == "p":
			out = append(out, entry{name: text(c)})
		case c.Type == html.ElementNode && c.Data == "ul" && len(out) > 0:
			out[len(out)-1].children = links(c)
		}
	}
	return out
}

func links(n *html.Node) []entry {
	var out []entry
	each(n, "a", func(a *html.Node) { out = append(out, entry{name: text(a), url: attr(a, "href")}) })
	return out
}

// aisles is the strip of selections that one layout has.
func (p *project) aisles(body *html.Node) []entry { return links(find(body, "nav", "aisles")) }

// group is one list of pages on the home page.
type group struct {
	Title string `json:"title"`
	Links []ref  `json:"links"`
}

func explore(nav *html.Node) []group {
	out := []group{}
	each(nav, "section", func(n *html.Node) { out = append(out, group{text(find(n, "h3")), refs(n)}) })
	return out
}

func writeMenu(b *strings.Builder, menu, parent string, list []entry) {
	for i, e := range list {
		id := strings.TrimPrefix(parent+"-"+strconv.Itoa(i+1), "-")
		fmt.Fprintf(b, "\n[[menu.%s]]\nidentifier = %s\nname = %s\nweight = %d\n", menu, quote(id), quote(e.name), i+1)
		if e.url != "" {
			fmt.Fprintf(b, "url = %s\n", quote(e.url))
		}
		if parent != "" {
			fmt.Fprintf(b, "parent = %s\n", quote(parent))
		}
		writeMenu(b, menu, id, e.children)
	}
}

// quote writes a TOML string: JSON's escapes are among TOML's.
func quote(s string) string { return plainJSON(s) }
