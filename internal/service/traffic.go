package service

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"empire/internal/domain"
)

type trafficStore interface {
	Report(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (*domain.TrafficReport, error)
	People(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (domain.TrafficCount, error)
	Facets(ctx context.Context, id domain.WebsiteID, kind domain.FacetKind, span domain.TrafficSpan) ([]domain.TrafficFacet, error)
	Pages(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan, after string, limit int) ([]domain.TrafficPage, error)
	portfolioSums
	goalStore
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
	ReadLog    func(ctx context.Context, r io.Reader, id domain.WebsiteID, name string, after time.Time) (*domain.AccessImport, []domain.ServedCount, error)
	Programs   programGetter // may be nil: programs have no names then
	Keep       time.Duration // how long sums are kept
	KeepEvents time.Duration // how long single events are kept; 0: not at all
	Now        func() time.Time
}

// Traffic shows what visitors do on websites.
type Traffic struct {
	cfg     TrafficConfig
	journal journal
	memo    sumMemo
}

// NewTraffic returns the service.
func NewTraffic(cfg TrafficConfig) *Traffic {
	return &Traffic{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}}
}

// Report returns what happened on a website in a period that ends now: 24h, 7d, 30d,
// 90d or 12m. Empty means 7d.
func (s *Traffic) Report(ctx context.Context, id domain.WebsiteID, period string) (*domain.TrafficReport, error) {
	return s.ReportOn(ctx, id, domain.TrafficQuery{Period: period})
}

// ReportOn is Report for a period, or for the time between from and to.
func (s *Traffic) ReportOn(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery) (*domain.TrafficReport, error) {
	w, err := s.cfg.Websites.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	span, period, err := q.Span(s.cfg.Now())
	if err != nil {
		return nil, err
	}
	r, err := s.cfg.Store.Report(ctx, id, span)
	if err != nil {
		return nil, fmt.Errorf("traffic of website %s: %w", id, err)
	}
	r.Period = period
	if before := span.Before(); s.knows(before, w.CreatedAt) {
		count, err := s.cfg.Store.People(ctx, id, before)
		if err != nil {
			return nil, fmt.Errorf("traffic of website %s before: %w", id, err)
		}
		r.Before = &count
	}
	return r, nil
}

// knows reports whether the figures of a span are known of a website: it was there when
// the first step of the span ended, and its sums are kept.
func (s *Traffic) knows(span domain.TrafficSpan, created time.Time) bool {
	from, _ := span.Times()
	kept := s.cfg.Keep == 0 || !from.Before(s.cfg.Now().Add(-s.cfg.Keep))
	if span.Step == 1 {
		kept = kept && !from.Before(s.cfg.Now().Add(-domain.TrafficHours))
	}
	return kept && created.Before(domain.HourTime(span.From+span.Step))
}

// Facets returns a window of the figures of one facet of a website, those with the most
// views and clicks first, and how many there are.
func (s *Traffic) Facets(ctx context.Context, id domain.WebsiteID, kind domain.FacetKind, q domain.TrafficQuery, w domain.Window) ([]domain.TrafficFacet, int, error) {
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, 0, err
	}
	if !slices.Contains(domain.FacetKinds(), kind) {
		return nil, 0, domain.Invalid("facet", "There is no facet %.20q.", kind)
	}
	span, _, err := q.Span(s.cfg.Now())
	if err != nil {
		return nil, 0, err
	}
	list, err := s.cfg.Store.Facets(ctx, id, kind, span)
	if err != nil {
		return nil, 0, err
	}
	return windowed(list, w), len(list), nil
}

// windowed returns the part of a list that a window asks for.
func windowed[T any](list []T, w domain.Window) []T {
	from := min(max(w.Offset, 0), len(list))
	if w.Limit <= 0 {
		return list[from:]
	}
	return list[from:min(from+w.Limit, len(list))]
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
