package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"empire/internal/domain"
)

type portfolioSums interface {
	Names(ctx context.Context, tenant domain.TenantID) ([]domain.WebsiteTraffic, error)
	Figures(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) (domain.TrafficFigures, error)
	Programs(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) ([]domain.ProgramTraffic, error)
}

// asked is a span that was asked for by somebody who may.
type asked struct {
	tenant domain.TenantID
	span   domain.TrafficSpan
	period string
}

func (s *Traffic) ask(ctx context.Context, q domain.TrafficQuery) (asked, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return asked{}, err
	}
	span, period, err := q.Span(s.cfg.Now())
	return asked{scope(ctx), span, period}, err
}

// Portfolio returns what happened on all websites of the tenant, with those at the top
// and those that lost the most.
func (s *Traffic) Portfolio(ctx context.Context, q domain.TrafficQuery) (*domain.PortfolioTraffic, error) {
	a, err := s.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	list, series, err := s.websites(ctx, a)
	if err != nil {
		return nil, err
	}
	r := &domain.PortfolioTraffic{Period: a.period, Step: time.Duration(a.span.Step) * time.Hour, Websites: len(list), Series: series}
	r.From, r.To = a.span.Times()
	before := domain.TrafficCount{}
	for i := range list {
		w := &list[i]
		r.People.Add(w.People)
		r.Bots.Add(w.Bots)
		r.Own.Add(w.Own)
		if w.People.Views > 0 {
			r.Visited++
		}
		if w.Before != nil {
			before.Add(*w.Before)
			r.Before = &before
		}
	}
	r.Top = top(list, domain.SortViews, func(w *domain.WebsiteTraffic) bool { return w.People.Views > 0 })
	r.Falling = top(list, domain.SortFalling, func(w *domain.WebsiteTraffic) bool { return w.Lost() > 0 })
	return r, nil
}

// top returns the first websites in an order that fit.
func top(list []domain.WebsiteTraffic, by domain.TrafficSort, fits func(*domain.WebsiteTraffic) bool) []domain.WebsiteTraffic {
	sortWebsites(list, by)
	out := []domain.WebsiteTraffic{}
	for i := range list {
		if len(out) == domain.MaxTop || !fits(&list[i]) {
			break
		}
		out = append(out, list[i])
	}
	return out
}

func sortWebsites(list []domain.WebsiteTraffic, by domain.TrafficSort) {
	slices.SortFunc(list, func(a, b domain.WebsiteTraffic) int { return by.Compare(&a, &b) })
}

// Websites returns a window of the websites of the tenant with their figures, and how
// many there are. Empty means by views.
func (s *Traffic) Websites(ctx context.Context, q domain.TrafficQuery, by domain.TrafficSort, w domain.Window) ([]domain.WebsiteTraffic, int, error) {
	a, err := s.ask(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	if by == "" {
		by = domain.SortViews
	}
	if !by.Valid() {
		return nil, 0, domain.Invalid("sort", "There is no order %.20q.", by)
	}
	list, _, err := s.websites(ctx, a)
	if err != nil {
		return nil, 0, err
	}
	sortWebsites(list, by)
	return windowed(list, w), len(list), nil
}

// websites returns all websites of a tenant with their figures now and before, and what
// people did on all of them step by step.
func (s *Traffic) websites(ctx context.Context, a asked) ([]domain.WebsiteTraffic, []domain.TrafficPoint, error) {
	list, err := s.cfg.Store.Names(ctx, a.tenant)
	if err != nil {
		return nil, nil, err
	}
	now, series, err := s.figuresOf(ctx, a.tenant, a.span)
	if err != nil {
		return nil, nil, fmt.Errorf("traffic of websites: %w", err)
	}
	span := a.span.Before()
	before, _, err := s.figuresOf(ctx, a.tenant, span)
	if err != nil {
		return nil, nil, fmt.Errorf("traffic of websites before: %w", err)
	}
	for i := range list {
		w := &list[i]
		w.People = now[sumOf{w.WebsiteID, domain.ClassPerson}]
		w.Bots = now[sumOf{w.WebsiteID, domain.ClassBot}]
		w.Own = now[sumOf{w.WebsiteID, domain.ClassOwn}]
		if s.knows(span, w.CreatedAt) {
			count := before[sumOf{w.WebsiteID, domain.ClassPerson}]
			w.Before = &count
		}
	}
	return list, series, nil
}

// Pages returns up to limit pages with their figures after a cursor, in the order of
// websites and paths: of one website, or with an empty id of all. The cursor that it
// returns is empty at the end.
func (s *Traffic) Pages(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery, after domain.PageCursor, limit int) ([]domain.PageTraffic, domain.PageCursor, error) {
	none := domain.PageCursor{}
	a, err := s.ask(ctx, q)
	if err != nil {
		return nil, none, err
	}
	ids := []domain.WebsiteID{id}
	if id != "" {
		if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
			return nil, none, err
		}
	} else if ids, err = s.idsFrom(ctx, a.tenant, after.WebsiteID); err != nil {
		return nil, none, err
	}
	limit = max(limit, 1)
	out := []domain.PageTraffic{}
	for _, id := range ids {
		path := ""
		if id == after.WebsiteID {
			path = after.Path
		}
		list, err := s.cfg.Store.Pages(ctx, id, a.span, path, limit+1-len(out))
		if err != nil {
			return nil, none, err
		}
		for _, p := range list {
			out = append(out, domain.PageTraffic{WebsiteID: id, TrafficPage: p})
		}
		if len(out) > limit {
			last := &out[limit-1]
			return out[:limit], domain.PageCursor{WebsiteID: last.WebsiteID, Path: last.Path}, nil
		}
	}
	return out, none, nil
}

