package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

type researchService interface {
	Ask(ctx context.Context, p domain.ResearchParams) (*domain.ResearchReport, error)
	Get(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error)
	List(ctx context.Context, state domain.RunState, w domain.Window) ([]domain.ResearchReport, int, error)
	Verify(ctx context.Context, id domain.ResearchID) (*domain.SnapshotReport, error)
}

// ResearchInfoBody shows a report without what it found.
type ResearchInfoBody struct {
	ID         domain.ResearchID     `json:"id"`
	Status     domain.RunState       `json:"status" enum:"queued,running,completed,failed"`
	Request    domain.ResearchParams `json:"request"`
	Method     string                `json:"method" doc:"How claims were chosen: extractive or model; empty before the end"`
	ClaimCount int                   `json:"claim_count"`
	Confidence float64               `json:"confidence_score"`
	CostMicros domain.Micros         `json:"cost_micros"`
	Currency   string                `json:"currency"`
	Duration   float64               `json:"duration_seconds"`
	Error      *researchFailureBody  `json:"error,omitempty" doc:"Why it failed"`
	CreatedAt  time.Time             `json:"created_at"`
	StartedAt  *time.Time            `json:"started_at"`
	FinishedAt *time.Time            `json:"finished_at"`
}

type researchFailureBody struct {
	Code    domain.Code     `json:"code"`
	Message string          `json:"message"`
	Reasons []domain.Reason `json:"reasons" doc:"Of each model"`
}

type researchBody struct {
	ResearchInfoBody
	Answer      string                     `json:"answer" doc:"The first claims in one text, each with its id"`
	Queries     []string                   `json:"queries"`
	Claims      []domain.ResearchClaim     `json:"claims" doc:"Verbatim spans, or figures of the feeds, with the evidence that carries each"`
	Evidence    []domain.Evidence          `json:"evidence" doc:"A snapshot's evidence is a span: its value stands in the snapshot's text at offset"`
	Sources     []domain.ResearchSource    `json:"sources"`
	Skipped     []domain.SkippedPage       `json:"skipped" doc:"Pages that were not read, and why"`
	Disputes    []domain.Dispute           `json:"disagreements" doc:"Quantities for which independent sources give different numbers"`
	Gaps        []string                   `json:"gaps" doc:"What was looked for and not found"`
	Parts       []domain.ConfidencePart    `json:"confidence" doc:"The parts of confidence_score: the sum of value times weight"`
	Competitors *domain.CompetitorAnalysis `json:"competitor_analysis,omitempty" doc:"Only if it was asked for"`
	Sentiment   *domain.MarketSentiment    `json:"market_sentiment,omitempty" doc:"Only if it was asked for"`
	Models      []domain.ModelShare        `json:"models_used" doc:"Empty: no model was asked"`
	Work        domain.ResearchWork        `json:"work"`
	Notes       []string                   `json:"notes" doc:"How it came to be, and what is switched off"`
}

type (
	askResearchInput struct {
		Body struct {
			Topic              string               `json:"topic" minLength:"1" maxLength:"200"`
			Depth              domain.ResearchDepth `json:"depth,omitempty" enum:"quick,deep,comprehensive" default:"deep" doc:"How much work it may be: queries, pages, links followed, time"`
			Language           string               `json:"language,omitempty" enum:"en,de" default:"en"`
			CompetitorAnalysis bool                 `json:"competitor_analysis,omitempty" doc:"Also ask for and compare sites that write about it"`
			MarketSentiment    bool                 `json:"market_sentiment,omitempty" doc:"Also ask for and weigh judgements"`
		}
	}
	listResearchInput struct {
		Window
		State domain.RunState `query:"state" enum:"queued,running,completed,failed" doc:"Only reports in this state"`
	}
	researchInput struct {
		ID domain.ResearchID `path:"research_id"`
	}
	researchOutput       struct{ Body researchBody }
	snapshotReportOutput struct{ Body domain.SnapshotReport }
)

// answerClaims is how many claims the answer joins.
const answerClaims = 6

