package market

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"empire/internal/domain"
)

// Item is one product of a view: a family with a price in the main currency, or any
// family of a priceless market, with zero Money and Price.
type Item struct {
	Family *domain.Family
	Money  domain.Money
	Price  float64 // Money in major units
	name   string
}

// Row returns the row that stands for the item: its cheapest variant.
func (it *Item) Row() *domain.Product { return it.Family.Lead() }

// Value is one value of an attribute with the items that have it.
type Value struct {
	Text  string // as shown; empty for a flag
	Key   string // lower case, for comparisons
	Items []*Item
}

// Stat says how one attribute is distributed over a view.
type Stat struct {
	Term   *Term
	Name   string // as the families name it
	Kind   domain.AttributeKind
	Unit   string
	Stated []*Item   // items that state it, in the order of the view
	Values []Value   // by number of items, most first; numbers by value as shown
	Number []float64 // of Stated, numbers only
	Weight float64   // how much it decides in this market

	of map[*Item]*domain.Attribute
}

// Coverage is the share of items that state the attribute.
func (s *Stat) Coverage(v *View) float64 { return float64(len(s.Stated)) / float64(len(v.Items)) }

// View is a market seen through its priced products, or through all of them if the
// market is priceless.
type View struct {
	Market   *domain.Market
	Language string
	Currency string
	Items    []*Item // by price, then key
	Skipped  int     // families with a price in another currency
	Stats    []Stat  // the most decisive first
	Bands    []Band  // cheapest first; nil if prices hardly differ

	byKey map[string]*Item
}

// minCoverage is the share of items that must state an attribute before it is
// worth a column; below it, blanks outnumber facts too clearly.
const minCoverage = 0.12

// New returns the view of a market for readers of language.
func New(m *domain.Market, language string) *View {
	v := &View{Market: m, Language: language, Currency: mainCurrency(m), byKey: map[string]*Item{}}
	for i := range m.Families {
		f := &m.Families[i]
		if m.Priceless {
			v.add(f, domain.Money{}, m.Noun.Singular)
			continue
		}
		if len(f.Variants) == 0 || f.Lead().Price == nil || f.Lead().Price.Minor <= 0 {
			continue
		}
		p := *f.Lead().Price
		if p.Currency != v.Currency {
			v.Skipped++
			continue
		}
		v.add(f, p, m.Noun.Singular)
	}
	slices.SortFunc(v.Items, func(a, b *Item) int {
		return cmp.Or(cmp.Compare(a.Money.Minor, b.Money.Minor), strings.Compare(a.Family.Key, b.Family.Key))
	})
	v.Stats = statsOf(v)
	if !m.Priceless {
		v.Bands = bandsOf(v.Prices(v.Items))
	}
	return v
}

func (v *View) add(f *domain.Family, price domain.Money, noun string) {
	if len(f.Variants) == 0 {
		return
	}
	it := &Item{Family: f, Money: price, name: plainName(f.Name, noun)}
	if v.Market.Priceless { // names are short, and the noun may be all that they say
		it.name = strings.TrimRight(f.Name, " .,;-")
	} else {
		it.Price = price.Major()
	}
	v.Items = append(v.Items, it)
	v.byKey[f.Key] = it
}

func mainCurrency(m *domain.Market) string {
	count := map[string]int{}
	for i := range m.Families {
		if vs := m.Families[i].Variants; len(vs) > 0 && vs[0].Price != nil {
			count[vs[0].Price.Currency]++
		}
	}
	best := ""
	for c, n := range count {
		if best == "" || n > count[best] || n == count[best] && c < best {
			best = c
		}
	}
	return best
}

// Item returns the item of a family.
func (v *View) Item(key string) (*Item, bool) {
	it, ok := v.byKey[key]
	return it, ok
}

// Prices returns the prices of items in major units, in their order.
func (v *View) Prices(items []*Item) []float64 {
	out := make([]float64, len(items))
	for i, it := range items {
		out[i] = it.Price
	}
	return out
}

// Stat returns the statistics of an attribute.
func (v *View) Stat(name string) (*Stat, bool) {
	for i := range v.Stats {
		if v.Stats[i].Name == name {
			return &v.Stats[i], true
		}
	}
	return nil, false
}

// Term returns what is known about an attribute of this market.
func (v *View) Term(name string) *Term {
	if s, ok := v.Stat(name); ok {
		return s.Term
	}
	return TermFor(name)
}

// ignored are attributes that say nothing to a reader.
var ignored = map[string]bool{
	"has_options": true, "required_options": true, "sku": true, "id": true, "ean": true, "mpn": true, "gtin": true,
	"price_per_gb": true, "delivery_weight": true, "stock_quantity": true,
	"size_option": true, "colour_option": true, "in_stock": true, "condition": true,
}

func statsOf(v *View) []Stat {
	index := map[string]*Stat{}
	var names []string
	for _, it := range v.Items {
		for _, a := range it.Family.Attributes {
			if ignored[a.Name] {
				continue
			}
			if index[a.Name] == nil {
				index[a.Name] = &Stat{Term: TermFor(a.Name), Name: a.Name}
				names = append(names, a.Name)
			}
		}
	}
	sort.Strings(names)
	var out []Stat
	for _, name := range names {
		s := index[name]
		s.Kind, s.Unit = mainForm(v, name)
		switch {
		case s.Kind == domain.AttributeList && s.Term.Name == "style":
			s.Term = TermFor("styling") // a list of tags, as clothing has them
		case s.Kind == domain.AttributeText && s.Term.Name == "width":
			s.Term = TermFor("shoe_width") // a word, not a measure
		}
		collect(v, s)
		if len(s.Stated) < 3 || s.Coverage(v) < minCoverage || unhelpful(s) {
			continue
		}
		s.Weight = s.Term.Weight * (0.35 + 0.65*s.Coverage(v)) * variety(s)
		out = append(out, *s)
	}
	sortStats(out)
	return out
}

