package website_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"empire/internal/agent/website"
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// lamps makes a market of n lamps whose properties follow from the index.
func lamps(n int) *domain.Market {
	m := &domain.Market{Niche: "desk lamps", Language: "en", Noun: domain.NicheNoun{Singular: "desk lamp", Plural: "desk lamps"}}
	for i := range n {
		name := fmt.Sprintf("%s Lamp %d", []string{"Arno", "Bela", "Cleo", "Dora", "Emil"}[i%5], i)
		price := domain.Money{Minor: int64(1999 + i*700 + i%3*150), Currency: "EUR"}
		p := domain.Product{Key: "r" + strconv.Itoa(i), Name: name, Price: &price, Fields: map[string]string{"product_name": name}}
		m.Families = append(m.Families, domain.Family{
			Key: "f" + strconv.Itoa(1000+i), Name: name, Variants: []domain.Product{p}, PriceMin: &price,
			Attributes: []domain.Attribute{
				{Name: "wattage", Kind: domain.AttributeNumber, Number: float64(5 + i%6*2), Unit: "W"},
				{Name: "base", Kind: domain.AttributeText, Text: []string{"Clamp", "Foot", "Screw"}[i%3]},
				{Name: "dimmable", Kind: domain.AttributeFlag, Flag: i%2 == 0},
				{Name: "height", Kind: domain.AttributeNumber, Number: float64(30 + i%4*5), Unit: "cm"},
			},
		})
	}
	return m
}

