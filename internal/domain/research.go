package domain

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ResearchDepth says how much work research may be.
type ResearchDepth string

// The depths.
const (
	DepthQuick         ResearchDepth = "quick"
	DepthDeep          ResearchDepth = "deep"
	DepthComprehensive ResearchDepth = "comprehensive"
)

// ResearchDepths returns all depths, the least work first.
func ResearchDepths() []ResearchDepth {
	return []ResearchDepth{DepthQuick, DepthDeep, DepthComprehensive}
}

// ResearchParams ask for research on a topic.
type ResearchParams struct {
	Topic              string        `json:"topic"`
	Depth              ResearchDepth `json:"depth"`    // empty: deep
	Language           string        `json:"language"` // en or de; empty: en
	CompetitorAnalysis bool          `json:"competitor_analysis"`
	MarketSentiment    bool          `json:"market_sentiment"`
}

// MaxTopic is how many characters a topic has at most.
const MaxTopic = 200

// Normal returns the parameters with what they leave out, or CodeInvalid.
func (p ResearchParams) Normal() (ResearchParams, error) {
	p.Topic = strings.Join(strings.Fields(p.Topic), " ")
	if p.Depth == "" {
		p.Depth = DepthDeep
	}
	if p.Language == "" {
		p.Language = "en"
	}
	switch {
	case p.Topic == "":
		return p, Invalid("topic", "Research needs a topic.")
	case utf8.RuneCountInString(p.Topic) > MaxTopic:
		return p, Invalid("topic", "The topic is longer than %d characters.", MaxTopic)
	case !slices.Contains(ResearchDepths(), p.Depth):
		return p, Invalid("depth", "The depth is quick, deep or comprehensive, not %q.", p.Depth)
	case p.Language != "en" && p.Language != "de":
		return p, Invalid("language", "Research reads English (en) and German (de), not %q.", p.Language)
	}
	return p, nil
}

// How the statements of a report came to be.
const (
	MethodExtractive = "extractive" // sentences of the pages, chosen by figures and words
	MethodModel      = "model"      // the same, chosen and shortened by models
)

// ResearchReport is what research on a topic found. Everything that it states rests
// on evidence that it holds.
type ResearchReport struct {
	ID         ResearchID         `json:"id"`
	Tenant     TenantID           `json:"tenant"`
	OwnerID    UserID             `json:"owner_id"`
	Params     ResearchParams     `json:"params"`
	State      RunState           `json:"state"` // queued, running, completed, failed
	Error      *ResearchFailure   `json:"error,omitempty"`
	Method     string             `json:"method"`
	Notes      []string           `json:"notes"` // how it came to be, and what is switched off
	Queries    []string           `json:"queries"`
	Claims     []ResearchClaim    `json:"claims"`
	Evidence   []Evidence         `json:"evidence"`
	Sources    []ResearchSource   `json:"sources"`
	Skipped    []SkippedPage      `json:"skipped"` // pages that were not read, and why
	Disputes   []Dispute          `json:"disagreements"`
	Gaps       []string           `json:"gaps"` // what was looked for and not found
	Confidence ResearchConfidence `json:"confidence"`
	// Competitors and Sentiment are there only if they were asked for.
	Competitors *CompetitorAnalysis `json:"competitor_analysis,omitempty"`
	Sentiment   *MarketSentiment    `json:"market_sentiment,omitempty"`
	Models      []ModelShare        `json:"models_used"`
	Cost        Micros              `json:"cost_micros"`
	Currency    string              `json:"currency,omitempty"`
	Work        ResearchWork        `json:"work"`
	CreatedAt   time.Time           `json:"created_at"`
	StartedAt   *time.Time          `json:"started_at,omitempty"`
	FinishedAt  *time.Time          `json:"finished_at,omitempty"`
}

// Duration returns how long the work took; 0 before its end.
func (r *ResearchReport) Duration() time.Duration {
	if r.StartedAt == nil || r.FinishedAt == nil {
		return 0
	}
	return r.FinishedAt.Sub(*r.StartedAt)
}

// ResearchFailure says why research failed.
type ResearchFailure struct {
	Code    Code     `json:"code"`
	Message string   `json:"message"`
	Reasons []Reason `json:"reasons,omitempty"` // of each model
}

// Reason is why one of several did not do its part.
type Reason struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// ResearchClaim is one statement of a report. Text is a verbatim span of a page, or a
// figure that was computed from feeds.
type ResearchClaim struct {
	ID   ClaimID `json:"id"`
	Kind string  `json:"kind"` // figure, definition, statement, market
	Text string  `json:"text"`
	// Statement is Text with words left out by a model; empty: no model shortened it.
	Statement   string       `json:"statement,omitempty"`
	Evidence    []EvidenceID `json:"evidence_ids"`
	Sources     []string     `json:"source_ids"`
	Independent int          `json:"independent_sources"`
	// Newest is when the newest source of the claim was published or, if it does not
	// say, fetched.
	Newest    *time.Time `json:"newest,omitempty"`
	Relevance float64    `json:"relevance"` // 0 to 1
	// Agreement is the share of the models that chose the claim; 0 without models.
	Agreement float64  `json:"model_agreement,omitempty"`
	ChosenBy  []string `json:"chosen_by,omitempty"` // models
	Disputed  bool     `json:"disputed,omitempty"`
}

