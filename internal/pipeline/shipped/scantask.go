package shipped

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"empire/internal/agent"
	"empire/internal/domain"
)

// scanParams ask about a market. Niche is another name of topic, and industry that of
// a trend's.
type scanParams struct {
	Topic         string              `json:"topic"`
	Niche         string              `json:"niche"`
	Industry      string              `json:"industry"`
	Language      string              `json:"language"`
	Feeds         []domain.FeedID     `json:"feeds"`
	MinCommission *float64            `json:"min_commission"`
	Traffic       domain.TrafficLevel `json:"traffic_requirements"`
	Period        string              `json:"period"`
	WebsiteID     string              `json:"website_id"` // ignored: comes from earlier stages
}

// scanRequest reads and checks the parameters of a scan task.
func scanRequest(params json.RawMessage) (domain.ScanRequest, string, error) {
	var p scanParams
	if err := decodeScan(params, &p); err != nil {
		return domain.ScanRequest{}, "", err
	}
	q := domain.ScanRequest{
		Topic: cmp.Or(p.Topic, p.Niche, p.Industry), Language: p.Language, Feeds: p.Feeds, MinCommission: domain.DefaultMinCommission, Traffic: p.Traffic,
	}
	if p.MinCommission != nil {
		q.MinCommission = *p.MinCommission
	}
	if q.Topic == "" {
		return q, "", domain.Invalid("topic", "A topic is needed, such as mechanical keyboards.")
	}
	period := cmp.Or(p.Period, "30d")
	if _, err := domain.PeriodOf(period); err != nil {
		return q, "", err
	}
	return q, period, q.Complete()
}

// decodeScan is decode that names the field whose type is wrong.
func decodeScan(params json.RawMessage, v any) error {
	err := decode(params, v)
	if err == nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(params))
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](d.Decode(v)); ok {
		return domain.Invalid(wrong.Field, "%s cannot be a %s.", wrong.Field, wrong.Value)
	}
	return err
}

// ofTopic turns a fault about the niche into one about the topic that was given.
func ofTopic(err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Field == "niche" {
		named := *e
		named.Field = "topic"
		return &named
	}
	return err
}

// CheckParams refuses parameters of a scan or of content that it could only refuse later: those of a
// task that stands alone, with no earlier stage to take a topic from.
func (r *Runtime) CheckParams(id domain.AgentID, spec domain.TaskSpec) error {
	if id == agent.Generator && spec.Type == "generate_content" {
		_, err := readContent(spec.Params)
		return err
	}
	if id != agent.Scanner {
		return nil
	}
	q, _, err := scanRequest(spec.Params)
	if err != nil || spec.Type == "trend_detection" {
		return err
	}
	return ofTopic(r.Market.Source.CheckNiche(q.Topic, q.Language))
}

func (r *Runtime) scan(ctx context.Context, params json.RawMessage) (*domain.ScanReport, error) {
	q, _, err := scanRequest(params)
	if err != nil {
		return nil, err
	}
	return r.Market.Scan(ctx, q, r.Now().UTC(), func(int, int, string) {})
}

func (r *Runtime) marketScan(ctx context.Context, params json.RawMessage) (any, error) {
	return answer(r.scan(ctx, params))(func(o *domain.ScanReport) any { return o })
}

func (r *Runtime) marketAnalysis(ctx context.Context, params json.RawMessage) (any, error) {
	return answer(r.scan(ctx, params))(func(o *domain.ScanReport) any {
		return map[string]any{
			"topic": o.Topic, "research": o.Research, "confidence_score": o.ConfidenceScore, "confidence_parts": o.ConfidenceParts, "opportunity_score": o.Score,
			"insufficient_evidence": o.Insufficient,
		}
	})
}

// competitorResearch says who sells in a market and how the market is shared.
func (r *Runtime) competitorResearch(ctx context.Context, params json.RawMessage) (any, error) {
	return answer(r.scan(ctx, params))(func(o *domain.ScanReport) any {
		return map[string]any{
			"topic": o.Topic, "brands": o.Research.Brands, "top_brands": orNone(o.Research.TopBrands), "brand_concentration": o.Research.Concentration,
			"merchants": orNone(o.Research.Merchants), "price": o.Research.Price, "currency": o.Research.Currency, "products": o.Research.Products,
			"affiliate_programs": o.AffiliatePrograms, "insufficient_evidence": o.Insufficient,
		}
	})
}

// trendDetection says what the demand and the prices of an industry did.
func (r *Runtime) trendDetection(ctx context.Context, params json.RawMessage) (any, error) {
	q, period, err := scanRequest(params)
	if err != nil {
		return nil, err
	}
	t, err := r.Market.Trends(ctx, q.Topic, period, r.Now().UTC())
	if err != nil {
		return nil, err
	}
	return map[string]any{"topic": q.Topic, "trends": t}, nil
}

func (r *Runtime) programScan(ctx context.Context, params json.RawMessage) (any, error) {
	return answer(r.scan(ctx, params))(func(o *domain.ScanReport) any {
		return map[string]any{"topic": o.Topic, "affiliate_programs": o.AffiliatePrograms, "program_search": o.Programs}
	})
}

func (r *Runtime) viralPotential(ctx context.Context, params json.RawMessage) (any, error) {
	return answer(r.scan(ctx, params))(func(o *domain.ScanReport) any {
		return map[string]any{"topic": o.Topic, "viral_potential": o.ViralPotential, "estimated_revenue": o.EstimatedRevenue, "estimated_revenue_reason": o.RevenueReason}
	})
}

// answer turns a report into the result of a task, unless there was an error.
func answer(o *domain.ScanReport, err error) func(func(*domain.ScanReport) any) (any, error) {
	return func(of func(*domain.ScanReport) any) (any, error) {
		if err != nil {
			return nil, err
		}
		return of(o), nil
	}
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
