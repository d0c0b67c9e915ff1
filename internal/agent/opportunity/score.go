package opportunity

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// Weights are the parts of the confidence score; they add up to 1. A part grows,
// or stays, with each further piece of evidence of the same kind:
//
//	sample_size        products ÷ (products + 50)
//	data_completeness  as in Research
//	price_coverage     products with a price ÷ all products
//	program_knowledge  products with a joined, open program; half if its commission is unknown
//	merchant_diversity merchants ÷ (merchants + 2)
//	demand_evidence    keywords with demand ÷ (those + 10)
//	freshness          1 − median age of the rows ÷ 30 days, at least 0
//
// No data gives 0 in every part.
var Weights = map[string]float64{
	"sample_size": 0.25, "data_completeness": 0.15, "price_coverage": 0.10, "program_knowledge": 0.15,
	"merchant_diversity": 0.10, "demand_evidence": 0.15, "freshness": 0.10,
}

// The constants of the parts.
const (
	halfSample    = 50.0 // products at which sample_size is one half
	halfMerchants = 2.0  // merchants at which merchant_diversity is one half
	halfKeywords  = 10.0 // keywords at which demand_evidence is one half
	staleDays     = 30.0 // age at which freshness is 0
)

// The limits that the texts and actions use.
const (
	lowConfidence    = 0.4
	launchConfidence = 0.45
	fewProducts      = 12  // a site of fewer is thin
	tooFewProducts   = 5   // nothing to compare
	manyProducts     = 600 // one site cannot treat so many well
)

func part(name string, value float64, note string, inputs map[string]any) domain.ScorePart {
	return domain.ScorePart{Name: name, Value: min(1, max(0, value)), Weight: Weights[name], Inputs: inputs, Note: note}
}

func saturating(n int, half float64) float64 { return float64(n) / (float64(n) + half) }

// confidence returns the seven parts in a fixed order.
func (s *surveyed) confidence(now time.Time) []domain.ScorePart {
	r := &s.research
	coverage, all := 0.0, r.Products+r.Unpriced
	if all > 0 && !s.market.Priceless {
		coverage = float64(r.Products) / float64(all)
	}
	knowledge, known, unknown := s.programKnowledge()
	withDemand := s.keywordsWithDemand()
	age, dated := s.medianAgeDays(now)
	fresh := 0.0
	if dated {
		fresh = 1 - age/staleDays
	}
	return []domain.ScorePart{
		part("sample_size", saturating(r.Products, halfSample), "products ÷ (products + half)",
			map[string]any{"products": r.Products, "half": halfSample}),
		part("data_completeness", r.Completeness, "mean share of the attributes that at least half of the products have",
			map[string]any{"data_completeness": r.Completeness, "attributes": len(r.Attributes)}),
		part("price_coverage", coverage, "priced ÷ (priced + unpriced)",
			map[string]any{"priced": r.Products, "unpriced": r.Unpriced}),
		part("program_knowledge", knowledge, "(known + unknown ÷ 2) ÷ products, by commission of a joined and open program",
			map[string]any{"commission_known": known, "commission_unknown": unknown, "products": r.Products}),
		part("merchant_diversity", saturating(len(r.Merchants), halfMerchants), "merchants ÷ (merchants + half)",
			map[string]any{"merchants": len(r.Merchants), "half": halfMerchants}),
		part("demand_evidence", saturating(withDemand, halfKeywords), "keywords ÷ (keywords + half)",
			map[string]any{"keywords_with_demand": withDemand, "half": halfKeywords}),
		part("freshness", fresh, "1 − age ÷ stale, at least 0; 0 if no row has a time",
			map[string]any{"median_age_days": age, "stale_days": staleDays, "dated": dated}),
	}
}

func total(parts []domain.ScorePart) float64 {
	sum := 0.0
	for _, p := range parts {
		sum += p.Weight * p.Value
	}
	return min(1, max(0, sum))
}

func (s *surveyed) keywordsWithDemand() int {
	n := 0
	for _, k := range s.research.Keywords {
		if searches(k) > 0 {
			n++
		}
	}
	return n
}

// medianAgeDays is the median age of the rows of families with a price; a row read
// after now has the age 0.
func (s *surveyed) medianAgeDays(now time.Time) (days float64, dated bool) {
	var ages []float64
	for _, f := range s.priced {
		for i := range f.Variants {
			if at := f.Variants[i].ReadAt; !at.IsZero() {
				ages = append(ages, math.Max(0, now.Sub(at).Hours()/24))
			}
		}
	}
	if len(ages) == 0 {
		return 0, false
	}
	return evidence.Quantile(ages, 0.5), true
}

// insufficient says why the score is low; it is empty when the evidence carries it.
func insufficient(s *surveyed, score float64) string {
	if score >= lowConfidence && s.research.Products >= fewProducts {
		return ""
	}
	var why []string
	r := &s.research
	switch {
	case r.Products == 0:
		why = append(why, "no product with a price was found")
	case r.Products < fewProducts:
		why = append(why, fmt.Sprintf("only %d of the %d products with a price that a site needs were found", r.Products, fewProducts))
	}
	if s.market.Priceless {
		why = append(why, "no product has a price, so nothing can be offered and no revenue is expected")
	}
	if r.Completeness == 0 && r.Products > 0 {
		why = append(why, "no attribute is stated by half of the products")
	}
	if s.keywordsWithDemand() == 0 {
		why = append(why, "no keyword demand is known")
	}
	if len(slices.Concat(s.rates(true), s.rates(false))) == 0 {
		why = append(why, "no commission is known")
	}
	if len(why) == 0 {
		why = append(why, "the evidence is thin in all parts")
	}
	text := strings.Join(why, "; ")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
