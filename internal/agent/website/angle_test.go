package website_test

import (
	"reflect"
	"testing"

	"empire/internal/domain"
)

// TestPlanAngles: seeds give sites of one market other angles, other lists and other
// comparisons; one seed always gives the same.
func TestPlanAngles(t *testing.T) {
	t.Parallel()
	m := lamps(60)
	kinds, leads, lists, pairs := map[domain.AngleKind]bool{}, map[string]bool{}, map[string]int{}, map[string]int{}
	const sites = 12
	for seed := range uint64(sites) {
		p := plan(t, m, seed)
		if again := plan(t, m, seed); !reflect.DeepEqual(p, again) {
			t.Errorf("seed %d gives two plans", seed)
		}
		if p.Angle.Kind == "" || len(p.Angle.Leads) != 2 || p.Angle.Leads[0] == p.Angle.Leads[1] {
			t.Errorf("seed %d: angle %+v", seed, p.Angle)
		}
		kinds[p.Angle.Kind] = true
		leads[p.Angle.Leads[0]] = true
		for _, page := range p.Pages {
			switch page.Kind {
			case domain.PageBest:
				lists[page.Slug]++
			case domain.PageComparison:
				pairs[page.Slug]++
			default:
			}
		}
	}
	if len(kinds) < 2 || len(leads) < 3 {
		t.Errorf("%d sites have %d kinds of angles and %d leading attributes, want at least 2 and 3", sites, len(kinds), len(leads))
	}
	if n := everywhere(lists, sites); n > len(lists)*2/3 {
		t.Errorf("%d of %d lists stand on every site", n, len(lists))
	}
	if n := everywhere(pairs, sites); n > 0 || len(pairs) < 12 {
		t.Errorf("%d of %d comparisons stand on every site", n, len(pairs))
	}
}

func everywhere(count map[string]int, sites int) int {
	n := 0
	for _, k := range count {
		if k == sites {
			n++
		}
	}
	return n
}

// TestPlanWithoutPricesHasNoBudget: what the data do not carry is not drawn.
func TestPlanWithoutPricesHasNoBudget(t *testing.T) {
	t.Parallel()
	m := lamps(60)
	m.Priceless = true
	for i := range m.Families {
		m.Families[i].PriceMin, m.Families[i].Variants[0].Price = nil, nil
	}
	for seed := range uint64(12) {
		if p := plan(t, m, seed); p.Angle.Kind == domain.AngleBudget {
			t.Errorf("seed %d: %+v", seed, p.Angle)
		}
	}
}
