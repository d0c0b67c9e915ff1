package catalog

import (
	"context"
	"maps"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/match"
)

// Two merchants' products are compared if this many comparisons are enough, and of this
// many merchants each with each: those with the most products.
const (
	maxCompared  = 25_000_000
	maxMerchants = 12
)

// joinScore is the score from which two merchants' products are shown as one; what
// match.Strict asks for is enough for a list, but here a reader sees two prices of what
// should be one thing.
const joinScore = 0.8

// joinNearest is how many products of the other merchant are looked at closely for each:
// what shares less than so many others is not the same, and time grows with it. What
// TestFamiliesAcrossMerchants asks of known pairs holds.
const joinNearest = 8

// linkMerchants joins products of different merchants that are the same by what they
// say: names, model numbers, part numbers, figures. It never joins two products of one
// merchant, sizes and colors of a parent, or what differs in a figure, a color, an
// edition or a specification; products that another could be as well stay apart.
func (g *grouping) linkMerchants() {
	byMerchant := map[string][]int{} // one row for each group
	sellers := map[int]map[string]bool{}
	for i := range g.rows {
		root := g.find(i)
		if sellers[root] == nil {
			sellers[root] = map[string]bool{}
		}
		sellers[root][merchantOf(&g.rows[i])] = true
	}
	for _, members := range g.groups() {
		if i := members[0]; g.joinable(members) {
			byMerchant[merchantOf(&g.rows[i])] = append(byMerchant[merchantOf(&g.rows[i])], i)
		}
	}
	names := slices.Sorted(maps.Keys(byMerchant))
	slices.SortStableFunc(names, func(a, b string) int { return len(byMerchant[b]) - len(byMerchant[a]) })
	names = names[:min(len(names), maxMerchants)]
	for k, a := range names {
		for _, b := range names[k+1:] {
			if len(byMerchant[a])*len(byMerchant[b]) <= maxCompared {
				g.linkPairs(byMerchant[a], byMerchant[b], sellers)
			}
		}
	}
}

// joinable reports whether a group may be joined with one of another merchant: it is no
// family of variants, and all its rows are of one merchant.
func (g *grouping) joinable(members []int) bool {
	for _, i := range members {
		if g.family[i] != "" || g.parent[i] || g.names[i] == "" || merchantOf(&g.rows[i]) != merchantOf(&g.rows[members[0]]) {
			return false
		}
	}
	return true
}

// linkPairs joins what two merchants both sell.
func (g *grouping) linkPairs(a, b []int, sellers map[int]map[string]bool) {
	strict := match.Strict()
	strict.MinScore, strict.Nearest = joinScore, joinNearest
	pairs, err := match.Products(context.Background(), pickRows(g.rows, a), pickRows(g.rows, b), strict)
	if err != nil {
		return // only a cancelled context gives one
	}
	for _, p := range pairs {
		i, j := a[p.A], b[p.B]
		if differs(p.Reasons) || g.specs[i].conflicts(g.specs[j]) {
			continue
		}
		x, y := g.find(i), g.find(j)
		if x == y || shareKey(sellers[x], sellers[y]) {
			continue
		}
		g.union(x, y)
		root := g.find(x)
		merged := map[string]bool{}
		maps.Copy(merged, sellers[x])
		maps.Copy(merged, sellers[y])
		sellers[root] = merged
	}
}

func pickRows(rows []domain.Product, at []int) []domain.Product {
	out := make([]domain.Product, len(at))
	for k, i := range at {
		out[k] = rows[i]
	}
	return out
}

// differs reports whether something says that two products are not the same. Prices that
// are far apart do: an upgrade is not the full version.
func differs(reasons []match.Reason) bool {
	return slices.ContainsFunc(reasons, func(r match.Reason) bool {
		return r.Effect < 0 && r.Kind != "name"
	})
}

func shareKey(a, b map[string]bool) bool {
	for k := range a {
		if b[k] {
			return true
		}
	}
	return false
}
