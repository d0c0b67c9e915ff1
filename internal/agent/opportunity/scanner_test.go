package opportunity_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/agent/opportunity"
	"empire/internal/domain"
	"empire/internal/testkit"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func eur(minor int64) *domain.Money { return &domain.Money{Minor: minor, Currency: "EUR"} }

func ptr[T any](v T) *T { return &v }

// family builds one product with a row for each merchant at the same price.
func family(i int, price int64, brand string, merchants ...string) domain.Family {
	f := domain.Family{Key: fmt.Sprintf("f%04d", i), Name: fmt.Sprintf("Lamp %d", i), Brand: brand, PriceMin: eur(price), PriceMax: eur(price)}
	for _, m := range merchants {
		f.Variants = append(f.Variants, domain.Product{
			FeedID: "feed_a", Key: fmt.Sprintf("%s-%d", m, i), MerchantID: m, MerchantName: "Shop " + m,
			Price: eur(price), InStock: ptr(i%2 == 0), ReadAt: now.Add(-24 * time.Hour),
		})
	}
	f.Attributes = []domain.Attribute{{Name: "wattage", Kind: domain.AttributeNumber, Number: float64(i), Unit: "W"}}
	return f
}

func keyword(phrase string, n int) domain.Keyword {
	return domain.Keyword{Phrase: phrase, Language: "en", MonthlySearches: &n}
}

// lamps is a small market whose figures are easy to compute by hand.
func lamps() *domain.Market {
	return &domain.Market{
		Niche: "lamps", Language: "en", Noun: domain.NicheNoun{Singular: "lamp", Plural: "lamps"},
		Match: domain.NicheMatch{Head: "lamp"}, RowCount: 9, Unpriced: 1,
		Families: []domain.Family{
			family(1, 1000, "Osram", "7"), family(2, 2000, "OSRAM", "7", "8"), family(3, 3000, "Philips", "8"), family(4, 4000, "", "7"),
			{Key: "f9", Name: "Lamp without price"},
		},
		Programs: []domain.Program{
			{ID: "prog_1", Network: "awin", AdvertiserID: "7", Name: "Shop 7", Joined: true, Open: true, CommissionBasisPoints: ptr(500)},
		},
		Keywords: []domain.Keyword{
			keyword("desk lamp", 900), keyword("Lamps for reading", 100), keyword("garden chair", 5000),
			{Phrase: "leselampe", Language: "de", MonthlySearches: ptr(70)}, {Phrase: "led lamp", Language: "en"},
		},
		At: now,
	}
}

