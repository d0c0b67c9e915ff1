package domain_test

import (
	"testing"

	"empire/internal/domain"
)

func TestMoneyFormat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		minor            int64
		currency, en, de string
	}{
		{129900, "USD", "$1,299.00", "1.299,00 $"},
		{129900, "EUR", "€1,299.00", "1.299,00 €"},
		{5, "EUR", "€0.05", "0,05 €"},
		{1500, "JPY", "JPY 1,500", "1.500 JPY"},
		{1234567, "KWD", "KWD 1,234.567", "1.234,567 KWD"},
		{-129900, "USD", "−$1,299.00", "−1.299,00 $"},
	} {
		m := domain.Money{Minor: tt.minor, Currency: tt.currency}
		if got := m.Format("en"); got != tt.en {
			t.Errorf("%+v in English = %q, want %q", m, got, tt.en)
		}
		if got := m.Format("de"); got != tt.de {
			t.Errorf("%+v in German = %q, want %q", m, got, tt.de)
		}
	}
}
