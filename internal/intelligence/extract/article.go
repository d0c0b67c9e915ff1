package extract

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Article is the main text of a page.
type Article struct {
	// Text is the paragraphs, headings and list items, parted by empty lines, without
	// the title.
	Text string `json:"text"`
	// Paragraphs is Text in parts.
	Paragraphs []string `json:"paragraphs"`
}

// Article returns the main text of the page; it is empty for a page without one.
//
// Every block of text has a weight: its length without links, or less than nothing if
// it is short, mostly links, or stands in a part whose name tells that it is something
// else. The element with the largest sum over the blocks in it holds the article: more
// text helps, more clutter hurts. What is left of the clutter is then taken out block
// by block.
func (p *Page) Article() Article {
	var out Article
	for _, b := range p.article() {
		out.Paragraphs = append(out.Paragraphs, b.text)
	}
	out.Text = strings.Join(out.Paragraphs, "\n\n")
	return out
}

// article returns the blocks of the article.
func (p *Page) article() []*block {
	all := readBlocks(p.root)
	all = all[:min(len(all), maxBlocks)]
	kept := p.choose(all, majority(all))
	if size(kept)*5 < size(all) && size(kept) < 300 { // the names lied: read on without them
		excused := map[*html.Node]bool{}
		for _, b := range all {
			excused[b.doubt] = true
		}
		if more := p.choose(all, excused); size(more) > size(kept) {
			kept = more
		}
	}
	return kept
}

// maxBlocks bounds the blocks among which an article is looked for.
const maxBlocks = 50_000

// Text returns all text of the page that readers see, a line for each block.
func (p *Page) Text() string {
	var out []string
	for _, b := range readBlocks(p.root) {
		out = append(out, b.text)
	}
	return strings.Join(out, "\n")
}

// choose returns the blocks of the article if the excused elements may be in it.
func (p *Page) choose(all []*block, excused map[*html.Node]bool) []*block {
	weigh(all, excused)
	root := heaviest(p.root, all)
	if root == nil {
		return nil
	}
	kept := within(all, firstOf(root, all))
	inner := majority(kept)
	for n, ok := range excused {
		inner[n] = inner[n] || ok
	}
	return clean(kept, inner, title(p.root))
}

// size returns the length of the texts outside links.
func size(all []*block) int {
	n := 0
	for _, b := range all {
		n += b.length - b.linked
	}
	return n
}

// within returns the blocks below root.
func within(all []*block, root *html.Node) []*block {
	inside := map[*html.Node]bool{}
	each(root, func(n *html.Node) bool { inside[n] = true; return true })
	var out []*block
	for _, b := range all {
		if inside[b.node] {
			out = append(out, b)
		}
	}
	return out
}

// majority returns the doubtful elements that hold most of the text: a name alone does
// not condemn them.
func majority(all []*block) map[*html.Node]bool {
	sums := map[*html.Node]int{}
	total := 0
	for _, b := range all {
		if good := b.length - b.linked; good >= 60 {
			total += good
			if b.doubt != nil {
				sums[b.doubt] += good
			}
		}
	}
	out := map[*html.Node]bool{}
	for n, sum := range sums {
		share := 0.4
		if named(n, replies) {
			share = 0.95
		}
		out[n] = float64(sum) > share*float64(total)
	}
	return out
}

// replies finds the names of readers' comments, which may be longer than the article.
var replies = regexp.MustCompile(`(?:^|-)(?:comments?|commentlist|comment-list|disqus|respond|replies|related|related-posts)(?:-|$)`)

// weigh sets the weight of every block.
func weigh(all []*block, excused map[*html.Node]bool) {
	for _, b := range all {
		plain := float64(b.length - b.linked)
		switch {
		case b.doubt != nil && !excused[b.doubt]:
			b.weight = -0.3 * float64(b.length)
		case b.linked*2 > b.length:
			b.weight = -float64(b.length) * 0.5
		case b.heading > 0:
			b.weight = 0
		case b.length < 30 && !endsSentence(b.text):
			b.weight = -5
		default:
			b.weight = plain
			if b.caption {
				b.weight = 0
			}
			if !endsSentence(b.text) {
				b.weight *= 0.6
			}
		}
	}
}

