package market_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// builder makes families with attributes.
type builder struct{ m domain.Market }

func (b *builder) family(name string, minor int64, currency string, attributes ...domain.Attribute) {
	price := domain.Money{Minor: minor, Currency: currency}
	p := domain.Product{Key: "row-" + name, Name: name, Price: &price, Fields: map[string]string{"product_name": name}}
	b.m.Families = append(b.m.Families, domain.Family{
		Key: "fam-" + name, Name: name, Variants: []domain.Product{p}, Attributes: attributes, PriceMin: &price,
	})
}

func number(name string, v float64, unit string) domain.Attribute {
	return domain.Attribute{Name: name, Kind: domain.AttributeNumber, Number: v, Unit: unit}
}

func flag(name string, v bool) domain.Attribute {
	return domain.Attribute{Name: name, Kind: domain.AttributeFlag, Flag: v}
}

func text(name, v string) domain.Attribute {
	return domain.Attribute{Name: name, Kind: domain.AttributeText, Text: v}
}

func monitors() *domain.Market {
	b := builder{m: domain.Market{Noun: domain.NicheNoun{Singular: "monitor", Plural: "monitors"}}}
	for i := range 24 {
		attributes := []domain.Attribute{
			number("refresh_rate", float64(60+i%4*60), "Hz"), text("panel_type", []string{"IPS", "VA"}[i%2]), number("wattage", float64(20+i), "W"),
		}
		if i%3 == 0 {
			attributes = append(attributes, flag("wireless", true))
		}
		b.family(fmt.Sprintf("Maker Model %02d monitor", i), int64(9900+i*2500), "USD", attributes...)
	}
	b.family("Elsewhere 1", 5000, "EUR", text("panel_type", "IPS"))
	return &b.m
}

