package domain

import (
	"encoding/json"
	"time"
)

// SeriesKind says what the values of a stored market series are.
type SeriesKind string

// The kinds of market series.
const (
	SeriesInterest SeriesKind = "search_interest" // relative to a maximum of 100
	SeriesRegions  SeriesKind = "region_interest" // no times: values by region
	SeriesSearches SeriesKind = "monthly_searches"
)

// MarketSeries is demand as a file told it. It belongs to the installation, as feeds
// and keywords do. A series is known by its kind, keyword in any case, region and
// language.
type MarketSeries struct {
	ID       SeriesID      `json:"id"`
	Kind     SeriesKind    `json:"kind"`
	Keyword  string        `json:"keyword"`
	Region   string        `json:"region,omitempty"`
	Language string        `json:"language,omitempty"`
	Step     string        `json:"step,omitempty"` // day, week, month, …
	Unit     string        `json:"unit"`
	Source   string        `json:"source"` // the file
	SHA256   string        `json:"sha256"` // of the file
	Points   []SeriesPoint `json:"points"`
	Regions  []RegionValue `json:"regions,omitempty"`
	// What a keyword planner tells beside the volumes.
	Competition string    `json:"competition,omitempty"` // low, medium, high
	BidLow      *Money    `json:"bid_low,omitempty"`
	BidHigh     *Money    `json:"bid_high,omitempty"`
	ImportedAt  time.Time `json:"imported_at"`
}

// SeriesPoint is one value of a series. Nil is a gap.
type SeriesPoint struct {
	At    time.Time `json:"at"`
	Value *float64  `json:"value"`
}

// RegionValue is the interest in a region.
type RegionValue struct {
	Region string  `json:"region"`
	Value  float64 `json:"value"`
}

// ProductChange is one change of the price or the stock of a product between two
// imports of its feed. A product is known by feed and key.
type ProductChange struct {
	FeedID      FeedID     `json:"feed_id"`
	Key         string     `json:"key"`
	Name        string     `json:"name"`
	Category    string     `json:"category"`
	At          time.Time  `json:"at"`           // of the import that saw it
	PreviousAt  *time.Time `json:"previous_at"`  // of the state before; nil: unknown
	Before      *Money     `json:"before"`       // price; nil: none
	After       *Money     `json:"after"`        //
	StockBefore *bool      `json:"stock_before"` // nil: not said
	StockAfter  *bool      `json:"stock_after"`
	Gone        bool       `json:"gone,omitempty"` // the feed does not hold it any more
}

// SeriesID identifies a market series: series_….
type SeriesID string

// OpportunityID identifies a saved opportunity scan: opp_….
type OpportunityID string

// EstimateID identifies a frozen estimate: est_….
type EstimateID string

// Trend data: what is known about an industry over time.
type (
	// TrendData is the answer to a question for trends.
	TrendData struct {
		Industry    string        `json:"industry"`
		Period      string        `json:"period"`
		GeneratedAt time.Time     `json:"generated_at"`
		Series      []TrendSeries `json:"series"`
		Reason      string        `json:"reason,omitempty"` // why there is no series
	}
	// TrendSeries is one series with what its values carry.
	TrendSeries struct {
		ID       string       `json:"id"`
		Name     string       `json:"name"`
		Kind     string       `json:"kind"`
		Source   string       `json:"source"`
		Region   string       `json:"region,omitempty"`
		Unit     string       `json:"unit"`
		Step     string       `json:"step"`
		Method   string       `json:"method"`
		From     time.Time    `json:"from"` // of Points
		To       time.Time    `json:"to"`
		AsOf     time.Time    `json:"as_of"` // of the last value
		AgeDays  float64      `json:"age_days"`
		Points   []TrendPoint `json:"points"`
		Observed int          `json:"observed"`
		Gaps     []TrendGap   `json:"gaps"`
		Notes    []string     `json:"notes"`
		// Direction tests the values of Points; Seasonality, Shifts and Forecast read all
		// values that are known. Each is nil if the data do not carry it: see Notes.
		Direction   *TrendDirection `json:"direction"`
		Seasonality []TrendSeason   `json:"seasonality"`
		Shifts      []TrendShift    `json:"level_shifts"`
		Forecast    *TrendForecast  `json:"forecast"`
	}
	// TrendPoint is one step of a series. Value is nil in a gap; Level is the running
	// mean around it with its confidence band.
	TrendPoint struct {
		At    time.Time `json:"at"`
		Value *float64  `json:"value"`
		Gap   bool      `json:"gap"`
		Level float64   `json:"level"`
		Low   float64   `json:"low"`
		High  float64   `json:"high"`
	}
	// TrendGap is a run of steps without a value.
	TrendGap struct {
		From  time.Time `json:"from"`
		To    time.Time `json:"to"` // the last step without a value
		Steps int       `json:"steps"`
	}
	// TrendDirection is the test for a monotone trend.
	TrendDirection struct {
		Direction   string  `json:"direction"` // up, down, none
		Significant bool    `json:"significant"`
		P           float64 `json:"p"`
		Level       float64 `json:"level"` // stated rate of false alarms
		Tau         float64 `json:"tau"`
		Slope       float64 `json:"slope"`      // per step, in the unit
		PerYear     float64 `json:"per_year"`   // slope over a year ÷ mean level; 0 if the mean is 0
		N           int     `json:"n"`          //
		Effective   float64 `json:"effective"`  // independent values
		Seasonal    int     `json:"seasonal"`   // period that was removed first; 0: none
		Confidence  float64 `json:"confidence"` // 1 − p
	}
	// TrendSeason is a length after which a series repeats itself.
	TrendSeason struct {
		Steps    int     `json:"steps"`
		Strength float64 `json:"strength"`
		P        float64 `json:"p"`
	}
	// TrendShift is a lasting change of the level.
	TrendShift struct {
		At     time.Time `json:"at"`
		Before float64   `json:"before"`
		After  float64   `json:"after"`
		P      float64   `json:"p"`
	}
	// TrendForecast continues a series.
	TrendForecast struct {
		Points  []ForecastPoint `json:"points"`
		Level   float64         `json:"level"` // nominal share of values within Low and High
		Methods []string        `json:"methods"`
		SMAPE   float64         `json:"backtest_smape"` // percent
		Naive   float64         `json:"naive_smape"`
		Origins int             `json:"origins"`
	}
	// ForecastPoint is one step of a forecast.
	ForecastPoint struct {
		At    time.Time `json:"at"`
		Value float64   `json:"value"`
		Low   float64   `json:"low"`
		High  float64   `json:"high"`
	}
)

