package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/catalog"
	"empire/internal/domain"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))

// keyboards makes n keyboards of merchant 1 with a price.
func keyboards(n int) []domain.Product {
	var out []domain.Product
	for i := range n {
		p := offer("1", fmt.Sprintf("k%03d", i), fmt.Sprintf("Acme K%d", 100+i), int64(5000+100*i), text("layout", "ISO"))
		p.CategoryPath = "Parts > Keyboard"
		out = append(out, p)
	}
	return out
}

// TestBuildMarketLeavesOutClosedPrograms: a page must not name a price that it
// cannot link.
func TestBuildMarketLeavesOutClosedPrograms(t *testing.T) {
	t.Parallel()
	params := catalog.MarketParams{Niche: mustNiche(t, "keyboards", "en"), Products: keyboards(12), At: at}
	for _, tt := range []struct {
		name     string
		programs []domain.Program
		want     domain.Code
	}{
		{"unknown program", nil, ""},
		{"usable program", []domain.Program{{AdvertiserID: "1", Joined: true, Open: true}}, ""},
		{"one of two usable", []domain.Program{{AdvertiserID: "1"}, {AdvertiserID: "1", Joined: true, Open: true}}, ""},
		{"not joined", []domain.Program{{AdvertiserID: "1", Open: true}}, domain.CodeNotEnoughData},
		{"closed", []domain.Program{{AdvertiserID: "1", Joined: true}}, domain.CodeNotEnoughData},
	} {
		params.Programs = tt.programs
		if _, err := catalog.BuildMarket(params); domain.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want code %q", tt.name, err, tt.want)
		}
	}
}

func TestBuildMarket(t *testing.T) {
	t.Parallel()
	searches := func(n int) *int { return &n }
	products := keyboards(12)
	products[0].Price = nil
	products[1].Price = &domain.Money{Minor: 100, Currency: "USD"}
	mouse := offer("2", "m", "Acme M1", 900)
	mouse.CategoryPath, mouse.FeedID = "Parts > Mouse", "feed_2"
	params := catalog.MarketParams{
		Niche: mustNiche(t, "keyboards", "en"), Products: append(products, mouse), At: at,
		Feeds:    []domain.Feed{{ID: "feed_2"}, {ID: "feed_1"}},
		Programs: []domain.Program{{ID: "prog_2", AdvertiserID: "2"}, {ID: "prog_1", AdvertiserID: "1", Joined: true, Open: true}, {ID: "prog_0"}},
		Keywords: []domain.Keyword{
			{Phrase: "best keyboard", Language: "en", MonthlySearches: searches(10)}, {Phrase: "mouse", Language: "en"},
			{Phrase: "Tastatur keyboard", Language: "de"}, {Phrase: "keyboards under 50", Language: "en", MonthlySearches: searches(90)},
			{Phrase: "Best Keyboard", Language: "en"},
		},
	}
	m, err := catalog.BuildMarket(params)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Families) != 10 || m.Unpriced != 1 || m.RowCount != 12 || !m.At.Equal(at) || m.At.Location() != time.UTC {
		t.Errorf("market has %d families, %d unpriced, %d rows, at %v", len(m.Families), m.Unpriced, m.RowCount, m.At)
	}
	for i, f := range m.Families {
		if f.PriceMin.Currency != "EUR" || i > 0 && m.Families[i-1].Key >= f.Key {
			t.Errorf("family %d: %v, key %s after %s", i, f.PriceMin, f.Key, m.Families[max(i-1, 0)].Key)
		}
	}
	if len(m.Feeds) != 1 || m.Feeds[0].ID != "feed_1" || len(m.Programs) != 1 || m.Programs[0].ID != "prog_1" {
		t.Errorf("feeds %v, programs %v", m.Feeds, m.Programs)
	}
	var phrases []string
	for _, k := range m.Keywords {
		phrases = append(phrases, k.Phrase)
	}
	if want := []string{"keyboards under 50", "best keyboard"}; !slices.Equal(phrases, want) {
		t.Errorf("keywords = %q, want %q", phrases, want)
	}
	if !slices.ContainsFunc(m.Match.Notes, func(s string) bool { return strings.Contains(s, "another currency than EUR") }) {
		t.Errorf("notes = %q, want the other currency named", m.Match.Notes)
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(params.Products), func(i, j int) {
		params.Products[i], params.Products[j] = params.Products[j], params.Products[i]
	})
	again, err := catalog.BuildMarket(params)
	if diff := cmp.Diff(m, again); diff != "" || err != nil {
		t.Errorf("shuffled products give another market, %v (-want +got):\n%s", err, diff)
	}
}

