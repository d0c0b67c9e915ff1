package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"empire/internal/catalog"
	"empire/internal/domain"
)

func mustNiche(t testing.TB, text, language string) catalog.Niche {
	t.Helper()
	n, err := catalog.ParseNiche(text, language)
	if err != nil {
		t.Fatalf("ParseNiche(%q) = %v", text, err)
	}
	return n
}

func TestParseNicheNoun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, language, singular, plural string }{
		{"mechanical keyboards", "en", "mechanical keyboard", "mechanical keyboards"},
		{"Mechanical Keyboards", "en", "mechanical keyboard", "mechanical keyboards"},
		{"power supplies", "en", "power supply", "power supplies"},
		{"hoodies", "en", "hoodie", "hoodies"},
		{"headphones", "en", "pair of headphones", "headphones"},
		{"wireless headphones", "en", "pair of wireless headphones", "wireless headphones"},
		{"wireless mice", "en", "wireless mouse", "wireless mice"},
		{"mouse", "en", "mouse", "mice"},
		{"trail running shoes", "en", "trail running shoe", "trail running shoes"},
		{"women's jackets", "en", "women's jacket", "women's jackets"},
		{"cpus", "en", "CPU", "CPUs"},
		{"ssd", "en", "SSD", "SSDs"},
		{"memory", "en", "memory kit", "memory kits"},
		{"office furniture", "en", "piece of office furniture", "pieces of office furniture"},
		{"watches", "en", "watch", "watches"},
		{"kitchen knives", "en", "kitchen knife", "kitchen knives"},
		{"camera lenses", "en", "camera lens", "camera lenses"},
		{"the best cheap webcams 2026", "en", "webcam", "webcams"},
		{"iPhone cases", "en", "iPhone case", "iPhone cases"},
		{"jackets for women", "en", "jacket for women", "jackets for women"},
		{"hoodies & sweatshirts", "en", "hoodie or sweatshirt", "hoodies and sweatshirts"},
		{"Kaffeemaschinen", "de", "Kaffeemaschine", "Kaffeemaschinen"},
		{"kaffeemaschine", "de", "Kaffeemaschine", "Kaffeemaschinen"},
		{"mechanische Tastaturen", "de", "mechanische Tastatur", "mechanische Tastaturen"},
		{"Bürostühle", "de", "Bürostuhl", "Bürostühle"},
		{"Kopfhörer", "de", "Kopfhörer", "Kopfhörer"},
		{"Laufschuhe", "de", "Laufschuh", "Laufschuhe"},
		{"Monitore", "de", "Monitor", "Monitore"},
		{"Netzteil", "de", "Netzteil", "Netzteile"},
		{"Saugroboter kaufen", "de", "Saugroboter", "Saugroboter"},
		{"Schreibtischlampen", "de", "Schreibtischlampe", "Schreibtischlampen"},
		{"günstige Laptops", "de", "Laptop", "Laptops"},
		{"Heizungen", "de", "Heizung", "Heizungen"},
		{"Rucksäcke", "de", "Rucksack", "Rucksäcke"},
	} {
		t.Run(tt.language+" "+tt.text, func(t *testing.T) {
			t.Parallel()
			n := mustNiche(t, tt.text, tt.language)
			if n.Noun.Singular != tt.singular || n.Noun.Plural != tt.plural {
				t.Errorf("noun = %q, %q, want %q, %q", n.Noun.Singular, n.Noun.Plural, tt.singular, tt.plural)
			}
		})
	}
}

func TestParseNicheHead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, head string
		modifiers  []string
	}{
		{"mechanical keyboards", "keyboard", []string{"mechanical"}},
		{"internal hard drives", "drive", []string{"internal", "hard"}},
		{"women's jackets", "jacket", []string{"women"}},
		{"jackets for women", "jacket", []string{"women"}},
		{"27 inch monitors", "monitor", []string{"27 inch"}},
		{"t-shirts", "tee", nil},
		{"processors", "cpu", nil},
		{"over-ear headphones", "headphone", []string{"overear"}},
	} {
		n, err := catalog.ParseNiche(tt.text, "en")
		if err != nil || n.Head != tt.head || !slices.Equal(n.Modifiers, tt.modifiers) {
			t.Errorf("ParseNiche(%q) = %q %q, %v, want %q %q", tt.text, n.Head, n.Modifiers, err, tt.head, tt.modifiers)
		}
	}
}

