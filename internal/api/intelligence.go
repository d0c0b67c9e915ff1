package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

type marketService interface {
	Scan(ctx context.Context, q domain.ScanRequest, report func(done, total int, message string)) (*domain.ScanReport, error)
	Opportunities(ctx context.Context, w domain.Window) ([]domain.OpportunityLine, int, error)
	Opportunity(ctx context.Context, id domain.OpportunityID) (*domain.ScanReport, error)
	Trends(ctx context.Context, industry, period string) (*domain.TrendData, error)
	Estimates(ctx context.Context, f domain.EstimateFilter, w domain.Window) ([]domain.MarketEstimate, int, error)
}

// optionalObject is a JSON object or null.
type optionalObject json.RawMessage

// Schema implements huma.SchemaProvider.
func (optionalObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Nullable: true}
}

// MarshalJSON implements json.Marshaler.
func (o optionalObject) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("null"), nil
	}
	return o, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *optionalObject) UnmarshalJSON(b []byte) error {
	*o = append((*o)[:0], b...)
	return nil
}

type actionBody struct {
	Action string `json:"action" doc:"launch_site, add_programs, import_keywords, narrow_niche, widen_niche, watch_prices or skip"`
	Reason string `json:"reason"`
}

// opportunityBody is the answer to a scan. Nested objects are described in
// docs/intelligence/opportunity.md.
type opportunityBody struct {
	ID              domain.OpportunityID `json:"id"`
	Topic           string               `json:"topic"`
	Request         object               `json:"request" doc:"What was asked, with the defaults that were applied"`
	Research        object               `json:"research" doc:"What the feeds say about the niche"`
	Affiliate       []object             `json:"affiliate_programs" doc:"Programs that sell the products of the niche"`
	Programs        optionalObject       `json:"program_search" doc:"Programs that fit min_commission and traffic_requirements, how fresh they are, and whether the answer is partial"`
	ConfidenceScore float64              `json:"confidence_score" minimum:"0" maximum:"1"`
	ConfidenceParts []object             `json:"confidence_parts" doc:"name, value, weight, inputs and note; weight × value add up to the score"`
	Insufficient    string               `json:"insufficient_evidence" doc:"Why the score is low for lack of data; empty: it is not"`
	Score           optionalObject       `json:"opportunity_score" doc:"Value and the parts whose contributions add up to it, each with inputs and evidence; what would change it; the nearest decision flip"`
	Viral           object               `json:"viral_potential" doc:"value, low, high, method and inputs, or a reason"`
	Revenue         optionalObject       `json:"estimated_revenue" doc:"low, mid and high commission of a month, method and inputs; null: see estimated_revenue_reason"`
	RevenueReason   string               `json:"estimated_revenue_reason"`
	Recommended     []actionBody         `json:"recommended_actions"`
	Next            []actionBody         `json:"next_actions" doc:"The same as recommended_actions"`
	Trends          optionalObject       `json:"trends" doc:"As of GET /intelligence/trends over a year"`
	Ranking         optionalObject       `json:"niche_ranking" doc:"Without a topic: the niches of the feeds by score, and how stable that order is"`
	Freshness       object               `json:"freshness" doc:"How old the feeds are"`
	EstimateID      domain.EstimateID    `json:"estimate_id" doc:"The estimate that was frozen with it"`
	Calibration     string               `json:"calibration" doc:"uncalibrated while no outcome was compared"`
	CreatedAt       time.Time            `json:"created_at"`
}

type opportunityLineBody struct {
	ID         domain.OpportunityID `json:"id"`
	Topic      string               `json:"topic"`
	Score      float64              `json:"score"`
	Confidence float64              `json:"confidence_score"`
	Decision   string               `json:"decision" doc:"enter or hold"`
	CreatedAt  time.Time            `json:"created_at"`
}

type trendsBody struct {
	Industry    string    `json:"industry"`
	Period      string    `json:"period"`
	GeneratedAt time.Time `json:"generated_at"`
	Series      []object  `json:"series" doc:"name, source, unit, step, method, points with dates and a confidence band, direction with its significance, seasonality, level_shifts, forecast with an interval, gaps and notes"`
	Reason      string    `json:"reason" doc:"Why there is no series; empty: there is one"`
}