func scan(t *testing.T, m *domain.Market) domain.Opportunity {
	t.Helper()
	o, err := opportunity.New().Run(t.Context(), opportunity.ScanInput{Market: m, Language: "en", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestScannerResearch(t *testing.T) {
	t.Parallel()
	r := scan(t, lamps()).Research
	if r.Products != 4 || r.Unpriced != 2 || r.Rows != 9 || r.Currency != "EUR" {
		t.Errorf("products %d, unpriced %d, rows %d, currency %q, want 4, 2, 9, EUR", r.Products, r.Unpriced, r.Rows, r.Currency)
	}
	if want := (domain.Distribution{Count: 4, Min: 1000, P25: 1750, Median: 2500, P75: 3250, Max: 4000}); *r.Price != want {
		t.Errorf("price = %+v, want %+v", *r.Price, want)
	}
	near(t, "concentration", *r.Concentration, 4.0/9+1.0/9) // two of three Osram, one Philips
	if r.Brands != 2 || r.TopBrands[0] != (domain.Share{Name: "OSRAM", Count: 2, Share: 2.0 / 3}) {
		t.Errorf("brands = %d, %+v", r.Brands, r.TopBrands)
	}
	if len(r.Merchants) != 2 || r.Merchants[0] != (domain.Share{Name: "Shop 7", Count: 3, Share: 0.75}) {
		t.Errorf("merchants = %+v, want Shop 7 with 3 of 4 first", r.Merchants)
	}
	near(t, "in stock", *r.InStock, 0.5)
	near(t, "completeness", r.Completeness, 1)
	if len(r.Attributes) != 1 || r.Attributes[0].Distinct != 4 {
		t.Errorf("attributes = %+v, want wattage with 4 values", r.Attributes)
	}
	if *r.MonthlyDemand != 1000 || len(r.Keywords) != 3 {
		t.Errorf("demand = %d from %d keywords, want 1000 from 3", *r.MonthlyDemand, len(r.Keywords))
	}
}

func TestScannerConfidenceByHand(t *testing.T) {
	t.Parallel()
	o := scan(t, lamps())
	want := map[string]float64{
		"sample_size": 4.0 / 54, "data_completeness": 1, "price_coverage": 4.0 / 6,
		"program_knowledge":  (3 + 0.5) / 4, // shop 8 is known from the feed only
		"merchant_diversity": 2.0 / 4, "demand_evidence": 2.0 / 12, "freshness": 1 - 1.0/30,
	}
	sum, weights := 0.0, 0.0
	for _, p := range o.ConfidenceParts {
		near(t, p.Name, p.Value, want[p.Name])
		if len(p.Inputs) == 0 || p.Note == "" {
			t.Errorf("part %s does not say how it was computed", p.Name)
		}
		sum, weights = sum+p.Value*p.Weight, weights+p.Weight
	}
	near(t, "weights", weights, 1)
	near(t, "score", o.ConfidenceScore, sum)
}

func TestScannerRevenueFromInputs(t *testing.T) {
	t.Parallel()
	o := scan(t, lamps())
	e := o.EstimatedRevenue
	if e == nil {
		t.Fatalf("no estimate: %s", o.RevenueReason)
	}
	in := e.Inputs
	a := in["assumptions"].(opportunity.Assumptions)
	for _, tt := range []struct {
		got                domain.Money
		reach, click, sale float64
	}{
		{e.Low, a.Reach.Low, a.ClickOut.Low, a.Conversion.Low},
		{e.Mid, a.Reach.Mid, a.ClickOut.Mid, a.Conversion.Mid},
		{e.High, a.Reach.High, a.ClickOut.High, a.Conversion.High},
	} {
		want := math.Round(float64(in["monthly_searches"].(int)) * tt.reach * tt.click * tt.sale *
			in["median_price_minor"].(float64) * in["commission_rate"].(float64))
		if float64(tt.got.Minor) != want || tt.got.Currency != "EUR" {
			t.Errorf("got %v, want %v minor EUR", tt.got, want)
		}
	}
	near(t, "commission rate", in["commission_rate"].(float64), 0.05)
	// 1000 × 0.03 × 0.25 × 0.03 × 25.00 × 5 % = 0.28
	if e.High.Minor != 28 {
		t.Errorf("high = %d, want 28", e.High.Minor)
	}
}

func TestScannerViralFromInputs(t *testing.T) {
	t.Parallel()
	v := scan(t, lamps()).ViralPotential
	in := v.Inputs
	got := func(demand, price float64) float64 {
		reach := math.Min(1, math.Log10(1+demand)/in["log10_cap"].(float64))
		pivot := in["price_pivot_minor"].(float64)
		return in["weight_reach"].(float64)*reach + in["weight_breadth"].(float64)*(1-in["demand_concentration"].(float64)) +
			in["weight_price"].(float64)*pivot/(pivot+price)
	}
	demand := float64(in["monthly_searches"].(int))
	near(t, "value", *v.Value, got(demand, in["price_median_minor"].(float64)))
	near(t, "low", *v.Low, got(demand/2, in["price_p75_minor"].(float64)))
	near(t, "high", *v.High, got(demand*2, in["price_p25_minor"].(float64)))
	near(t, "concentration", in["demand_concentration"].(float64), 0.81+0.01)
}

func TestScannerMissingInputs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(*domain.Market)
		viral   string
		revenue string
		action  string
	}{
		{"no keywords", func(m *domain.Market) { m.Keywords = nil }, "keyword demand", "keyword demand", opportunity.ActionKeywords},
		{"keywords without demand", func(m *domain.Market) { m.Keywords = m.Keywords[4:] }, "keyword demand", "keyword demand", opportunity.ActionKeywords},
		{"no commission", func(m *domain.Market) { m.Programs = nil }, "", "commission", opportunity.ActionPrograms},
		{"program closed", func(m *domain.Market) { m.Programs[0].Open = false }, "", "commission", opportunity.ActionPrograms},
		{"no products", func(m *domain.Market) { m.Families = nil }, "price", "price", opportunity.ActionSkip},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := lamps()
			tt.change(m)
			o := scan(t, m)
			if !strings.Contains(o.ViralPotential.Reason, tt.viral) || (o.ViralPotential.Value == nil) != (tt.viral != "") {
				t.Errorf("viral = %v, %q, want a reason with %q", o.ViralPotential.Value, o.ViralPotential.Reason, tt.viral)
			}
			if o.EstimatedRevenue != nil || !strings.Contains(o.RevenueReason, tt.revenue) {
				t.Errorf("revenue = %v, %q, want none with %q", o.EstimatedRevenue, o.RevenueReason, tt.revenue)
			}
			if !slices.ContainsFunc(o.RecommendedActions, func(a domain.RecommendedAction) bool { return a.Action == tt.action && a.Reason != "" }) {
				t.Errorf("actions = %+v, want %s", o.RecommendedActions, tt.action)
			}
			if !slices.Equal(o.RecommendedActions, o.NextActions) {
				t.Error("next_actions differ from recommended_actions")
			}
		})
	}
}