func TestParseNicheInvalid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "   ", "best", "the best cheap", "buy online", "2026", strings.Repeat("long ", 17), "key\x00boards", "key\u202eboards",
		"keyboards\n", "<script>", "\xff\xfe", "&", "a", "12345", "keyboards;drop",
	} {
		_, err := catalog.ParseNiche(text, "en")
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Code != domain.CodeInvalid || e.Field != "niche" {
			t.Errorf("ParseNiche(%q) = %v, want invalid on field niche", text, err)
		}
	}
	if _, err := catalog.ParseNiche("keyboards", "fr"); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("ParseNiche in French = %v, want invalid", err)
	}
}

func FuzzParseNiche(f *testing.F) {
	f.Add("mechanical keyboards", true)
	f.Add("hoodies & sweatshirts for women", true)
	f.Add("Kaffeemühlen mit Akku, Öle", false)
	f.Add("27\" 4k-monitors", true)
	f.Fuzz(func(t *testing.T, text string, english bool) {
		language := "de"
		if english {
			language = "en"
		}
		n, err := catalog.ParseNiche(text, language)
		if err != nil {
			if domain.CodeOf(err) != domain.CodeInvalid {
				t.Fatalf("ParseNiche(%q) = %v, want invalid", text, err)
			}
			return
		}
		if n.Head == "" || n.Noun.Singular == "" || n.Noun.Plural == "" || !utf8.ValidString(n.Noun.Plural) || len(n.SearchTerms()) == 0 {
			t.Fatalf("ParseNiche(%q) = %+v with terms %q", text, n, n.SearchTerms())
		}
		// A product that is called what the niche is called, in a category of that
		// name, is found by the search terms.
		name := strings.ToLower(n.Text)
		if !slices.ContainsFunc(n.SearchTerms(), func(term string) bool { return strings.Contains(name, term) }) {
			t.Fatalf("no term of %q is in the niche itself: %q", text, n.SearchTerms())
		}
	})
}