type estimateBody struct {
	ID           domain.EstimateID   `json:"id"`
	Kind         domain.EstimateKind `json:"kind" enum:"scan,launch,approval"`
	Subject      string              `json:"subject" doc:"The scan, the run or the approval"`
	WebsiteID    *domain.WebsiteID   `json:"website_id"`
	Topic        string              `json:"topic"`
	Model        string              `json:"model"`
	ModelVersion int                 `json:"model_version"`
	InputsHash   string              `json:"inputs_sha256"`
	Score        object              `json:"score"`
	Confidence   float64             `json:"confidence_score"`
	Revenue      optionalObject      `json:"estimated_revenue"`
	Calibration  string              `json:"calibration" doc:"uncalibrated while no outcome was compared"`
	CreatedAt    time.Time           `json:"created_at"`
}

type (
	scanInput struct {
		Body struct {
			Topic         *string             `json:"topic,omitempty" maxLength:"80" doc:"What the market is about; without one the niches of the feeds are ranked" example:"mechanical keyboards"`
			Niche         *string             `json:"niche,omitempty" maxLength:"80" doc:"Another name of topic"`
			Language      string              `json:"language,omitempty" enum:"en,de" doc:"en if it is not given"`
			Feeds         []domain.FeedID     `json:"feeds,omitempty" maxItems:"100" doc:"All feeds if there is none"`
			MinCommission *float64            `json:"min_commission,omitempty" minimum:"0" maximum:"100" doc:"Percent; 5 if it is not given"`
			Traffic       domain.TrafficLevel `json:"traffic_requirements,omitempty" enum:"low,medium,high" doc:"The most visitors that a program may ask for; low if it is not given"`
			Limit         int                 `json:"limit,omitempty" minimum:"1" maximum:"200" doc:"Niches of a ranking; 20 if it is not given"`
		}
	}
	opportunityInput struct {
		ID domain.OpportunityID `path:"opportunity_id"`
	}
	listOpportunitiesInput struct{ Window }
	listEstimatesInput     struct {
		Window
		Kind      domain.EstimateKind `query:"kind" enum:"scan,launch,approval" doc:"Only those of this decision"`
		WebsiteID domain.WebsiteID    `query:"website_id" maxLength:"100" doc:"Only those of this website"`
	}
	trendsInput struct {
		Industry string `query:"industry" required:"true" minLength:"1" maxLength:"80" doc:"What the trends are asked for" example:"mechanical keyboards"`
		Period   string `query:"period" default:"30d" maxLength:"6" doc:"Days, weeks, months or years before the last value" example:"30d"`
	}
	opportunityOutput struct{ Body opportunityBody }
	trendsOutput      struct{ Body trendsBody }
)

func registerMarket(a *API, m marketService) {
	handle(a, operation{
		id: "scan-opportunity", method: http.MethodPost, path: "/intelligence/opportunity-scan", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Scan a market for an opportunity",
		text: "Reads the feeds, keywords, programs and trends that are stored. With a topic that the feeds do not carry the score is low and `insufficient_evidence` says why. " +
			"Watchers of `intelligence.scan.*` hear how far it is. The answer is kept, with an estimate that never changes.",
		problems: []int{http.StatusUnprocessableEntity}, request: map[string]any{"topic": "mechanical keyboards", "min_commission": 5, "traffic_requirements": "low"}, response: exampleOpportunity,
	}, func(ctx context.Context, in *scanInput) (*opportunityOutput, error) {
		q, err := in.request()
		if err != nil {
			return nil, err
		}
		return opportunityAnswer(m.Scan(ctx, q, nil))
	})
	handle(a, operation{
		id: "list-opportunities", method: http.MethodGet, path: "/intelligence/opportunities", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "List scans", text: "The newest first.",
		response: []opportunityLineBody{{ID: "opp_01k2ja", Topic: "mechanical keyboards", Score: 0.62, Confidence: 0.55, Decision: domain.DecisionEnter, CreatedAt: exampleTime}},
	}, func(ctx context.Context, in *listOpportunitiesInput) (*listOutput[opportunityLineBody], error) {
		items, total, err := m.Opportunities(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, func(l *domain.OpportunityLine) opportunityLineBody { return opportunityLineBody(*l) }), nil
	})
	handle(a, operation{
		id: "get-opportunity", method: http.MethodGet, path: "/intelligence/opportunities/{opportunity_id}", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Show a scan", response: exampleOpportunity,
	}, func(ctx context.Context, in *opportunityInput) (*opportunityOutput, error) {
		return opportunityAnswer(m.Opportunity(ctx, in.ID))
	})
	handle(a, operation{
		id: "list-estimates", method: http.MethodGet, path: "/intelligence/estimates", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "List frozen estimates", text: "What was believed when a scan was saved, a website begun, a publication approved. The newest first; none ever changes.",
		response: []estimateBody{exampleEstimate},
	}, func(ctx context.Context, in *listEstimatesInput) (*listOutput[estimateBody], error) {
		items, total, err := m.Estimates(ctx, domain.EstimateFilter{Kind: in.Kind, WebsiteID: in.WebsiteID}, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toEstimate), nil
	})
	handle(a, operation{
		id: "get-trends", method: http.MethodGet, path: "/intelligence/trends", tag: "intelligence", permission: domain.IntelligenceUse,
		summary: "Show the trends of an industry", text: "From imported search interest and volumes, and from what imports of feeds changed about prices and stock. An unknown industry has no series and a reason.",
		response: exampleTrends,
	}, func(ctx context.Context, in *trendsInput) (*trendsOutput, error) {
		t, err := m.Trends(ctx, in.Industry, in.Period)
		if err != nil {
			return nil, err
		}
		b := trendsBody{Industry: t.Industry, Period: t.Period, GeneratedAt: t.GeneratedAt.UTC(), Reason: t.Reason}
		b.Series, err = objects(t.Series)
		return &trendsOutput{b}, err
	})
}

