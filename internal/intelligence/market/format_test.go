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
