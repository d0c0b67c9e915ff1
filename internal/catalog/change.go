package catalog

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"empire/internal/domain"
)

// ChangeKind says what happened to a product between two snapshots of its feed.
type ChangeKind string

// The kinds. A product can have one of price and one of stock at a time.
const (
	ChangeNew          ChangeKind = "new"           // only in the later snapshot
	ChangeGone         ChangeKind = "gone"          // only in the earlier one
	ChangePriceUp      ChangeKind = "price_up"      //
	ChangePriceDown    ChangeKind = "price_down"    //
	ChangePriceSet     ChangeKind = "price_set"     // had none before
	ChangePriceLost    ChangeKind = "price_lost"    // has none now
	ChangeCurrency     ChangeKind = "currency"      // priced in another currency: neither up nor down
	ChangeInStock      ChangeKind = "in_stock"      // was out of stock, or not said
	ChangeOutOfStock   ChangeKind = "out_of_stock"  // was in stock, or not said
	ChangeStockUnknown ChangeKind = "stock_unknown" // is not said any more
)

// Change is one thing that happened to a product.
type Change struct {
	Kind   ChangeKind    `json:"kind"`
	FeedID domain.FeedID `json:"feed_id"`
	Key    string        `json:"key"`
	Name   string        `json:"name"` // of the later snapshot, if it is there
	Before *domain.Money `json:"before,omitempty"`
	After  *domain.Money `json:"after,omitempty"`
	// Percent is the change of the price; 0 unless it went up or down.
	Percent float64 `json:"percent,omitempty"`
}

// Changes is what happened between two snapshots.
type Changes struct {
	List   []Change           `json:"list"`
	Counts map[ChangeKind]int `json:"counts"`
	// Same is how many products are in both with price and stock unchanged.
	Same int `json:"same"`
	// MedianPercent is the median change of the prices that went up or down.
	MedianPercent float64 `json:"median_percent"`
	// Repeated is how many rows had the key of an earlier row of their snapshot; the
	// last one counts.
	Repeated int `json:"repeated,omitempty"`
}

// CompareSnapshots returns the changes from one snapshot of products to a later one.
// A product is known by its feed and key; neither list is changed. Changes are ordered
// by kind as above, prices by the size of the change, then by feed and key.
func CompareSnapshots(before, after []domain.Product) Changes {
	out := Changes{Counts: map[ChangeKind]int{}}
	old, now := byRow(before, &out.Repeated), byRow(after, &out.Repeated)
	var moved []float64
	for row, b := range old {
		a, ok := now[row]
		if !ok {
			out.List = append(out.List, Change{Kind: ChangeGone, FeedID: b.FeedID, Key: b.Key, Name: b.Name, Before: b.Price})
			continue
		}
		kinds := 0
		for _, kind := range []ChangeKind{priceChange(b.Price, a.Price), stockChange(b.InStock, a.InStock)} {
			if kind == "" {
				continue
			}
			kinds++
			c := Change{Kind: kind, FeedID: a.FeedID, Key: a.Key, Name: a.Name, Before: b.Price, After: a.Price}
			if (kind == ChangePriceUp || kind == ChangePriceDown) && b.Price.Minor != 0 {
				c.Percent = 100 * (float64(a.Price.Minor)/float64(b.Price.Minor) - 1)
				moved = append(moved, c.Percent)
			}
			out.List = append(out.List, c)
		}
		if kinds == 0 {
			out.Same++
		}
	}
	for row, a := range now {
		if _, ok := old[row]; !ok {
			out.List = append(out.List, Change{Kind: ChangeNew, FeedID: a.FeedID, Key: a.Key, Name: a.Name, After: a.Price})
		}
	}
	slices.SortFunc(out.List, compareChanges)
	for _, c := range out.List {
		out.Counts[c.Kind]++
	}
	out.MedianPercent = medianOf(moved)
	return out
}

type rowKey struct {
	feed domain.FeedID
	key  string
}

func byRow(list []domain.Product, repeated *int) map[rowKey]*domain.Product {
	out := make(map[rowKey]*domain.Product, len(list))
	for i := range list {
		k := rowKey{list[i].FeedID, list[i].Key}
		if _, ok := out[k]; ok {
			*repeated++
		}
		out[k] = &list[i]
	}
	return out
}

func priceChange(before, after *domain.Money) ChangeKind {
	switch {
	case before == nil && after == nil:
		return ""
	case before == nil:
		return ChangePriceSet
	case after == nil:
		return ChangePriceLost
	case before.Currency != after.Currency:
		return ChangeCurrency
	case after.Minor > before.Minor:
		return ChangePriceUp
	case after.Minor < before.Minor:
		return ChangePriceDown
	}
	return ""
}

func stockChange(before, after *bool) ChangeKind {
	switch {
	case before == nil && after == nil, before != nil && after != nil && *before == *after:
		return ""
	case after == nil:
		return ChangeStockUnknown
	case *after:
		return ChangeInStock
	}
	return ChangeOutOfStock
}

var changeOrder = []ChangeKind{
	ChangeNew, ChangeGone, ChangePriceUp, ChangePriceDown, ChangePriceSet, ChangePriceLost, ChangeCurrency,
	ChangeInStock, ChangeOutOfStock, ChangeStockUnknown,
}

func compareChanges(a, b Change) int {
	return cmp.Or(
		cmp.Compare(slices.Index(changeOrder, a.Kind), slices.Index(changeOrder, b.Kind)),
		cmp.Compare(math.Abs(b.Percent), math.Abs(a.Percent)),
		cmp.Compare(a.FeedID, b.FeedID),
		cmp.Compare(a.Key, b.Key),
	)
}

func medianOf(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(x))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Kinds returns the kinds that occur, in order.
func (c Changes) Kinds() []ChangeKind {
	return slices.SortedFunc(maps.Keys(c.Counts), func(a, b ChangeKind) int {
		return cmp.Compare(slices.Index(changeOrder, a), slices.Index(changeOrder, b))
	})
}
