package evidence

import (
	"math"
	"slices"

	"empire/internal/domain"
)

// Rows finds the feed rows that evidence cites. Rows that also have the method
// States(row, field string, value float64) bool of MarketRows let Verify check the
// values of sets.
type Rows interface {
	Row(feed domain.FeedID, key string) (*domain.Product, bool)
}

// snapshots proves spans of kept pages.
type snapshots interface {
	Snapshot(e domain.Evidence) error
}

type stater interface {
	States(row, field string, value float64) bool
}

// MarketRows indexes the rows of a market.
type MarketRows struct {
	rows     map[rowID]*domain.Product
	families map[string][]*domain.Family // by the keys of their rows
}

type rowID struct {
	feed domain.FeedID
	key  string
}

// NewMarketRows returns an index over the rows of m, which must not change while
// the index is used.
func NewMarketRows(m *domain.Market) MarketRows {
	r := MarketRows{rows: map[rowID]*domain.Product{}, families: map[string][]*domain.Family{}}
	for i := range m.Families {
		f := &m.Families[i]
		for j := range f.Variants {
			v := &f.Variants[j]
			r.rows[rowID{v.FeedID, v.Key}] = v
			if list := r.families[v.Key]; len(list) == 0 || list[len(list)-1] != f {
				r.families[v.Key] = append(list, f)
			}
		}
	}
	return r
}

// Row returns one row of the market.
func (r MarketRows) Row(feed domain.FeedID, key string) (*domain.Product, bool) {
	p, ok := r.rows[rowID{feed, key}]
	return p, ok
}

// States reports whether the product that a row belongs to has a number: its price
// (search_price), one that it had (price_history), how many rows it has (variants), how many of its attributes are
// counted (extras), a number in the row's column of that name, or an attribute.
// Attributes without a number are counted: they are there (1) or not (0).
func (r MarketRows) States(row, field string, value float64) bool {
	for _, f := range r.families[row] {
		switch field {
		case "search_price":
			for i := range f.Variants {
				if p := f.Variants[i].Price; f.Variants[i].Key == row && p != nil && near(p.Major(), value) {
					return true
				}
			}
		case "price_history":
			if f.History != nil && f.History.Key == row && slices.ContainsFunc(f.History.Points, func(p domain.PricePoint) bool { return p.Price != nil && near(p.Price.Major(), value) }) {
				return true
			}
		case "variants":
			if near(float64(len(f.Variants)), value) {
				return true
			}
		case "extras":
			if value >= 0 && value <= float64(len(f.Attributes)) && value == math.Trunc(value) {
				return true
			}
		default:
			if attributeStates(f.Attributes, field, value) || columnStates(f.Variants, row, field, value) {
				return true
			}
		}
	}
	return false
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

func attributeStates(list []domain.Attribute, name string, value float64) bool {
	for _, a := range list {
		if a.Name != name {
			continue
		}
		switch a.Kind {
		case domain.AttributeNumber:
			if near(a.Number, value) {
				return true
			}
		case domain.AttributeSize:
			for _, n := range a.Numbers {
				if near(n, value) {
					return true
				}
			}
		default:
			if value == 1 || value == 0 && a.Kind == domain.AttributeFlag && !a.Flag {
				return true
			}
		}
	}
	return false
}

func columnStates(variants []domain.Product, row, field string, value float64) bool {
	for i := range variants {
		if variants[i].Key == row {
			var s source
			s.read(field, variants[i].Fields[field])
			if s.holds(value) {
				return true
			}
		}
	}
	return false
}
