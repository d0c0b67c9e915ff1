package extract_test

import (
	"strings"
	"testing"

	"empire/internal/intelligence/extract"
)

func TestParsePrice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, hint, amount, currency string }{
		{"19,99 €", "", "19.99", "€"},
		{"1.299,00 EUR", "", "1299.00", "EUR"},
		{"$1,299.00", "", "1299.00", "$"},
		{"1.299", "", "1299", ""},
		{"1.144.000", "", "1144000", ""},
		{"0.999", "", "0.999", ""},
		{"423.923 KD", "", "423.923", "KD"},
		{"CHF 1'049.95", "", "1049.95", "CHF"},
		{"1 049,95 zł", "", "1049.95", "zł"},
		{"35€ 99", "", "35.99", "€"},
		{"1.198,- Kr", "", "1198", "Kr"},
		{"ab 12", "EUR", "12", "EUR"},
		{"£5", "USD", "5", "£"},
		{"AU $59.95", "", "59.95", "AU $"},
		{"$ SGD4.90", "", "4.90", "SGD"},
		{"20% off 15.00 USD", "", "15.00", "USD"},
		{"١٢٫٥ درهم", "", "12.5", "درهم"},
		{"free", "", "0", ""},
		{"", "€", "", "€"},
		{"call us", "", "", ""},
		{"4 krills", "", "4", ""},
	} {
		got := extract.ParsePrice(tt.text, tt.hint)
		if got.Amount != tt.amount || got.Currency != tt.currency {
			t.Errorf("ParsePrice(%q, %q) = %q %q, want %q %q", tt.text, tt.hint, got.Amount, got.Currency, tt.amount, tt.currency)
		}
	}
}

func FuzzParsePrice(f *testing.F) {
	f.Add("1.299,00 €", "EUR")
	f.Add("٣٬٤٣٩٫٠٠ درهم", "")
	f.Fuzz(func(t *testing.T, text, hint string) {
		p := extract.ParsePrice(text, hint)
		if strings.Trim(p.Amount, "0123456789.") != "" || strings.Count(p.Amount, ".") > 1 || strings.HasPrefix(p.Amount, ".") || strings.HasSuffix(p.Amount, ".") {
			t.Errorf("ParsePrice(%q, %q) has the amount %q", text, hint, p.Amount)
		}
		if p.Currency != "" && !strings.Contains(text, p.Currency) && !strings.Contains(hint, p.Currency) && len(text)+len(hint) < 4096 {
			t.Errorf("the currency %q is in neither %q nor %q", p.Currency, text, hint)
		}
	})
}
