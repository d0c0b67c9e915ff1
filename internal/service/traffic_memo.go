package service

import (
	"context"
	"sync"
	"time"

	"empire/internal/domain"
)

const (
	// memoAge is how old the figures of past steps may be that a report of all websites
	// takes from memory. Those of the present and the last step are always read.
	memoAge = time.Minute
	// memoSpans bounds how many spans are remembered.
	memoSpans = 256
)

type sumOf struct {
	website domain.WebsiteID
	class   domain.HitClass
}

type memoKey struct {
	tenant domain.TenantID
	span   domain.TrafficSpan
}

type remembered struct {
	at     time.Time
	sums   map[sumOf]domain.TrafficCount // not changed
	series []domain.TrafficPoint         // not changed
}

// sumMemo remembers the figures of all websites for spans that are over, which hardly
// change, so that a report reads two steps and not a year.
type sumMemo struct {
	mu    sync.Mutex // guards spans
	spans map[memoKey]remembered
}

func (m *sumMemo) get(k memoKey, now time.Time) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.spans[k]
	if !ok || now.Sub(r.at) > memoAge || now.Before(r.at) {
		return remembered{}
	}
	return r
}

// put adds what was read to what is remembered of a span.
func (m *sumMemo) put(k memoKey, now time.Time, change func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spans == nil || len(m.spans) >= memoSpans {
		m.spans = map[memoKey]remembered{}
	}
	r := m.spans[k]
	if r.at.IsZero() || now.Sub(r.at) > memoAge || now.Before(r.at) {
		r = remembered{at: now}
	}
	change(&r)
	m.spans[k] = r
}

// divide returns the part of a span that is over, and that which still grows.
func (s *Traffic) divide(span domain.TrafficSpan) (past, present domain.TrafficSpan) {
	edge := domain.HoursSince1970(s.cfg.Now())/span.Step*span.Step - span.Step
	edge = min(max(edge, span.From), span.To)
	past, present = span, span
	past.To, present.From = edge, edge
	return past, present
}

// sumsOf returns the figures of all websites of a tenant.
func (s *Traffic) sumsOf(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) (map[sumOf]domain.TrafficCount, error) {
	past, present := s.divide(span)
	k, now := memoKey{tenant, past}, s.cfg.Now()
	held := s.memo.get(k, now).sums
	if held == nil && past.From < past.To {
		var err error
		if held, err = s.readSums(ctx, tenant, past, nil); err != nil {
			return nil, err
		}
		s.memo.put(k, now, func(r *remembered) { r.sums = held })
	}
	if present.From == present.To {
		return held, nil
	}
	return s.readSums(ctx, tenant, present, held)
}

// readSums returns the figures of a span on top of others.
func (s *Traffic) readSums(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan, base map[sumOf]domain.TrafficCount) (map[sumOf]domain.TrafficCount, error) {
	list, err := s.cfg.Store.Sums(ctx, tenant, span)
	if err != nil {
		return nil, err
	}
	out := make(map[sumOf]domain.TrafficCount, len(base)+len(list))
	for k, c := range base {
		out[k] = c
	}
	for i := range list {
		k := sumOf{list[i].WebsiteID, list[i].Class}
		c := out[k]
		c.Add(list[i].TrafficCount)
		out[k] = c
	}
	return out, nil
}

// seriesOf returns what people did on all websites of a tenant, step by step.
func (s *Traffic) seriesOf(ctx context.Context, a asked) ([]domain.TrafficPoint, error) {
	past, present := s.divide(a.span)
	k, now := memoKey{a.tenant, past}, s.cfg.Now()
	held := s.memo.get(k, now).series
	if held == nil && past.From < past.To {
		var err error
		if held, err = s.cfg.Store.Series(ctx, a.tenant, past); err != nil {
			return nil, err
		}
		s.memo.put(k, now, func(r *remembered) { r.series = held })
	}
	if present.From == present.To {
		return held, nil
	}
	live, err := s.cfg.Store.Series(ctx, a.tenant, present)
	return append(held[:len(held):len(held)], live...), err
}
