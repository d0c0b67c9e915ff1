package opportunity

import (
	"fmt"
	"math"

	"empire/internal/domain"
)

// Constants of the opportunity model, version 1. They are judgments, stated here and
// in each part's inputs, until outcomes calibrate them.
const (
	demandCap     = 6.0   // log10 of the monthly searches that count as 1
	halfEarning   = 5.0   // commission of a sale, in major units, that counts as one half
	idealPrice    = 100.0 // major units
	priceWidth    = 1.5   // of the logarithm of the price around the ideal
	halfSupply    = 50.0  // products that count as one half
	halfEvidence  = 100.0 // observations that count as one half
	growthCap     = 1.0   // change in a year, as a share of the level, that counts as all
	enterScore    = 0.5   // the score from which a niche is worth entering
	neutralGrowth = 0.5   // a level that neither grows nor falls
	leastCovered  = 0.6   // weight of the parts that must be known before a niche is entered
)

// modelPart is one part of the opportunity model: a value from 0 to 1 that one main
// input moves, everything else being equal.
type modelPart struct {
	name    string
	weight  float64
	formula string
	// input is the main input and its bounds; step is how far it is moved to show what
	// would change the score, as a share of it (relative) or absolutely.
	input      string
	min, max   float64
	step       float64
	relative   bool
	whole      bool // counts
	get        func(*Facts) (float64, bool)
	set        func(*Facts, float64)
	value      func(*Facts) float64
	inputs     func(*Facts) map[string]any
	evidence   func(refs) []domain.EvidenceRef
	missing    string // why the part is absent
	suggestion string // what would make it appear
}

func given(v *float64) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return *v, true
}

func feedsOf(r refs) []domain.EvidenceRef { return r.feeds }

// modelParts returns the ten parts; their weights add up to 1. They are made anew for
// each use, so that nobody changes them for others.
func modelParts() []modelPart {
	return append(marketParts(), dataParts()...)
}

// marketParts are about the market.
func marketParts() []modelPart {
	return []modelPart{
		{
			name: "demand", weight: 0.20, formula: "min(1, log10(1 + monthly_searches) ÷ log10_cap)",
			input: "monthly_searches", max: 1e6, step: 0.5, relative: true, whole: true,
			get:   func(f *Facts) (float64, bool) { return given(f.Searches) },
			set:   func(f *Facts, x float64) { f.Searches = &x },
			value: func(f *Facts) float64 { return math.Log10(1+*f.Searches) / demandCap },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{"monthly_searches": *f.Searches, "keywords": f.Keywords, "log10_cap": demandCap}
			},
			evidence: func(r refs) []domain.EvidenceRef { return r.keywords },
			missing:  "No keyword demand is known for this niche.", suggestion: "import keywords with monthly searches",
		},
		{
			name: "trend", weight: 0.10, formula: "neutral + growth_per_year ÷ (2 × growth_cap), growth being 0 unless the trend is significant",
			input: "growth_per_year", min: -growthCap, max: growthCap, step: 0.1,
			get: func(f *Facts) (float64, bool) {
				if f.Growth == nil {
					return 0, false
				}
				return f.Growth.PerYear, true
			},
			set:   func(f *Facts, x float64) { f.Growth = &Growth{PerYear: x, Significant: true, Values: f.Series} },
			value: func(f *Facts) float64 { return neutralGrowth + f.Growth.PerYear/(2*growthCap) },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{
					"growth_per_year": f.Growth.PerYear, "significant": f.Growth.Significant, "p": f.Growth.P, "values": f.Growth.Values,
					"neutral": neutralGrowth, "growth_cap": growthCap,
				}
			},
			evidence: func(r refs) []domain.EvidenceRef { return r.series },
			missing:  "No demand over time is known for this niche.", suggestion: "import search interest over time",
		},
		{
			name: "competition", weight: 0.10, formula: "1 − brand_concentration, the sum of the squared shares of brands",
			input: "brand_concentration", max: 1, step: -0.1,
			get:   func(f *Facts) (float64, bool) { return given(f.BrandHHI) },
			set:   func(f *Facts, x float64) { f.BrandHHI = &x },
			value: func(f *Facts) float64 { return 1 - *f.BrandHHI },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{"brand_concentration": *f.BrandHHI, "brands": f.Brands}
			},
			evidence: feedsOf, missing: "No product states its brand.", suggestion: "import a feed with brands",
		},
		{
			name: "earning_power", weight: 0.15, formula: "earning ÷ (earning + half), earning being commission_rate × median_price",
			input: "commission_rate", max: 1, step: 0.01,
			get: func(f *Facts) (float64, bool) {
				if f.Rate == nil || f.Price == nil {
					return 0, false
				}
				return *f.Rate, true
			},
			set: func(f *Facts, x float64) { f.Rate = &x },
			value: func(f *Facts) float64 {
				e := *f.Rate * *f.Price
				return e / (e + halfEarning)
			},
			inputs: func(f *Facts) map[string]any {
				return map[string]any{"commission_rate": *f.Rate, "commission_products": f.RateProducts, "median_price": *f.Price, "currency": f.Currency, "half": halfEarning}
			},
			evidence: func(r refs) []domain.EvidenceRef {
				return append(r.programs[:len(r.programs):len(r.programs)], r.feeds...)
			},
			missing: "No commission is known for the programs that sell these products.", suggestion: "import programs with their commission",
		},
		{
			name: "price_band", weight: 0.10, formula: "exp(−(ln(median_price ÷ ideal) ÷ width)² ÷ 2)",
			input: "median_price", min: 0.01, max: 1e6, step: 0.1, relative: true,
			get:   func(f *Facts) (float64, bool) { return given(f.Price) },
			set:   func(f *Facts, x float64) { f.Price = &x },
			value: func(f *Facts) float64 { return priceFit(*f.Price) },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{"median_price": *f.Price, "currency": f.Currency, "ideal": idealPrice, "width": priceWidth}
			},
			evidence: feedsOf, missing: "No price is known.", suggestion: "import a feed with prices",
		},
	}
}

