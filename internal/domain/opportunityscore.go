package domain

import "time"

// The opportunity model. A change of its formula needs a new version: estimates that
// were frozen with another one are not comparable.
const (
	OpportunityModel        = "opportunity"
	OpportunityModelVersion = 1
)

// Uncalibrated is the calibration of a score or a band that no outcome was compared
// with yet.
const Uncalibrated = "uncalibrated"

// What an opportunity score recommends.
const (
	DecisionEnter = "enter" // score, confidence and supply reach their limits
	DecisionHold  = "hold"  // at least one does not
)

// OpportunityScore says how much a niche promises. Value is the sum of the
// contributions of its parts. A part whose data are missing is absent: its weight is
// shared among the others, Low and High say what the value would be if all absent
// parts were 0 or 1, and Confidence falls by its weight.
type OpportunityScore struct {
	Value       float64           `json:"value"` // 0 to 1
	Low         float64           `json:"low"`
	High        float64           `json:"high"`
	Covered     float64           `json:"weight_covered"` // sum of the weights of the parts that are there, 0 to 1
	Confidence  float64           `json:"confidence"`     // 0 to 1
	Parts       []OpportunityPart `json:"parts"`
	Changes     []ScoreChange     `json:"what_would_change_it"`
	Decision    string            `json:"decision"` // enter or hold
	Blocked     []string          `json:"blocked_by,omitempty"`
	Flip        *DecisionFlip     `json:"nearest_decision_flip"` // nil: no single input flips it
	Model       string            `json:"model"`
	Version     int               `json:"model_version"`
	Calibration string            `json:"calibration"` // uncalibrated while there are no outcomes
}

// OpportunityPart is one part of an opportunity score.
type OpportunityPart struct {
	Name string `json:"name"`
	// Value is from 0 to 1; nil: the part is absent, see Reason.
	Value        *float64       `json:"value"`
	Weight       float64        `json:"weight"`       // in the model
	Share        float64        `json:"share"`        // weight among the parts that are there; 0 if absent
	Contribution float64        `json:"contribution"` // share × value
	Formula      string         `json:"formula"`
	Inputs       map[string]any `json:"inputs"`
	Evidence     []EvidenceRef  `json:"evidence"`
	Reason       string         `json:"reason,omitempty"` // why it is absent
}

// EvidenceRef names data that a figure was computed from.
type EvidenceRef struct {
	Kind  string     `json:"kind"`            // feed, keywords, programs, series
	ID    string     `json:"id"`              // of the feed, the series, the source
	Count int        `json:"count"`           // rows, phrases, values
	At    *time.Time `json:"at"`              // when it was read; nil: unknown
	Rows  []string   `json:"rows,omitempty"`  // keys of some of the rows
	Title string     `json:"title,omitempty"` // for people
}

// ScoreChange says how a change of one input moves the score.
type ScoreChange struct {
	Part  string  `json:"part"`
	Input string  `json:"input"`
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Delta float64 `json:"score_delta"`
	Note  string  `json:"note"`
}

// DecisionFlip is the smallest change of one part, within what is possible, that turns
// the decision around.
type DecisionFlip struct {
	Part       string  `json:"part"`
	Input      string  `json:"input"`
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	ScoreAfter float64 `json:"score_after"`
	Decision   string  `json:"decision_after"`
	Note       string  `json:"note"`
}

// RankedNiche is a candidate niche among those of the same feeds.
type RankedNiche struct {
	Rank  int              `json:"rank"`
	Niche string           `json:"niche"`
	From  string           `json:"from"` // the category path that it was derived from
	Score OpportunityScore `json:"opportunity_score"`
	// ScoreLow and ScoreHigh hold 90 % of the scores under resampling, RankLow and
	// RankHigh of the ranks.
	ScoreLow  float64 `json:"score_p5"`
	ScoreHigh float64 `json:"score_p95"`
	RankLow   int     `json:"rank_p5"`
	RankHigh  int     `json:"rank_p95"`
	Products  int     `json:"products"`
}

// NicheRanking orders the candidate niches of feeds by their score.
type NicheRanking struct {
	Niches    []RankedNiche    `json:"niches"`
	Stability RankingStability `json:"stability"`
}

// RankingStability says how much the order of niches depends on which products happen
// to be in the feeds: products are drawn again, with replacement, and ranked again.
type RankingStability struct {
	Spearman   float64 `json:"spearman_mean"` // mean rank correlation with the ranking
	SpearmanP5 float64 `json:"spearman_p5"`
	Kendall    float64 `json:"kendall_tau_b_mean"`
	Resamples  int     `json:"resamples"`
	Candidates int     `json:"candidates"`
	Products   int     `json:"products"` // that were drawn from, and drawn, each time
	Method     string  `json:"method"`
	Seed       uint64  `json:"seed"`
	Reason     string  `json:"reason,omitempty"` // why there is no figure
}