func plan(t *testing.T, m *domain.Market, seed uint64) domain.SitePlan {
	t.Helper()
	p, err := website.New().Plan(t.Context(), website.PlanInput{Market: m, Website: domain.Website{Domain: "lamps.example"}, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlanHasEveryKind(t *testing.T) {
	t.Parallel()
	p := plan(t, lamps(60), 1)
	kinds := map[domain.PageKind]int{}
	for _, page := range p.Pages {
		kinds[page.Kind]++
	}
	for _, k := range []domain.PageKind{
		domain.PageHome, domain.PageGuide, domain.PageFAQ, domain.PageMethod, domain.PageImprint, domain.PagePrivacy, domain.PageDisclosure,
	} {
		if kinds[k] != 1 {
			t.Errorf("pages of kind %s = %d, want 1", k, kinds[k])
		}
	}
	if n := kinds[domain.PageBest]; n < 3 || n > 8 {
		t.Errorf("best-for pages = %d, want 3 to 8", n)
	}
	if n := kinds[domain.PageComparison]; n < 2 || n > 4 {
		t.Errorf("comparisons = %d, want 2 to 4", n)
	}
	if n := kinds[domain.PageProduct]; n < 8 || n > 24 {
		t.Errorf("product pages = %d, want 8 to 24", n)
	}
	if len(p.Pages) < 15 || p.Pages[0].Slug != "" {
		t.Errorf("pages = %d, first slug = %q", len(p.Pages), p.Pages[0].Slug)
	}
}

func TestPlanNamesAreUnique(t *testing.T) {
	t.Parallel()
	for _, n := range []int{12, 24, 60, 200} {
		p := plan(t, lamps(n), 1)
		seen := map[string]bool{}
		for _, page := range p.Pages {
			for kind, text := range map[string]string{"slug": page.Slug + "/", "title": page.Title, "label": page.NavLabel, "keyword": page.Keyword} {
				key := kind + strings.ToLower(text)
				if text != "" && seen[key] {
					t.Errorf("%d lamps: %s %q is used twice", n, kind, text)
				}
				seen[key] = true
			}
			if utf8.RuneCountInString(page.Title) > 90 || page.Intent == "" {
				t.Errorf("page %s: title %q, intent %q", page.Slug, page.Title, page.Intent)
			}
		}
	}
}

func TestPlanFacetsSelectUsefully(t *testing.T) {
	t.Parallel()
	m := lamps(80)
	p := plan(t, m, 1)
	v := market.New(m, "en")
	var lists []map[string]bool
	for _, page := range p.Pages {
		if page.Kind != domain.PageBest {
			continue
		}
		matched := len(v.Select(page.Facet))
		if matched < 5 || float64(matched) > 0.7*float64(len(v.Items)) {
			t.Errorf("%s selects %d of %d", page.Title, matched, len(v.Items))
		}
		list := map[string]bool{}
		for _, key := range page.Products {
			it, ok := v.Item(key)
			if !ok || !v.Has(it, page.Facet) {
				t.Errorf("%s lists %s, which does not belong", page.Title, key)
			}
			list[key] = true
		}
		for i, other := range lists {
			both := 0
			for key := range list {
				if other[key] {
					both++
				}
			}
			if both*10 > 6*min(len(list), len(other)) {
				t.Errorf("%s shares %d products with list %d", page.Title, both, i)
			}
		}
		lists = append(lists, list)
	}
}

func TestPlanRefusesThinMarkets(t *testing.T) {
	t.Parallel()
	same := lamps(20)
	for i := range same.Families {
		same.Families[i].Attributes = nil
		*same.Families[i].Variants[0].Price = domain.Money{Minor: 4900, Currency: "EUR"}
	}
	for _, tt := range []struct {
		name   string
		market *domain.Market
		want   domain.Code
	}{
		{"nothing", &domain.Market{Niche: "x"}, domain.CodeNotEnoughData},
		{"seven products", lamps(7), domain.CodeNotEnoughData},
		{"nothing tells them apart", same, domain.CodeNotEnoughData},
		{"no market", nil, domain.CodeInvalid},
		{"enough", lamps(16), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := website.New().Plan(t.Context(), website.PlanInput{Market: tt.market})
			if got := domain.CodeOf(err); got != tt.want {
				t.Errorf("code = %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestPlanIsDeterministic(t *testing.T) {
	t.Parallel()
	if a, b := plan(t, lamps(60), 5), plan(t, lamps(60), 5); !reflect.DeepEqual(a, b) {
		t.Error("plans differ for equal input")
	}
}

func TestPlanSpeaksGerman(t *testing.T) {
	t.Parallel()
	m := lamps(40)
	m.Language = "de"
	m.Noun = domain.NicheNoun{Singular: "Schreibtischlampe", Plural: "Schreibtischlampen"}
	slugs := map[string]bool{}
	for _, page := range plan(t, m, 1).Pages {
		slugs[page.Slug] = true
	}
	for _, want := range []string{"impressum", "datenschutz", "werbehinweis", "kaufberatung", "fragen"} {
		if !slugs[want] {
			t.Errorf("the plan has no page %q", want)
		}
	}
}

// TestPlanLeavesTakenKeywords: a keyword of a sister site is planned for no page unless
// it is forced, and the plan says so either way.
func TestPlanLeavesTakenKeywords(t *testing.T) {
	t.Parallel()
	key := func(_, phrase string) string { return strings.TrimPrefix(strings.ToLower(phrase), "best ") }
	taken := []domain.TakenKeyword{{Key: "desk lamps", Keyword: "desk lamps", Domain: "sister.example", Path: "/lamps/"}, {Key: "nothing", Domain: "sister.example", Path: "/"}}
	for _, force := range []bool{false, true} {
		in := website.PlanInput{Market: lamps(60), Website: domain.Website{Domain: "lamps.example"}, Seed: 1, Taken: taken, Force: force, Key: key}
		p, err := website.New().Plan(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, w := range p.Warnings {
			if strings.Contains(w, "https://sister.example/lamps/") {
				said += w
			}
		}
		want, words := "", "planned without it"
		if force {
			want, words = "desk lamps", "as was wanted"
		}
		if p.Pages[0].Keyword != want || strings.Count(said, words) != 1 || (len(p.Taken) == 0) != force {
			t.Errorf("force %v: keyword %q, warnings %q, taken %v", force, p.Pages[0].Keyword, said, p.Taken)
		}
	}
}