// ResearchSource is a page that a report used, or the feeds.
type ResearchSource struct {
	ID          string     `json:"id"` // s1, s2, …
	Snapshot    SnapshotID `json:"snapshot_id,omitempty"`
	URL         string     `json:"url,omitempty"`
	Title       string     `json:"title,omitempty"`
	Domain      string     `json:"domain,omitempty"` // registrable
	FoundBy     string     `json:"found_by"`         // searxng, sitemap, feed, list, portfolio, link, feeds
	Language    string     `json:"language,omitempty"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	FetchedAt   *time.Time `json:"fetched_at,omitempty"`
	Own         bool       `json:"own,omitempty"` // counts for nothing: nobody confirms oneself
	// Group numbers the independent sources: pages of one group count as one.
	Group    int      `json:"group"`
	SameAs   []string `json:"same_as,omitempty"` // why it is in a group with others
	Relevant float64  `json:"relevance"`         // 0 to 1
	Claims   int      `json:"claims"`
}

// SkippedPage is a page that was not read.
type SkippedPage struct {
	URL    string      `json:"url"`
	Reason FetchReason `json:"reason"`
	Detail string      `json:"detail,omitempty"`
}

// Dispute is one quantity for which independent sources give different numbers.
type Dispute struct {
	Quantity string        `json:"quantity"` // the words that both have
	Unit     string        `json:"unit"`
	Values   []DisputedSay `json:"values"`
}

// DisputedSay is what one claim says in a dispute.
type DisputedSay struct {
	Claim  ClaimID `json:"claim_id"`
	Value  float64 `json:"value"`
	Text   string  `json:"text"`
	Source string  `json:"source_id"`
}

// ResearchConfidence says how far a report can be relied on. Score is the sum of
// value times weight of its parts.
type ResearchConfidence struct {
	Score float64          `json:"score"` // 0 to 1
	Parts []ConfidencePart `json:"parts"`
}

// ConfidencePart is one part of the confidence.
type ConfidencePart struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"` // 0 to 1
	Weight float64 `json:"weight"`
	Note   string  `json:"note"` // the inputs in words
}

// CompetitorAnalysis is who writes about the topic, by site.
type CompetitorAnalysis struct {
	Sites []Competitor `json:"sites"`
}

// Competitor is one site that writes about the topic.
type Competitor struct {
	Domain  string   `json:"domain"`
	Sources []string `json:"source_ids"`
	Pages   int      `json:"pages"`
	Words   int      `json:"words"`   // of main text
	Phrases []string `json:"phrases"` // what it writes about
	// Missing are phrases that others have and this site does not.
	Missing    []string   `json:"missing"`
	Structured []string   `json:"structured_data"` // types of JSON-LD and microdata
	Newest     *time.Time `json:"newest,omitempty"`
}

// MarketSentiment is how pages judge.
type MarketSentiment struct {
	Score     float64           `json:"score"` // -1 to 1, the mean over the sentences that judge
	Sentences int               `json:"sentences"`
	Judging   int               `json:"judging"` // of them, those that praise or blame
	Positive  int               `json:"positive"`
	Negative  int               `json:"negative"`
	Aspects   []AspectSentiment `json:"aspects"`
}

// AspectSentiment is how pages judge one thing.
type AspectSentiment struct {
	Aspect   string       `json:"aspect"`
	Score    float64      `json:"score"` // mean of the signs, -1 to 1
	Mentions int          `json:"mentions"`
	Evidence []EvidenceID `json:"evidence_ids"` // sentences that say so
}

// ModelShare is what one model did for a report.
type ModelShare struct {
	Name         string `json:"name"` // in the configuration
	Provider     string `json:"provider"`
	Model        string `json:"model"` // the vendor's name
	Calls        int    `json:"calls"`
	InputTokens  int    `json:"input_tokens"`
	OutputTokens int    `json:"output_tokens"`
	Cost         Micros `json:"cost_micros"`
	// Accepted and Rejected count what the model chose or wrote; what was rejected
	// was not shown to it, or adds something to the spans.
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
	Error    string `json:"error,omitempty"` // why it did not do its part
}

// ResearchWork counts what was done.
type ResearchWork struct {
	Queries  int   `json:"queries"`
	Searches int   `json:"searches"` // requests to search sources
	Found    int   `json:"found"`    // addresses
	Fetched  int   `json:"pages_fetched"`
	Skipped  int   `json:"pages_skipped"`
	Hops     int   `json:"hops"` // how far links were followed
	Bytes    int64 `json:"bytes"`
	Spans    int   `json:"spans"` // sentences that could be claims
	// TimedOut is true if the time of the depth was over before the work was.
	TimedOut bool `json:"timed_out,omitempty"`
}

// ResearchProgress tells how far research is.
type ResearchProgress struct {
	Stage   string `json:"stage"` // plan, search, fetch, read, weigh, write
	Message string `json:"message"`
	Done    int    `json:"done"`
	Total   int    `json:"total"`
}

// ResearchFilter selects reports; empty fields select all.
type ResearchFilter struct {
	Tenant TenantID
	State  RunState
}
