package content

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// choice is a variant of a phrase, filled in.
type choice struct {
	text string
	used []string
	id   string
	cost float64
}

// choose returns the variants of a phrase that can be filled in, the best first:
// those that repeat the fewest runs of words of other pages and were not used on
// this page yet.
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
		c := choice{text: text, used: used, id: key + "/" + strconv.Itoa(i)}
		c.cost = w.repeats(text) + 40*float64(w.used[c.id]) + w.chance(c.id)*(0.5+float64(w.salt)*3)
		if w.named && names(used) {
			c.cost += nameCost
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b choice) int { return cmp.Compare(a.cost, b.cost) })
	return out
}

// nameCost is what it costs to name a product again right after a sentence that named
// it, in runs of words that stand on other pages.
const nameCost = 8

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
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(w.s.in.Seed, 16) + "|" + w.plan.Slug + "|" + strconv.Itoa(w.salt) + "|" + id))
	return float64(h.Sum64()>>11) / (1 << 53)
}

// take records that a choice is used and claims its values.
func (w *pageWriter) take(c choice, vs values) []domain.ClaimID {
	w.used[c.id]++
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
