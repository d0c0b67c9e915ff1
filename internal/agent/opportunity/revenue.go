package opportunity

import (
	"fmt"
	"math"

	"empire/internal/domain"
)

// Band is an assumption with its lower and upper end.
type Band struct {
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
}

// Assumptions are the rates of the revenue estimate that no feed can tell. They are
// deliberately careful, are listed in the inputs of each estimate under
// "assumptions", and are to be replaced by measured rates once a site has them.
type Assumptions struct {
	Reach      Band `json:"share_of_searches_that_reach_the_site"`
	ClickOut   Band `json:"share_of_visits_that_follow_an_offer"`
	Conversion Band `json:"share_of_followed_offers_that_buy"`
}

// DefaultAssumptions are the rates that Run uses.
var DefaultAssumptions = Assumptions{
	Reach:      Band{0.002, 0.01, 0.03},
	ClickOut:   Band{0.08, 0.15, 0.25},
	Conversion: Band{0.01, 0.02, 0.03},
}

// Constants of the viral potential.
const (
	viralDemandCap = 6.0 // log10 of the monthly searches that count as 1
	viralReach     = 0.5 // weights
	viralBreadth   = 0.3
	viralPrice     = 0.2
	// viralPivot is the price in minor units at which the price part is one half:
	// 50.00, or 5,000 in a currency without minor units.
	viralPivot = 5000.0
)

const viralMethod = "weight_reach × min(1, log10(1 + searches) ÷ log10_cap) + weight_breadth × (1 − Σ share²) + weight_price × pivot ÷ (pivot + price); " +
	"share is a keyword's part of the searches; low: half the searches and price_p75, value: price_median, high: twice the searches and price_p25"

// ViralScore is the formula of the viral potential: monthly searches, concentration
// of the searches over keywords (the sum of squared shares), price and its pivot.
func ViralScore(searches, concentration, price, pivot float64) float64 {
	reach := math.Min(1, math.Log10(1+searches)/viralDemandCap)
	return viralReach*reach + viralBreadth*(1-concentration) + viralPrice*pivot/(pivot+price)
}

// viral estimates how readily a topic spreads: many searches, spread over many
// questions, for something that people buy without long thought.
func (s *surveyed) viral() domain.Estimate {
	r := &s.research
	out := domain.Estimate{Method: viralMethod, Inputs: map[string]any{}}
	if r.MonthlyDemand == nil || *r.MonthlyDemand == 0 {
		out.Reason = "No keyword demand is known for this market."
		return out
	}
	if r.Price == nil {
		out.Reason = "No price is known for this market."
		return out
	}
	demand := float64(*r.MonthlyDemand)
	concentration := 0.0
	for _, k := range r.Keywords {
		if n := searches(k); n > 0 {
			share := float64(n) / demand
			concentration += share * share
		}
	}
	low := ViralScore(demand/2, concentration, r.Price.P75, viralPivot)
	mid := ViralScore(demand, concentration, r.Price.Median, viralPivot)
	high := ViralScore(demand*2, concentration, r.Price.P25, viralPivot)
	out.Low, out.Value, out.High = &low, &mid, &high
	out.Inputs = map[string]any{
		"monthly_searches": *r.MonthlyDemand, "demand_concentration": concentration, "currency": r.Currency,
		"price_p25_minor": r.Price.P25, "price_median_minor": r.Price.Median, "price_p75_minor": r.Price.P75,
		"price_pivot_minor": viralPivot, "log10_cap": viralDemandCap,
		"weight_reach": viralReach, "weight_breadth": viralBreadth, "weight_price": viralPrice,
	}
	return out
}

const revenueMethod = "searches × reach × click_out × conversion × median_price × commission_rate, rounded to minor units; " +
	"low, mid and high take the three values of each assumption"

// RevenueMinor is the formula of the revenue estimate.
func RevenueMinor(searches int, reach, clickOut, conversion, medianPriceMinor, commissionRate float64) int64 {
	return int64(math.Round(float64(searches) * reach * clickOut * conversion * medianPriceMinor * commissionRate))
}

// revenue estimates the commission of a month, or says why it cannot.
func (s *surveyed) revenue() (*domain.RevenueEstimate, string) {
	r := &s.research
	if r.Price == nil {
		return nil, "No price is known for this market."
	}
	if r.MonthlyDemand == nil {
		return nil, "No keyword demand is known for this market; import keywords with their monthly searches."
	}
	joined := true
	rates := s.rates(true)
	if len(rates) == 0 {
		joined = false
		rates = s.rates(false)
	}
	if len(rates) == 0 {
		return nil, "No commission is known for the programs that sell these products."
	}
	rate := 0.0
	for _, v := range rates {
		rate += v
	}
	rate /= float64(len(rates))
	a := DefaultAssumptions
	money := func(reach, click, buy float64) domain.Money {
		return domain.Money{Minor: RevenueMinor(*r.MonthlyDemand, reach, click, buy, r.Price.Median, rate), Currency: r.Currency}
	}
	return &domain.RevenueEstimate{
		Low:    money(a.Reach.Low, a.ClickOut.Low, a.Conversion.Low),
		Mid:    money(a.Reach.Mid, a.ClickOut.Mid, a.Conversion.Mid),
		High:   money(a.Reach.High, a.ClickOut.High, a.Conversion.High),
		Period: "month", Method: revenueMethod,
		Inputs: map[string]any{
			"monthly_searches": *r.MonthlyDemand, "median_price_minor": r.Price.Median, "currency": r.Currency,
			"commission_rate": rate, "commission_products": len(rates), "commission_note": commissionNote(joined, len(rates)),
			"programs_joined": joined, "assumptions": a, "assumptions_measured": false,
		},
	}, ""
}

func commissionNote(joined bool, n int) string {
	state := "joined"
	if !joined {
		state = "not yet joined"
	}
	return fmt.Sprintf("mean over %d products of the best known commission of open programs that are %s", n, state)
}
