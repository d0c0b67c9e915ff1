package extract

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Link is a link in the main text of a page.
type Link struct {
	URL  string // absolute, without fragment
	Text string
}

// maxLinks bounds the links that are read of a page.
const maxLinks = 500

// Links returns the links in the main text to other pages over http and https, each
// address once, in the order of the text. base is the address of the page.
func (p *Page) Links(base *url.URL) []Link {
	var out []Link
	seen := map[string]bool{}
	visited := map[*html.Node]bool{}
	for _, b := range p.article() {
		if visited[b.node] {
			continue
		}
		visited[b.node] = true
		each(b.node, func(n *html.Node) bool {
			if n.DataAtom == atom.A && len(out) < maxLinks {
				if u := follow(base, n); u != "" && !seen[u] {
					seen[u] = true
					out = append(out, Link{u, text(n)})
				}
			}
			return true
		})
	}
	return out
}

// follow returns where a link leads, empty if it is not another page or says that it
// is not to be counted as one (rel nofollow, sponsored, ugc).
func follow(base *url.URL, n *html.Node) string {
	for _, rel := range strings.Fields(strings.ToLower(attr(n, "rel"))) {
		if slices.Contains([]string{"nofollow", "sponsored", "ugc"}, rel) {
			return ""
		}
	}
	ref := strings.TrimSpace(attr(n, "href"))
	if ref == "" || strings.HasPrefix(ref, "#") || base == nil {
		return ""
	}
	u, err := base.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	u.Fragment, u.RawFragment = "", ""
	if u.String() == base.String() {
		return ""
	}
	return u.String()
}
