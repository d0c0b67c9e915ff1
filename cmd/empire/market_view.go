package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/client"
	"empire/internal/domain"
)

type marketKeeper interface {
	// Scan scans a market, or without a topic ranks the niches of the feeds.
	Scan(ctx context.Context, q domain.ScanRequest, report func(done, total int, message string)) (*scanView, error)
	Opportunities(ctx context.Context, w domain.Window) ([]domain.OpportunityLine, int, error)
	Opportunity(ctx context.Context, id domain.OpportunityID) (*scanView, error)
	Trends(ctx context.Context, industry, period string) (*domain.TrendData, error)
}

// scanView is a scan as the API has it.
type scanView struct {
	ID              domain.OpportunityID       `json:"id"`
	Topic           string                     `json:"topic"`
	Request         domain.ScanRequest         `json:"request"`
	Research        json.RawMessage            `json:"research"`
	Affiliate       []domain.ProgramSummary    `json:"affiliate_programs"`
	Programs        *domain.ProgramResult      `json:"program_search"`
	ConfidenceScore float64                    `json:"confidence_score"`
	ConfidenceParts []domain.ScorePart         `json:"confidence_parts"`
	Insufficient    string                     `json:"insufficient_evidence"`
	Score           *domain.OpportunityScore   `json:"opportunity_score"`
	Viral           domain.Estimate            `json:"viral_potential"`
	Revenue         *domain.RevenueEstimate    `json:"estimated_revenue"`
	RevenueReason   string                     `json:"estimated_revenue_reason"`
	Recommended     []domain.RecommendedAction `json:"recommended_actions"`
	Next            []domain.RecommendedAction `json:"next_actions"`
	Trends          *domain.TrendData          `json:"trends"`
	Ranking         *domain.NicheRanking       `json:"niche_ranking"`
	Freshness       domain.Freshness           `json:"freshness"`
	EstimateID      domain.EstimateID          `json:"estimate_id"`
	Calibration     string                     `json:"calibration"`
	CreatedAt       time.Time                  `json:"created_at"`
}

// viewScan gives a report the names that the API has; they are those of its JSON.
func viewScan(r *domain.ScanReport, err error) (*scanView, error) {
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode opportunity: %w", err)
	}
	v := &scanView{Calibration: domain.Uncalibrated}
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("read opportunity: %w", err)
	}
	return v, nil
}

// Scan implements portfolio.
func (l local) Scan(ctx context.Context, q domain.ScanRequest, report func(done, total int, message string)) (*scanView, error) {
	return viewScan(l.a.Market.Scan(ctx, q, report))
}

// Opportunities implements portfolio.
func (l local) Opportunities(ctx context.Context, w domain.Window) ([]domain.OpportunityLine, int, error) {
	return l.a.Market.Opportunities(ctx, w)
}

// Opportunity implements portfolio.
func (l local) Opportunity(ctx context.Context, id domain.OpportunityID) (*scanView, error) {
	return viewScan(l.a.Market.Opportunity(ctx, id))
}

// Trends implements portfolio.
func (l local) Trends(ctx context.Context, industry, period string) (*domain.TrendData, error) {
	return l.a.Market.Trends(ctx, industry, period)
}

// Scan implements portfolio.
func (r *remote) Scan(ctx context.Context, q domain.ScanRequest, _ func(done, total int, message string)) (*scanView, error) {
	in := client.ScanInput{Topic: q.Topic, Language: client.ScanInputLanguage(q.Language), MinCommission: &q.MinCommission, TrafficRequirements: client.ScanInputTrafficRequirements(q.Traffic)}
	if q.Limit > 0 {
		in.Limit = new(int64(q.Limit))
	}
	for _, f := range q.Feeds {
		in.Feeds = append(in.Feeds, string(f))
	}
	o, err := r.api.ScanOpportunity(ctx, in)
	return shown[scanView](r, o, err)
}

// Opportunities implements portfolio.
func (r *remote) Opportunities(ctx context.Context, w domain.Window) ([]domain.OpportunityLine, int, error) {
	list, err := r.api.ListOpportunities(ctx, client.ListOpportunitiesParams{Limit: w.Limit, Offset: w.Offset})
	return window[domain.OpportunityLine](r, list, err)
}

// Opportunity implements portfolio.
func (r *remote) Opportunity(ctx context.Context, id domain.OpportunityID) (*scanView, error) {
	o, err := r.api.GetOpportunity(ctx, string(id))
	return shown[scanView](r, o, err)
}

// Trends implements portfolio.
func (r *remote) Trends(ctx context.Context, industry, period string) (*domain.TrendData, error) {
	t, err := r.api.GetTrends(ctx, client.GetTrendsParams{Industry: industry, Period: period})
	return shown[domain.TrendData](r, t, err)
}
