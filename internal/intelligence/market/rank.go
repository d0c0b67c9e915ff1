package market

import (
	"cmp"
	"slices"
	"strings"

	"empire/internal/domain"
)

// RuleKind says by what products are ranked.
type RuleKind string

// The rules. Ties are broken by price, then by key.
const (
	ByPrice     RuleKind = "price"      // the lowest price first
	ByUnitPrice RuleKind = "unit_price" // the lowest price for one unit of Attribute first
	ByAttribute RuleKind = "attribute"  // the greatest (Desc) or least value of Attribute first
	ByExtras    RuleKind = "extras"     // the most extras first
)

// Rule is a ranking rule.
type Rule struct {
	Kind      RuleKind
	Attribute string
	Desc      bool
	Extras    []Extra
}

// Extra is a property that counts when products are ranked by what they include.
type Extra struct {
	Stat  *Stat
	Keys  []string // values that count; nil for any stated value, or a true flag
	Label string
}

// Has reports whether an item has the extra.
func (e Extra) Has(it *Item) bool {
	a, ok := e.Stat.Attribute(it)
	if !ok {
		return false
	}
	switch a.Kind {
	case domain.AttributeFlag:
		return a.Flag
	case domain.AttributeList:
		return e.Keys == nil || slices.ContainsFunc(a.List, func(s string) bool { return slices.Contains(e.Keys, strings.ToLower(s)) })
	default:
		return e.Keys == nil || slices.Contains(e.Keys, strings.ToLower(a.Text))
	}
}

// Extras returns the properties of this market that count as extras: useful flags
// and values that some products have and others have not.
func (v *View) Extras() []Extra {
	var out []Extra
	for i := range v.Stats {
		s := &v.Stats[i]
		e := Extra{Stat: s, Label: s.Term.ExtraLabel(v.Language)}
		switch {
		case s.Kind == domain.AttributeFlag && s.Term.Better > 0:
		case s.Kind != domain.AttributeFlag && s.Kind != domain.AttributeNumber && len(s.Term.Extras) > 0:
			if s.Term.Extras[0] != "*" {
				e.Keys = s.Term.Extras
			}
		default:
			continue
		}
		n := 0
		for _, it := range v.Items {
			if e.Has(it) {
				n++
			}
		}
		if share := float64(n) / float64(len(v.Items)); share >= 0.04 && share <= 0.9 {
			out = append(out, e)
		}
	}
	return out[:min(len(out), 6)]
}

// RuleFor returns the rule that suits a facet: price per unit where a unit is what
// one buys, the strongest attribute or the extras where the price is given, else
// the price. No facet means the whole market.
func (v *View) RuleFor(f *domain.Facet) Rule {
	if v.Market.Priceless {
		return v.plainRule(f)
	}
	if f == nil {
		return Rule{Kind: ByPrice}
	}
	if f.Attribute != FacetPrice {
		if s, ok := v.Stat(f.Attribute); ok && s.Kind == domain.AttributeNumber {
			if s.Term.PerUnit {
				return Rule{Kind: ByUnitPrice, Attribute: s.Name}
			}
			if s.Term.Better < 0 {
				return Rule{Kind: ByAttribute, Attribute: s.Name}
			}
		}
		return Rule{Kind: ByPrice}
	}
	if extras := v.Extras(); len(extras) >= 2 {
		return Rule{Kind: ByExtras, Extras: extras}
	}
	for i := range v.Stats {
		s := &v.Stats[i]
		if s.Kind == domain.AttributeNumber && s.Term.Yardstick && s.Coverage(v) > 0.6 {
			return Rule{Kind: ByAttribute, Attribute: s.Name, Desc: s.Term.Better > 0}
		}
	}
	return Rule{Kind: ByPrice}
}

// plainRule ranks products without prices: by the number that the facet limits, else by
// the most decisive number that most products state.
func (v *View) plainRule(f *domain.Facet) Rule {
	rule := func(s *Stat) Rule { return Rule{Kind: ByAttribute, Attribute: s.Name, Desc: s.Term.Better > 0} }
	if f != nil {
		if s, ok := v.Stat(f.Attribute); ok && s.Kind == domain.AttributeNumber {
			r := rule(s)
			if f.Op == "ge" || f.Op == "le" { // a list from a limit on begins at its far end
				r.Desc = f.Op == "ge"
			}
			return r
		}
	}
	if s := v.MainNumber(); s != nil {
		return rule(s)
	}
	return Rule{Kind: ByExtras}
}

// MainNumber is the yardstick of a market without prices: the most decisive number that
// three quarters of its products state; nil if there is none.
func (v *View) MainNumber() *Stat {
	for i := range v.Stats {
		if s := &v.Stats[i]; s.Kind == domain.AttributeNumber && s.Term.Better != 0 && s.Coverage(v) >= 0.75 {
			return s
		}
	}
	return nil
}

// Score returns what the rule looks at for an item. ok is false if the item does
// not state it.
func (r Rule) Score(v *View, it *Item) (score float64, ok bool) {
	switch r.Kind {
	case ByExtras:
		for _, e := range r.Extras {
			if e.Has(it) {
				score++
			}
		}
		return score, true
	case ByUnitPrice, ByAttribute:
		s, known := v.Stat(r.Attribute)
		if !known {
			return 0, false
		}
		a, stated := s.Attribute(it)
		if !stated || a.Kind != domain.AttributeNumber || r.Kind == ByUnitPrice && a.Number <= 0 {
			return 0, false
		}
		if r.Kind == ByUnitPrice {
			return it.Price / a.Number, true
		}
		return a.Number, true
	default:
		return it.Price, true
	}
}

// Rank returns items in the order of the rule; items that do not state what it
// looks at come last.
func (v *View) Rank(r Rule, items []*Item) []*Item {
	type scored struct {
		it    *Item
		score float64
		ok    bool
	}
	list := make([]scored, len(items))
	for i, it := range items {
		s, ok := r.Score(v, it)
		if r.Kind == ByExtras || r.Kind == ByAttribute && r.Desc {
			s = -s
		}
		list[i] = scored{it, s, ok}
	}
	slices.SortStableFunc(list, func(a, b scored) int {
		if a.ok != b.ok {
			if a.ok {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.it.Money.Minor, b.it.Money.Minor),
			strings.Compare(a.it.Family.Key, b.it.Family.Key))
	})
	out := make([]*Item, len(list))
	for i, s := range list {
		out[i] = s.it
	}
	return out
}