func TestBuildMarketNotEnough(t *testing.T) {
	t.Parallel()
	unpriced := keyboards(20)
	for i := range unpriced[5:] {
		unpriced[5+i].Price = nil
	}
	german := keyboards(20)
	for i := range german {
		german[i].Language = "de"
	}
	for _, tt := range []struct {
		name, niche string
		products    []domain.Product
		want        []string
	}{
		{"nothing", "chairs", nil, []string{`"chairs"`, `"chair"`, "at least 8"}},
		{"no such noun", "gaming chairs", keyboards(20), []string{`named or categorized as "chair"`, "largest categories", "Parts > Keyboard (20 rows)"}},
		{"no such modifier", "vegan keyboards", keyboards(20), []string{`20 rows found for "keyboard"`, `none says "vegan"`, "nearest categories"}},
		{"too few", "keyboards", keyboards(7), []string{"7 rows match", "with a price: 7, without: 0"}},
		{"too few with a price", "keyboards", unpriced, []string{"20 rows match", "with a price: 5, without: 15"}},
		{"other language", "keyboards", german, []string{`20 rows mention "keyboard", in another language`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.BuildMarket(catalog.MarketParams{Niche: mustNiche(t, tt.niche, "en"), Products: tt.products})
			if domain.CodeOf(err) != domain.CodeNotEnoughData {
				t.Fatalf("err = %v, want not_enough_data", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("message %q does not say %q", err, w)
				}
			}
		})
	}
}

func TestBuildMarketCategories(t *testing.T) {
	t.Parallel()
	_, err := catalog.BuildMarket(catalog.MarketParams{
		Niche:      mustNiche(t, "keyboard stands", "en"),
		Categories: map[string]int{"Parts > Keyboard": 3, "Parts > Mouse": 4000},
	})
	if want := "nearest categories of the feeds: Parts > Keyboard (3 rows)."; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("err = %v, want it to say %q", err, want)
	}
}

func TestBuildMarketLimit(t *testing.T) {
	t.Parallel()
	products := keyboards(catalog.MaxFamilies + 50)
	for i := range products {
		if i%100 == 0 {
			products[i].Attributes = nil
		}
	}
	m, err := catalog.BuildMarket(catalog.MarketParams{Niche: mustNiche(t, "keyboards", "en"), Products: products})
	if err != nil || len(m.Families) != catalog.MaxFamilies {
		t.Fatalf("%d families, %v, want %d", len(m.Families), err, catalog.MaxFamilies)
	}
	bare := 0
	for _, f := range m.Families {
		if _, ok := f.Attribute("layout"); !ok {
			bare++
		}
	}
	if bare > 1 {
		t.Errorf("%d families without attributes were kept, want at most 1", bare)
	}
}

// plainNames returns the distinct names of rows that are one compound of a noun
// ("Schokomüsli", "Nuss-Müsli") and whose specification states each of the nutrients that
// a label must have.
func plainNames(products []domain.Product, noun string) map[string]bool {
	out := map[string]bool{}
	for i := range products {
		name := strings.ToLower(products[i].Name)
		if strings.Contains(name, " ") || !strings.HasSuffix(name, noun) || name == noun {
			continue
		}
		specs := products[i].Fields["specifications"]
		if !slices.ContainsFunc([]string{"fat:", "saturated_fats:", "carbohydrate:", "sugar:", "protein:", "salt:"}, func(n string) bool { return !strings.Contains(specs, n) }) {
			out[name] = true
		}
	}
	return out
}

