package match

import (
	"cmp"
	"slices"
	"strings"
)

const (
	maxPosting  = 200 // names that may share a token for it to bring pairs together
	maxShare    = 20  // or one in so many of the second feed
	maxNearness = 40  // candidates that are compared in full, for each product
)

// key is a token by which a product is looked up and what sharing it is worth.
type key struct {
	id     int32
	weight float64
}

// candidates returns, for every product of the first side, the products of the
// second that share the most weight with it, best first. A token that very many
// names have brings nothing together.
func (c *corpus) candidates(nearest int) [][]int32 {
	keys := [2][][]key{}
	for s := range c.side {
		keys[s] = make([][]key, len(c.side[s]))
		for i := range c.side[s] {
			keys[s][i] = c.keys(&c.side[s][i])
		}
	}
	index := make([][]int32, len(c.vocab.tokens))
	for j := range keys[1] {
		for _, k := range keys[1][j] {
			index[k.id] = append(index[k.id], int32(j)) //nolint:gosec // feeds have fewer than 2³¹ rows
		}
	}
	tooMany := max(maxPosting, len(c.side[1])/maxShare)
	sums := make([]float64, len(c.side[1]))
	out := make([][]int32, len(c.side[0]))
	for i := range keys[0] {
		var touched []int32
		for _, k := range keys[0][i] {
			if len(index[k.id]) > tooMany {
				continue
			}
			for _, j := range index[k.id] {
				if sums[j] == 0 {
					touched = append(touched, j)
				}
				sums[j] += k.weight
			}
		}
		slices.SortFunc(touched, func(x, y int32) int { return cmp.Or(cmp.Compare(sums[y], sums[x]), cmp.Compare(x, y)) })
		for _, j := range touched {
			sums[j] = 0
		}
		out[i] = slices.Clone(touched[:min(nearest, len(touched))])
	}
	return out
}

// keys are the tokens of the name and the brand, the roots of its codes, the codes
// of the description, the part number and the GTIN.
func (c *corpus) keys(p *profile) []key {
	var out []key
	seen := map[int32]bool{}
	add := func(id int32, w float64) {
		if !seen[id] {
			seen[id] = true
			out = append(out, key{id, w})
		}
	}
	w := func(id int32) float64 { return c.vocab.weight[id] }
	full := w(c.vocab.rarest)
	for _, t := range p.tokens {
		add(t, w(t))
	}
	for _, t := range p.tokens {
		if r, ok := c.vocab.roots[t]; ok {
			add(r, full/2)
		}
	}
	for _, t := range p.brand {
		add(t, w(t)/2)
	}
	for _, t := range p.text {
		if c.vocab.tokens[t].kind == code {
			add(t, w(t))
		}
	}
	if p.mpn >= 0 {
		add(p.mpn, full)
	}
	if p.gtin >= 0 {
		add(p.gtin, 3*full)
	}
	return out
}

// codeRoot is a model number without the letters at its end, which name the color,
// the market or the bundle: fs105 of fs105na. It is empty when nothing is left off
// or too little remains.
func codeRoot(c string) string {
	root := strings.TrimRight(c, "abcdefghijklmnopqrstuvwxyz")
	if len(root) < 4 || strings.Trim(root, "0123456789") == "" && len(root) < minPartDigits {
		return ""
	}
	return root
}
