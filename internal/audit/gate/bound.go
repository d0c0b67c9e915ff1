package gate

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// bound finds what stands on a built page with other facts than in its draft: a figure
// that another text of the page may carry, or the name of another brand. It reads the
// page as units, each with the facts in it, in order:
//
//	sentence  the words without the facts     "□ lies above the ◇ of □"
//	row       the first cell of a table row   "Power"
//	fact      a label within a product card   "Weight"
//
// A unit that the draft has, but only with other facts, is a fault. What the draft does
// not have is none here: CheckHTML wants a claim for its figures.
type bound struct {
	names *regexp.Regexp // brands and merchants of the market; nil: none are known
}

// newBound reads the names of a market.
func newBound(m *domain.Market) bound {
	seen := map[string]bool{}
	for i := range m.Families {
		seen[m.Families[i].Brand] = true
		for j := range m.Families[i].Variants {
			seen[m.Families[i].Variants[j].Brand] = true
			seen[m.Families[i].Variants[j].MerchantName] = true
		}
	}
	var list []string
	for n := range seen {
		if len([]rune(n)) >= 3 && len(evidence.Numbers(n)) == 0 {
			list = append(list, regexp.QuoteMeta(n))
		}
	}
	if len(list) == 0 {
		return bound{}
	}
	slices.SortFunc(list, func(a, b string) int { // the longest of two that begin alike
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return bound{regexp.MustCompile(`(?:^|[^\p{L}\p{N}])(` + strings.Join(list, "|") + `)(?:$|[^\p{L}\p{N}])`)}
}

// The signs that stand for facts in a skeleton.
const figureSign, nameSign = "□", "◇"

// facts returns the facts of a text in order, and the text with signs in their place.
func (b bound) facts(text string) (skeleton string, facts []string) {
	text = squash(text)
	if b.names != nil {
		for at := 0; at < len(text); {
			m := b.names.FindStringSubmatchIndex(text[at:])
			if m == nil {
				break
			}
			from, to := at+m[2], at+m[3]
			facts = append(facts, text[from:to])
			text = text[:from] + nameSign + text[to:]
			at = from + len(nameSign)
		}
	}
	at := 0
	for _, n := range evidence.Numbers(text) {
		i := strings.Index(text[at:], n)
		if i < 0 {
			break
		}
		facts = append(facts, n)
		text = text[:at+i] + figureSign + text[at+i+len(n):]
		at += i + len(figureSign)
	}
	return text, facts
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

// units are what a page says: facts by unit, each way in which it says them.
type units map[string][]string

// separator stands between the facts of a unit.
const separator = " · "

func (u units) add(key string, facts []string) {
	if joined := strings.Join(facts, separator); !slices.Contains(u[key], joined) {
		u[key] = append(u[key], joined)
	}
}

// sentences adds the sentences of a text.
func (b bound) sentences(u units, text string) {
	for _, s := range nlp.Sentences(text) {
		if skeleton, facts := b.facts(s); len(facts) > 0 && wordy(skeleton) {
			u.add("sentence "+skeleton, facts)
		}
	}
}

// wordy reports whether a skeleton has enough letters to be told from others.
func wordy(skeleton string) bool { return len(nlp.Words(skeleton)) >= 2 }

// row adds a row of a table, or a fact of a card, by what it begins with.
func (b bound) row(u units, kind string, cells []string) {
	if len(cells) < 2 || strings.TrimSpace(cells[0]) == "" {
		return
	}
	_, facts := b.facts(strings.Join(cells[1:], " | "))
	u.add(kind+" "+squash(cells[0]), facts)
}

// drafted returns the units of a page of the draft.
func (b bound) drafted(p *domain.Page) units {
	u := units{}
	for t := range evidence.Texts(p) {
		b.sentences(u, t.Text)
	}
	texts := func(first string, cells []domain.Cell) []string {
		out := []string{first}
		for _, c := range cells {
			out = append(out, c.Text)
		}
		return out
	}
	for i := range p.Blocks {
		switch bl := &p.Blocks[i]; {
		case bl.Table != nil:
			for _, r := range bl.Table.Rows {
				if len(r.Cells) > 0 {
					b.row(u, "row", texts(r.Cells[0].Text, r.Cells[1:]))
				}
			}
		case bl.Comparison != nil:
			for _, r := range bl.Comparison.Rows {
				b.row(u, "row", texts(r.Label, r.Cells))
			}
		case bl.Product != nil:
			for _, f := range bl.Product.Facts {
				b.row(u, "fact", []string{bl.Product.Name + " / " + f.Label, f.Value.Text})
			}
		}
	}
	return u
}

// check returns what a built page says otherwise than its draft.
func (b bound) check(p *domain.Page, body []byte) ([]evidence.Problem, error) {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", p.Path(), err)
	}
	r := unitReader{bound: b, units: units{}}
	for main := range root.Descendants() {
		if main.Type != html.ElementNode || main.Data != "main" {
			continue
		}
		for n := range main.Descendants() { // around it stand texts of other pages
			if n.Type == html.ElementNode {
				r.element(n)
			}
		}
	}
	want := b.drafted(p)
	var out []evidence.Problem
	for _, key := range slices.Sorted(maps.Keys(r.units)) {
		for _, facts := range r.units[key] {
			if source := want[key]; len(source) > 0 && !slices.Contains(source, facts) {
				out = append(out, evidence.Problem{
					Page: p.Path(), Where: "text", Message: fmt.Sprintf("%.120q holds %q; its source says %q", key, facts, strings.Join(source, `" or "`)),
				})
			}
		}
	}
	return out, nil
}

// unitReader reads the units of a built page.
type unitReader struct {
	bound
	units units
	card  string // name of the product whose card is read
}

func (r *unitReader) element(n *html.Node) {
	switch n.Data {
	case "p", "li", "figcaption", "caption", "summary":
		r.sentences(r.units, textOf(n))
	case "h1", "h2", "h3", "h4":
		r.card = squash(textOf(n))
		r.sentences(r.units, textOf(n))
	case "tr":
		r.row(r.units, "row", cellsOf(n))
	case "dt":
		for d := n.NextSibling; d != nil; d = d.NextSibling {
			if d.Type == html.ElementNode && d.Data == "dd" {
				r.row(r.units, "fact", []string{r.card + " / " + textOf(n), textOf(d)})
				break
			}
		}
	}
}

// cellsOf returns the texts of the cells of a row, without those that lead to offers.
// A row of column heads has none.
func cellsOf(tr *html.Node) []string {
	var out []string
	data := false
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || c.Data != "td" && c.Data != "th" {
			continue
		}
		data = data || c.Data == "td"
		if !hasOffer(c) {
			out = append(out, textOf(c))
		}
	}
	if !data {
		return nil
	}
	return out
}

func hasOffer(n *html.Node) bool {
	for c := range n.Descendants() {
		for _, a := range c.Attr {
			if a.Key == "data-slot" {
				return true
			}
		}
	}
	return false
}

// textOf returns the text in an element.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
