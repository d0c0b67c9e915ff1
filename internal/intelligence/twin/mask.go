package twin

import (
	"strings"
	"unicode"

	"empire/internal/domain"
)

// swapSalt keeps the bands of masked texts apart from those of texts as they are.
const swapSalt = 0x9E3779B97F4A7C15

// namedMark stands for a name in a masked text.
const namedMark = "nnnn"

// names are the words of the names of products, merchants and the website itself that
// a draft speaks of: those that begin with a capital letter or hold a digit.
func names(d *domain.Draft) map[string]bool {
	out := map[string]bool{}
	add := func(name string) {
		for _, w := range strings.FieldsFunc(name, apart) {
			if strings.ContainsFunc(w, unicode.IsDigit) || unicode.IsUpper([]rune(w)[0]) {
				out[w] = true
			}
		}
	}
	add(d.Website.Name)
	for i := range d.Pages {
		p := &d.Pages[i]
		for j := range p.Offers {
			add(p.Offers[j].MerchantName)
		}
		for j := range p.Blocks {
			blockNames(&p.Blocks[j], add)
		}
	}
	return out
}

func blockNames(b *domain.Block, add func(string)) {
	switch {
	case b.Product != nil:
		add(b.Product.Name)
	case b.CTA != nil:
		add(b.CTA.Name)
	case b.Comparison != nil:
		for i := range b.Comparison.Products {
			add(b.Comparison.Products[i].Name)
		}
	case b.Table != nil:
		for i := range b.Table.Rows {
			if r := &b.Table.Rows[i]; r.Product != "" && len(r.Cells) > 0 {
				add(r.Cells[0].Text)
			}
		}
	}
}

func apart(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// mask replaces each run of words of names by one mark. A bare number counts as a name
// only behind another word of one.
func mask(text string, names map[string]bool) string {
	var b strings.Builder
	run := false
	for _, w := range strings.FieldsFunc(text, apart) {
		named := names[w] && (run || strings.ContainsFunc(w, unicode.IsLetter))
		if named && run {
			continue
		}
		run = named
		if named {
			w = namedMark
		}
		b.WriteString(w)
		b.WriteByte(' ')
	}
	return b.String()
}