func TestSearchTerms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, language string
		want           []string
	}{
		{"keyboards", "en", []string{"keyboard"}},
		{"wireless mice", "en", []string{"mice", "mouse"}},
		{"power supplies", "en", []string{"psu", "supply", "supplies"}},
		{"Kopfhörer", "de", []string{"kopfh"}},
	} {
		got := mustNiche(t, tt.text, tt.language).SearchTerms()
		if !slices.Equal(got, tt.want) {
			t.Errorf("SearchTerms(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// row makes a product for tests of matching.
func row(name, category string) domain.Product {
	return domain.Product{FeedID: "feed_1", Key: name + "|" + category, Name: name, CategoryPath: category, Language: "en"}
}

func specs(p domain.Product, specifications string) domain.Product {
	p.Fields = map[string]string{"specifications": specifications}
	return p
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, niche, language string
		in, out               []domain.Product
	}{
		{
			"category leaf", "keyboards", "en",
			[]domain.Product{row("Logitech K120", "Parts > Keyboard"), row("Acme", "PC > Keyboards")},
			[]domain.Product{row("Logitech MX", "Parts > Mouse"), row("Acme Keyboard", "Parts > Mouse"), row("Acme", "Keyboards > Accessories"), row("Acme", "Keyboard Accessories")},
		},
		{
			"accessory in the category", "keyboards", "en",
			[]domain.Product{row("Acme K1", "Keyboard")},
			[]domain.Product{row("Acme Keyboard Wrist Rest", "Keyboard"), row("Keyboard Cover for MacBook", "Keyboard")},
		},
		{
			"name without category", "keyboards", "en",
			[]domain.Product{row("Acme Keyboard", ""), row("Acme Keyboard - K120", ""), row("Acme K120 - Wireless Keyboard", ""), row("Acme Keyboard for PlayStation (black)", "")},
			[]domain.Product{row("Keyboard Cover for MacBook", ""), row("Acme Keyboard and Mouse", ""), row("Stand for Keyboard", ""), row("Keyboard Tray", "")},
		},
		{
			"name where the category is too wide", "turntables", "en",
			[]domain.Product{row("Sony Turntable - PSLX350H", "Electronics"), row("Denon Turntable In Black", "Electronics")},
			[]domain.Product{row("GE Pre-Amplifier For Stereo Turntable - AV23292", "Electronics")},
		},
		{
			"category of a modifier", "monitor stands", "en",
			[]domain.Product{row("Acme Monitor Stand", "Office")},
			[]domain.Product{row("Acme 27 Stand", "Parts > Monitor"), row("Acme TV Stand", "Office")},
		},
		{
			"joined category", "hoodies", "en",
			[]domain.Product{row("Hero Hoodie-XS-Green", "Men > Hoodies & Sweatshirts"), described(row("Autumn Pullie", "Hoodies & Sweatshirts"), "A soft hoodie for cold days.")},
			[]domain.Product{
				row("Frankie Sweatshirt", "Men > Hoodies & Sweatshirts"), row("Autumn Pullie", "Hoodies & Sweatshirts"),
				described(row("Cozy", "Hoodies & Sweatshirts"), "Part hoodie, part sweatshirt."),
			},
		},
		{
			"joined with accessories", "headphones", "en",
			[]domain.Product{row("Acme Studio Headphones", "Headphones & Accessories")},
			[]domain.Product{row("Headphone Stand", "Headphones & Accessories"), row("Acme Pads", "Headphones & Accessories")},
		},
		{
			"compound", "power supplies", "en",
			[]domain.Product{row("Corsair RM850x", "Power Supply"), row("Acme Lab Power Supply", "Office Supplies")},
			[]domain.Product{row("Power Stapler", "Office Supplies")},
		},
		{
			"compound of another kind", "case fans", "en",
			[]domain.Product{row("Noctua A12", "Computer Parts > Case Fan")},
			[]domain.Product{row("Acme Tower", "Computer Parts > Case"), row("Acme Case", "Ceiling Fan")},
		},
		{
			"modifier in specifications", "wireless headphones", "en",
			[]domain.Product{specs(row("A1", "Headphones"), "type: In Ear; wireless: true"), specs(row("A2", "Headphones"), "connection: Wired, Wireless"), row("A3 Wireless", "Headphones")},
			[]domain.Product{specs(row("B1", "Headphones"), "type: In Ear; wireless: false"), row("B2", "Headphones")},
		},
		{
			"mechanical by its switches", "mechanical keyboards", "en",
			[]domain.Product{specs(row("A1", "Keyboard"), "switches: Cherry MX Red; style: Gaming")},
			[]domain.Product{specs(row("B1", "Keyboard"), "style: Gaming"), specs(row("B2", "Keyboard"), "switches: Membrane")},
		},
		{
			"opposite category", "wireless network cards", "en",
			[]domain.Product{row("A1", "Wireless Network Card")},
			[]domain.Product{row("Wireless ready A2", "Wired Network Card")},
		},
		{
			"audience", "women's jackets", "en",
			[]domain.Product{row("Juno", "Women > Jackets")},
			[]domain.Product{row("Lando", "Men > Jackets"), row("Ava", "Women > Tops")},
		},
		{
			"other language", "jackets", "en",
			[]domain.Product{row("Juno", "Jackets")},
			[]domain.Product{{FeedID: "feed_1", Key: "de", Name: "Juno Jacket", CategoryPath: "Jackets", Language: "de"}},
		},
		{
			"German compound by name", "Kaffeemaschinen", "de",
			[]domain.Product{german("Acme Filterkaffeemaschine schwarz", "Küche > Maschinen"), german("Kaffeemaschine mit Mühle", "")},
			[]domain.Product{german("Entkalker für Kaffeemaschine", "Küche > Pflege"), german("Nähmaschine", "Maschinen")},
		},
		{
			"German compound by category", "Kaffeemaschinen", "de",
			[]domain.Product{german("X1", "Küche > Kaffeemaschinen")},
			[]domain.Product{german("Kaffeemaschinen Reiniger", "Küche > Kaffeemaschinen"), german("Alte Kaffeemaschine", "Bücher")},
		},
		{
			"two nouns", "mice & keyboards", "en",
			[]domain.Product{row("A1", "Mouse"), row("A2", "Keyboard")},
			[]domain.Product{row("A3", "Monitor")},
		},
		{
			"quantity", "27-inch monitors", "en",
			[]domain.Product{withInches(row("A1", "Monitor"), 27)},
			[]domain.Product{withInches(row("A2", "Monitor"), 24), row("A3 27", "Monitor")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := mustNiche(t, tt.niche, tt.language)
			got, match := n.Match(slices.Concat(tt.out, tt.in))
			if want := keys(tt.in); !slices.Equal(keys(got), want) {
				t.Errorf("Match selected %q, want %q (%+v)", keys(got), want, match)
			}
			assertTermsFind(t, n, got)
		})
	}
}

func assertTermsFind(t *testing.T, n catalog.Niche, products []domain.Product) {
	t.Helper()
	for _, p := range products {
		text := strings.ToLower(p.Name + "\n" + p.CategoryPath)
		if !slices.ContainsFunc(n.SearchTerms(), func(term string) bool { return strings.Contains(text, term) }) {
			t.Errorf("search terms %q of %q do not find %q in %q", n.SearchTerms(), n.Text, p.Name, p.CategoryPath)
		}
	}
}

func german(name, category string) domain.Product {
	p := row(name, category)
	p.Language = "de"
	return p
}

func described(p domain.Product, text string) domain.Product {
	p.Description = text
	p.Key += text
	return p
}

func withInches(p domain.Product, n float64) domain.Product {
	p.Attributes = []domain.Attribute{{Name: "screen_size", Kind: domain.AttributeNumber, Number: n, Unit: "in"}}
	return p
}

func keys(products []domain.Product) []string {
	out := []string{}
	for _, p := range products {
		out = append(out, p.Key)
	}
	return out
}

// TestMatchFeeds checks the selection on real feeds: how many rows, and by whom.
func TestMatchFeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		feed, niche string
		rows        int // counted in the feed by hand
		category    string
	}{
		{"feed_pcparts_en_usd", "mechanical keyboards", 2771, "Computer Parts > Keyboard"}, // 2,797 with switches, less domes and scissors
		{"feed_pcparts_en_usd", "computer monitors", 5074, "Computer Parts > Monitor"},
		{"feed_pcparts_en_usd", "power supplies", 3438, "Computer Parts > Power Supply"},
		{"feed_pcparts_en_usd", "internal hard drives", 6461, "Computer Parts > Internal Hard Drive"},
		{"feed_pcparts_en_usd", "headphones", 2946, "Computer Parts > Headphones"},
		{"feed_pcparts_en_usd", "wireless headphones", 464, "Computer Parts > Headphones"},
		{"feed_pcparts_en_usd", "wireless mice", 1446, "Computer Parts > Mouse"},
		{"feed_pcparts_en_usd", "case fans", 2744, "Computer Parts > Case Fan"},
		{"feed_pcparts_en_usd", "webcams", 78, "Computer Parts > Webcam"},
		{"feed_pcparts_en_usd", "memory", 13553, "Computer Parts > Memory"},
		{"feed_pcparts_en_usd", "cpus", 1413, "Computer Parts > Cpu"},
		{"feed_pcparts_en_usd", "gaming monitors", 65, "Computer Parts > Monitor"},
		{"feed_luma_apparel_en_usd", "jackets", 362, "Default Category > Men > Tops > Jackets"},
		{"feed_luma_apparel_en_usd", "women's jackets", 186, "Default Category > Women > Tops > Jackets"},
		{"feed_luma_apparel_en_usd", "tees", 384, "Default Category > Men > Tops > Tees"},
		{"feed_luma_apparel_en_usd", "hoodies", 214, "Default Category > Men > Tops > Hoodies & Sweatshirts"},
		{"feed_abtbuy_a_en_usd", "turntables", 4, ""},
		{"feed_abtbuy_b_en_usd", "turntables", 5, ""},
		{"feed_abtbuy_a_en_usd", "headphones", 18, ""},
	} {
		t.Run(tt.feed+"/"+tt.niche, func(t *testing.T) {
			t.Parallel()
			n := mustNiche(t, tt.niche, "en")
			got, match := n.Match(feedProducts(t, tt.feed))
			if len(got) != tt.rows {
				t.Errorf("rows = %d, want %d; %+v", len(got), tt.rows, match)
			}
			if tt.category != "" && (match.Method != "category" || !slices.Contains(match.Categories, tt.category)) {
				t.Errorf("match = %+v, want by category %q", match, tt.category)
			}
			for _, c := range match.Categories {
				if tt.category == "" || !strings.HasSuffix(c, lastSegment(tt.category)) {
					t.Errorf("category %q does not belong to %q", c, tt.niche)
				}
			}
			assertTermsFind(t, n, got)
		})
	}
}

func lastSegment(path string) string { return path[strings.LastIndex(path, ">")+1:] }

// TestMatchFeedsNames looks at what the names say where the category joins kinds.
func TestMatchFeedsNames(t *testing.T) {
	t.Parallel()
	got, _ := mustNiche(t, "hoodies", "en").Match(feedProducts(t, "feed_luma_apparel_en_usd"))
	for _, p := range got {
		if strings.Contains(p.Name, "Sweatshirt") || !strings.Contains(p.CategoryPath, "Hoodies") {
			t.Errorf("%s in %s is no hoodie", p.Name, p.CategoryPath)
		}
	}
	got, _ = mustNiche(t, "turntables", "en").Match(feedProducts(t, "feed_abtbuy_a_en_usd"))
	for _, p := range got {
		if strings.Contains(p.Name, "Pre-Amplifier") || !strings.Contains(p.Name, "Turntable") {
			t.Errorf("%s is no turntable", p.Name)
		}
	}
}

func ExampleNiche_SearchTerms() {
	n, _ := catalog.ParseNiche("wireless mice", "en")
	fmt.Println(n.Head, n.Modifiers, n.SearchTerms())
	// Output: mouse [wireless] [mice mouse]
}