// TestBuildMarketFeeds builds markets of real feeds, and does not build those that
// the feeds do not hold.
func TestBuildMarketFeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		feed     string
		families map[string]int // at least; zero: must not be built
	}{
		{"feed_pcparts_en_usd", map[string]int{
			"mechanical keyboards": 300, "computer monitors": 1000, "power supplies": 400, "internal hard drives": 1500, "headphones": 450,
			"wireless mice": 300, "case fans": 600, "webcams": 50, "memory": 2000, "cpus": 450, "gaming monitors": 40,
			"espresso machines": 0, "gaming chairs": 0, "keyboard cases": 0, "monitor stands": 0, "laptops": 0, "yoga mats": 0, "hoodies": 0,
		}},
		{"feed_luma_apparel_en_usd", map[string]int{
			"jackets": 23, "hoodies": 14, "women's jackets": 12, "tees": 24, "men's hoodies": 8,
			"espresso machines": 0, "gaming chairs": 0, "keyboard cases": 0, "monitor stands": 0, "laptops": 0, "yoga mats": 0, "bras": 0,
		}},
		{"feed_abtbuy_a_en_usd", map[string]int{
			"headphones": 10, "turntables": 0,
			"espresso machines": 0, "gaming chairs": 0, "keyboard cases": 0, "monitor stands": 0, "laptops": 0, "yoga mats": 0,
		}},
		{"feed_amazongp_a_en_usd", map[string]int{
			"espresso machines": 0, "gaming chairs": 0, "keyboard cases": 0, "monitor stands": 0, "laptops": 0, "yoga mats": 0,
		}},
		{"feed_food_de_noprice", map[string]int{"laptops": 0, "espresso machines": 0}},
	} {
		for niche, least := range tt.families {
			t.Run(tt.feed+"/"+niche, func(t *testing.T) {
				t.Parallel()
				m, err := catalog.BuildMarket(catalog.MarketParams{Niche: mustNiche(t, niche, "en"), Products: feedProducts(t, tt.feed)})
				if least == 0 && domain.CodeOf(err) != domain.CodeNotEnoughData {
					t.Errorf("%d families, %v, want not_enough_data", len(m.Families), err)
				}
				if least > 0 && (err != nil || len(m.Families) < least) {
					t.Errorf("%d families, %v, want at least %d", len(m.Families), err, least)
				}
			})
		}
	}
	// The German feed has no price at all: a niche is carried by what its rows state.
	food := feedProducts(t, "feed_food_de_noprice")
	// At least the products whose names leave no doubt are in it: one word that ends in
	// "müsli", all nutrients stated.
	for niche, least := range map[string]int{"Müslis": len(plainNames(food, "müsli")), "Essige": 0} {
		m, err := catalog.BuildMarket(catalog.MarketParams{Niche: mustNiche(t, niche, "de"), Products: food})
		if least == 0 && (domain.CodeOf(err) != domain.CodeNotEnoughData || !strings.Contains(err.Error(), "none has a price")) {
			t.Errorf("%s: %v, want too few rows that state enough", niche, err)
		}
		if least > 0 && (err != nil || !m.Priceless || len(m.Families) < least) {
			t.Errorf("%s: %d families, %v, want a priceless market of %d", niche, len(m.Families), err, least)
		}
		names := map[string]bool{}
		for _, f := range m.Families {
			if low := strings.ToLower(f.Name); names[low] || f.PriceMin != nil || strings.Contains(low, " aux ") || len(f.Attributes) < 4 {
				t.Errorf("%s: %q has a twin, a price, another language or too few attributes", niche, f.Name)
			} else {
				names[low] = true
			}
		}
	}
}
