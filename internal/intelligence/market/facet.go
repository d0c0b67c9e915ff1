package market

import (
	"slices"
	"strings"

	"empire/internal/domain"
)

// FacetPrice is the attribute name of price facets.
const FacetPrice = "price"

// Has reports whether an item has what the facet asks for.
func (v *View) Has(it *Item, f *domain.Facet) bool {
	if f.Attribute == FacetPrice {
		return Band{f.Low, f.High}.Holds(it.Price)
	}
	s, ok := v.Stat(f.Attribute)
	if !ok {
		return false
	}
	a, ok := s.Attribute(it)
	if !ok {
		return false
	}
	switch f.Op {
	case "ge":
		return a.Kind == domain.AttributeNumber && a.Number >= *f.Low
	case "le":
		return a.Kind == domain.AttributeNumber && a.Number <= *f.High
	case "between":
		return a.Kind == domain.AttributeNumber && a.Number >= *f.Low && a.Number < *f.High
	case "has":
		return slices.ContainsFunc(a.List, func(s string) bool { return strings.EqualFold(s, f.Text) })
	default: // eq
		if a.Kind == domain.AttributeFlag {
			return a.Flag == f.Flag
		}
		return strings.EqualFold(Show(v.Language, a), f.Text)
	}
}

// Select returns the items that a facet selects, by price.
func (v *View) Select(f *domain.Facet) []*Item {
	var out []*Item
	for _, it := range v.Items {
		if v.Has(it, f) {
			out = append(out, it)
		}
	}
	return out
}

// FacetLabel is the short name of a facet: "wireless", "under $50", "IPS",
// "27 in and up".
func (v *View) FacetLabel(f *domain.Facet) string {
	de := v.Language == "de"
	if f.Attribute == FacetPrice {
		return Band{f.Low, f.High}.Label(v.Language, v.Currency)
	}
	t := v.Term(f.Attribute)
	if phrase := v.limitPhrase(f, ""); phrase != "" {
		_, label, _ := strings.Cut(phrase, " ")
		label = strings.TrimPrefix(strings.TrimPrefix(label, "mit "), "with ")
		if de { // it stands alone and takes the nominative
			label = strings.Replace(label, t.dative(), t.Low("de"), 1)
		}
		return label
	}
	switch f.Op {
	case "ge":
		q := Quantity(v.Language, *f.Low, f.Unit)
		switch {
		case countable(t, f) && de:
			return "mindestens " + q + " " + t.Low(v.Language)
		case countable(t, f):
			return q + " or more " + t.Low(v.Language)
		case !t.Bare && de:
			return t.Low(v.Language) + " ab " + q
		case !t.Bare:
			return t.Low(v.Language) + " from " + q
		case de:
			return "ab " + q
		}
		return q + " and up"
	case "le":
		q := Quantity(v.Language, *f.High, f.Unit)
		switch {
		case countable(t, f) && de:
			return "höchstens " + q + " " + t.Low(v.Language)
		case countable(t, f):
			return "up to " + q + " " + t.Low(v.Language)
		case !t.Bare && de:
			return t.Low(v.Language) + " bis " + q
		case !t.Bare:
			return t.Low(v.Language) + " up to " + q
		case de:
			return "bis " + q
		}
		return "up to " + q
	}
	if f.Text == "" {
		return t.Low(v.Language)
	}
	if pattern := t.In(v.Language).Facet; pattern != "" {
		return fill(pattern, t.ValueWords(v.Language, f.Text), "")
	}
	return t.ValueWords(v.Language, f.Text)
}

// FacetPhrase names the products that a facet selects: "wireless keyboards",
// "keyboards under $50", "monitors from 144 Hz".
func (v *View) FacetPhrase(f *domain.Facet, noun string) string {
	de := v.Language == "de"
	t := v.Term(f.Attribute)
	if phrase := v.limitPhrase(f, noun); phrase != "" {
		return phrase
	}
	with := ""
	switch {
	case t.Bare:
	case de:
		with = " mit " + t.Low(v.Language)
	case t.Is(v.Language) == "are":
		with = " with " + t.Low(v.Language)
	default:
		with = " with " + WithArticle(t.Low(v.Language))
	}
	if (f.Op == "ge" || f.Op == "le") && f.Attribute != FacetPrice && countable(t, f) {
		with = " with "
		if de {
			with = " mit "
		}
		return noun + with + v.FacetLabel(f)
	}
	switch {
	case f.Attribute == FacetPrice:
		return noun + " " + bandPhrase(Band{f.Low, f.High}, v.Language, v.Currency)
	case f.Op == "ge" && de:
		return noun + with + " ab " + Quantity(v.Language, *f.Low, f.Unit)
	case f.Op == "ge":
		return noun + with + " from " + Quantity(v.Language, *f.Low, f.Unit)
	case f.Op == "le" && de:
		return noun + with + " bis " + Quantity(v.Language, *f.High, f.Unit)
	case f.Op == "le":
		return noun + with + " up to " + Quantity(v.Language, *f.High, f.Unit)
	case f.Text == "":
		return t.With(v.Language, "", noun)
	default:
		return t.With(v.Language, t.ValueWords(v.Language, f.Text), noun)
	}
}

// limitPhrase names the products within a limit in the words that the attribute has for
// it; empty if it has none.
func (v *View) limitPhrase(f *domain.Facet, noun string) string {
	w := v.Term(f.Attribute).In(v.Language)
	switch {
	case f.Op == "ge" && w.AtLeast != "":
		return fill(w.AtLeast, Quantity(v.Language, *f.Low, f.Unit), noun)
	case f.Op == "le" && w.AtMost != "":
		return fill(w.AtMost, Quantity(v.Language, *f.High, f.Unit), noun)
	}
	return ""
}

// countable reports whether a limit counts things: cores, pieces.
func countable(t *Term, f *domain.Facet) bool { return f.Unit == "" && t.EN.Plural }

// bandPhrase names a band after a noun: "under $50", "from $50 to $100".
func bandPhrase(b Band, language, currency string) string {
	switch {
	case b.Low == nil:
		return b.Label(language, currency)
	case language == "de" && b.High == nil:
		return b.Label(language, currency)
	case language == "de":
		return "von " + b.Label(language, currency)
	case b.High == nil:
		return "from " + RoundPrice(language, currency, *b.Low)
	default:
		return "from " + b.Label(language, currency)
	}
}
