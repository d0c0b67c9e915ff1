package match

import (
	"math"
	"strings"
)

// comparison is what was found when two products were compared.
type comparison struct {
	quiet   bool // no reasons are kept
	score   float64
	reasons []Reason
}

// shared is a pair of tokens, one of each name, that stand for the same.
type shared struct {
	a, b int32
	near float64 // 1 when equal
}

// compare scores two products between 0 and 1.
//
// The base is the weight of what the names share, as a part of all that they say:
// the mean of Dice's coefficient, which asks for names that say the same, and of the
// part of the shorter name that the longer one has, because shops write names of
// very different lengths. Identifiers then raise it and contradictions lower it. The
// reasons are given with explain alone, because nearly all pairs are thrown away.
func (c *corpus) compare(a, b *profile, explain bool) comparison {
	if a.gtin >= 0 && b.gtin >= 0 {
		if a.gtin == b.gtin {
			return comparison{score: 1, reasons: []Reason{{Kind: "gtin", Text: strings.TrimLeft(c.vocab.tokens[a.gtin].text, "0"), Effect: 1}}}
		}
		return comparison{reasons: []Reason{{Kind: "gtin_differs", Effect: -1}}}
	}
	al := c.align(a, b)
	out := comparison{score: al.base(), quiet: !explain}
	if explain {
		out.add("name", al.text(c), out.score)
	}
	out.identifiers(c, a, b, al)
	out.contradictions(c, a, b, al)
	out.prices(a, b)
	out.score = max(0, min(1, out.score))
	return out
}

func (o *comparison) add(kind, text string, effect float64) {
	if math.Abs(effect) > 1e-9 && !o.quiet {
		o.reasons = append(o.reasons, Reason{Kind: kind, Text: text, Effect: effect})
	}
}

// raise moves the score toward 1 by a part of what is missing; lower multiplies it.
func (o *comparison) raise(kind, text string, part float64) {
	d := (1 - o.score) * part
	o.score += d
	o.add(kind, text, d)
}

func (o *comparison) lower(kind, text string, factor float64) {
	d := o.score * (factor - 1)
	o.score += d
	o.add(kind, text, d)
}

// identifiers raises the score for the part number that both state and for model
// numbers in the names. Only codes that few names have identify: each name that
// shares one halves what it says.
func (o *comparison) identifiers(c *corpus, a, b *profile, al *alignment) {
	v := c.vocab
	if a.mpn >= 0 && a.mpn == b.mpn {
		o.raise("mpn", v.tokens[a.mpn].text, 0.8)
		return
	}
	best, text := 0.0, ""
	for _, m := range al.pairs {
		ta, tb := v.tokens[m.a], v.tokens[m.b]
		if ta.kind != code || tb.kind != code {
			continue
		}
		names := max(v.df[0][m.a], v.df[1][m.b], 1)
		strength := m.near * min(1, float64(min(len(ta.text), len(tb.text)))/6) / float64(names)
		if strength > best {
			best, text = strength, ta.text
			if ta != tb {
				text += " ~ " + tb.text
			}
		}
	}
	if best > 0 {
		o.raise("model_number", text, 0.6*best)
	}
}

// contradictions lowers the score for figures, colors and editions of which each
// name has its own.
func (o *comparison) contradictions(c *corpus, a, b *profile, al *alignment) {
	v := c.vocab
	onlyA, onlyB := al.rest(a, b)
	kinds := func(list []int32, k kind) []string {
		var out []string
		for _, t := range list {
			if v.tokens[t].kind == k {
				out = append(out, v.tokens[t].text)
			}
		}
		return out
	}
	if x, y := kinds(onlyA, number), kinds(onlyB, number); len(x) > 0 && len(y) > 0 {
		o.lower("numbers_differ", x[0]+" / "+y[0], 0.7)
	}
	if x, y, ok := sameUnit(kinds(onlyA, quantity), kinds(onlyB, quantity)); ok {
		o.lower("quantity_differs", x+" / "+y, 0.75)
	}
	if x, y := kinds(onlyA, code), kinds(onlyB, code); len(x) > 0 && len(y) > 0 && !al.codes {
		o.lower("model_number_differs", x[0]+" / "+y[0], 0.85)
	}
	groups := append([]map[string]bool{colors}, choices...)
	for g, group := range groups {
		x, y := inGroup(v, a.tokens, group), inGroup(v, b.tokens, group)
		if len(group) == 1 {
			if (x == "") != (y == "") {
				o.lower("variant_differs", x+y, 0.85)
			}
			continue
		}
		if x != "" && y != "" && !al.sharesGroup(v, group) {
			kind := "variant_differs"
			if g == 0 {
				kind = "color_differs"
			}
			o.lower(kind, x+" / "+y, 0.8)
		}
	}
}

func inGroup(v *vocabulary, tokens []int32, group map[string]bool) string {
	for _, t := range tokens {
		if v.tokens[t].kind == word && group[v.tokens[t].text] {
			return v.tokens[t].text
		}
	}
	return ""
}

// sameUnit finds two quantities of one unit.
func sameUnit(a, b []string) (x, y string, ok bool) {
	for _, x := range a {
		for _, y := range b {
			if strings.TrimLeft(x, "0123456789.") == strings.TrimLeft(y, "0123456789.") {
				return x, y, true
			}
		}
	}
	return "", "", false
}

// prices raises the score a little for prices that are close and lowers it for
// prices that no two shops ask for one product: from twice the price on, by a tenth
// for each doubling, at most to a half.
func (o *comparison) prices(a, b *profile) {
	if a.price == nil || b.price == nil || a.price.Currency != b.price.Currency || a.price.Minor <= 0 || b.price.Minor <= 0 {
		return
	}
	doublings := math.Abs(math.Log2(float64(a.price.Minor) / float64(b.price.Minor)))
	text := ""
	if !o.quiet {
		text = a.price.Decimal() + " / " + b.price.Decimal() + " " + a.price.Currency
	}
	if doublings < 1 {
		o.raise("price", text, 0.15*(1-doublings))
		return
	}
	o.lower("price_differs", text, max(0.5, 1-0.1*doublings))
}