var sentenceEnd = regexp.MustCompile(`[.!?:;…。！？]["'”’»)\]]*$`)

func endsSentence(text string) bool { return sentenceEnd.MatchString(text) }

// heaviest returns the element with the largest sum of weights, the innermost of equal
// ones. An element whose name or type tells that it is the article counts a little
// more.
func heaviest(root *html.Node, all []*block) *html.Node {
	own := map[*html.Node]float64{}
	for _, b := range all {
		own[b.node] += b.weight
	}
	var best *html.Node
	var bestSum float64
	var visit func(n *html.Node) float64
	visit = func(n *html.Node) float64 {
		sum := own[n]
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			sum += visit(c)
		}
		if n.Type == html.ElementNode && (sum > bestSum*1.02 || best == nil && sum > 0) && blocks[n.DataAtom] {
			best, bestSum = n, sum
		}
		return sum
	}
	visit(root)
	return best
}

// firstOf returns the first of several articles below root, or root: pages that load
// the next article at the end of one hold several.
func firstOf(root *html.Node, all []*block) *html.Node {
	size := map[*html.Node]float64{}
	var total float64
	for _, b := range all {
		for n := b.node; n != nil && n != root && b.weight > 0; n = n.Parent {
			if n.DataAtom == atom.Article || attr(n, "itemprop") == "articleBody" {
				size[n] += b.weight
				total += b.weight
				break // nested ones count for the inner
			}
		}
	}
	if len(size) < 2 {
		return root
	}
	var largest, sum float64
	for _, b := range all {
		if b.weight > 0 {
			sum += b.weight
		}
	}
	for _, v := range size {
		largest = max(largest, v)
	}
	if largest < 500 || total < 0.7*sum {
		return root
	}
	first := root
	each(root, func(n *html.Node) bool {
		if first == root && size[n] > 0.3*largest {
			first = n
		}
		return first == root
	})
	return first
}

// ending finds the line after which the article is over.
var ending = regexp.MustCompile(`(?i)^(?:\d+ )?(?:comments?|replies|responses|kommentare?|comentários|comentarios|commenti|commentaires|комментари\p{L}*|reader comments|comments? \(\d+\)|you (?:may|might) (?:also )?(?:like|enjoy|be interested).{0,20}|related (?:articles?|posts?|stories|content|topics|reading|links)|more (?:stories|news|articles|from|like this|on this).{0,40}|leave a (?:comment|reply).{0,20}|share this.{0,30}|share your thoughts.{0,20}|recommended(?: for you| articles| reading)?|read next|up next|about the authors?|most (?:read|popular|viewed).{0,20}|das könnte (?:sie|dich|ihnen|dir) auch.{0,30}|ähnliche (?:artikel|beiträge)|weitere (?:artikel|beiträge|themen|meldungen).{0,20}|mehr (?:zum thema|aus|von).{0,30}|auch interessant|schreibe? einen kommentar.{0,30}|hinterlasse.{0,40}|teilen(?: mit)?|você pode gostar.{0,20}|leia (?:também|mais)|potrebbe.{0,30}|articoli correlati|articles? (?:liés|similaires)|sur le même sujet|похожие .{0,20}|читайте также|references|einzelnachweise)\s*[:.…!]?$`)

// cutEnding drops what follows a line that ends the article, if a good part of the
// text came before it.
func cutEnding(kept []*block) []*block {
	total, before := 0, 0
	for _, b := range kept {
		total += b.length
	}
	for i, b := range kept {
		if b.length < 60 && before > 200 && before*10 > total*2 && ending.MatchString(b.text) && !continued(kept, i) {
			return kept[:i]
		}
		before += b.length
	}
	return kept
}

// continued reports whether paragraphs stand after block i in the same element as the
// paragraph before it: then the line belongs to a box within the article.
func continued(kept []*block, i int) bool {
	isText := func(b *block) bool { return b.length >= 80 && b.linked*2 < b.length && b.node.Parent != nil }
	parent := func(b *block) *html.Node {
		n := b.node
		for n.Parent != nil && !blocks[n.DataAtom] {
			n = n.Parent
		}
		return n.Parent
	}
	for k := i - 1; k >= 0; k-- {
		if !isText(kept[k]) {
			continue
		}
		for _, b := range kept[i:] {
			if isText(b) && b.node != kept[k].node && parent(b) == parent(kept[k]) {
				return true
			}
		}
		return false
	}
	return false
}