func toResearchInfo(r *domain.ResearchReport) ResearchInfoBody {
	b := ResearchInfoBody{
		ID: r.ID, Status: r.State, Request: r.Params, Method: r.Method, ClaimCount: len(r.Claims), Confidence: r.Confidence.Score, CostMicros: r.Cost,
		Currency: r.Currency, Duration: r.Duration().Seconds(), CreatedAt: r.CreatedAt.UTC(), StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt),
	}
	if r.Error != nil {
		b.Error = &researchFailureBody{r.Error.Code, r.Error.Message, list(r.Error.Reasons)}
	}
	return b
}

func toResearch(r *domain.ResearchReport) researchBody {
	b := researchBody{
		ResearchInfoBody: toResearchInfo(r), Queries: list(r.Queries), Claims: list(r.Claims), Evidence: list(r.Evidence), Sources: list(r.Sources),
		Skipped: list(r.Skipped), Disputes: list(r.Disputes), Gaps: list(r.Gaps), Parts: list(r.Confidence.Parts), Competitors: r.Competitors,
		Sentiment: r.Sentiment, Models: list(r.Models), Work: r.Work, Notes: list(r.Notes),
	}
	var parts []string
	for _, c := range r.Claims[:min(len(r.Claims), answerClaims)] {
		text := c.Statement
		if text == "" {
			text = c.Text
		}
		parts = append(parts, text+" ["+string(c.ID)+"]")
	}
	b.Answer = strings.Join(parts, " ")
	return b
}

