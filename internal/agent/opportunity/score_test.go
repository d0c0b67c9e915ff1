package opportunity_test

import (
	"fmt"
	"math"
	"testing"

	"empire/internal/agent/opportunity"
	"empire/internal/domain"
)

func fullFacts() opportunity.Facts {
	return opportunity.Facts{
		Products: 60, Searches: ptr(5000.0), Keywords: 12, Growth: &opportunity.Growth{PerYear: 0.2, Significant: true, P: 0.01, Values: 36, SeriesID: "series_1"},
		Brands: 9, BrandHHI: ptr(0.2), Rate: ptr(0.06), RateProducts: 50, Price: ptr(80.0), Currency: "EUR", Completeness: ptr(0.8), Attributes: 12,
		InStock: ptr(0.9), AgeDays: ptr(3.0), Programs: 2, Series: 36,
	}
}

// recompute is the score from the listed inputs alone, written down a second time.
func recompute(t *testing.T, s domain.OpportunityScore) float64 {
	t.Helper()
	num := func(p domain.OpportunityPart, name string) float64 {
		switch v := p.Inputs[name].(type) {
		case float64:
			return v
		case int:
			return float64(v)
		}
		t.Fatalf("part %s has no input %s in %v", p.Name, name, p.Inputs)
		return 0
	}
	sum, weights := 0.0, 0.0
	for _, p := range s.Parts {
		if p.Value == nil {
			continue
		}
		v := 0.0
		switch p.Name {
		case "demand":
			v = math.Log10(1+num(p, "monthly_searches")) / num(p, "log10_cap")
		case "trend":
			v = num(p, "neutral") + num(p, "growth_per_year")/(2*num(p, "growth_cap"))
		case "competition":
			v = 1 - num(p, "brand_concentration")
		case "earning_power":
			e := num(p, "commission_rate") * num(p, "median_price")
			v = e / (e + num(p, "half"))
		case "price_band":
			z := math.Log(num(p, "median_price")/num(p, "ideal")) / num(p, "width")
			v = math.Exp(-z * z / 2)
		case "supply":
			v = num(p, "products") / (num(p, "products") + num(p, "half"))
		case "completeness":
			v = num(p, "data_completeness")
		case "availability":
			v = num(p, "in_stock_share")
		case "freshness":
			v = 1 - num(p, "median_age_days")/num(p, "stale_days")
		case "evidence":
			n := num(p, "products") + num(p, "keywords") + num(p, "programs") + num(p, "series_values")
			v = n / (n + num(p, "half"))
		default:
			t.Fatalf("unknown part %s", p.Name)
		}
		sum, weights = sum+p.Weight*math.Min(1, math.Max(0, v)), weights+p.Weight
	}
	return sum / weights
}

func TestScoreParts(t *testing.T) {
	t.Parallel()
	thin := fullFacts()
	thin.Searches, thin.Rate, thin.Growth, thin.Series, thin.BrandHHI = nil, nil, nil, 0, nil
	for name, f := range map[string]opportunity.Facts{"full": fullFacts(), "thin": thin, "empty": {}} {
		s := opportunity.Score(f, 0.6)
		sum, covered, all := 0.0, 0.0, 0.0
		for _, p := range s.Parts {
			sum += p.Contribution
			all += p.Weight
			if p.Value == nil {
				if p.Reason == "" || p.Contribution != 0 || p.Share != 0 {
					t.Errorf("%s: absent part %+v", name, p)
				}
				continue
			}
			covered += p.Weight
			if p.Formula == "" || len(p.Inputs) == 0 {
				t.Errorf("%s: part %s has no formula or inputs", name, p.Name)
			}
		}
		if math.Abs(all-1) > 1e-9 || math.Abs(sum-s.Value) > 1e-9 || math.Abs(covered-s.Covered) > 1e-9 {
			t.Errorf("%s: weights %v, sum %v of %v, covered %v of %v", name, all, sum, s.Value, covered, s.Covered)
		}
		if got := recompute(t, s); math.Abs(got-s.Value) > 1e-9 {
			t.Errorf("%s: the inputs give %v, the score says %v", name, got, s.Value)
		}
		if math.Abs(s.Confidence-0.6*s.Covered) > 1e-9 || s.Low > s.Value || s.High < s.Value || s.Calibration != domain.Uncalibrated {
			t.Errorf("%s: confidence %v, %v ≤ %v ≤ %v, %s", name, s.Confidence, s.Low, s.Value, s.High, s.Calibration)
		}
	}
}