// request reads the body into what the service takes.
func (in *scanInput) request() (domain.ScanRequest, error) {
	b := &in.Body
	q := domain.ScanRequest{Language: b.Language, Feeds: b.Feeds, MinCommission: domain.DefaultMinCommission, Traffic: b.Traffic, Limit: b.Limit}
	if b.MinCommission != nil {
		q.MinCommission = *b.MinCommission
	}
	if b.Topic != nil && b.Niche != nil && *b.Topic != *b.Niche {
		return q, domain.Invalid("niche", "topic and niche are the same thing; give one of them.")
	}
	for name, given := range map[string]*string{"topic": b.Topic, "niche": b.Niche} {
		if given == nil {
			continue
		}
		if q.Topic = strings.TrimSpace(*given); q.Topic == "" {
			return q, domain.Invalid(name, "It is empty; leave it out to rank the niches of the feeds.")
		}
	}
	return q, nil
}

func opportunityAnswer(r *domain.ScanReport, err error) (*opportunityOutput, error) {
	if err != nil {
		return nil, err
	}
	b, err := toOpportunity(r)
	return &opportunityOutput{b}, err
}

func toOpportunity(r *domain.ScanReport) (opportunityBody, error) {
	b := opportunityBody{
		ID: r.ID, Topic: r.Topic, ConfidenceScore: r.ConfidenceScore, Insufficient: r.Insufficient, RevenueReason: r.RevenueReason,
		Recommended: actions(r.RecommendedActions), Next: actions(r.NextActions), EstimateID: r.EstimateID, Calibration: domain.Uncalibrated, CreatedAt: r.CreatedAt.UTC(),
	}
	var e encoder
	b.Request, b.Research, b.Viral, b.Freshness = object(e.json(r.Request)), object(e.json(r.Research)), object(e.json(r.ViralPotential)), object(e.json(r.Freshness))
	b.Programs, b.Score, b.Revenue = optional(&e, r.Programs), optional(&e, r.Score), optional(&e, r.EstimatedRevenue)
	b.Trends, b.Ranking = optional(&e, r.Trends), optional(&e, r.Ranking)
	var err error
	if b.Affiliate, err = objects(r.AffiliatePrograms); err != nil {
		return b, err
	}
	if b.ConfidenceParts, err = objects(r.ConfidenceParts); err != nil {
		return b, err
	}
	return b, e.err
}

func actions(list []domain.RecommendedAction) []actionBody {
	out := make([]actionBody, len(list))
	for i, a := range list {
		out[i] = actionBody(a)
	}
	return out
}

func toEstimate(e *domain.MarketEstimate) estimateBody {
	var enc encoder
	b := estimateBody{
		ID: e.ID, Kind: e.Kind, Subject: e.Subject, Topic: e.Topic, Model: e.Model, ModelVersion: e.ModelVersion, InputsHash: e.InputsHash,
		Score: object(enc.json(e.Score)), Confidence: e.Confidence, Revenue: optional(&enc, e.Revenue), Calibration: e.Calibration, CreatedAt: e.CreatedAt.UTC(),
	}
	if e.WebsiteID != "" {
		b.WebsiteID = &e.WebsiteID
	}
	return b
}

// encoder keeps the first error.
type encoder struct{ err error }

func (e *encoder) json(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("encode answer: %w", err)
	}
	return raw
}

func optional[T any](e *encoder, v *T) optionalObject {
	if v == nil {
		return nil
	}
	return optionalObject(e.json(v))
}

func objects[T any](list []T) ([]object, error) {
	var e encoder
	out := make([]object, len(list))
	for i := range list {
		out[i] = object(e.json(list[i]))
	}
	return out, e.err
}
