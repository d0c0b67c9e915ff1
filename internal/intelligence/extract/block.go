package extract

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// block is one line of text as a reader sees it: a paragraph, a heading, an item of a
// list, the text between two <br><br>.
type block struct {
	text    string
	length  int        // runes
	linked  int        // runes within links
	node    *html.Node // the innermost element
	heading int        // 1 to 6, or 0
	item    bool       // in a list
	table   bool       // a cell
	caption bool
	quote   bool       // in a quotation, such as an embedded post
	doubt   *html.Node // the outermost ancestor whose name says that it is not the article
	weight  float64
}

// skipped are the elements whose text is never read.
var skipped = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Svg: true, atom.Canvas: true,
	atom.Iframe: true, atom.Object: true, atom.Embed: true, atom.Select: true, atom.Button: true, atom.Textarea: true,
	atom.Input: true, atom.Nav: true, atom.Dialog: true, atom.Menu: true, atom.Video: true, atom.Audio: true,
	atom.Map: true, atom.Head: true, atom.Math: true, atom.Label: true, atom.Datalist: true, atom.Progress: true,
}

var hiddenStyle = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden`)

// unseen reports whether an element is not shown or never part of a text.
func unseen(n *html.Node) bool {
	if skipped[n.DataAtom] || hasAttr(n, "hidden") || hiddenStyle.MatchString(attr(n, "style")) {
		return true
	}
	switch attr(n, "role") {
	case "navigation", "complementary", "banner", "contentinfo", "dialog", "menu", "menubar", "search", "alertdialog", "tooltip", "toolbar":
		return true
	}
	return attr(n, "aria-hidden") == "true" && n.DataAtom != atom.Body
}

// doubtful finds names that say: this is not the article. It is matched against class
// and id in lower case with words parted by single dashes.
var doubtful = regexp.MustCompile(`(?:^|-)(?:` + strings.Join([]string{
	`comments?`, `commentlist`, `commentary`, `disqus`, `respond`, `replies`, `shar(?:e|es|ing|er|edaddy|ethis)`, `social`, `addthis`, `addtoany`, `sociable`,
	`related`, `relacionad[oa]s`, `recommend(?:ed|ations?)?`, `recirc(?:ulation)?`, `promo(?:s|ted|tion)?`, `newsletters?`, `subscri(?:be|ption)`, `sign-?up`,
	`sidebar`, `side-bar`, `rail`, `widgets?`, `breadcrumbs?`, `cookies?`, `consent`, `gdpr`, `sponsor(?:ed|s)?`, `sponsored-content`, `advert(?:s|isement|ising|orial)?`,
	`ads?`, `adsense`, `adunit`, `adbox`, `pop-?up`, `modal`, `overlay`, `lightbox`, `footer`, `foot`, `nav`, `navigation`, `navbar`, `menu`, `toolbar`, `masthead`,
	`by-?lines?`, `author(?:s|-box|-bio|-info|box|bio)?`, `bio`, `tags?`, `taglist`, `tag-list`, `topics?`, `categor(?:y|ies)`, `outbrain`, `taboola`, `trending`, `most-(?:read|popular|viewed)`, `popular`,
	`read-?more`, `more-(?:from|on|stories|news|posts)`, `also-(?:read|like)`, `pagination`, `pager`, `paging`, `prev(?:ious)?`, `next`, `post-nav`, `ratings?`, `print(?:-only|able)?`, `email`,
	`sr-only`, `screen-reader(?:-text)?`, `visually-hidden`, `visuallyhidden`, `meta`, `entry-meta`, `post-meta`, `dateline`, `timestamp`, `publish(?:ed)?-date`, `follow(?:-us)?`,
	`copyright`, `disclaimer`, `legal`, `credits?`, `donat(?:e|ion)`, `login`, `register`, `paywall`, `upsell`, `cta`, `callout`, `carousel`, `slideshow`, `gallery`, `player`, `video(?:-player)?`,
	`jp-relatedposts`, `yarpp`, `zergnet`, `revcontent`, `interstitial`, `skip-link`, `tooltip`, `poll`, `quiz`, `inline-story`, `feedback`, `caption`, `wp-caption-text`, `toc`, `table-of-contents`,
}, "|") + `)(?:-|$)`)

// trusted finds names that say: this is the article.
var trusted = regexp.MustCompile(`(?:^|-)(?:article-?(?:body|text|content|copy|main)|body-?(?:text|copy|content)|entry-?(?:content|text|body)|post-?(?:content|body|text)|story-?(?:body|text|content|copy)|main-?content|articlebody|content-?body|page-?content|hentry|article|blog-?post|text-?body)(?:-|$)`)

var nameParts = regexp.MustCompile(`[^a-z0-9]+`)

// names returns class and id in lower case, each a run of words parted by dashes, with
// camel case parted as well.
func names(n *html.Node) []string {
	var out []string
	for _, s := range append(strings.Fields(attr(n, "class")), attr(n, "id")) {
		if s == "" {
			continue
		}
		var b strings.Builder
		lower := false
		for _, r := range s {
			if r >= 'A' && r <= 'Z' {
				if lower {
					b.WriteByte('-')
				}
				r += 'a' - 'A'
				lower = false
			} else {
				lower = r >= 'a' && r <= 'z'
			}
			b.WriteRune(r)
		}
		out = append(out, nameParts.ReplaceAllString(b.String(), "-"))
	}
	return out
}

func named(n *html.Node, re *regexp.Regexp) bool {
	for _, s := range names(n) {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

// isDoubtful reports whether an element says that it is not the article.
func isDoubtful(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Body, atom.Html, atom.Article, atom.Main, atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.A, atom.Em, atom.Strong, atom.B, atom.I, atom.Td, atom.Tr, atom.Tbody, atom.Table:
		return false
	case atom.Aside, atom.Footer:
		return true
	}
	return named(n, doubtful) && !named(n, trusted)
}

// blockReader collects the blocks of a page.
type blockReader struct {
	out     []*block
	current *block
	text    strings.Builder
	breaks  int
	within  surroundings
}

// surroundings is what the elements around a text say about it.
type surroundings struct {
	node                           *html.Node
	links, heading, items, figures int
	cells, quotes                  int
	doubt                          *html.Node
}

// readBlocks returns the blocks below n in order.
func readBlocks(n *html.Node) []*block {
	r := &blockReader{}
	r.walk(n)
	r.flush()
	return r.out
}

func (r *blockReader) flush() {
	if r.current == nil {
		return
	}
	b := r.current
	b.text = space(r.text.String())
	b.length = utf8.RuneCountInString(b.text)
	if b.length > 0 {
		r.out = append(r.out, b)
	}
	r.current = nil
	r.text.Reset()
}

func (r *blockReader) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		r.addText(n.Data)
		return
	case html.ElementNode:
	case html.DocumentNode:
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			r.walk(c)
		}
		return
	default:
		return
	}
	if unseen(n) {
		if blocks[n.DataAtom] {
			r.flush()
		}
		return
	}
	if n.DataAtom == atom.Br {
		if r.breaks++; r.breaks >= 2 {
			r.flush()
		} else {
			r.text.WriteByte(' ')
		}
		return
	}
	r.element(n)
}

// element walks into an element with the reader's state set for it.
func (r *blockReader) element(n *html.Node) {
	isBlock := blocks[n.DataAtom]
	if n.DataAtom == atom.Td || n.DataAtom == atom.Th {
		isBlock = !plainCell(n) // the plain cells of a row are one line
		r.text.WriteByte(' ')
	}
	if isBlock {
		r.flush()
	}
	saved := r.within
	w := &r.within
	w.node = n
	if w.doubt == nil && isDoubtful(n) {
		w.doubt = n
	}
	switch n.DataAtom {
	case atom.A:
		w.links++
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.heading = int(n.Data[1] - '0')
	case atom.Li, atom.Dd, atom.Dt:
		w.items++
	case atom.Td, atom.Th:
		w.cells++
	case atom.Blockquote:
		w.quotes++
	case atom.Figure, atom.Figcaption, atom.Caption:
		w.figures++
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c)
	}
	if isBlock {
		r.flush()
	}
	r.within = saved
}

// plainCell reports whether a cell of a table holds a short text and nothing that
// begins a line.
func plainCell(n *html.Node) bool {
	size := 0
	return find(n, func(c *html.Node) bool {
		for t := c.FirstChild; t != nil; t = t.NextSibling {
			if t.Type == html.TextNode {
				size += len(t.Data)
			}
		}
		return size > 200 || c != n && (blocks[c.DataAtom] || c.DataAtom == atom.Br)
	}) == nil
}

func (r *blockReader) addText(text string) {
	if strings.TrimSpace(text) == "" {
		r.text.WriteByte(' ')
		return
	}
	r.breaks = 0
	w := r.within
	if r.current == nil {
		r.current = &block{
			node: w.node, heading: w.heading, item: w.items > 0,
			table: w.cells > 0, caption: w.figures > 0, quote: w.quotes > 0, doubt: w.doubt,
		}
		r.text.Reset()
	}
	r.text.WriteString(text)
	if w.links > 0 {
		r.current.linked += utf8.RuneCountInString(space(text))
	}
}
