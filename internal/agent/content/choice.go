package content

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// choice is a variant of a phrase, filled in.
type choice struct {
	text string
	used []string
	id   string
	form string // the words around the values: two phrases may have a variant in common
	cost float64
}

// choose returns the variants of a phrase that can be filled in, the best first:
// those that repeat the fewest runs of words of other pages, were not used on this page
// yet, begin otherwise than the sentences before and belong to the voice of the site.
func (w *pageWriter) choose(key string, vs values) []choice {
	var out []choice
	if own := "bare." + key; w.s.in.Market.Priceless && len(w.s.bank[own]) > 0 {
		key = own
	}
	for i, t := range w.s.bank[key] {
		text, used, ok := t.render(vs)
		if !ok {
			continue
		}
		c := choice{text: text, used: used, id: key + "/" + strconv.Itoa(i), form: t.form()}
		c.cost = w.repeats(text) + usedCost*float64(w.used[c.form]) + w.chance(c.id)*(drawCost+float64(w.salt)*3)
		if w.named && names(used) {
			c.cost += nameCost
		}
		if slices.Contains(w.openings, opening(text)) {
			c.cost += openingCost
		}
		if !w.s.voiced(c.form) {
			c.cost += voiceCost
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b choice) int { return cmp.Compare(a.cost, b.cost) })
	return out
}

// What speaks against a variant, in runs of words that stand on other pages.
const (
	nameCost    = 8  // it names a product again right after a sentence that named it
	usedCost    = 40 // each time that it stands on the page already
	openingCost = 12 // it begins like one of the sentences right before it
	voiceCost   = 5  // other sites say it so
	drawCost    = 2  // the most that chance adds
)

// lastOpenings is how many sentences back a sentence must not begin like.
const lastOpenings = 2

// opening is how a sentence begins: its first word, or its first two if that is short;
// all figures count as one word.
func opening(text string) string {
	words := strings.Fields(text)
	n := 1
	if len(words) > 1 && utf8.RuneCountInString(words[0]) < 4 {
		n = 2
	}
	for i := range words[:min(n, len(words))] {
		if strings.ContainsAny(words[i], "0123456789") {
			return "#"
		}
	}
	return strings.ToLower(strings.Join(words[:min(n, len(words))], " "))
}

// voiced reports whether a variant belongs to the voice of the site: half of all do, others
// on each site. Two sites about one market then put the same facts into other words
// wherever there is a choice.
func (s *siteWriter) voiced(form string) bool { return s.draw("voice", form) < 0.5 }

func names(used []string) bool {
	return slices.Contains(used, "name") || slices.Contains(used, "short")
}

// repeats says how often the runs of five words of a text stand on other pages.
func (w *pageWriter) repeats(text string) float64 {
	words := append(slices.Clone(w.tail), nlp.Words(text)...)
	n := 0
	for _, h := range runs(words, shingleWords) {
		n += w.s.index[h]
	}
	return float64(n)
}

// chance is a number in [0,1) that depends on the seed, the page and the variant.
func (w *pageWriter) chance(id string) float64 {
	return w.s.draw(w.plan.Slug, strconv.Itoa(w.salt), id)
}

// draw is a number in [0,1) that depends on the seed and on what is drawn.
func (s *siteWriter) draw(parts ...string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(s.in.Seed, 16)))
	for _, p := range parts {
		_, _ = h.Write([]byte("|" + p))
	}
	x := h.Sum64() // FNV changes its upper bits little for strings that differ at the end
	for _, factor := range []uint64{0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53} {
		x = (x ^ x>>33) * factor
	}
	return float64((x^x>>33)>>11) / (1 << 53)
}

// take records that a choice is used and claims its values.
func (w *pageWriter) take(c choice, vs values) []domain.ClaimID {
	w.used[c.form]++
	w.named = w.s.in.Market.Priceless && names(c.used)
	words := slices.Concat(w.tail, nlp.Words(c.text))
	w.tail = slices.Clone(words[max(0, len(words)-shingleWords+1):])
	var ids []domain.ClaimID
	for _, name := range c.used {
		if v := vs[name]; len(v.evidence) > 0 {
			if id := w.claim(v); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
