package evidence_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"none", "no figure, no dot. Only words", nil},
		{"empty", "", nil},
		{"english price", "$1,299.00 now", []string{"1,299.00"}},
		{"german price", "1.299,00 €", []string{"1.299,00"}},
		{"swiss price", "CHF 1’299.00 und 1'299", []string{"1’299.00", "1'299"}},
		{"feet and inches", `5'10"`, []string{"5", "10"}},
		{"spaces that do not break", "10\u202f000 and 1\u00a0299\u00a0€", []string{"10\u202f000", "1\u00a0299"}},
		{"unit after a space that does not break", "27\u00a0in, 16\u00a0128", []string{"27", "16\u00a0128"}},
		{"groups of two are no groups", "16\u00a0GB 12\u00a034", []string{"16", "12", "34"}},
		{"sentence end", "It weighs 27. Then 3,", []string{"27", "3"}},
		{"glued to units", "27in 4K 1080p K552 3.5mm 850W", []string{"27", "4", "1080", "552", "3.5", "850"}},
		{"range", "27–34 and 5-10", []string{"27", "34", "5", "10"}},
		{"ratio", "16:9", []string{"16", "9"}},
		{"size", "1920 × 1080, 2x16", []string{"1920", "1080", "2", "16"}},
		{"list", "1920,1080", []string{"1920,1080"}},
		{"date", "22.11.2026", []string{"22.11.2026"}},
		{"point first", ".5 in, $.99", []string{".5", ".99"}},
		{"point after a letter or dots", "No.5 v.2 ...7", []string{"5", "2", "7"}},
		{"fraction", "2½ in or ¾", []string{"2½", "¾"}},
		{"raised after a letter", "cd/m² CO₂ cm³", nil},
		{"raised elsewhere", "27² ¹", []string{"27", "²", "¹"}},
		{"other scripts", "٢٧ ２７ ३.५", []string{"٢٧", "２７", "३.५"}},
		{"numerals", "Ⅷ ①", []string{"Ⅷ", "①"}},
		{"slash", "24/7", []string{"24", "7"}},
		{"minus", "−3.5 °C", []string{"3.5"}},
		{"broken bytes", "\xff12\xfe", []string{"12"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, evidence.Numbers(tt.in)); diff != "" {
				t.Errorf("Numbers(%q) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

// TestReading checks which figures of a claim evidence carries: a verbatim feed
// field, or a computed constant.
func TestReading(t *testing.T) {
	t.Parallel()
	const spec = "specifications"
	for _, tt := range []struct {
		name, language, column, field, claim string
		want                                 bool
	}{
		{"same words", "en", "product_name", "Wave 27 in", "Wave 27 in", true},
		{"other figure", "en", "product_name", "Wave 27 in", "Wave 28 in", false},
		{"formatted price", "en", "search_price", "1299", "$1,299.00", true},
		{"german price", "de", "search_price", "1299.00", "1.299,00 €", true},
		{"german feed", "en", "search_price", "1299,00", "$1,299.00", true},
		{"currency glued", "en", "display_price", "USD37.99", "$37.99", true},
		{"rounded price", "en", "search_price", "37.99", "$38", false},
		{"part of a price", "en", "search_price", "1,299.00", "$299", false},
		{"cents of a price", "de", "search_price", "37,99", "99 €", false},
		{"german decimals", "de", spec, "response: 0.5 ms", "0,5 ms", true},
		{"german thousands read as english", "en", spec, "weight 1299 g", "1.299 g", false},
		{"english thousands read as german", "de", spec, "weight 1299 g", "1,299 g", false},
		{"german thousands", "de", spec, "weight 1299 g", "1.299 g", true},
		{"verbatim in a foreign way", "de", "product_name", "Rocket 1.299 GHz", "Rocket 1.299 GHz", true},
		{"zero is no group", "en", spec, "0.299 kg", "299 g", false},
		{"point first", "en", spec, ".5 in", "0.5 in", true},
		{"point first is not the digit", "en", spec, ".5 in", "5 in", false},
		{"fraction", "en", spec, "2½ in", "2.5 in", true},
		{"fraction shown", "en", spec, "2.5 in", "2½ in", true},
		{"wrong fraction", "en", spec, "2.5 in", "2¼ in", false},
		{"fraction without evidence", "en", spec, "2 in", "½ in", false},
		{"two figures", "en", spec, "ratio 16:9", "16:9", true},
		{"resolution list", "en", spec, "resolution: 1920,1080", "1920 × 1080", true},
		{"mixed list", "en", spec, "clock: 2.4,5", "2.4 to 5 GHz", true},
		{"list of three digits", "en", spec, "rpm: 600,800", "600 to 800 rpm", true},
		{"thousands elsewhere", "en", "description", "sold 600,800 times", "800", false},
		{"parts of a date", "de", "last_updated", "22.11.2026", "22. November 2026", true},
		{"range with one end", "en", spec, "size: 27", "27–34 in", false},
		{"full width", "en", spec, "size: 27", "２７ in", true},
		{"arabic digits", "en", spec, "size: 27", "٢٧ in", true},
		{"arabic digits wrong", "en", spec, "size: 27", "٢٨ in", false},
		{"numeral not in evidence", "en", spec, "size: 8", "size Ⅷ", false},
		{"spaces as groups", "de", spec, "weight 10000 g", "10\u202f000 g", true},
		{"swiss groups", "de", spec, "weight 10000 g", "10'000 g", true},
		{"apostrophe is not thousands", "en", spec, "height 510 mm", `5'10"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row := &domain.Product{FeedID: "f", Key: "r", ReadAt: at, Fields: map[string]string{tt.column: tt.field}}
			l := evidence.NewLedger()
			check(t, tt.language, tt.claim, l, []domain.EvidenceID{l.Field(row, tt.column)}, row, tt.want)
		})
	}
}

func TestReadingComputed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, language string
		result         float64
		claim          string
		want           bool
	}{
		{"cents", "en", 134.995, "$135.00", true},
		{"half cents down", "en", 134.994, "$134.99", true},
		{"whole", "en", 9.99, "from €10", true},
		{"too far", "en", 9.49, "from €10", false},
		{"cut instead of rounded", "en", 134.998, "$134.99", false},
		{"percent", "de", 37.6, "38 %", true},
		{"negative told in words", "en", -12.3, "12% less", true},
		{"german thousands", "de", 1299, "1.299", true},
		{"english thousands", "en", 1299, "1,299", true},
		{"english decimals in german", "de", 1299, "1,299", false},
		{"torn price", "en", 1000, "€10 and up", false},
		{"third", "en", 1.0 / 3, "⅓", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := evidence.NewLedger()
			row := &domain.Product{FeedID: "f", Key: "r", Fields: map[string]string{"x": "1"}}
			zero := l.Set("x", []string{"r"}, []float64{0}, "zero")
			value, _, _ := l.Compute("constant", "value", nil, tt.result)
			id, _, ok := l.Compute("difference", "value less zero", []domain.EvidenceID{value, zero})
			if !ok {
				t.Fatal("no result")
			}
			check(t, tt.language, tt.claim, l, []domain.EvidenceID{id}, row, tt.want)
		})
	}
}

// oneRow finds one row and says nothing about sets.
type oneRow struct{ row *domain.Product }

func (o oneRow) Row(domain.FeedID, string) (*domain.Product, bool) { return o.row, true }

func check(t *testing.T, language, claim string, l *evidence.Ledger, ids []domain.EvidenceID, row *domain.Product, want bool) {
	t.Helper()
	page := domain.Page{Language: language, Claims: []domain.Claim{{ID: "c1", Text: claim, Evidence: ids}}}
	rep := evidence.Verify([]domain.Page{page}, l.All(), oneRow{row})
	if got := len(rep.Problems) == 0; got != want || (rep.Grounded == 1) != want {
		t.Errorf("claim %q grounded = %v, want %v: %v", claim, got, want, rep.Problems)
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"$1,299.00", "1.299,00 €", "2½ in .5 1’299", "٢٧", "m² 27² Ⅷ", "1\u202f299", "\xff1", "1,2,3.4.5'6"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list := evidence.Numbers(s)
		rest := s
		for _, n := range list {
			if n == "" {
				t.Fatalf("Numbers(%q) holds an empty figure", s)
			}
			if !utf8.ValidString(s) {
				continue
			}
			i := strings.Index(rest, n)
			if i < 0 {
				t.Fatalf("Numbers(%q) = %q: %q does not stand there in this order", s, list, n)
			}
			rest = rest[i+len(n):]
		}
		if n := strings.Count(strings.Join(list, ""), "0"); n != strings.Count(s, "0") {
			t.Errorf("Numbers(%q) = %q lost digits", s, list)
		}
		// What stands in evidence verbatim is carried in either language.
		if len(list) == 0 {
			return
		}
		row := &domain.Product{Fields: map[string]string{"x": s}}
		l := evidence.NewLedger()
		id := l.Field(row, "x")
		for _, language := range []string{"en", "de"} {
			if utf8.ValidString(s) {
				check(t, language, s, l, []domain.EvidenceID{id}, row, true)
			}
		}
	})
}
