package seo_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"empire/internal/agent/seo"
	"empire/internal/domain"
)

// TestPlanLinks follows the plan: every page that may rank then has enough links from
// other pages, and one from another community.
func TestPlanLinks(t *testing.T) {
	t.Parallel()
	d, untouched := lamps(), lamps()
	plan, err := seo.PlanLinks(d, 3)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d, untouched) {
		t.Error("the draft was changed")
	}
	if len(plan.Communities) < 2 || len(plan.Links) == 0 || len(plan.Notes) != 0 {
		t.Fatalf("plan = %+v", plan)
	}
	part := map[string]int{}
	for n, c := range plan.Communities {
		if c.Label == "" {
			t.Errorf("community %d has no label", n)
		}
		for _, path := range c.Paths {
			part[path] = n
		}
	}
	seen, given := map[string]bool{}, map[string]int{}
	for _, l := range plan.Links {
		if l.From == l.To || seen[l.From+" "+l.To] || l.Anchor == "" || l.Reason == "" || l.Across != (part[l.From] != part[l.To]) {
			t.Errorf("link %+v", l)
		}
		if l.To == "/imprint/" || l.From == "/imprint/" {
			t.Errorf("a legal page is in the plan: %+v", l)
		}
		seen[l.From+" "+l.To] = true
		given[l.From]++
	}
	for from, n := range given {
		if n > 12 {
			t.Errorf("%s gives %d links", from, n)
		}
	}
	ranking := 0
	for i := range d.Pages {
		if d.Pages[i].Indexable {
			ranking++
		}
	}
	if len(plan.Pages) != ranking || len(part) != ranking {
		t.Errorf("%d pages in %d places of communities, want %d", len(plan.Pages), len(part), ranking)
	}
	for _, p := range plan.Pages {
		if p.Inlinks+p.Planned < 3 || p.Across == 0 || p.Community != part[p.Path] {
			t.Errorf("page %+v", p)
		}
	}
	again, err := seo.PlanLinks(d, 3)
	if err != nil || !reflect.DeepEqual(plan, again) {
		t.Errorf("the same draft gave another plan: %v", err)
	}
	for _, k := range []int{0, 21} {
		if _, err := seo.PlanLinks(d, k); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%d links: %v", k, err)
		}
	}
	if plan, err := seo.PlanLinks(d, 20); err != nil || len(plan.Notes) == 0 {
		t.Errorf("more links than pages: %d notes, %v", len(plan.Notes), err)
	}
}

func TestKeywordKey(t *testing.T) {
	t.Parallel()
	for _, same := range [][3]string{
		{"en", "best desk lamps", "desk lamp"}, {"en", "Lamps for the desk", "desk lamp"}, {"de", "die besten Schreibtischlampen", "schreibtischlampe"},
	} {
		if a, b := seo.KeywordKey(same[0], same[1]), seo.KeywordKey(same[0], same[2]); a != b || a == "" {
			t.Errorf("%q has the key %q, %q has %q", same[1], a, same[2], b)
		}
	}
	if a, b := seo.KeywordKey("en", "desk lamp"), seo.KeywordKey("en", "floor lamp"); a == b || seo.KeywordKey("en", "the best") != "" {
		t.Errorf("keys %q, %q", a, b)
	}
}

func TestKeywordPages(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Plan.Pages[0].Intent = "Which desk lamps suit me?"
	d.Pages[2].Keywords = []string{"Desk lamps", "lamps for desks"}
	d.Pages[1].Keywords = []string{"lamp guide"}
	d.Pages[2].Claims = []domain.Claim{{ID: "c1", Evidence: []domain.EvidenceID{"ev_1", "ev_2"}}, {ID: "c2", Evidence: []domain.EvidenceID{"ev_2"}}}
	list := seo.KeywordPages(d)
	if !slices.IsSortedFunc(list, func(a, b domain.KeywordPage) int { return compare(a.Path, b.Path) }) || len(list) != len(d.Pages)-1 {
		t.Errorf("pages = %+v", list)
	}
	by := map[string]domain.KeywordPage{}
	for _, p := range list {
		by[p.Path] = p
	}
	best, guide, product := by["/best-desk/"], by["/guide/"], by["/product-0/"]
	if best.Keyword != "desk lamps" || !slices.Equal(best.Others, []string{"lamps for desks"}) || best.Intent != domain.IntentCompare || best.Question == "" || best.Evidence != 2 || best.Domain != "lamps.example" {
		t.Errorf("list = %+v", best)
	}
	if guide.Keyword != "lamp guide" || guide.Intent != domain.IntentLearn || product.Keyword != "" || product.Key != "" || product.Intent != domain.IntentBuy {
		t.Errorf("guide = %+v, product = %+v", guide, product)
	}
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// TestOptimizerLeavesTakenKeywords: what a page of another website is for is given to
// no page.
func TestOptimizerLeavesTakenKeywords(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Plan.Pages[0].Keyword = ""
	d.Pages[2].Keywords = []string{"best desk lamps", "lamps to read by"}
	d.Plan.Taken = []domain.TakenKeyword{{Key: seo.KeywordKey("en", "desk lamp"), Keyword: "desk lamp", Domain: "other.example", Path: "/x/"}}
	res := optimize(t, d, domain.Keyword{Phrase: "desk lamps"}, domain.Keyword{Phrase: "floor lamps"})
	if got := fmt.Sprint(find(res.Pages, "best-desk").Keywords); got != "[lamps to read by]" {
		t.Errorf("keywords = %s", got)
	}
	for _, a := range res.Keywords {
		if a.Keyword == "desk lamps" && a.Path != "" || a.Keyword == "floor lamps" && a.Path == "" {
			t.Errorf("assignment %+v", a)
		}
	}
}
