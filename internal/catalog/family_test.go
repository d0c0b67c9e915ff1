package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/catalog"
	"empire/internal/domain"
)

// offer makes a row of a merchant with a price in cents; zero means no price.
func offer(merchant, key, name string, cents int64, attributes ...domain.Attribute) domain.Product {
	p := domain.Product{
		FeedID: "feed_1", Key: key, MerchantKey: "mk-" + key, MerchantID: merchant, Name: name, Attributes: attributes,
		Fields: map[string]string{"product_name": name},
	}
	if cents > 0 {
		p.Price = &domain.Money{Minor: cents, Currency: "EUR"}
	}
	return p
}

func watts(n float64) domain.Attribute {
	return domain.Attribute{Name: "wattage", Kind: domain.AttributeNumber, Number: n, Unit: "W", Field: "specifications", Raw: fmt.Sprint(n)}
}

func text(name, value string) domain.Attribute {
	return domain.Attribute{Name: name, Kind: domain.AttributeText, Text: value, Field: "specifications", Raw: value}
}

func names(families []domain.Family) []string {
	var out []string
	for _, f := range families {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

func TestFamiliesNames(t *testing.T) {
	t.Parallel()
	withEAN := func(p domain.Product, ean string) domain.Product { p.EAN = ean; return p }
	child := func(p domain.Product, parent string) domain.Product { p.ParentKey = parent; return p }
	for _, tt := range []struct {
		name string
		rows []domain.Product
		want []string
	}{
		{
			"colors are variants",
			[]domain.Product{
				offer("1", "a", "Acme RM850", 9900, watts(850), text("colour", "Black")),
				offer("1", "b", "Acme RM850", 9800, watts(850), text("colour", "White")),
			},
			[]string{"Acme RM850"},
		},
		{
			"wattage makes another product",
			[]domain.Product{offer("1", "a", "Acme RM", 9900, watts(850)), offer("1", "b", "Acme RM", 7900, watts(650))},
			[]string{"Acme RM (650 W)", "Acme RM (850 W)"},
		},
		{
			"as few specifications as tell apart",
			[]domain.Product{
				offer("1", "a", "Acme RM", 9900, watts(850), text("form_factor", "ATX"), text("efficiency", "gold")),
				offer("1", "b", "Acme RM", 7900, watts(650), text("form_factor", "ATX"), text("efficiency", "gold")),
				offer("1", "c", "Acme RM", 8900, watts(650), text("form_factor", "SFX"), text("efficiency", "gold")),
			},
			[]string{"Acme RM (650 W, ATX)", "Acme RM (650 W, SFX)", "Acme RM (850 W, ATX)"},
		},
		{
			"a row that says less joins the only fit",
			[]domain.Product{
				offer("1", "a", "Acme RM", 9900, watts(850), text("form_factor", "ATX")), offer("1", "b", "Acme RM", 9500, watts(850)),
			},
			[]string{"Acme RM"},
		},
		{
			"a row that fits two joins none",
			[]domain.Product{
				offer("1", "a", "Acme RM", 9900, watts(850), text("form_factor", "ATX")),
				offer("1", "b", "Acme RM", 9500, watts(850), text("form_factor", "SFX")), offer("1", "c", "Acme RM", 9400, watts(850)),
			},
			[]string{"Acme RM", "Acme RM (ATX)", "Acme RM (SFX)"},
		},
		{
			"one EAN at two merchants",
			[]domain.Product{
				withEAN(offer("1", "a", "Acme Brew 3", 9900), "9520000000004"), withEAN(offer("2", "b", "Brew 3 by Acme", 9500), "9520000000004"),
			},
			[]string{"Brew 3 by Acme"},
		},
		{
			"the shorter name of two merchants",
			[]domain.Product{
				withEAN(offer("1", "a", "Acme Brew 3", 9900), "9520000000004"), withEAN(offer("2", "b", "Acme Brew 3, black", 9500), "9520000000004"),
			},
			[]string{"Acme Brew 3"},
		},
		{
			"a bad check digit joins nothing",
			[]domain.Product{
				withEAN(offer("1", "a", "Acme Brew", 9900), "9520000000001"), withEAN(offer("2", "b", "Acme Press", 9500), "9520000000001"),
			},
			[]string{"Acme Brew", "Acme Press"},
		},
		{
			"an in-store number joins nothing",
			[]domain.Product{
				withEAN(offer("1", "a", "Acme Brew", 9900), "2000000000008"), withEAN(offer("2", "b", "Acme Press", 9500), "2000000000008"),
			},
			[]string{"Acme Brew", "Acme Press"},
		},
		{
			"one EAN for different goods of a merchant",
			[]domain.Product{
				withEAN(offer("1", "a", "Acme Brew", 9900), "9520000000004"), withEAN(offer("1", "b", "Acme Press", 9500), "9520000000004"),
			},
			[]string{"Acme Brew", "Acme Press"},
		},
		{
			"same short name at two merchants",
			[]domain.Product{offer("1", "a", "Acme Brew", 9900, watts(850)), offer("2", "b", "Acme Brew", 9500, watts(650))},
			[]string{"Acme Brew (650 W)", "Acme Brew (850 W)"},
		},
		{
			"same long name with a model at two merchants",
			[]domain.Product{offer("1", "a", "Acme Brew XR-300 steel", 9900), offer("2", "b", "Acme Brew XR-300 Steel", 9500)},
			[]string{"Acme Brew XR-300 Steel"},
		},
		{
			"variants of a parent",
			[]domain.Product{
				child(offer("1", "a", "Juno Jacket-XS-Blue", 7700), "WJ06"), child(offer("1", "b", "Juno Jacket-S-Blue", 7700), "WJ06"),
			},
			[]string{"Juno Jacket"},
		},
		{
			"one variant of a parent",
			[]domain.Product{child(offer("1", "a", "Juno Jacket-XS-Blue", 7700, text("size", "XS"), text("colour", "Blue")), "WJ06")},
			[]string{"Juno Jacket"},
		},
		{
			"a parent of unlike things",
			[]domain.Product{child(offer("1", "a", "Juno Jacket", 7700), "ROOT"), child(offer("1", "b", "Frankie Sweatshirt", 7700), "ROOT")},
			[]string{"Frankie Sweatshirt", "Juno Jacket"},
		},
		{
			"nothing tells them apart",
			[]domain.Product{offer("1", "a", "Acme Brew", 9900, watts(850)), offer("2", "b", "Acme Brew", 9500, watts(850))},
			[]string{"Acme Brew"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := names(catalog.Families(tt.rows))
			if !slices.Equal(got, tt.want) {
				t.Errorf("names = %q, want %q", got, tt.want)
			}
			slices.Reverse(tt.rows)
			if again := names(catalog.Families(tt.rows)); !slices.Equal(again, tt.want) {
				t.Errorf("names of reversed rows = %q, want %q", again, tt.want)
			}
		})
	}
}

func TestFamiliesVariants(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	variant := func(key, size, colour string, cents int64, stock *bool) domain.Product {
		p := offer("1", key, "Juno Jacket-"+size+"-"+colour, cents, text("size", size), text("colour", colour), text("material", "Wool"))
		p.ParentKey, p.InStock = "WJ06", stock
		return p
	}
	parent := offer("1", "p", "Juno Jacket", 7700, text("material", "Wool"), text("climate", "Cool"))
	parent.MerchantKey = "WJ06"
	families := catalog.Families([]domain.Product{
		variant("c", "XL", "Blue", 8000, &yes), variant("b", "M", "Red", 7500, &no), variant("a", "XS", "Blue", 7500, &yes),
		variant("d", "S", "Red", 0, &yes), parent,
	})
	if len(families) != 1 {
		t.Fatalf("families = %q, want one", names(families))
	}
	f := families[0]
	var order []string
	for _, v := range f.Variants {
		order = append(order, v.Key)
	}
	if want := []string{"a", "c", "b", "d", "p"}; !slices.Equal(order, want) {
		t.Errorf("variants = %q, want %q", order, want)
	}
	if last := f.Variants[4]; last.Price != nil {
		t.Errorf("the parent row has price %v, want none", last.Price)
	}
	if f.Name != "Juno Jacket" || f.PriceMin.Minor != 7500 || f.PriceMax.Minor != 8000 {
		t.Errorf("family = %q %v to %v", f.Name, f.PriceMin, f.PriceMax)
	}
	sizes, _ := f.Attribute("available_sizes")
	colours, _ := f.Attribute("available_colours")
	if diff := cmp.Diff([][]string{{"XS", "S", "M", "XL"}, {"Blue", "Red"}}, [][]string{sizes.List, colours.List}); diff != "" {
		t.Errorf("options differ (-want +got):\n%s", diff)
	}
	for _, name := range []string{"size", "colour"} {
		if a, ok := f.Attribute(name); ok {
			t.Errorf("family has %s %q although its variants differ", name, a.Text)
		}
	}
	if a, ok := f.Attribute("climate"); !ok || a.RowKey != "p" {
		t.Errorf("climate = %+v, want the parent's", a)
	}
	checkEvidence(t, f)
}

// checkEvidence fails unless every attribute names a row of its family.
func checkEvidence(t *testing.T, f domain.Family) {
	t.Helper()
	options := map[string]int{}
	for _, a := range f.Attributes {
		if !slices.ContainsFunc(f.Variants, func(p domain.Product) bool { return p.Key == a.RowKey }) {
			t.Errorf("%s: attribute %s cites row %q, which is not of the family", f.Name, a.Name, a.RowKey)
		}
		options[a.Name]++
	}
	for list, option := range map[string]string{"available_sizes": "size_option", "available_colours": "colour_option"} {
		if a, _ := f.Attribute(list); len(a.List) != options[option] {
			t.Errorf("%s: %d items in %s, %d of %s", f.Name, len(a.List), list, options[option], option)
		}
	}
}

func TestFamiliesConflict(t *testing.T) {
	t.Parallel()
	a, b := offer("1", "a", "Acme Brew", 9900, watts(850), text("type", "ATX")), offer("2", "b", "Acme Brew 850", 9500, watts(800), text("fan", "120"))
	a.EAN, b.EAN = "9520000000004", "9520000000004"
	f := catalog.Families([]domain.Product{a, b})[0]
	got := map[string]string{}
	for _, at := range f.Attributes {
		got[at.Name] = at.Raw + " of " + at.RowKey
	}
	want := map[string]string{"wattage": "800 of b", "type": "ATX of a", "fan": "120 of b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes differ (-want +got):\n%s", diff)
	}
}

func TestFamiliesBrand(t *testing.T) {
	t.Parallel()
	var rows []domain.Product
	for i, n := range []string{
		"Corsair A1", "Corsair B2", "Corsair C3", "Cooler Master MWE", "Wireless A1", "Wireless B2", "Wireless C3",
		"MSI A1", "MSI B2", "Lone A1", "Lone B2", "Juno Jacket",
	} {
		rows = append(rows, offer("1", fmt.Sprint(i), n, 100))
	}
	branded := offer("1", "x", "Known Thing", 100)
	branded.Brand, branded.Fields["brand_name"] = "Lone", "Lone"
	got := map[string]string{}
	for _, f := range catalog.Families(append(rows, branded)) {
		got[f.Name] = f.Brand
		a, ok := f.Attribute("brand")
		if ok != (f.Brand != "") || ok && (a.Text != f.Brand || !strings.Contains(f.Lead().Fields[a.Field], a.Raw)) {
			t.Errorf("%s: brand %q with attribute %+v", f.Name, f.Brand, a)
		}
	}
	want := map[string]string{
		"Corsair A1": "Corsair", "Corsair B2": "Corsair", "Corsair C3": "Corsair", "Cooler Master MWE": "Cooler Master",
		"Wireless A1": "", "Wireless B2": "", "Wireless C3": "", "MSI A1": "MSI", "MSI B2": "MSI",
		"Lone A1": "Lone", "Lone B2": "Lone", "Juno Jacket": "", "Known Thing": "Lone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("brands differ (-want +got):\n%s", diff)
	}
}

// TestFamiliesOrder groups shuffled rows of real feeds: the result must not depend
// on their order, names and keys must be unique, and no priced row may get lost
// but for the families that nothing tells apart.
func TestFamiliesOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ feed, niche string }{
		{"feed_pcparts_en_usd", "mechanical keyboards"}, {"feed_pcparts_en_usd", "power supplies"}, {"feed_luma_apparel_en_usd", "jackets"},
	} {
		t.Run(tt.niche, func(t *testing.T) {
			t.Parallel()
			rows, _ := mustNiche(t, tt.niche, "en").Match(feedProducts(t, tt.feed))
			want := catalog.Families(rows)
			r := rand.New(rand.NewPCG(1, 2))
			for range 2 {
				r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
				if diff := cmp.Diff(summaries(want), summaries(catalog.Families(rows))); diff != "" {
					t.Fatalf("shuffled rows give other families (-want +got):\n%s", diff)
				}
			}
			seen := map[string]bool{}
			held := 0
			for _, f := range want {
				if seen[f.Key] || seen[strings.ToLower(f.Name)] {
					t.Errorf("family %s %q is there twice", f.Key, f.Name)
				}
				seen[f.Key], seen[strings.ToLower(f.Name)] = true, true
				held += len(f.Variants)
				checkEvidence(t, f)
			}
			if held < len(rows)*98/100 {
				t.Errorf("%d of %d rows are in families", held, len(rows))
			}
		})
	}
}