var (
	// boiler begins or is a line that readers are asked to do something by.
	boiler = regexp.MustCompile(`(?i)^(?:advertisements?|anzeige|werbung|read more|read also|also read|read next|related( (?:articles?|stories|posts|topics|content|coverage))?|see also|more on this|more from|recommended|trending|subscribe|sign up|follow us|share this|share on|click here|watch:|watch now|loading|photo:|image:|foto:|photos?|getty images|comments?|leave a (?:comment|reply)|story continues below|continue reading|mehr zum thema|lesen sie auch|lesen sie mehr|auch interessant|zum thema|weiterlesen)\b`)
	notice = regexp.MustCompile(`(?i)©|\(c\) 20\d\d|all rights reserved|alle rechte vorbehalten|may not be published, broadcast|cookie|newsletter|follow (?:us|him|her|me|\w+ \w+) on|twitter\.com|subscribe to|sign up (?:for|to|here)|click here|email address|download (?:the|our) app|this article (?:was )?originally`)
)

// clean drops the blocks that do not belong to the article.
func clean(all []*block, excused map[*html.Node]bool, title string) []*block {
	kept := make([]*block, 0, len(all))
	seen := map[string]*html.Node{}
	for _, b := range cutEnding(all) {
		first, again := seen[b.text]
		if rejected(b, excused, title) || again && b.length > 40 && first != b.node.Parent {
			continue
		}
		kept = append(kept, b)
		seen[b.text] = b.node.Parent
	}
	kept = trimEnds(kept)
	return dropEmptyHeadings(kept)
}

func rejected(b *block, excused map[*html.Node]bool, title string) bool {
	switch {
	case b.doubt != nil && !excused[b.doubt]:
		return true
	case b.caption, strings.HasPrefix(b.text, "<"):
		return true
	case b.quote && b.length > 60:
		return false
	case b.heading > 0 && sameTitle(b.text, title):
		return true
	case b.linked*10 > b.length*7 && (b.item || b.length < 200):
		return true
	case boiler.MatchString(b.text) && (b.linked*3 > b.length || b.length < 40):
		return true
	case b.length < 250 && notice.MatchString(b.text) && (b.linked > 0 || b.length < 120):
		return true
	case !hasLetter(b.text):
		return true
	}
	return false
}

func hasLetter(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' })
}

// sameTitle reports whether a heading is the title of the page.
func sameTitle(heading, title string) bool {
	h, t := strings.ToLower(heading), strings.ToLower(title)
	return h == t || len(h) > 15 && strings.HasPrefix(t, h) || len(t) > 15 && strings.HasPrefix(h, t)
}

// trimEnds drops short lines before the first and after the last sentence.
func trimEnds(kept []*block) []*block {
	isText := func(b *block) bool {
		return b.heading == 0 && (b.length >= 80 || b.length >= 25 && endsSentence(b.text) || b.item && b.length >= 15 || b.table)
	}
	for len(kept) > 0 && !isText(kept[0]) && kept[0].heading == 0 {
		kept = kept[1:]
	}
	for len(kept) > 0 && !isText(kept[len(kept)-1]) {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// dropEmptyHeadings drops headings without text after them.
func dropEmptyHeadings(kept []*block) []*block {
	var out []*block
	for i, b := range kept {
		if b.heading > 0 && (i+1 == len(kept) || kept[i+1].heading > 0 && kept[i+1].heading <= b.heading) {
			continue
		}
		out = append(out, b)
	}
	return out
}

// title returns the text of the first h1, or of the title element.
func title(root *html.Node) string {
	for _, a := range []atom.Atom{atom.H1, atom.Title} {
		if n := find(root, func(n *html.Node) bool { return n.DataAtom == a }); n != nil {
			if t := text(n); t != "" {
				return t
			}
		}
	}
	return ""
}

// text returns the text below n, with white space as single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	each(n, func(n *html.Node) bool {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		} else if blocks[n.DataAtom] || n.DataAtom == atom.Br {
			b.WriteByte(' ')
		}
		return n.DataAtom != atom.Script && n.DataAtom != atom.Style
	})
	return space(b.String())
}