// Freshness says how old the data behind an answer are.
type Freshness struct {
	Source        string     `json:"source"` // stored, awin, …
	At            *time.Time `json:"at"`     // when they were read; nil: never
	AgeSeconds    *float64   `json:"age_seconds"`
	MaxAgeSeconds float64    `json:"max_age_seconds"`
	Stale         bool       `json:"stale"`
	Reason        string     `json:"reason,omitempty"` // why they are not fresh
}

// TrafficLevel is how many visitors a program asks its publishers for.
type TrafficLevel string

// The levels, ordered.
const (
	TrafficLow    TrafficLevel = "low"
	TrafficMedium TrafficLevel = "medium"
	TrafficHigh   TrafficLevel = "high"
)

// Rank orders levels: 1 to 3, 0 for none.
func (l TrafficLevel) Rank() int {
	switch l {
	case TrafficLow:
		return 1
	case TrafficMedium:
		return 2
	case TrafficHigh:
		return 3
	}
	return 0
}

// ProgramSearch selects affiliate programs.
type ProgramSearch struct {
	Niche         string       `json:"niche"`
	Language      string       `json:"language"`
	MinCommission float64      `json:"min_commission"` // percent
	Traffic       TrafficLevel `json:"traffic_requirements"`
}

// ProgramMatch is a program that a search found.
type ProgramMatch struct {
	Program
	CommissionPercent *float64 `json:"commission_percent"`
	MatchedBy         string   `json:"matched_by"` // products, sectors, name
	Products          int      `json:"products"`   // of the niche that it sells
}

// ProgramResult is the answer to a search for programs.
type ProgramResult struct {
	Query     ProgramSearch  `json:"query"`
	Programs  []ProgramMatch `json:"programs"`
	Searched  int            `json:"searched"` // programs that were looked at
	Partial   bool           `json:"partial"`  // the network could not be asked: what is stored
	Freshness Freshness      `json:"freshness"`
}

// ScanRequest asks for an opportunity scan. Without a topic the niches of the feeds
// are ranked.
type ScanRequest struct {
	Topic         string       `json:"topic,omitempty"`
	Language      string       `json:"language"`
	Feeds         []FeedID     `json:"feeds,omitempty"`
	MinCommission float64      `json:"min_commission"` // percent
	Traffic       TrafficLevel `json:"traffic_requirements"`
	Limit         int          `json:"limit,omitempty"` // niches of a ranking
}

// ScanReport is the answer to a scan, and what is kept of it. It is never changed.
type ScanReport struct {
	ID         OpportunityID  `json:"id,omitempty"` // empty: it is not kept
	Tenant     TenantID       `json:"tenant,omitempty"`
	OwnerID    UserID         `json:"owner_id,omitempty"`
	Request    ScanRequest    `json:"request"`
	Programs   *ProgramResult `json:"program_search"`
	Trends     *TrendData     `json:"trends,omitempty"`
	Ranking    *NicheRanking  `json:"niche_ranking,omitempty"` // nil with a topic
	EstimateID EstimateID     `json:"estimate_id,omitempty"`
	Freshness  Freshness      `json:"freshness"` // of the feeds
	CreatedAt  time.Time      `json:"created_at"`
	Opportunity
}

// OpportunityLine is a scan as lists show it.
type OpportunityLine struct {
	ID         OpportunityID `json:"id"`
	Topic      string        `json:"topic"`
	Score      float64       `json:"score"`
	Confidence float64       `json:"confidence_score"`
	Decision   string        `json:"decision"`
	CreatedAt  time.Time     `json:"created_at"`
}