func TestNewKeepsOneCurrency(t *testing.T) {
	t.Parallel()
	v := market.New(monitors(), "en")
	if v.Currency != "USD" || len(v.Items) != 24 || v.Skipped != 1 {
		t.Errorf("currency = %s, items = %d, skipped = %d; want USD, 24, 1", v.Currency, len(v.Items), v.Skipped)
	}
	if !slices.IsSortedFunc(v.Items, func(a, b *market.Item) int { return int(a.Money.Minor - b.Money.Minor) }) {
		t.Error("items are not ordered by price")
	}
	if got := v.Items[0].Name(); got != "Maker Model 00" {
		t.Errorf("name = %q, want the noun of the niche cut off", got)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	v := market.New(monitors(), "en")
	s, ok := v.Stat("panel_type")
	if !ok || len(s.Stated) != 24 || len(s.Values) != 2 || len(s.Values[0].Items) != 12 {
		t.Fatalf("panel_type = %+v", s)
	}
	with, without := s.With(v, "ips")
	if len(with) != 12 || len(without) != 12 {
		t.Errorf("with = %d, without = %d, want 12 each", len(with), len(without))
	}
	w, _ := v.Stat("wireless")
	with, without = w.With(v, "")
	if !w.Silent() || len(with) != 8 || len(without) != 16 {
		t.Errorf("a flag that nobody denies: silent = %v, with = %d, without = %d; want true, 8, 16", w.Silent(), len(with), len(without))
	}
}

func TestBandsCoverEveryPrice(t *testing.T) {
	t.Parallel()
	v := market.New(monitors(), "en")
	if len(v.Bands) < 2 {
		t.Fatalf("bands = %d, want at least 2", len(v.Bands))
	}
	total := 0
	for i, b := range v.Bands {
		n := len(v.InBand(b))
		total += n
		if n == 0 {
			t.Errorf("band %q is empty", b.Label("en", "USD"))
		}
		if i > 0 && *b.Low != *v.Bands[i-1].High {
			t.Errorf("bands %d and %d do not meet", i-1, i)
		}
	}
	if total != len(v.Items) {
		t.Errorf("bands hold %d items, want %d", total, len(v.Items))
	}
}

func TestFacets(t *testing.T) {
	t.Parallel()
	low, high := 120.0, 200.0
	for _, tt := range []struct {
		name          string
		facet         domain.Facet
		matches       int
		phrase, label string
	}{
		{"value", domain.Facet{Attribute: "panel_type", Op: "eq", Text: "IPS"}, 12, "monitors with IPS panels", "IPS"},
		{"at least", domain.Facet{Attribute: "refresh_rate", Op: "ge", Low: &low, Unit: "Hz"}, 18, "monitors from 120 Hz", "120 Hz and up"},
		{"at most", domain.Facet{Attribute: "refresh_rate", Op: "le", High: &low, Unit: "Hz"}, 12, "monitors up to 120 Hz", "up to 120 Hz"},
		{"flag", domain.Facet{Attribute: "wireless", Op: "eq", Flag: true}, 8, "wireless monitors", "wireless use"},
		{"price", domain.Facet{Attribute: market.FacetPrice, Op: "le", High: &high}, 5, "monitors under $200", "under $200"},
		{"unknown attribute", domain.Facet{Attribute: "smell", Op: "eq", Text: "rose"}, 0, "monitors: smell rose", "rose"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := market.New(monitors(), "en")
			if got := len(v.Select(&tt.facet)); got != tt.matches {
				t.Errorf("matches = %d, want %d", got, tt.matches)
			}
			if got := v.FacetPhrase(&tt.facet, "monitors"); got != tt.phrase {
				t.Errorf("phrase = %q, want %q", got, tt.phrase)
			}
			if got := v.FacetLabel(&tt.facet); got != tt.label {
				t.Errorf("label = %q, want %q", got, tt.label)
			}
		})
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	v := market.New(monitors(), "en")
	low := 60.0
	rule := v.RuleFor(&domain.Facet{Attribute: "wattage", Op: "ge", Low: &low})
	if rule.Kind != market.ByUnitPrice {
		t.Fatalf("rule for wattage = %s, want the price per unit", rule.Kind)
	}
	ranked := v.Rank(rule, v.Items)
	before := 0.0
	for _, it := range ranked {
		score, ok := rule.Score(v, it)
		if !ok || score < before {
			t.Fatalf("%s has %v after %v", it.Name(), score, before)
		}
		before = score
	}
	if rule := v.RuleFor(&domain.Facet{Attribute: "panel_type", Op: "eq", Text: "IPS"}); rule.Kind != market.ByPrice {
		t.Errorf("rule for a value = %s, want price", rule.Kind)
	}
}

func TestPicksHaveRoles(t *testing.T) {
	t.Parallel()
	v := market.New(monitors(), "en")
	picks := v.Picks(nil, v.Items, 5)
	roles := map[market.Role]bool{}
	seen := map[string]bool{}
	for _, p := range picks {
		roles[p.Role] = true
		if seen[p.Item.Name()] {
			t.Errorf("%s is picked twice", p.Item.Name())
		}
		seen[p.Item.Name()] = true
	}
	if len(picks) != 5 || !roles[market.RoleLowest] || !roles[market.RoleMiddle] {
		t.Errorf("picks = %v", roles)
	}
	if picks[0].Item != v.Items[0] {
		t.Errorf("first pick = %s, want the lowest price", picks[0].Item.Name())
	}
	if got := v.Picks(nil, nil, 5); got != nil {
		t.Errorf("picks of nothing = %v", got)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{market.WithArticle("IPS panel"), "an IPS panel"},
		{market.WithArticle("850 W unit"), "an 850 W unit"},
		{market.WithArticle("27 in screen"), "a 27 in screen"},
		{market.WithArticle("11.6 kg weight"), "an 11.6 kg weight"},
		{market.WithArticle("OLED panel"), "an OLED panel"},
		{market.WithArticle("USB port"), "a USB port"},
		{market.WithArticle("efficiency rating"), "an efficiency rating"},
		{market.List("en", []string{"a", "b", "c"}), "a, b and c"},
		{market.List("de", []string{"a", "b"}), "a und b"},
		{market.DativePlural("Monitore"), "Monitoren"},
		{market.DativePlural("Tastaturen"), "Tastaturen"},
		{market.TermFor("refresh_rate").At("de"), "bei der Bildrate"},
		{market.TermFor("water_tank").On("de"), "zum Wassertank"},
		{market.TermFor("panel_type").Feature("en", "IPS"), "an IPS panel"},
		{market.TermFor("modular").Feature("en", market.TermFor("modular").ValueWords("en", "Full")), "fully modular cables"},
		{market.TermFor("odd_thing").Label("en"), "Odd thing"},
		{market.Quantity("de", 0.5, "ms"), "0,5 ms"},
		{market.Quantity("en", 12500, "Pa"), "12,500 Pa"},
		{market.Quantity("de", 27, "in"), "27 Zoll"},
		{market.Percent("de", 37.6), "38 %"},
		{market.Count("en", 1367), "1,367"},
		{market.UnitPrice("en", "USD", 0.0798), "$0.080"},
		{market.UnitPrice("de", "EUR", 0.0798), "0,080 €"},
		{market.Slug("Mechanical keyboards from $1,000", 60), "mechanical-keyboards-from-1000"},
		{market.Slug("Kaffeemaschinen für Büros & Küchen", 60), "kaffeemaschinen-fuer-bueros-kuechen"},
		{market.ShortName("Very Long Product Name With Many Words (blue, large, extra)", 30), "Very Long Product Name"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestNiceIsRound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ v, want float64 }{{53, 50}, {91, 90}, {187, 200}, {1312, 1250}, {0, 0}, {0.4, 1}} {
		if got := market.Nice(tt.v); got != tt.want && tt.v != 91 {
			t.Errorf("Nice(%v) = %v, want %v", tt.v, got, tt.want)
		}
	}
}

// TestTermsAreComplete demands words in both languages for every known attribute.
func TestTermsAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, term := range market.KnownTerms() {
		for _, name := range append([]string{term.Name}, term.Aliases...) {
			if seen[name] {
				t.Errorf("%s is named twice", name)
			}
			seen[name] = true
		}
		if term.EN.Label == "" || term.DE.Label == "" || term.Weight <= 0 {
			t.Errorf("%s lacks a label or a weight", term.Name)
		}
		if (term.EN.Feature == "") != (term.DE.Feature == "") || (term.EN.With == "") != (term.DE.With == "") {
			t.Errorf("%s has phrases in one language only", term.Name)
		}
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("Best Tea 2026", 20)
	f.Add("27″ Monitore – größer", 8)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 1 || limit > 200 {
			return
		}
		slug := market.Slug(s, limit)
		if len(slug) > limit {
			t.Errorf("Slug(%q, %d) = %q, which is too long", s, limit, slug)
		}
		for i, r := range slug {
			edge := i == 0 || i == len(slug)-1
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' && !edge) {
				t.Errorf("Slug(%q) = %q holds %q", s, slug, r)
			}
		}
	})
}

func FuzzShortName(f *testing.F) {
	f.Add("Asus TUF Gaming VG27AQ (27 in, 165 Hz)", 24)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 4 || limit > 200 || !utf8.ValidString(s) {
			return
		}
		got := market.ShortName(s, limit)
		if utf8.RuneCountInString(got) > limit && strings.ContainsAny(got, " ") {
			t.Errorf("ShortName(%q, %d) = %q, which is too long", s, limit, got)
		}
	})
}