func summaries(families []domain.Family) []string {
	var out []string
	for _, f := range families {
		s := fmt.Sprint(f.Key, f.Name, f.NameFrom, f.Brand, f.PriceMin, f.PriceMax, f.Attributes)
		for _, v := range f.Variants {
			s += " " + v.Key
		}
		out = append(out, s)
	}
	return out
}

func TestFamiliesLuma(t *testing.T) {
	t.Parallel()
	rows, _ := mustNiche(t, "jackets", "en").Match(feedProducts(t, "feed_luma_apparel_en_usd"))
	families := catalog.Families(rows)
	if len(families) != 23 {
		t.Fatalf("families = %d, want 23: %q", len(families), names(families))
	}
	i := slices.IndexFunc(families, func(f domain.Family) bool { return f.Name == "Beaumont Summit Kit" })
	if i < 0 {
		t.Fatalf("no Beaumont Summit Kit in %q", names(families))
	}
	f := families[i]
	sizes, _ := f.Attribute("available_sizes")
	colours, _ := f.Attribute("available_colours")
	if want := []string{"XS", "S", "M", "L", "XL"}; !slices.Equal(sizes.List, want) {
		t.Errorf("sizes = %q, want %q", sizes.List, want)
	}
	if want := []string{"Orange", "Red", "Yellow"}; !slices.Equal(colours.List, want) {
		t.Errorf("colors = %q, want %q", colours.List, want)
	}
	if len(f.Variants) != 16 || f.Variants[15].Kind != "configurable" || f.PriceMin.String() != "42.00 USD" {
		t.Errorf("%d variants from %v, the last is %q", len(f.Variants), f.PriceMin, f.Variants[15].Kind)
	}
}

