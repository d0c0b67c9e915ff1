package match

import (
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// profile is a product in the form in which it is compared.
type profile struct {
	tokens []int32 // of the name, without those of the brand, in order
	brand  []int32 // of the brand: they count when the other name has them
	text   []int32 // of the description, sorted
	gtin   int32   // token of the valid GTIN, -1 without
	mpn    int32   // token of the part number that the feed states, -1 without
	price  *domain.Money
	weight float64 // of tokens, together
}

// says reports whether the description has a token.
func (p *profile) says(t int32) bool {
	_, ok := slices.BinarySearch(p.text, t)
	return ok
}

// vocabulary numbers the tokens of both feeds and weighs them.
type vocabulary struct {
	ids    map[token]int32
	tokens []token
	df     [2][]int32 // by side, how many names have the token
	weight []float64
	roots  map[int32]int32 // by code, its root
	rarest int32           // a token that no name has, with the highest weight
}

func (v *vocabulary) id(t token) int32 {
	if id, ok := v.ids[t]; ok {
		return id
	}
	id := int32(len(v.tokens)) //nolint:gosec // feeds have fewer than 2³¹ words
	v.ids[t] = id
	v.tokens = append(v.tokens, t)
	v.df[0] = append(v.df[0], 0)
	v.df[1] = append(v.df[1], 0)
	return id
}

// unshared is the weight of a token that no name of the other feed has, beside one
// that is shared: it tells how a shop writes names as often as which product it is.
const unshared = 0.5

// weigh sets the weight of every token: its inverse document frequency over the
// names of both feeds, ln(1 + N/df) (K. Spärck Jones, "A statistical interpretation
// of term specificity and its application in retrieval", 1972).
func (v *vocabulary) weigh(names int) {
	v.rarest = v.id(token{"", code})
	v.weight = make([]float64, len(v.tokens))
	for i := range v.tokens {
		df := v.df[0][i] + v.df[1][i]
		v.weight[i] = math.Log(1 + float64(names)/float64(max(df, 1)))
		if (v.df[0][i] == 0) != (v.df[1][i] == 0) {
			v.weight[i] *= unshared
		}
	}
}

// addRoots numbers the roots of all codes. The root fs105 is also the root of the
// code fs105 itself.
func (v *vocabulary) addRoots() {
	v.roots = map[int32]int32{}
	for i, t := range v.tokens[:len(v.tokens):len(v.tokens)] {
		if t.kind != code || t.text == "" {
			continue
		}
		root := codeRoot(t.text)
		if root == "" {
			continue
		}
		v.roots[int32(i)] = v.id(token{root, code}) //nolint:gosec // as above
	}
}

// corpus is the profiles of two feeds over one vocabulary.
type corpus struct {
	vocab *vocabulary
	side  [2][]profile
}

func newCorpus(a, b []domain.Product) *corpus {
	c := &corpus{vocab: &vocabulary{ids: map[token]int32{}}}
	for s, products := range [2][]domain.Product{a, b} {
		c.side[s] = make([]profile, len(products))
		for i := range products {
			c.side[s][i] = c.profile(&products[i], s)
		}
	}
	c.vocab.addRoots()
	c.vocab.weigh(len(a) + len(b))
	for s := range c.side {
		for i := range c.side[s] {
			p := &c.side[s][i]
			for _, t := range p.tokens {
				p.weight += c.vocab.weight[t]
			}
		}
	}
	return c
}

func (c *corpus) profile(p *domain.Product, side int) profile {
	out := profile{gtin: -1, mpn: -1, price: p.Price}
	seen := map[int32]bool{}
	for _, t := range tokenize(p.Brand) {
		id := c.vocab.id(t)
		seen[id] = true
		out.brand = append(out.brand, id)
	}
	for _, t := range tokenize(p.Name) {
		id := c.vocab.id(t)
		c.vocab.df[side][id]++
		if !seen[id] {
			seen[id] = true
			out.tokens = append(out.tokens, id)
		}
	}
	for _, t := range tokenize(p.Description) {
		out.text = append(out.text, c.vocab.id(t))
	}
	slices.Sort(out.text)
	if m := compactCode(p.MPN); m != "" {
		out.mpn = c.vocab.id(token{m, code})
	}
	if g := gtin(p.EAN); g != "" {
		out.gtin = c.vocab.id(token{g, code})
	}
	return out
}

// compactCode is a part number without the signs that shops put into it; empty
// when it is too short to tell products apart.
func compactCode(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
	if len(s) < 4 {
		return ""
	}
	return s
}

// gtin returns an EAN, UPC or GTIN as 14 digits when its check digit is right (GS1
// General Specifications, 7.9) and it is not for use inside one shop (prefixes 02,
// 04 and 20 to 29).
func gtin(s string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n != 8 && (n < 12 || n > 14) || strings.Trim(s, "0123456789") != "" || strings.Trim(s, "0") == "" {
		return ""
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	full := strings.Repeat("0", 14-len(s)) + s
	if sum%10 != 0 || len(s) > 8 && (full[1] == '2' || full[1:3] == "02" || full[1:3] == "04") {
		return ""
	}
	return full
}
