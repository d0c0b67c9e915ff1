package service

import (
	"context"
	"fmt"
	"io"
	"time"

	"empire/internal/domain"
)

type trafficStore interface {
	Report(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (*domain.TrafficReport, error)
	AddServed(ctx context.Context, counts []domain.ServedCount) error
	AddImport(ctx context.Context, i *domain.AccessImport) error
	Imported(ctx context.Context, id domain.WebsiteID, sha string) (time.Time, error)
}

// TrafficConfig is what NewTraffic needs.
type TrafficConfig struct {
	Websites *Websites
	Store    trafficStore
	Tx       transactor
	Audit    auditStore
	// ReadLog counts an access log; views before after are left out of the counts.
	ReadLog func(ctx context.Context, r io.Reader, id domain.WebsiteID, name string, after time.Time) (*domain.AccessImport, []domain.ServedCount, error)
	Keep    time.Duration // how long sums are kept
	Now     func() time.Time
}

// Traffic shows what visitors do on websites.
type Traffic struct {
	cfg     TrafficConfig
	journal journal
}

// NewTraffic returns the service.
func NewTraffic(cfg TrafficConfig) *Traffic {
	return &Traffic{cfg, journal{cfg.Audit, cfg.Now}}
}

// Report returns what happened on a website in a period that ends now: 24h, 7d, 30d,
// 90d or 12m. Empty means 7d.
func (s *Traffic) Report(ctx context.Context, id domain.WebsiteID, period string) (*domain.TrafficReport, error) {
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, err
	}
	if period == "" {
		period = "7d"
	}
	span, err := domain.ParseTrafficPeriod(period, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	r, err := s.cfg.Store.Report(ctx, id, span)
	if err != nil {
		return nil, fmt.Errorf("traffic of website %s: %w", id, err)
	}
	r.Period = period
	return r, nil
}

// ImportLog counts the access log of another server for a website: the pages that it
// sent to people, and those to bots, apart. With keep the counts are stored, unless a
// log with the same content was before, which is a CodeConflict error.
func (s *Traffic) ImportLog(ctx context.Context, id domain.WebsiteID, name string, r io.Reader, keep bool) (*domain.AccessImport, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, err
	}
	now := s.cfg.Now().UTC()
	found, counts, err := s.cfg.ReadLog(ctx, r, id, name, now.Add(-s.cfg.Keep))
	if err != nil {
		return nil, fmt.Errorf("read access log %s: %w", name, err)
	}
	if !keep {
		return found, nil
	}
	found.Stored, found.ImportedAt = true, now.Truncate(time.Second)
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		at, err := s.cfg.Store.Imported(ctx, id, found.SHA256)
		if err != nil {
			return err
		}
		if !at.IsZero() {
			return domain.Errorf(domain.CodeConflict, "A log with the same content was imported at %s.", at.UTC().Format(time.RFC3339))
		}
		if err := s.cfg.Store.AddImport(ctx, found); err != nil {
			return err
		}
		if err := s.cfg.Store.AddServed(ctx, counts); err != nil {
			return err
		}
		return s.journal.record(ctx, "website.log_imported", string(id), name)
	})
	if err != nil {
		return nil, fmt.Errorf("import access log %s: %w", name, err)
	}
	return found, nil
}