func registerResearch(a *API, research researchService) {
	handle(a, operation{
		id: "ask-research", method: http.MethodPost, path: "/intelligence/research", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Research a topic",
		text: "Searches the configured sources, reads pages and states what they say, each claim with its evidence. It is durable work: the answer waits for its end, but no " +
			"longer than a request may (setting `research.wait`); then `status` is `queued` or `running`, and the report is found under its id. Progress is told on the WebSocket as " +
			"`intelligence.research.progress`. When models are configured and none can be asked, the answer is 503 with the reason of each. An unknown flag is 422.",
		problems: []int{http.StatusConflict, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		request:  map[string]any{"topic": "mechanical keyboards", "depth": "deep", "competitor_analysis": true, "market_sentiment": true}, response: exampleResearch,
	}, func(ctx context.Context, in *askResearchInput) (*researchOutput, error) {
		r, err := research.Ask(ctx, domain.ResearchParams{
			Topic: in.Body.Topic, Depth: in.Body.Depth, Language: in.Body.Language, CompetitorAnalysis: in.Body.CompetitorAnalysis, MarketSentiment: in.Body.MarketSentiment,
		})
		if err != nil {
			return nil, err
		}
		return &researchOutput{toResearch(r)}, nil
	})
	handle(a, operation{
		id: "list-research", method: http.MethodGet, path: "/intelligence/research", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "List research reports, newest first", response: []ResearchInfoBody{exampleResearch.ResearchInfoBody, exampleFailed},
	}, func(ctx context.Context, in *listResearchInput) (*listOutput[ResearchInfoBody], error) {
		items, total, err := research.List(ctx, in.State, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toResearchInfo), nil
	})
	handle(a, operation{
		id: "get-research", method: http.MethodGet, path: "/intelligence/research/{research_id}", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Show a research report", response: exampleResearch,
	}, func(ctx context.Context, in *researchInput) (*researchOutput, error) {
		r, err := research.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &researchOutput{toResearch(r)}, nil
	})
	handle(a, operation{
		id: "verify-research", method: http.MethodPost, path: "/intelligence/research/{research_id}/verify", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Prove again what a report rests on", text: "Checks the hash of every snapshot that the report cites, and that every span stands where its evidence says.",
		response: exampleVerified,
	}, func(ctx context.Context, in *researchInput) (*snapshotReportOutput, error) {
		v, err := research.Verify(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &snapshotReportOutput{*v}, nil
	})
}

var exampleVerified = domain.SnapshotReport{
	Snapshots: 12, Spans: 31, Faults: []domain.SnapshotFault{{
		Snapshot: "snap_0123456789abcdef0123456789abcdef", URL: "https://keys.example/guide/", Evidence: "ev_0123456789abcdef01234567",
		Message: "The span of evidence ev_0123456789abcdef01234567 does not stand in snapshot snap_0123456789abcdef0123456789abcdef at 1204.",
		Uses:    []domain.SnapshotUse{exampleUse},
	}},
}

var exampleUse = domain.SnapshotUse{
	Evidence: "ev_0123456789abcdef01234567", Report: "rsch_01k2ja", Website: "site_01k2ja", Page: "/guide/", Claim: "Most switches are rated for 50 million keystrokes.",
}

var exampleResearch = researchBody{
	ResearchInfoBody: ResearchInfoBody{
		ID: "rsch_01k2ja", Status: domain.StateCompleted, Method: domain.MethodModel, CostMicros: 1_240, Currency: "USD", ClaimCount: 1, Confidence: 0.61, Duration: 4.2,
		Request:   domain.ResearchParams{Topic: "mechanical keyboards", Depth: domain.DepthDeep, Language: "en", CompetitorAnalysis: true, MarketSentiment: true},
		CreatedAt: exampleTime, StartedAt: &exampleTime, FinishedAt: &exampleTime,
	},
	Answer: "Most switches are rated for 50 million keystrokes. [c1]", Queries: []string{"mechanical keyboards", "mechanical keyboards guide"},
	Claims: []domain.ResearchClaim{{
		ID: "c1", Kind: "figure", Text: "Most switches are rated for 50 million keystrokes.", Evidence: []domain.EvidenceID{"ev_0123456789abcdef01234567"}, Sources: []string{"s1"},
		Independent: 2, Newest: &exampleTime, Relevance: 0.82,
	}},
	Evidence: []domain.Evidence{{
		ID: "ev_0123456789abcdef01234567", Kind: domain.EvidenceSnapshot, Value: "Most switches are rated for 50 million keystrokes.", URL: "https://keys.example/guide/",
		SHA256: strings.Repeat("0f", 32), Offset: 1204, Snapshot: "snap_0123456789abcdef0123456789abcdef", At: &exampleTime,
	}},
	Sources: []domain.ResearchSource{{
		ID: "s1", Snapshot: "snap_0123456789abcdef0123456789abcdef", URL: "https://keys.example/guide/", Title: "Keyboards", Domain: "keys.example", FoundBy: "searxng", Language: "en",
		FetchedAt: &exampleTime, Group: 1, Relevant: 1, Claims: 1,
	}},
	Skipped:  []domain.SkippedPage{{URL: "https://shut.example/", Reason: domain.FetchRobots}},
	Disputes: []domain.Dispute{{Quantity: "switch rate", Unit: "keystrokes", Values: []domain.DisputedSay{{Claim: "c1", Value: 50e6, Text: "50 million keystrokes", Source: "s1"}}}},
	Gaps:     []string{"No page defines the topic."}, Parts: []domain.ConfidencePart{{Name: "independent_sources", Value: 0.8, Weight: 0.3, Note: "4 independent groups of sources; 5 are full marks"}},
	Competitors: &domain.CompetitorAnalysis{Sites: []domain.Competitor{{
		Domain: "keys.example", Sources: []string{"s1"}, Pages: 1, Words: 900, Phrases: []string{"key switches"}, Missing: []string{"key caps"}, Structured: []string{"Product"},
	}}},
	Sentiment: &domain.MarketSentiment{Score: 0.2, Sentences: 60, Judging: 12, Positive: 8, Negative: 4, Aspects: []domain.AspectSentiment{
		{Aspect: "sound", Score: 0.5, Mentions: 4, Evidence: []domain.EvidenceID{"ev_0123456789abcdef01234567"}},
	}},
	Models: []domain.ModelShare{{Name: "default", Provider: "openai", Model: "gpt-6-luna", Calls: 2, InputTokens: 5200, OutputTokens: 410, Cost: 1_240, Accepted: 14, Rejected: 1}}, Work: domain.ResearchWork{Queries: 4, Searches: 8, Found: 41, Fetched: 22, Skipped: 2, Hops: 1, Bytes: 1_204_551, Spans: 214},
	Notes: []string{"Pages are read as they are sent: there is no browser, so pages that scripts build may lack text."},
}

var exampleFailed = ResearchInfoBody{
	ID: "rsch_01k2jb", Status: domain.StateFailed, Request: domain.ResearchParams{Topic: "tea", Depth: domain.DepthQuick, Language: "en"}, CreatedAt: exampleTime,
	Error: &researchFailureBody{
		Code: domain.CodeUnavailable, Message: "No model can be asked: default: Provider openai cannot be reached.",
		Reasons: []domain.Reason{{Name: "default", Message: "Provider openai cannot be reached."}},
	},
}