// TestFamiliesLeadCanBeBought: a lower price at which nothing can be bought is no price
// to compare with, unless there is no other.
func TestFamiliesLeadCanBeBought(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	const ean = "4006381333931"
	at := func(merchant string, price int64, stock *bool) domain.Product {
		return domain.Product{
			FeedID: "feed_a", Key: merchant, MerchantKey: merchant, MerchantID: merchant, Name: "Juno Kettle", EAN: ean, InStock: stock,
			Price: &domain.Money{Minor: price, Currency: "EUR"},
		}
	}
	for _, tt := range []struct {
		name      string
		rows      []domain.Product
		lead      string
		low, high int64
	}{
		{"cheapest is sold out", []domain.Product{at("1", 10990, &no), at("2", 11900, &yes), at("3", 12500, nil)}, "2", 11900, 12500},
		{"stock that is not said counts as there", []domain.Product{at("1", 10990, nil), at("2", 11900, &yes)}, "1", 10990, 11900},
		{"all sold out", []domain.Product{at("1", 10990, &no), at("2", 11900, &no)}, "1", 10990, 11900},
		{"sold out is dearer", []domain.Product{at("1", 10990, &yes), at("2", 11900, &no)}, "1", 10990, 10990},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			families := catalog.Families(tt.rows)
			if len(families) != 1 {
				t.Fatalf("families = %q, want one", names(families))
			}
			f := families[0]
			if f.Lead().Key != tt.lead || f.PriceMin.Minor != tt.low || f.PriceMax.Minor != tt.high {
				t.Errorf("lead %s, %v to %v; want %s, %d to %d", f.Lead().Key, f.PriceMin, f.PriceMax, tt.lead, tt.low, tt.high)
			}
		})
	}
}
