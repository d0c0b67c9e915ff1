package market

import (
	"math"
	"slices"
)

// Band is a price range: at least Low and below High, in major units. A nil end
// is open.
type Band struct {
	Low, High *float64
}

// Holds reports whether a price is in the band.
func (b Band) Holds(price float64) bool {
	return (b.Low == nil || price >= *b.Low) && (b.High == nil || price < *b.High)
}

// Label names the band: "under $50", "$50 to $100", "$100 and up".
func (b Band) Label(language, currency string) string {
	de := language == "de"
	switch {
	case b.Low == nil && b.High == nil:
		return ""
	case b.Low == nil && de:
		return "unter " + RoundPrice(language, currency, *b.High)
	case b.Low == nil:
		return "under " + RoundPrice(language, currency, *b.High)
	case b.High == nil && de:
		return "ab " + RoundPrice(language, currency, *b.Low)
	case b.High == nil:
		return RoundPrice(language, currency, *b.Low) + " and up"
	case de:
		return RoundPrice(language, currency, *b.Low) + " bis " + RoundPrice(language, currency, *b.High)
	default:
		return RoundPrice(language, currency, *b.Low) + " to " + RoundPrice(language, currency, *b.High)
	}
}

// Band returns the band that holds a price and its index.
func (v *View) Band(price float64) (Band, int) {
	for i, b := range v.Bands {
		if b.Holds(price) {
			return b, i
		}
	}
	return Band{}, -1
}

// InBand returns the items of a band.
func (v *View) InBand(b Band) []*Item {
	var out []*Item
	for _, it := range v.Items {
		if b.Holds(it.Price) {
			out = append(out, it)
		}
	}
	return out
}

// niceSteps are the leading figures of limits that people use.
var niceSteps = []float64{1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 7.5, 8, 10}

// Nice returns the round number next to v.
func Nice(v float64) float64 {
	if v <= 0 {
		return 0
	}
	base := math.Pow(10, math.Floor(math.Log10(v)))
	best := niceSteps[0] * base
	for _, s := range niceSteps[1:] {
		x := s * base
		if x != math.Trunc(x) {
			continue
		}
		if math.Abs(math.Log(x/v)) < math.Abs(math.Log(best/v)) {
			best = x
		}
	}
	return math.Max(1, math.Round(best))
}

// bandsOf cuts prices into up to four bands at round limits near the quartiles.
// Bands with hardly any product are joined to their neighbor.
func bandsOf(prices []float64) []Band {
	if len(prices) < 8 {
		return nil
	}
	s := slices.Clone(prices)
	slices.Sort(s)
	at := func(q float64) float64 { return s[int(q*float64(len(s)-1))] }
	least := max(3, len(s)/12)
	var limits []float64
	from := 0
	for _, q := range []float64{0.25, 0.5, 0.78} {
		limit := Nice(at(q))
		i, _ := slices.BinarySearch(s, limit)
		if i-from < least || len(s)-i < least {
			continue
		}
		limits = append(limits, limit)
		from = i
	}
	if len(limits) == 0 {
		return nil
	}
	out := make([]Band, 0, len(limits)+1)
	for i := 0; i <= len(limits); i++ {
		var b Band
		if i > 0 {
			b.Low = &limits[i-1]
		}
		if i < len(limits) {
			b.High = &limits[i]
		}
		out = append(out, b)
	}
	return out
}
