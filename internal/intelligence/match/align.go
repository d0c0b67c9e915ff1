package match

import "strings"

// alignment says which tokens of two names stand for the same.
type alignment struct {
	pairs  []shared
	shared float64 // weight of what is shared, by both names' weights
	inText float64 // weight of what only the other's description has
	totalA float64
	totalB float64
	codes  bool // a code is shared
	usedA  map[int32]bool
	usedB  map[int32]bool
}

// textShare is what a token counts that is not in the other name but in its
// description.
const textShare = 0.5

// align pairs the tokens of two names: equal ones first, then model numbers of
// which one begins the other, then words that are the same but for a typing error
// or a shortening (as in SoftTFIDF: Cohen, Ravikumar, Fienberg, "A comparison of
// string distance metrics for name-matching tasks", 2003).
func (c *corpus) align(a, b *profile) *alignment {
	al := &alignment{totalA: a.weight, totalB: b.weight, usedA: map[int32]bool{}, usedB: map[int32]bool{}}
	al.exact(c, a, b)
	al.near(c, a.tokens, b.tokens)
	al.texts(c, a, b)
	return al
}

func (al *alignment) exact(c *corpus, a, b *profile) {
	inB := map[int32]bool{}
	for _, t := range b.tokens {
		inB[t] = true
	}
	brandB := map[int32]bool{}
	for _, t := range b.brand {
		brandB[t] = true
	}
	for _, t := range a.tokens {
		switch {
		case inB[t]:
			al.pair(c, t, t, 1)
		case brandB[t]: // one feed has a field for what the other writes into the name
			al.usedA[t] = true
			al.totalB += c.vocab.weight[t]
			al.shared += c.vocab.weight[t]
		}
	}
	for _, t := range a.brand {
		if inB[t] && !al.usedB[t] {
			al.usedB[t] = true
			al.totalA += c.vocab.weight[t]
			al.shared += c.vocab.weight[t]
		} else if brandB[t] {
			w := c.vocab.weight[t]
			al.totalA, al.totalB, al.shared = al.totalA+w, al.totalB+w, al.shared+w
		}
	}
}

func (al *alignment) pair(c *corpus, x, y int32, near float64) {
	al.usedA[x], al.usedB[y] = true, true
	al.pairs = append(al.pairs, shared{x, y, near})
	al.shared += near * (c.vocab.weight[x] + c.vocab.weight[y]) / 2
	if c.vocab.tokens[x].kind == code {
		al.codes = true
	}
}

func (al *alignment) near(c *corpus, as, bs []int32) {
	for _, x := range as {
		if al.usedA[x] {
			continue
		}
		best, at := 0.0, int32(-1)
		for _, y := range bs {
			if al.usedB[y] {
				continue
			}
			if n := nearness(c.vocab.tokens[x], c.vocab.tokens[y]); n > best {
				best, at = n, y
			}
		}
		if at >= 0 {
			al.pair(c, x, at, best)
		}
	}
	al.joined(c, as, bs)
}

// joined pairs two words of one name with one of the other: power point,
// powerpoint.
func (al *alignment) joined(c *corpus, as, bs []int32) {
	al.joinedOf(c, as, bs, al.usedA, al.usedB)
	al.joinedOf(c, bs, as, al.usedB, al.usedA)
}

func (al *alignment) joinedOf(c *corpus, two, one []int32, usedTwo, usedOne map[int32]bool) {
	for i := 0; i+1 < len(two); i++ {
		x, y := two[i], two[i+1]
		if usedTwo[x] || usedTwo[y] {
			continue
		}
		text := c.vocab.tokens[x].text + c.vocab.tokens[y].text
		for _, z := range one {
			if !usedOne[z] && c.vocab.tokens[z].text == text {
				usedTwo[x], usedTwo[y], usedOne[z] = true, true, true
				al.shared += (c.vocab.weight[x] + c.vocab.weight[y] + c.vocab.weight[z]) / 2
				al.pairs = append(al.pairs, shared{x, z, 1})
				if c.vocab.tokens[z].kind == code {
					al.codes = true
				}
				break
			}
		}
	}
}

// nearness says how alike two different tokens are: 0, or from 0.6 to 1.
func nearness(x, y token) float64 {
	if x.kind != y.kind {
		return 0
	}
	switch x.kind {
	case code:
		return codeNearness(x.text, y.text)
	case word:
		return wordNearness(x.text, y.text)
	}
	return 0
}

// codeNearness compares model numbers: one begins the other, or both have one root.
// What follows a root names a color, a market or a bundle.
func codeNearness(x, y string) float64 {
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 4 || !strings.ContainsAny(x, "0123456789") {
		return 0
	}
	part := float64(len(x)) / float64(len(y))
	if strings.HasPrefix(y, x) && part >= 0.5 {
		next := y[len(x)]
		if next >= '0' && next <= '9' && x[len(x)-1] >= '0' && x[len(x)-1] <= '9' {
			return 0 // 5000 and 50001 are two numbers
		}
		return 0.6 + 0.4*part
	}
	if strings.HasSuffix(y, x) && part >= 0.6 {
		return 0.5 + 0.4*part
	}
	if r := codeRoot(x); r != "" && r == codeRoot(y) {
		return 0.6
	}
	return 0
}

// wordNearness compares words: a shortening, or a Jaro-Winkler similarity of at
// least 0.92.
func wordNearness(x, y string) float64 {
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 3 || x[0] != y[0] {
		return 0
	}
	if strings.HasPrefix(y, x) {
		return 0.6 + 0.4*float64(len(x))/float64(len(y))
	}
	if len(x) < 5 {
		return 0
	}
	if s := jaroWinkler(x, y); s >= 0.92 {
		return s
	}
	return 0
}

// texts counts tokens that the other product has in its description only.
func (al *alignment) texts(c *corpus, a, b *profile) {
	for _, t := range a.tokens {
		if !al.usedA[t] && b.says(t) {
			al.inText += c.vocab.weight[t] / 2
		}
	}
	for _, t := range b.tokens {
		if !al.usedB[t] && a.says(t) {
			al.inText += c.vocab.weight[t] / 2
		}
	}
}

// base is the mean of Dice's coefficient and of the coverage of the shorter name.
func (al *alignment) base() float64 {
	short, sum := min(al.totalA, al.totalB), al.totalA+al.totalB
	if short <= 0 {
		return 0
	}
	got := al.shared + textShare*al.inText
	dice := min(1, 2*got/sum)
	cover := min(1, got/short)
	return (dice + cover) / 2
}

// rest returns the tokens that have no partner, neither in the name nor in the
// description.
func (al *alignment) rest(a, b *profile) (onlyA, onlyB []int32) {
	for _, t := range a.tokens {
		if !al.usedA[t] && !b.says(t) {
			onlyA = append(onlyA, t)
		}
	}
	for _, t := range b.tokens {
		if !al.usedB[t] && !a.says(t) {
			onlyB = append(onlyB, t)
		}
	}
	return onlyA, onlyB
}

func (al *alignment) sharesGroup(v *vocabulary, group map[string]bool) bool {
	for _, m := range al.pairs {
		if group[v.tokens[m.a].text] {
			return true
		}
	}
	return false
}

// text lists the tokens that both names have.
func (al *alignment) text(c *corpus) string {
	words := make([]string, len(al.pairs))
	for i, m := range al.pairs {
		words[i] = c.vocab.tokens[m.a].text
	}
	return strings.Join(words, " ")
}