// priceFit is how well a price fits what people decide on with the help of a page:
// too cheap earns nothing, too dear is seldom bought.
func priceFit(price float64) float64 {
	if price <= 0 {
		return 0
	}
	z := math.Log(price/idealPrice) / priceWidth
	return math.Exp(-z * z / 2)
}

// dataParts are about what the data hold.
func dataParts() []modelPart {
	return []modelPart{
		{
			name: "supply", weight: 0.10, formula: "products ÷ (products + half)", input: "products", max: 1e6, step: 0.5, relative: true, whole: true,
			get:      func(f *Facts) (float64, bool) { return float64(f.Products), true },
			set:      func(f *Facts, x float64) { f.Products = int(x) },
			value:    func(f *Facts) float64 { return saturating(f.Products, halfSupply) },
			inputs:   func(f *Facts) map[string]any { return map[string]any{"products": f.Products, "half": halfSupply} },
			evidence: feedsOf,
		},
		{
			name: "completeness", weight: 0.10, formula: "data_completeness, the mean share of the attributes that at least half of the products have",
			input: "data_completeness", max: 1, step: 0.1,
			get:   func(f *Facts) (float64, bool) { return given(f.Completeness) },
			set:   func(f *Facts, x float64) { f.Completeness = &x },
			value: func(f *Facts) float64 { return *f.Completeness },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{"data_completeness": *f.Completeness, "attributes": f.Attributes}
			},
			evidence: feedsOf, missing: "No product states an attribute.", suggestion: "import a feed with specifications",
		},
		{
			name: "availability", weight: 0.05, formula: "in_stock_share", input: "in_stock_share", max: 1, step: 0.1,
			get:      func(f *Facts) (float64, bool) { return given(f.InStock) },
			set:      func(f *Facts, x float64) { f.InStock = &x },
			value:    func(f *Facts) float64 { return *f.InStock },
			inputs:   func(f *Facts) map[string]any { return map[string]any{"in_stock_share": *f.InStock} },
			evidence: feedsOf, missing: "No product states its stock.", suggestion: "import a feed with stock",
		},
		{
			name: "freshness", weight: 0.05, formula: "1 − median_age_days ÷ stale_days, at least 0", input: "median_age_days", max: staleDays, step: 7,
			get:   func(f *Facts) (float64, bool) { return given(f.AgeDays) },
			set:   func(f *Facts, x float64) { f.AgeDays = &x },
			value: func(f *Facts) float64 { return 1 - *f.AgeDays/staleDays },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{"median_age_days": *f.AgeDays, "stale_days": staleDays}
			},
			evidence: feedsOf, missing: "No row says when it was read.", suggestion: "import the feed again",
		},
		{
			name: "evidence", weight: 0.05, formula: "observations ÷ (observations + half), observations being products + keywords + programs + series_values",
			input: "observations", max: 1e6, step: 0.5, relative: true, whole: true,
			get:   func(f *Facts) (float64, bool) { return float64(f.evidenceCount()), true },
			set:   func(f *Facts, x float64) { f.Series += int(x) - f.evidenceCount() },
			value: func(f *Facts) float64 { return saturating(f.evidenceCount(), halfEvidence) },
			inputs: func(f *Facts) map[string]any {
				return map[string]any{
					"products": f.Products, "keywords": f.Keywords, "programs": f.Programs, "series_values": f.Series, "observations": f.evidenceCount(), "half": halfEvidence,
				}
			},
			evidence: func(r refs) []domain.EvidenceRef {
				var out []domain.EvidenceRef
				for _, list := range [][]domain.EvidenceRef{r.feeds, r.keywords, r.programs, r.series} {
					out = append(out, list...)
				}
				return out
			},
		},
	}
}

