package domain

// Opportunity is the result of a market scan (task market_scan). Every number
// carries the inputs that it was computed from.
type Opportunity struct {
	Topic              string              `json:"topic"`
	Research           Research            `json:"research"`
	AffiliatePrograms  []ProgramSummary    `json:"affiliate_programs"`
	ConfidenceScore    float64             `json:"confidence_score"` // 0 to 1
	ConfidenceParts    []ScorePart         `json:"confidence_parts"`
	Insufficient       string              `json:"insufficient_evidence,omitempty"` // why the score is low for lack of data
	Score              *OpportunityScore   `json:"opportunity_score,omitempty"`
	ViralPotential     Estimate            `json:"viral_potential"`
	EstimatedRevenue   *RevenueEstimate    `json:"estimated_revenue"` // nil: see RevenueReason
	RevenueReason      string              `json:"estimated_revenue_reason,omitempty"`
	RecommendedActions []RecommendedAction `json:"recommended_actions"`
	NextActions        []RecommendedAction `json:"next_actions"` // same content
}

// Research is what the feeds say about a market.
type Research struct {
	Products      int           `json:"products"` // families with a price
	Unpriced      int           `json:"unpriced"`
	Rows          int           `json:"rows"`
	Currency      string        `json:"currency"`
	Price         *Distribution `json:"price"` // minor units
	Brands        int           `json:"brands"`
	TopBrands     []Share       `json:"top_brands,omitempty"`
	Concentration *float64      `json:"brand_concentration"` // Herfindahl–Hirschman index over families, 0 to 1; nil: brands unknown
	Merchants     []Share       `json:"merchants"`
	InStock       *float64      `json:"in_stock_share"`
	Completeness  float64       `json:"data_completeness"` // mean share of the attributes that at least half of the families have
	Attributes    []Coverage    `json:"attributes"`
	Keywords      []Keyword     `json:"keywords,omitempty"`
	MonthlyDemand *int          `json:"monthly_searches"` // sum over matched keywords; nil: none given
	Match         NicheMatch    `json:"match"`
}

// Distribution describes numbers by order statistics.
type Distribution struct {
	Count  int     `json:"count"`
	Min    float64 `json:"min"`
	P25    float64 `json:"p25"`
	Median float64 `json:"median"`
	P75    float64 `json:"p75"`
	Max    float64 `json:"max"`
}

// Share is the part of a whole.
type Share struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Share float64 `json:"share"`
}

// Coverage says how many products state an attribute.
type Coverage struct {
	Attribute string        `json:"attribute"`
	Kind      AttributeKind `json:"kind"`
	Unit      string        `json:"unit,omitempty"`
	Share     float64       `json:"share"`
	Distinct  int           `json:"distinct"`
}

// ScorePart is one part of a score: Value in [0,1] counts with Weight.
type ScorePart struct {
	Name   string         `json:"name"`
	Value  float64        `json:"value"`
	Weight float64        `json:"weight"`
	Inputs map[string]any `json:"inputs"`
	Note   string         `json:"note"`
}

// Estimate is a number with a band and the way it was reached. Value is nil when
// Reason says why there is none.
type Estimate struct {
	Value  *float64       `json:"value"`
	Low    *float64       `json:"low"`
	High   *float64       `json:"high"`
	Method string         `json:"method"`
	Inputs map[string]any `json:"inputs"`
	Reason string         `json:"reason,omitempty"`
}

// RevenueEstimate is monthly commission as a band.
type RevenueEstimate struct {
	Low    Money          `json:"low"`
	Mid    Money          `json:"mid"`
	High   Money          `json:"high"`
	Period string         `json:"period"` // month
	Method string         `json:"method"`
	Inputs map[string]any `json:"inputs"`
}

// ProgramSummary is an affiliate program as a scan saw it.
type ProgramSummary struct {
	ProgramID             ProgramID `json:"program_id"`
	Name                  string    `json:"name"`
	Network               string    `json:"network"`
	Joined                bool      `json:"joined"`
	Open                  bool      `json:"open"`
	CommissionBasisPoints *int      `json:"commission_basis_points"`
	Products              int       `json:"products"` // families of the market that it sells
}

// RecommendedAction is something the operator should do next, with the reason.
type RecommendedAction struct {
	Action string `json:"action"` // launch_site, add_programs, import_keywords, narrow_niche, skip, …
	Reason string `json:"reason"`
}