// TestScoreChanges: what would change it is what a recomputation with that input gives.
func TestScoreChanges(t *testing.T) {
	t.Parallel()
	f := fullFacts()
	s := opportunity.Score(f, 0.6)
	apply := map[string]func(*opportunity.Facts, float64){
		"monthly_searches": func(f *opportunity.Facts, x float64) { f.Searches = &x }, "commission_rate": func(f *opportunity.Facts, x float64) { f.Rate = &x },
		"brand_concentration": func(f *opportunity.Facts, x float64) { f.BrandHHI = &x }, "median_age_days": func(f *opportunity.Facts, x float64) { f.AgeDays = &x },
		"median_price": func(f *opportunity.Facts, x float64) { f.Price = &x },
	}
	tried := 0
	for _, c := range s.Changes {
		set := apply[c.Input]
		if set == nil {
			continue
		}
		tried++
		g := f
		set(&g, c.To)
		if got := opportunity.Score(g, 0.6).Value - s.Value; math.Abs(got-c.Delta) > 1e-9 {
			t.Errorf("%s to %v: score moves by %v, said %v", c.Input, c.To, got, c.Delta)
		}
	}
	if tried < 9 {
		t.Errorf("%d changes were tried: %+v", tried, s.Changes)
	}
	if s.Decision != domain.DecisionEnter || s.Flip == nil || s.Flip.Decision != domain.DecisionHold {
		t.Fatalf("decision %s (%v), flip %+v", s.Decision, s.Blocked, s.Flip)
	}
	if set := apply[s.Flip.Input]; set != nil {
		g := f
		set(&g, s.Flip.To)
		if got := opportunity.Score(g, 0.6); got.Decision != s.Flip.Decision {
			t.Errorf("after %s the decision is %s (%.6f)", s.Flip.Note, got.Decision, got.Value)
		}
	}
}

// TestScoreHoldsWhileUnknown: high parts do not make up for what is unknown, and the
// flip says what has to become known.
func TestScoreHoldsWhileUnknown(t *testing.T) {
	t.Parallel()
	f := fullFacts()
	f.Searches, f.Rate, f.Growth, f.Series = nil, nil, nil, 0
	s := opportunity.Score(f, 0.9)
	if s.Decision != domain.DecisionHold || len(s.Blocked) != 1 || s.Flip == nil || s.Flip.Decision != domain.DecisionEnter || s.Flip.Input != "value" {
		t.Fatalf("%s, %q, %+v", s.Decision, s.Blocked, s.Flip)
	}
	f.Searches = ptr(1e5)
	if s = opportunity.Score(f, 0.9); s.Decision != domain.DecisionEnter {
		t.Errorf("with demand: %s, %q", s.Decision, s.Blocked)
	}
}

