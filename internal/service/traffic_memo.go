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

func (m *sumMemo) put(k memoKey, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spans == nil || len(m.spans) >= memoSpans {
		m.spans = map[memoKey]remembered{}
	}
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

// figuresOf returns the figures of all websites of a tenant, and what people did on them
// step by step. Neither may be changed.
func (s *Traffic) figuresOf(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) (map[sumOf]domain.TrafficCount, []domain.TrafficPoint, error) {
	past, present := s.divide(span)
	k, now := memoKey{tenant, past}, s.cfg.Now()
	held := s.memo.get(k, now)
	if held.sums == nil && past.From < past.To {
		figures, err := s.cfg.Store.Figures(ctx, tenant, past)
		if err != nil {
			return nil, nil, err
		}
		held = remembered{now, addSums(nil, figures.Sums), figures.Series}
		s.memo.put(k, held)
	}
	if present.From == present.To {
		return held.sums, held.series, nil
	}
	figures, err := s.cfg.Store.Figures(ctx, tenant, present)
	if err != nil {
		return nil, nil, err
	}
	return addSums(held.sums, figures.Sums), append(held.series[:len(held.series):len(held.series)], figures.Series...), nil
}

// addSums returns sums on top of others.
func addSums(base map[sumOf]domain.TrafficCount, list []domain.TrafficSum) map[sumOf]domain.TrafficCount {
	out := make(map[sumOf]domain.TrafficCount, max(len(base), len(list)))
	for k, c := range base {
		out[k] = c
	}
	for i := range list {
		k := sumOf{list[i].WebsiteID, list[i].Class}
		c := out[k]
		c.Add(list[i].TrafficCount)
		out[k] = c
	}
	return out
}