// idsFrom returns the websites of a tenant from one on.
func (s *Traffic) idsFrom(ctx context.Context, tenant domain.TenantID, first domain.WebsiteID) ([]domain.WebsiteID, error) {
	list, err := s.cfg.Store.Names(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []domain.WebsiteID
	for i := range list {
		if list[i].WebsiteID >= first {
			out = append(out, list[i].WebsiteID)
		}
	}
	return out, nil
}

// Programs returns a window of the affiliate programs that people followed links of,
// the most first, and how many there are.
func (s *Traffic) Programs(ctx context.Context, q domain.TrafficQuery, w domain.Window) ([]domain.ProgramTraffic, int, error) {
	a, err := s.ask(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	list, err := s.cfg.Store.Programs(ctx, a.tenant, a.span)
	if err != nil {
		return nil, 0, err
	}
	span := a.span.Before()
	if oldest, err := s.oldest(ctx, a.tenant); err != nil {
		return nil, 0, err
	} else if s.knows(span, oldest) {
		before, err := s.cfg.Store.Programs(ctx, a.tenant, span)
		if err != nil {
			return nil, 0, err
		}
		compare(list, before)
	}
	list, total := windowed(list, w), len(list)
	return list, total, s.named(ctx, list)
}

// oldest returns when the first website of a tenant was made.
func (s *Traffic) oldest(ctx context.Context, tenant domain.TenantID) (time.Time, error) {
	list, err := s.cfg.Store.Names(ctx, tenant)
	at := s.cfg.Now()
	for i := range list {
		if list[i].CreatedAt.Before(at) {
			at = list[i].CreatedAt
		}
	}
	return at, err
}

func compare(list, before []domain.ProgramTraffic) {
	clicks := map[string]int{}
	for _, p := range before {
		clicks[domain.ProgramKey(p.Network, p.AdvertiserID)] = p.Clicks
	}
	for i := range list {
		n := clicks[domain.ProgramKey(list[i].Network, list[i].AdvertiserID)]
		list[i].Before = &n
	}
}

// named fills in the names of programs that are known.
func (s *Traffic) named(ctx context.Context, list []domain.ProgramTraffic) error {
	if s.cfg.Programs == nil || len(list) == 0 {
		return nil
	}
	wanted := map[string]int{}
	for i := range list {
		wanted[domain.ProgramKey(list[i].Network, list[i].AdvertiserID)] = i
	}
	const window = 1000
	for offset := 0; ; offset += window {
		programs, total, err := s.cfg.Programs.List(ctx, domain.Window{Limit: window, Offset: offset})
		if err != nil {
			return fmt.Errorf("names of programs: %w", err)
		}
		for i := range programs {
			p := &programs[i]
			if at, ok := wanted[domain.ProgramKey(p.Network, p.AdvertiserID)]; ok {
				list[at].ProgramID, list[at].Name = p.ID, p.Name
			}
		}
		if offset+window >= total || len(programs) == 0 {
			return nil
		}
	}
}
