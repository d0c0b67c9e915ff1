package domain_test

import (
	"testing"
	"time"

	"empire/internal/domain"
)

// TestPriceHistory: the state before the first change is where a history begins, stock
// alone is no change of the price, and too little of it is not told.
func TestPriceHistory(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 3, 1+n, 6, 0, 0, 0, time.UTC) }
	eur := func(minor int64) *domain.Money { return &domain.Money{Minor: minor, Currency: "EUR"} }
	yes, no, first := true, false, day(0)
	now := &domain.Product{Price: eur(1100), ReadAt: day(20), InStock: &yes}
	changes := []domain.ProductChange{
		{At: day(3), PreviousAt: &first, Before: eur(1000), After: eur(1200), StockBefore: &yes, StockAfter: &yes},
		{At: day(5), Before: eur(1200), After: eur(1200), StockBefore: &yes, StockAfter: &no},
		{At: day(9), Before: eur(1200), Gone: true},
	}
	h := domain.HistoryOf("feed_a", "k", changes, now)
	if len(h.Points) != 5 || !h.Points[0].At.Equal(first) || h.Points[0].Price.Minor != 1000 || !h.Points[3].Gone || h.Points[4].Price.Minor != 1100 {
		t.Fatalf("points = %+v", h.Points)
	}
	var prices []int64
	for _, p := range h.Prices("EUR") {
		prices = append(prices, p.Price.Minor)
	}
	if len(prices) != 3 || prices[0] != 1000 || prices[1] != 1200 || prices[2] != 1100 || len(h.Prices("USD")) != 0 {
		t.Errorf("prices = %v", prices)
	}
	if told := h.Told("EUR", day(14)); told == nil || len(told.Points) != 3 {
		t.Errorf("told = %+v", told)
	}
	if h.Told("EUR", day(13)) != nil {
		t.Error("less than two weeks are told")
	}
	short := domain.HistoryOf("feed_a", "k", changes[:2], now)
	if short.Told("EUR", day(30)) != nil {
		t.Error("two prices are told")
	}
	if alone := domain.HistoryOf("feed_a", "k", nil, now); len(alone.Points) != 1 || alone.Points[0].Price.Minor != 1100 {
		t.Errorf("without changes: %+v", alone.Points)
	}
}