// Line is the report as lists show it.
func (r *ScanReport) Line() OpportunityLine {
	l := OpportunityLine{ID: r.ID, Topic: r.Topic, Confidence: r.ConfidenceScore, CreatedAt: r.CreatedAt.UTC()}
	if r.Score != nil {
		l.Score, l.Decision = r.Score.Value, r.Score.Decision
	}
	return l
}

// EstimateKind says at which decision an estimate was frozen.
type EstimateKind string

// The kinds of estimates.
const (
	EstimateScan     EstimateKind = "scan"     // an opportunity was saved
	EstimateLaunch   EstimateKind = "launch"   // a website was begun
	EstimateApproval EstimateKind = "approval" // a person approved its publication
)

// MarketEstimate is what was believed when something was decided. It is never changed, so that
// it can be compared with what came of it.
type MarketEstimate struct {
	ID            EstimateID       `json:"id"`
	Tenant        TenantID         `json:"tenant"`
	Kind          EstimateKind     `json:"kind"`
	Subject       string           `json:"subject"` // id of the scan, the run or the approval
	WebsiteID     WebsiteID        `json:"website_id,omitempty"`
	RunID         RunID            `json:"run_id,omitempty"`
	Topic         string           `json:"topic"`
	Model         string           `json:"model"`
	ModelVersion  int              `json:"model_version"`
	InputsHash    string           `json:"inputs_sha256"`
	Score         OpportunityScore `json:"score"`
	Confidence    float64          `json:"confidence_score"`
	Revenue       *RevenueEstimate `json:"estimated_revenue"`
	RevenueReason string           `json:"estimated_revenue_reason,omitempty"`
	Calibration   string           `json:"calibration"`
	CreatedAt     time.Time        `json:"created_at"`
}

// EstimateFilter selects estimates; empty fields select all.
type EstimateFilter struct {
	Tenant    TenantID
	Kind      EstimateKind
	WebsiteID WebsiteID
	Topic     string
}

// LearnedModel is a fitted model as it is kept: a version is never changed.
type LearnedModel struct {
	Tenant    TenantID           `json:"tenant"`
	Name      string             `json:"name"`
	Version   int                `json:"version"` // from 1; 0 before it is stored
	Kind      string             `json:"kind"`
	DataHash  string             `json:"data_sha256"`
	N         int                `json:"n"`
	Target    string             `json:"target"`
	Features  []string           `json:"features"`
	Metrics   map[string]float64 `json:"metrics"`
	Doc       json.RawMessage    `json:"-"` // the packed model
	OwnerID   UserID             `json:"owner_id,omitempty"`
	CreatedAt time.Time          `json:"created_at"`
}

// NumberTable is rows of numbers with named columns, to fit a model on.
type NumberTable struct {
	Columns []string    `json:"columns"`
	Rows    [][]float64 `json:"rows"`
}

// TrainParams says what to fit.
type TrainParams struct {
	Name   string      `json:"name"`
	Kind   string      `json:"kind"`   // ridge, logistic, isotonic
	Target string      `json:"target"` // the column to predict
	Data   NumberTable `json:"data"`
}

// DefaultNiches is how many niches of a ranking are returned.
const DefaultNiches = 20

// DefaultMinCommission is the least commission, in percent, that a scan looks for.
const DefaultMinCommission = 5.0

// Complete fills what a request leaves open and checks it; MinCommission must be set.
func (q *ScanRequest) Complete() error {
	if q.Language == "" {
		q.Language = "en"
	}
	if q.Traffic == "" {
		q.Traffic = TrafficLow
	}
	switch {
	case q.Language != "en" && q.Language != "de":
		return Invalid("language", "Language %q is not supported; use en or de.", q.Language)
	case !(q.MinCommission >= 0 && q.MinCommission <= 100):
		return Invalid("min_commission", "The least commission is a percentage from 0 to 100.")
	case q.Traffic.Rank() == 0:
		return Invalid("traffic_requirements", "%q is not low, medium or high.", string(q.Traffic))
	case q.Limit < 0 || q.Limit > 200:
		return Invalid("limit", "At most 200 niches are returned.")
	}
	return nil
}

// PeriodOf reads a period such as 30d, 12w, 6m or 2y: at least a day and at most
// twenty years. m are months of 30 days and y years of 365.
func PeriodOf(s string) (time.Duration, error) {
	days := map[byte]int{'d': 1, 'w': 7, 'm': 30, 'y': 365}
	n := 0
	fits := len(s) >= 2 && len(s) <= 6 && days[s[len(s)-1]] > 0
	for i := 0; fits && i < len(s)-1; i++ {
		fits = s[i] >= '0' && s[i] <= '9'
		n = n*10 + int(s[i]-'0')
	}
	if fits {
		n *= days[s[len(s)-1]]
	}
	if !fits || n < 1 || n > 20*365 {
		return 0, Invalid("period", "A period is a number of days, weeks, months or years, such as 30d, 12w, 6m or 2y, up to 20y.")
	}
	return time.Duration(n) * 24 * time.Hour, nil
}
