package seo

import (
	"cmp"
	"slices"

	"empire/internal/domain"
)

// strongKin is the kinship from which pages are related beyond the least number.
const strongKin = 0.5

// kinship holds how much each page has to do with each other one:
//
//	2 × shared products ÷ products of the smaller page
//	+ shared lists ÷ all lists, for two product pages: lists are the best-for pages and comparisons that name a product
//	+ 0.5 for the same property (two best-for pages about a price, a size)
//	+ 0.4 towards the guide, 0.3 towards best-for pages, 0.2 towards comparisons, 0.1 towards FAQ and method
//
// The last line only orders what has nothing else in common.
type kinship struct {
	score [][]float64
	valid []bool // pages that may be linked as related
}

func (e *editor) kinship() kinship {
	pages := e.draft.Pages
	n := len(pages)
	m := kinship{score: make([][]float64, n), valid: make([]bool, n)}
	facets := map[string]string{}
	for _, p := range e.draft.Plan.Pages {
		if p.Facet != nil {
			facets[p.Slug] = p.Facet.Attribute
		}
	}
	products := make([]map[string]bool, n)
	lists := map[string]map[int]bool{} // by product: the lists that name it
	for i := range pages {
		products[i] = set(pages[i].Products)
		m.valid[i] = pages[i].Indexable && !pages[i].Kind.Legal() && pages[i].Kind != domain.PageHome
		if pages[i].Kind == domain.PageBest || pages[i].Kind == domain.PageComparison {
			for _, p := range pages[i].Products {
				if lists[p] == nil {
					lists[p] = map[int]bool{}
				}
				lists[p][i] = true
			}
		}
	}
	for i := range pages {
		m.score[i] = make([]float64, n)
		for j := range pages {
			if i == j || !m.valid[j] {
				continue
			}
			p, q := &pages[i], &pages[j]
			s := pull(q.Kind)
			if least := min(len(products[i]), len(products[j])); least > 0 {
				s += 2 * float64(overlap(products[i], products[j])) / float64(least)
			}
			if p.Kind == domain.PageProduct && q.Kind == domain.PageProduct && len(p.Products) > 0 && len(q.Products) > 0 {
				a, b := lists[p.Products[0]], lists[q.Products[0]]
				if shared := overlap(a, b); shared > 0 {
					s += float64(shared) / float64(len(a)+len(b)-shared)
				}
			}
			if f := facets[p.Slug]; f != "" && f == facets[q.Slug] {
				s += 0.5
			}
			m.score[i][j] = s
		}
	}
	return m
}

func pull(k domain.PageKind) float64 {
	switch k {
	case domain.PageGuide:
		return 0.4
	case domain.PageBest:
		return 0.3
	case domain.PageComparison:
		return 0.2
	case domain.PageFAQ, domain.PageMethod:
		return 0.1
	}
	return 0
}

// order returns the pages that page i may be related to, the nearest first. Equal
// kinship is ordered by the distance in the draft, so that not all pages name the
// same ones.
func (m kinship) order(i int) []int {
	var out []int
	for j := range m.valid {
		if j != i && m.valid[j] {
			out = append(out, j)
		}
	}
	n := len(m.valid)
	after := func(j int) int { return (j - i + n) % n }
	slices.SortFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(m.score[i][b], m.score[i][a]), cmp.Compare(after(a), after(b)))
	})
	return out
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

func overlap[K comparable](a, b map[K]bool) int {
	n := 0
	for k := range a {
		if b[k] {
			n++
		}
	}
	return n
}
