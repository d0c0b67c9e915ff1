package service

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"empire/internal/domain"
)

type goalStore interface {
	Goals(ctx context.Context, id domain.WebsiteID) (*domain.GoalSet, error)
	PutGoals(ctx context.Context, set *domain.GoalSet) error
	GoalCounts(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan, fn func(path, slot string, views, clicks int)) error
	SessionHits(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan, fn func(session int64, kind domain.HitKind, path, slot string)) error
}

// Goals returns what is measured on a website.
func (s *Traffic) Goals(ctx context.Context, id domain.WebsiteID) (*domain.GoalSet, error) {
	if _, err := s.cfg.Websites.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Store.Goals(ctx, id)
}

// SetGoals stores what is measured on a website in the place of what was. Figures of
// the past follow: they are counted from what is kept.
func (s *Traffic) SetGoals(ctx context.Context, set *domain.GoalSet) (*domain.GoalSet, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	if err := set.Validate(); err != nil {
		return nil, err
	}
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.cfg.Websites.hold(ctx, set.WebsiteID); err != nil {
			return err
		}
		if err := s.cfg.Store.PutGoals(ctx, set); err != nil {
			return err
		}
		return s.journal.record(ctx, "website.goals_set", string(set.WebsiteID), strconv.Itoa(len(set.Goals))+" goals, "+strconv.Itoa(len(set.Funnels))+" funnels")
	})
	if err != nil {
		return nil, fmt.Errorf("set goals of website %s: %w", set.WebsiteID, err)
	}
	return s.cfg.Store.Goals(ctx, set.WebsiteID)
}

// Conversions returns how often the goals of a website were reached, and how far its
// funnels were followed. Completions come from sums, sessions from single events, as
// long as these are kept.
func (s *Traffic) Conversions(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery) (*domain.GoalReport, error) {
	set, err := s.Goals(ctx, id)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	span, period, err := q.Span(now)
	if err != nil {
		return nil, err
	}
	c := newConversions(set)
	c.report.Period = period
	c.report.From, c.report.To = span.Times()
	if s.cfg.KeepEvents > 0 {
		c.report.EventsFrom = now.Add(-s.cfg.KeepEvents).UTC().Truncate(time.Second)
	}
	if err := s.cfg.Store.GoalCounts(ctx, id, span, c.count); err != nil {
		return nil, fmt.Errorf("goals of website %s: %w", id, err)
	}
	if err := s.cfg.Store.SessionHits(ctx, id, span, c.hit); err != nil {
		return nil, fmt.Errorf("funnels of website %s: %w", id, err)
	}
	c.end()
	return &c.report, nil
}

// conversions follows sessions, one after the other.
type conversions struct {
	report  domain.GoalReport
	goals   map[string]*domain.Goal
	session int64
	reached []bool // goals, in this session
	step    []int  // of each funnel, in this session
}

func newConversions(set *domain.GoalSet) *conversions {
	c := &conversions{goals: map[string]*domain.Goal{}, reached: make([]bool, len(set.Goals)), step: make([]int, len(set.Funnels))}
	c.report = domain.GoalReport{WebsiteID: set.WebsiteID, Goals: []domain.GoalResult{}, Funnels: []domain.FunnelResult{}}
	for i := range set.Goals {
		c.goals[set.Goals[i].Name] = &set.Goals[i]
		c.report.Goals = append(c.report.Goals, domain.GoalResult{Goal: set.Goals[i]})
	}
	for _, f := range set.Funnels {
		r := domain.FunnelResult{Name: f.Name}
		for _, step := range f.Steps {
			r.Steps = append(r.Steps, domain.FunnelStep{Goal: step})
		}
		c.report.Funnels = append(c.report.Funnels, r)
	}
	return c
}

// count adds the sums of a page or slot to the goals that they reach.
func (c *conversions) count(path, slot string, views, clicks int) {
	for i := range c.report.Goals {
		g := &c.report.Goals[i]
		if g.Reached(domain.HitView, path, slot) {
			g.Completions += views
		}
		if g.Reached(domain.HitClick, path, slot) {
			g.Completions += clicks
		}
	}
}

// hit takes the next hit of a session. One hit is one step of a funnel at most.
func (c *conversions) hit(session int64, kind domain.HitKind, path, slot string) {
	if session != c.session {
		c.end()
		c.session = session
		c.report.Sessions++
	}
	for i := range c.report.Goals {
		c.reached[i] = c.reached[i] || c.report.Goals[i].Reached(kind, path, slot)
	}
	for i := range c.report.Funnels {
		f := &c.report.Funnels[i]
		if n := c.step[i]; n < len(f.Steps) && c.goals[f.Steps[n].Goal].Reached(kind, path, slot) {
			c.step[i]++
		}
	}
}

// end counts the session that is over.
func (c *conversions) end() {
	for i, reached := range c.reached {
		if reached {
			c.report.Goals[i].Sessions++
		}
		c.reached[i] = false
	}
	for i, n := range c.step {
		for step := range n {
			c.report.Funnels[i].Steps[step].Sessions++
		}
		c.step[i] = 0
	}
}
