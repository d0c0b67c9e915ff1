// Package market reads a domain.Market the way a writer and a planner need it:
// which products have a price, which attributes decide between them and how they
// are distributed, which price bands are sensible, what a facet selects and how
// its products are ranked. It also holds the words for all that in English and
// German: labels, features, facets, numbers, prices and dates.
//
//	Market ── New ──▶ View ── Stats (one for each attribute) ── Values
//	                   ├── Bands (price ranges with round limits)
//	                   └── Select(Facet) ── Rank(Rule) ──▶ Items in order
//
// Everything here is pure and deterministic; a View must not be changed and may
// then be used by several goroutines.
package market