func sortStats(list []Stat) {
	slices.SortStableFunc(list, func(a, b Stat) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), strings.Compare(a.Name, b.Name))
	})
}

// leadWeights are what the weights of attributes that lead are multiplied with.
var leadWeights = []float64{2, 1.6, 1.3}

// Lead lets attributes decide more in this view than they do by themselves, the first of
// names most: they come first in tables, cards and guides, and lists by them are chosen
// rather than others. It must be called before anyone keeps a pointer into Stats.
func (v *View) Lead(names []string) {
	for i := range v.Stats {
		if at := slices.Index(names, v.Stats[i].Name); at >= 0 {
			v.Stats[i].Weight *= leadWeights[min(at, len(leadWeights)-1)]
		}
	}
	sortStats(v.Stats)
}

// mainForm returns the kind and unit that most items use for an attribute; the
// others are left out of its statistics.
func mainForm(v *View, name string) (domain.AttributeKind, string) {
	type form struct {
		kind domain.AttributeKind
		unit string
	}
	count := map[form]int{}
	var best form
	for _, it := range v.Items {
		a, ok := it.Family.Attribute(name)
		if !ok {
			continue
		}
		f := form{a.Kind, a.Unit}
		count[f]++
		if count[f] > count[best] {
			best = f
		}
	}
	return best.kind, best.unit
}

// Attribute returns the item's attribute if it has the form that the statistics of
// the view use.
func (s *Stat) Attribute(it *Item) (domain.Attribute, bool) {
	if a, ok := s.of[it]; ok {
		return *a, true
	}
	return domain.Attribute{}, false
}

// find returns the attribute of that name if it has the form of the statistics.
func (s *Stat) find(it *Item) *domain.Attribute {
	for i := range it.Family.Attributes {
		a := &it.Family.Attributes[i]
		if a.Name == s.Name {
			if a.Kind != s.Kind || a.Unit != s.Unit {
				return nil
			}
			return a
		}
	}
	return nil
}

func collect(v *View, s *Stat) {
	byKey := map[string]int{}
	s.of = make(map[*Item]*domain.Attribute, len(v.Items))
	for _, it := range v.Items {
		a := s.find(it)
		if a == nil {
			continue
		}
		s.of[it] = a
		s.Stated = append(s.Stated, it)
		if a.Kind == domain.AttributeNumber {
			s.Number = append(s.Number, a.Number)
		}
		for _, text := range valueTexts(v.Language, *a) {
			key := strings.ToLower(text)
			i, ok := byKey[key]
			if !ok {
				i = len(s.Values)
				byKey[key] = i
				s.Values = append(s.Values, Value{Text: text, Key: key})
			}
			s.Values[i].Items = append(s.Values[i].Items, it)
		}
	}
	slices.SortStableFunc(s.Values, func(a, b Value) int {
		return cmp.Or(cmp.Compare(len(b.Items), len(a.Items)), strings.Compare(a.Key, b.Key))
	})
}

// valueTexts returns the values under which an attribute is counted.
func valueTexts(language string, a domain.Attribute) []string {
	switch a.Kind {
	case domain.AttributeList:
		return unique(a.List)
	case domain.AttributeFlag:
		if !a.Flag {
			return nil
		}
		return []string{""}
	default:
		return []string{Show(language, a)}
	}
}

// unhelpful reports whether an attribute tells nothing: texts that are all
// different, such as a model number, or hardly any that hold.
func unhelpful(s *Stat) bool {
	if len(s.Values) == 0 {
		return true
	}
	return (s.Kind == domain.AttributeText || s.Kind == domain.AttributeList) && len(s.Values[0].Items) < 2
}

// variety lowers the weight of attributes that are the same everywhere.
func variety(s *Stat) float64 {
	top := float64(len(s.Values[0].Items)) / float64(len(s.Stated))
	switch {
	case s.Kind == domain.AttributeFlag:
		return 1
	case len(s.Values) == 1 || top > 0.97:
		return 0.15
	case top > 0.9:
		return 0.5
	default:
		return 1
	}
}

// With returns the items that have a flag or value, and Without those that state
// the attribute otherwise. A flag that no item denies counts every item that does
// not state it as without.
func (s *Stat) With(v *View, key string) (with, without []*Item) {
	has := map[*Item]bool{}
	for _, val := range s.Values {
		if val.Key == key {
			with = val.Items
		}
	}
	for _, it := range with {
		has[it] = true
	}
	pool := s.Stated
	if s.Kind == domain.AttributeFlag && len(with) == len(s.Stated) {
		pool = v.Items
	}
	for _, it := range pool {
		if !has[it] {
			without = append(without, it)
		}
	}
	return with, without
}

// Stated counts the attributes in use that an item states, color and size aside.
func (v *View) Stated(it *Item) int {
	n := 0
	for i := range v.Stats {
		if _, ok := v.Stats[i].Attribute(it); ok && (!v.Stats[i].Term.Minor() || v.Stats[i].Term.Name == "brand") {
			n++
		}
	}
	return n
}

// Silent reports whether a missing flag means "not stated" rather than "no": no
// item denies it.
func (s *Stat) Silent() bool {
	return s.Kind == domain.AttributeFlag && !s.Term.Denied && len(s.Values[0].Items) == len(s.Stated)
}
