// Package match finds the products that two merchants both sell.
//
//	names ─ tokens ─ weights ─ candidates ─ comparison ─ assignment ─▶ pairs with reasons
//	        words, codes,      share rare   score, 0–1   one to one,
//	        numbers, units     tokens                    best first
//
// No model is trained: tokens weigh by how rare they are in the two feeds, equal
// identifiers raise a score, contradicting figures, colors, editions and prices
// lower it, and a product has at most one partner.
package match

import (
	"cmp"
	"context"
	"slices"

	"empire/internal/domain"
)

// Reason is one piece of evidence for or against a pair.
type Reason struct {
	// Kind is one of name, gtin, mpn, model_number, price and, against the pair,
	// gtin_differs, model_number_differs, numbers_differ, quantity_differs,
	// color_differs, variant_differs, price_differs.
	Kind   string  `json:"kind"`
	Text   string  `json:"text,omitempty"`
	Effect float64 `json:"effect"` // on the score; the effects of a pair sum to it
}

// Pair is one product that both lists hold.
type Pair struct {
	A       int      `json:"a"` // index in the first list
	B       int      `json:"b"`
	Score   float64  `json:"score"`  // 0 to 1
	Margin  float64  `json:"margin"` // to the best other partner that either could have had
	Reasons []Reason `json:"reasons"`
}

// Config says when two products are one. The zero value means the defaults.
type Config struct {
	// MinScore is the lowest score of a pair, DefaultMinScore if zero: half of what
	// the names say is shared, or identifiers make up for it.
	MinScore float64
	// MinMargin is how much better a pair must be than the best other partner of
	// either product. Zero takes the best one even when another is as good.
	MinMargin float64
	// Nearest is how many products of the second list are compared in full with each of
	// the first, those that share the most; 0: 40. Time grows with it.
	Nearest int
}

// DefaultMinScore is the score from which more speaks for a pair than against it.
const DefaultMinScore = 0.5

// Strict is for joins that a reader sees as one offer beside the other: pairs that
// share most of what they say and that have no rival. It leaves out pairs that the
// default would get right, and few that are left are wrong.
func Strict() Config { return Config{MinScore: 0.7, MinMargin: 0.05} }

// Products pairs the products of a with those of b, each with at most one, best
// pairs first. Both lists may come in any order; equal input gives equal output. The
// error is that of ctx: two feeds of 50,000 products take half a minute of one
// processor.
func Products(ctx context.Context, a, b []domain.Product, cfg Config) ([]Pair, error) {
	if cfg.MinScore == 0 {
		cfg.MinScore = DefaultMinScore
	}
	if cfg.Nearest <= 0 {
		cfg.Nearest = maxNearness
	}
	c := newCorpus(a, b)
	var scored []Pair
	for i, list := range c.candidates(cfg.Nearest) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, j := range list {
			got := c.compare(&c.side[0][i], &c.side[1][j], false)
			if got.score > 0 {
				scored = append(scored, Pair{A: i, B: int(j), Score: got.score})
			}
		}
	}
	slices.SortFunc(scored, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	pairs := assign(scored, len(a), len(b), cfg)
	for k := range pairs {
		p := &pairs[k]
		p.Reasons = c.compare(&c.side[0][p.A], &c.side[1][p.B], true).reasons
	}
	return pairs, nil
}

// assign takes the best pair of products that are both free, again and again
// ("unique mapping clustering": Lacoste-Julien et al., "SiGMa: simple greedy
// matching for aligning large knowledge bases", 2013).
func assign(scored []Pair, na, nb int, cfg Config) []Pair {
	takenA, takenB := make([]bool, na), make([]bool, nb)
	second := runnersUp(scored, na, nb)
	var out []Pair
	for _, p := range scored {
		if p.Score < cfg.MinScore {
			break
		}
		if takenA[p.A] || takenB[p.B] {
			continue
		}
		p.Margin = p.Score - second(p)
		if p.Margin < cfg.MinMargin {
			continue
		}
		takenA[p.A], takenB[p.B] = true, true
		out = append(out, p)
	}
	return out
}

// runnersUp returns a function that finds the best score of another pair with one
// of the two products.
func runnersUp(scored []Pair, na, nb int) func(Pair) float64 {
	type two struct{ first, second Pair }
	tops := func(n int, side func(Pair) int) []two {
		out := make([]two, n)
		for _, p := range scored {
			t := &out[side(p)]
			if t.first.Score == 0 {
				t.first = p
			} else if t.second.Score == 0 {
				t.second = p
			}
		}
		return out
	}
	as, bs := tops(na, func(p Pair) int { return p.A }), tops(nb, func(p Pair) int { return p.B })
	other := func(t two, p Pair) float64 {
		if t.first.A == p.A && t.first.B == p.B {
			return t.second.Score
		}
		return t.first.Score
	}
	return func(p Pair) float64 { return max(other(as[p.A], p), other(bs[p.B], p)) }
}