func TestScannerEmptyMarketScoresZero(t *testing.T) {
	t.Parallel()
	o := scan(t, &domain.Market{Niche: "nothing", Language: "en"})
	if o.ConfidenceScore != 0 || o.Insufficient == "" {
		t.Errorf("score %v, insufficient %q, want 0 and a reason", o.ConfidenceScore, o.Insufficient)
	}
	if o.Research.Concentration != nil || o.Research.InStock != nil || o.Research.Price != nil || o.Research.MonthlyDemand != nil {
		t.Errorf("research invents figures: %+v", o.Research)
	}
}

func TestScannerRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]opportunity.ScanInput{
		"no market": {Now: now}, "no clock": {Market: lamps()},
	} {
		if _, err := opportunity.New().Run(t.Context(), in); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
}

// TestScannerConfidenceMonotone plants markets and adds one more piece of evidence
// of the same quality: the score never falls and stays in [0,1].
func TestScannerConfidenceMonotone(t *testing.T) {
	t.Parallel()
	r, markets := rand.New(rand.NewPCG(1, 2)), 200
	if testkit.Part(t) { // one goroutine
		markets = 20
	}
	for range markets {
		m := &domain.Market{Niche: "lamps", Language: "en", Match: domain.NicheMatch{Head: "lamp"}, Unpriced: r.IntN(5)}
		if r.IntN(2) == 0 {
			m.Programs = []domain.Program{{ID: "prog_1", AdvertiserID: "m0", Joined: true, Open: true, CommissionBasisPoints: ptr(300)}}
		}
		last := scan(t, m).ConfidenceScore
		for step := range 25 {
			switch {
			case step%5 == 4:
				m.Keywords = append(m.Keywords, keyword(fmt.Sprintf("lamp %d", step), r.IntN(900)+1))
			case step%7 == 6 && len(m.Families) > 0: // one more merchant for everything
				for i := range m.Families {
					v := m.Families[i].Variants[0]
					v.MerchantID, v.Key = fmt.Sprintf("m%d", step), fmt.Sprintf("%d-%d", step, i)
					m.Families[i].Variants = append(m.Families[i].Variants, v)
				}
			default:
				f := family(step, int64(100+r.IntN(9000)), "B", "m0")
				m.Families = append(m.Families, f)
			}
			got := scan(t, m).ConfidenceScore
			if got < last-1e-12 || got < 0 || got > 1 {
				t.Fatalf("step %d: score fell from %v to %v with more evidence", step, last, got)
			}
			last = got
		}
	}
}

func TestScannerAges(t *testing.T) {
	t.Parallel()
	m := lamps()
	fresh := scan(t, m).ConfidenceScore
	for i := range m.Families {
		for j := range m.Families[i].Variants {
			m.Families[i].Variants[j].ReadAt = now.Add(-90 * 24 * time.Hour)
		}
	}
	if old := scan(t, m).ConfidenceScore; old >= fresh {
		t.Errorf("score of old data %v, want below %v", old, fresh)
	}
}

func TestScannerPrograms(t *testing.T) {
	t.Parallel()
	list := scan(t, lamps()).AffiliatePrograms
	if len(list) != 2 {
		t.Fatalf("programs = %+v, want 2", list)
	}
	if p := list[0]; p.Products != 3 || p.CommissionBasisPoints == nil || *p.CommissionBasisPoints != 500 {
		t.Errorf("first program = %+v, want 3 products at 500", p)
	}
	if p := list[1]; p.Name != "Shop 8" || p.CommissionBasisPoints != nil || !domain.ValidID(string(p.ProgramID), "prog") {
		t.Errorf("second program = %+v, want Shop 8 from the feed without commission", p)
	}
}
