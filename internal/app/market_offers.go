package app

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/intelligence/demand"
	"empire/internal/intelligence/forecast"
)

// Units and kinds of what is known about offers over time.
const (
	kindPrice = "offer_price"
	kindStock = "in_stock_share"
)

// offers adds the typical price and the stock of the products of an industry over
// time, told backwards from the products as they are by the changes that imports saw.
func (s marketSource) offers(ctx context.Context, words []string, at time.Time, add func([]forecast.Point, demand.AnalyzeParams, string) error) error {
	if len(words) == 0 {
		return nil
	}
	changes, err := s.store.Market.Changes(ctx, nil, time.Time{})
	if err != nil {
		return err
	}
	changes = slices.DeleteFunc(changes, func(c domain.ProductChange) bool { return !mentionsAll(c.Name+" "+c.Category, words) || c.Gone })
	if len(changes) == 0 {
		return nil
	}
	h := history{prices: map[string]float64{}, count: map[string]int{}}
	err = s.store.Products.Candidates(ctx, nil, words, func(p *domain.Product) error {
		if mentionsAll(p.Name+" "+p.CategoryPath+" "+p.Category, words) {
			h.add(p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	prices, stock, currency := h.backwards(changes, at)
	if err := add(prices, demand.AnalyzeParams{Name: "typical offer price", Kind: kindPrice, Source: "feed imports", Unit: currency, Step: forecast.StepDay}, kindPrice); err != nil {
		return err
	}
	return add(stock, demand.AnalyzeParams{Name: "share of offers in stock", Kind: kindStock, Source: "feed imports", Unit: "share", Step: forecast.StepDay}, kindStock)
}

func mentionsAll(text string, words []string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// history sums the offers as they are: the logarithms of the prices by currency, and
// the stock.
type history struct {
	prices          map[string]float64
	count           map[string]int
	stated, inStock int
}

func (h *history) add(p *domain.Product) {
	if p.Price != nil && p.Price.Minor > 0 {
		h.prices[p.Price.Currency] += math.Log(p.Price.Major())
		h.count[p.Price.Currency]++
	}
	if p.InStock != nil {
		h.stated++
		if *p.InStock {
			h.inStock++
		}
	}
}

// backwards undoes the changes from the last to the first and notes what was after
// each import: the geometric mean of the prices in the commonest currency, and the
// share in stock.
func (h *history) backwards(changes []domain.ProductChange, now time.Time) (prices, stock []forecast.Point, currency string) {
	most := 0
	for c, n := range h.count {
		if n > most || n == most && c < currency {
			currency, most = c, n
		}
	}
	sum, n := h.prices[currency], h.count[currency]
	note := func(at time.Time) {
		if n > 0 {
			prices = append(prices, forecast.Point{Time: at, Value: math.Exp(sum / float64(n))})
		}
		if h.stated > 0 {
			stock = append(stock, forecast.Point{Time: at, Value: float64(h.inStock) / float64(h.stated)})
		}
	}
	weigh := func(m *domain.Money, sign int) {
		if m != nil && m.Currency == currency && m.Minor > 0 {
			sum, n = sum+float64(sign)*math.Log(m.Major()), n+sign
		}
	}
	last := now
	var first time.Time
	for _, c := range slices.Backward(changes) {
		if !c.At.Equal(last) {
			note(c.At)
			last = c.At
		}
		weigh(c.After, -1)
		weigh(c.Before, 1)
		h.undo(c.StockBefore, c.StockAfter)
		first = c.At
		if c.PreviousAt != nil && c.PreviousAt.Before(first) {
			first = *c.PreviousAt
		}
	}
	if first.Before(last) {
		note(first)
	}
	slices.Reverse(prices)
	slices.Reverse(stock)
	return prices, stock, currency
}

func (h *history) undo(before, after *bool) {
	if after != nil {
		h.stated--
		if *after {
			h.inStock--
		}
	}
	if before != nil {
		h.stated++
		if *before {
			h.inStock++
		}
	}
}

// recordingSink is a product store that notes what an import changes about prices and
// stock, in the transactions of the import.
type recordingSink struct {
	productSink
	at   time.Time // of the import
	feed domain.FeedID
}

// Upsert implements catalog.Sink.
func (s recordingSink) Upsert(ctx context.Context, products []domain.Product) error {
	keys := make([]string, len(products))
	for i := range products {
		keys[i] = products[i].Key
	}
	before, err := s.ByKeys(ctx, s.feed, keys)
	if err != nil {
		return err
	}
	if len(before) > 0 {
		if err := s.record(ctx, before, products); err != nil {
			return err
		}
	}
	return s.productSink.Upsert(ctx, products)
}

// record notes the changes of price and stock of products that were there before.
func (s recordingSink) record(ctx context.Context, before, after []domain.Product) error {
	old, now := map[string]*domain.Product{}, map[string]*domain.Product{}
	for i := range before {
		old[before[i].Key] = &before[i]
	}
	held := after[:0:0]
	for i := range after {
		if old[after[i].Key] != nil {
			held = append(held, after[i])
			now[after[i].Key] = &after[i]
		}
	}
	var list []domain.ProductChange
	noted := map[string]bool{}
	for _, c := range catalog.CompareSnapshots(before, held).List {
		if noted[c.Key] || now[c.Key] == nil {
			continue
		}
		noted[c.Key] = true
		list = append(list, s.change(old[c.Key], now[c.Key]))
	}
	return s.db.Market.Record(ctx, list)
}

func (s recordingSink) change(before, after *domain.Product) domain.ProductChange {
	read := before.ReadAt.UTC()
	c := domain.ProductChange{
		FeedID: s.feed, Key: before.Key, Name: before.Name, Category: before.CategoryPath, At: s.at, PreviousAt: &read, Before: before.Price, StockBefore: before.InStock,
	}
	if after == nil {
		c.Gone = true
		return c
	}
	c.Name, c.Category, c.After, c.StockAfter = after.Name, after.CategoryPath, after.Price, after.InStock
	return c
}

// RemoveUnseen implements catalog.Sink.
func (s recordingSink) RemoveUnseen(ctx context.Context, feed domain.FeedID, seen func(key string) bool) (int, error) {
	gone, err := s.Unseen(ctx, feed, seen)
	if err != nil {
		return 0, err
	}
	before, err := s.ByKeys(ctx, feed, gone)
	if err != nil {
		return 0, err
	}
	list := make([]domain.ProductChange, len(before))
	for i := range before {
		list[i] = s.change(&before[i], nil)
	}
	if err := s.db.Market.Record(ctx, list); err != nil {
		return 0, err
	}
	return s.productSink.RemoveUnseen(ctx, feed, seen)
}
