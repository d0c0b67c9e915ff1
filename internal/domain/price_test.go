package domain_test

import (
	"testing"
	"time"

	"empire/internal/domain"
)

func TestPriceCost(t *testing.T) {
	t.Parallel()
	p := domain.Price{
		Rates: domain.Rates{Input: 2_000_000, CachedInput: 200_000, CacheWrite: 2_500_000, Output: 8_000_000},
		Bands: []domain.PriceBand{{AboveTokens: 1000, Rates: domain.Rates{Input: 4_000_000, CachedInput: 400_000, CacheWrite: 5_000_000, Output: 16_000_000}}},
	}
	for _, tt := range []struct {
		usage domain.Usage
		want  domain.Micros
	}{
		{domain.Usage{}, 0},
		{domain.Usage{Input: 1}, 2},
		{domain.Usage{Input: 1, CachedInput: 1}, 1}, // 0.2, rounded up
		{domain.Usage{Input: 1000, CachedInput: 400, CacheWrite: 100, Output: 50, Reasoning: 20}, 1000 + 80 + 250 + 400},
		{domain.Usage{Input: 1001, Output: 1}, 4004 + 16}, // all of it in the next band
		{domain.Usage{Input: domain.MaxTokens, Output: domain.MaxTokens}, 2_000_000_000},
	} {
		if got := p.Cost(tt.usage); got != tt.want {
			t.Errorf("cost of %+v = %d, want %d", tt.usage, got, tt.want)
		}
	}
}

// FuzzPriceBound: whatever a call takes within its bounds, it costs no more than its
// bound.
func FuzzPriceBound(f *testing.F) {
	f.Add(100, 50, 100, 10, 20, 50, int64(2_000_000), int64(1), int64(3), int64(4), 40)
	f.Fuzz(func(t *testing.T, in, out, input, cached, write, output int, a, b, c, d int64, above int) {
		rate := func(n int64) domain.Micros { return domain.Micros(uint64(n) % uint64(domain.MaxRate+1)) } //nolint:gosec // wraps on purpose
		p := domain.Price{
			Provider: "p", Model: "m", Currency: "USD", EffectiveFrom: time.Now(), Rates: domain.Rates{Input: rate(a), CachedInput: rate(b), CacheWrite: rate(c), Output: rate(d)},
			Bands: []domain.PriceBand{{AboveTokens: above, Rates: domain.Rates{Input: rate(d), CachedInput: rate(c), CacheWrite: rate(b), Output: rate(a)}}},
		}
		u := domain.Usage{Input: input, CachedInput: cached, CacheWrite: write, Output: output}
		if p.Validate() != nil || !u.Valid() || input > in || output > out || in > domain.MaxTokens || out > domain.MaxTokens {
			t.Skip("a price or usage that is never stored, or one that exceeds what was reserved for")
		}
		if cost, bound := p.Cost(u), p.Bound(in, out); cost > bound || cost < 0 {
			t.Errorf("%+v within %d and %d costs %d, more than %d", u, in, out, cost, bound)
		}
	})
}

func TestBudgetPeriods(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 23, 30, 0, 0, time.UTC) // in Berlin the day before had 23 hours, and it is the 30th
	for _, tt := range []struct {
		period     domain.BudgetPeriod
		zone       string
		start, end string
	}{
		{domain.PeriodDay, "", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"},
		{domain.PeriodDay, "Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"},
		{domain.PeriodMonth, "Europe/Berlin", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		{domain.PeriodMonth, "", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{domain.PeriodTotal, "", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
	} {
		b := domain.Budget{Period: tt.period, TimeZone: tt.zone}
		start, end := b.PeriodAt(at)
		if start.Format(time.RFC3339) != tt.start || end.Format(time.RFC3339) != tt.end {
			t.Errorf("%s in %q: %s to %s, want %s to %s", tt.period, tt.zone, start, end, tt.start, tt.end)
		}
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		micros   domain.Micros
		currency string
		text     string
		near, up int64
	}{
		{0, "USD", "0.00 USD", 0, 0}, {12_500, "EUR", "0.0125 EUR", 1, 2}, {-12_500, "EUR", "-0.0125 EUR", -1, -1}, {15_000, "EUR", "0.015 EUR", 2, 2},
		{1_500_000, "JPY", "1.5 JPY", 2, 2}, {2_000_000, "JPY", "2 JPY", 2, 2}, {1_234_567, "KWD", "1.234567 KWD", 1235, 1235}, {10_000, "USD", "0.01 USD", 1, 1},
	} {
		if got := tt.micros.Amount(tt.currency); got != tt.text {
			t.Errorf("%d as %q, want %q", tt.micros, got, tt.text)
		}
		if near, up := tt.micros.Money(tt.currency).Minor, tt.micros.MoneyUp(tt.currency).Minor; near != tt.near || up != tt.up {
			t.Errorf("%d is %d or %d minor units, want %d and %d", tt.micros, near, up, tt.near, tt.up)
		}
	}
}
