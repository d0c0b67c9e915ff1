package service

import (
	"context"
	"fmt"
	"time"

	"empire/internal/domain"
)

type trafficStore interface {
	Report(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (*domain.TrafficReport, error)
}

// Traffic shows what visitors do on websites.
type Traffic struct {
	websites *Websites
	store    trafficStore
	now      func() time.Time
}

// NewTraffic returns the service.
func NewTraffic(websites *Websites, store trafficStore, now func() time.Time) *Traffic {
	return &Traffic{websites, store, now}
}

// Report returns what happened on a website in a period that ends now: 24h, 7d, 30d,
// 90d or 12m. Empty means 7d.
func (s *Traffic) Report(ctx context.Context, id domain.WebsiteID, period string) (*domain.TrafficReport, error) {
	if _, err := s.websites.Get(ctx, id); err != nil {
		return nil, err
	}
	if period == "" {
		period = "7d"
	}
	span, err := domain.ParseTrafficPeriod(period, s.now())
	if err != nil {
		return nil, err
	}
	r, err := s.store.Report(ctx, id, span)
	if err != nil {
		return nil, fmt.Errorf("traffic of website %s: %w", id, err)
	}
	r.Period = period
	return r, nil
}
