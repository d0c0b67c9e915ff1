package market_test

import (
	"testing"

	"empire/internal/intelligence/market"
)

func TestRoundPrice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		language, currency string
		major              float64
		want               string
	}{
		{"en", "USD", 50, "$50"},
		{"en", "EUR", 1000, "€1,000"},
		{"en", "USD", 1200, "$1,200"},
		{"en", "GBP", 2500000, "£2,500,000"},
		{"de", "EUR", 50, "50 €"},
		{"de", "EUR", 1000, "1.000 €"},
		{"en", "JPY", 1000, "JPY 1,000"},
		{"en", "KWD", 1000, "KWD 1,000"},
		{"de", "KWD", 1000, "1.000 KWD"},
	} {
		if got := market.RoundPrice(tt.language, tt.currency, tt.major); got != tt.want {
			t.Errorf("RoundPrice(%s, %s, %v) = %q, want %q", tt.language, tt.currency, tt.major, got, tt.want)
		}
	}
}

// TestQuantity: values stand as readers of the language write them, long durations in
// minutes.
func TestQuantity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		language string
		v        float64
		unit     string
		want     string
	}{
		{"de", 3.5, "g", "3,5 g"},
		{"de", 12500, "g", "12.500 g"},
		{"de", 27, "in", "27 Zoll"},
		{"de", 78, "%", "78 %"},
		{"en", 119, "s", "119 s"},
		{"en", 510, "s", "8.5 min"},
		{"en", 810, "s", "13.5 min"},
		{"de", 510, "s", "8,5 min"},
		{"en", 500, "s", "8.3 min"},
		{"en", 600, "ms", "600 ms"},
	} {
		if got := market.Quantity(tt.language, tt.v, tt.unit); got != tt.want {
			t.Errorf("Quantity(%s, %v, %q) = %q, want %q", tt.language, tt.v, tt.unit, got, tt.want)
		}
	}
}