// TestRank: niches that differ clearly keep their order; equal input gives an equal
// ranking; every niche has its interval.
func TestRank(t *testing.T) {
	t.Parallel()
	var list []opportunity.Candidate
	for k := range 6 {
		m := &domain.Market{Niche: fmt.Sprintf("lamps %d", k), Language: "en"}
		for i := range 10 + 40*k {
			m.Families = append(m.Families, family(1000*k+i, int64(500+3000*k+10*(i%7)), fmt.Sprintf("B%d", i%(2+k)), "m0"))
		}
		list = append(list, opportunity.Candidate{From: fmt.Sprint(k), ScanInput: opportunity.ScanInput{Market: m, Now: now}})
	}
	first, err := opportunity.New().Rank(t.Context(), list, opportunity.RankParams{Resamples: 60})
	if err != nil {
		t.Fatal(err)
	}
	again, err := opportunity.New().Rank(t.Context(), list, opportunity.RankParams{Resamples: 60, Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if first.Stability != again.Stability || len(again.Niches) != 2 || again.Niches[0].Niche != first.Niches[0].Niche {
		t.Errorf("a second ranking differs: %+v, %+v", first.Stability, again.Stability)
	}
	if s := first.Stability; s.Spearman < 0.8 || s.Spearman > 1 || s.SpearmanP5 > s.Spearman || s.Resamples != 60 || s.Candidates != 6 {
		t.Errorf("stability = %+v", s)
	}
	for i, n := range first.Niches {
		if n.Rank != i+1 || n.ScoreLow > n.ScoreHigh || n.RankLow > n.RankHigh || n.RankLow < 1 || n.Products == 0 {
			t.Errorf("niche %+v", n)
		}
		// The score of a ranking is that of a scan of the same market.
		if alone := scan(t, marketOf(list, n.From)); math.Abs(alone.Score.Value-n.Score.Value) > 1e-9 {
			t.Errorf("%s: ranked with %v, scanned with %v", n.Niche, n.Score.Value, alone.Score.Value)
		}
	}
	few, err := opportunity.New().Rank(t.Context(), list[:2], opportunity.RankParams{})
	if err != nil || few.Stability.Reason == "" || few.Stability.Resamples != 0 {
		t.Errorf("two niches: %+v, %v", few.Stability, err)
	}
}

func marketOf(list []opportunity.Candidate, from string) *domain.Market {
	for i := range list {
		if list[i].From == from {
			return list[i].Market
		}
	}
	return nil
}

// TestFindPrograms: of 200 planted programs exactly those that fit are found.
func TestFindPrograms(t *testing.T) {
	t.Parallel()
	m := lamps()
	m.Match.Head = "lamp"
	var all []domain.Program
	want := map[string]bool{}
	for i := range 200 {
		p := domain.Program{
			ID: domain.ProgramID(fmt.Sprint("prog_", i)), AdvertiserID: fmt.Sprint("x", i), Name: fmt.Sprint("Shop ", i), Open: i%11 != 0,
			Traffic: []domain.TrafficLevel{"", domain.TrafficLow, domain.TrafficMedium, domain.TrafficHigh}[i%4],
		}
		if i%5 != 0 {
			p.CommissionBasisPoints = ptr(100 * (i % 10)) // 0 to 9 percent
		}
		if i%3 == 0 {
			p.Sectors = []string{"Garden", "Desk lamps"}
		} else {
			p.Sectors = []string{"Shoes"}
		}
		all = append(all, p)
		if i%11 != 0 && i%4 < 2 && i%5 != 0 && i%10 >= 5 && i%3 == 0 {
			want[string(p.ID)] = true
		}
	}
	got := opportunity.FindPrograms(all, m, domain.ProgramSearch{MinCommission: 5, Traffic: domain.TrafficLow})
	for _, p := range got {
		if !want[string(p.ID)] || p.MatchedBy != "sectors" || *p.CommissionPercent < 5 {
			t.Errorf("found %s: %+v", p.ID, p)
		}
	}
	if len(got) != len(want) || len(want) < 5 {
		t.Errorf("found %d programs, want %d", len(got), len(want))
	}
	none := opportunity.FindPrograms(all, m, domain.ProgramSearch{MinCommission: 100, Traffic: domain.TrafficHigh})
	if none == nil || len(none) != 0 {
		t.Errorf("at 100 %%: %+v, want an empty list", none)
	}
}