// Score computes the opportunity score of facts. confidence is that of the scan. The
// same facts give the same score.
func Score(f Facts, confidence float64) domain.OpportunityScore { return score(f, refs{}, confidence) }

func score(f Facts, r refs, confidence float64) domain.OpportunityScore {
	out := domain.OpportunityScore{
		Model: domain.OpportunityModel, Version: domain.OpportunityModelVersion, Calibration: domain.Uncalibrated,
	}
	parts := modelParts()
	for i := range parts {
		if _, ok := parts[i].get(&f); ok {
			out.Covered += parts[i].weight
		}
	}
	for i := range parts {
		p := &parts[i]
		o := domain.OpportunityPart{Name: p.name, Weight: p.weight, Formula: p.formula, Inputs: map[string]any{}, Evidence: []domain.EvidenceRef{}}
		if _, ok := p.get(&f); !ok {
			o.Reason = p.missing
			out.Parts = append(out.Parts, o)
			continue
		}
		v := min(1, max(0, p.value(&f)))
		o.Value, o.Share, o.Inputs = &v, p.weight/out.Covered, p.inputs(&f)
		o.Contribution = o.Share * v
		o.Evidence = append(o.Evidence, p.evidence(r)...)
		out.Value += o.Contribution
		out.Parts = append(out.Parts, o)
	}
	out.Low = out.Covered * out.Value
	out.High = min(1, out.Low+1-out.Covered)
	out.Confidence = confidence * out.Covered
	out.Decision, out.Blocked = decide(out.Value, out.Covered, confidence, f.Products)
	out.Changes = changes(f, &out)
	out.Flip = flip(f, confidence, &out)
	return out
}

// value is the score of facts alone, for resampling.
func value(f *Facts, parts []modelPart) float64 {
	v, _ := valueCovered(f, parts)
	return v
}

func valueCovered(f *Facts, parts []modelPart) (score, covered float64) {
	sum := 0.0
	for i := range parts {
		if _, ok := parts[i].get(f); ok {
			sum += parts[i].weight * min(1, max(0, parts[i].value(f)))
			covered += parts[i].weight
		}
	}
	return sum / covered, covered // supply is always there
}

// decide says whether a niche is worth entering, and what speaks against it.
func decide(score, covered, confidence float64, products int) (decision string, blocked []string) {
	if score < enterScore {
		blocked = append(blocked, fmt.Sprintf("The score of %.3f is below %.2f.", score, enterScore))
	}
	if covered < leastCovered-1e-9 {
		blocked = append(blocked, fmt.Sprintf("Only parts with a weight of %.2f are known; %.2f are needed.", covered, leastCovered))
	}
	if confidence < launchConfidence {
		blocked = append(blocked, fmt.Sprintf("The confidence of %.3f is below %.2f.", confidence, launchConfidence))
	}
	if products < fewProducts {
		blocked = append(blocked, fmt.Sprintf("A site needs %d products with a price; there are %d.", fewProducts, products))
	}
	if len(blocked) > 0 {
		return domain.DecisionHold, blocked
	}
	return domain.DecisionEnter, nil
}
