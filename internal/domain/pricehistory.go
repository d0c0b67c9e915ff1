package domain

import (
	"slices"
	"time"
)

// PricePoint is the price and the stock of an offer from a time on.
type PricePoint struct {
	At      time.Time `json:"at"`
	Price   *Money    `json:"price,omitempty"` // nil: the feed said none
	InStock *bool     `json:"in_stock,omitempty"`
	Gone    bool      `json:"gone,omitempty"` // the feed did not hold it from then on
}

// PriceHistory is what imports saw of one row of a feed: how it was from the first time
// on, and each change. It says nothing of the time before.
type PriceHistory struct {
	FeedID FeedID       `json:"feed_id"`
	Key    string       `json:"key"`
	Points []PricePoint `json:"points"` // the oldest first, at least one
}

// HistoryOf tells the history of a product by its changes in the order of time. now is
// how it is held: nil if it is not.
func HistoryOf(feed FeedID, key string, changes []ProductChange, now *Product) PriceHistory {
	h := PriceHistory{FeedID: feed, Key: key}
	for i, c := range changes {
		if i == 0 && c.PreviousAt != nil && c.PreviousAt.Before(c.At) {
			h.Points = append(h.Points, PricePoint{At: c.PreviousAt.UTC(), Price: c.Before, InStock: c.StockBefore})
		}
		h.Points = append(h.Points, PricePoint{At: c.At.UTC(), Price: c.After, InStock: c.StockAfter, Gone: c.Gone})
	}
	if now == nil {
		return h
	}
	if n := len(h.Points); n == 0 || h.Points[n-1].Gone { // it came back, which is no change of it
		h.Points = append(h.Points, PricePoint{At: now.ReadAt.UTC(), Price: now.Price, InStock: now.InStock})
	}
	return h
}

// Prices returns the points at which the price of a currency changed: several with the
// same price, as when only the stock changed, are one. What was sold out or gone counts
// with its price: it was asked.
func (h *PriceHistory) Prices(currency string) []PricePoint {
	var out []PricePoint
	for _, p := range h.Points {
		if p.Price == nil || p.Price.Currency != currency || p.Price.Minor <= 0 {
			continue
		}
		if n := len(out); n == 0 || *out[n-1].Price != *p.Price {
			out = append(out, p)
		}
	}
	return slices.Clip(out)
}

// A history is told to readers if it has so many different prices over so long a time:
// less says nothing. Of long ones the last MaxHistoryPoints are kept.
const (
	HistoryPoints    = 3
	HistorySpan      = 14 * 24 * time.Hour
	MaxHistoryPoints = 60
)

// Told returns what of a history readers are told at a time, in the currency of the
// price now: nil if it is too little.
func (h *PriceHistory) Told(currency string, now time.Time) *PriceHistory {
	list := h.Prices(currency)
	if len(list) < HistoryPoints || now.Sub(list[0].At) < HistorySpan {
		return nil
	}
	return &PriceHistory{FeedID: h.FeedID, Key: h.Key, Points: list[max(0, len(list)-MaxHistoryPoints):]}
}
