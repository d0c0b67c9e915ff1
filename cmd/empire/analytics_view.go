package main

import (
	"context"
	"time"

	"empire/client"
	"empire/internal/domain"
)

// changeView compares a figure with the time before.
type changeView struct {
	Before   *int     `json:"before"`
	Absolute *int     `json:"absolute"`
	Share    *float64 `json:"share"`
}

type comparisonView struct {
	Views    changeView `json:"views"`
	Visitors changeView `json:"visitors"`
	Sessions changeView `json:"sessions"`
	Clicks   changeView `json:"clicks"`
}

func viewChange(now int, before *int) changeView {
	if before == nil {
		return changeView{}
	}
	c := domain.ChangeOf(now, *before)
	return changeView{before, &c.Absolute, c.Share}
}

func viewComparison(now domain.TrafficCount, before *domain.TrafficCount) comparisonView {
	if before == nil {
		return comparisonView{}
	}
	return comparisonView{
		viewChange(now.Views, &before.Views), viewChange(now.Visitors, &before.Visitors), viewChange(now.Sessions, &before.Sessions), viewChange(now.Clicks, &before.Clicks),
	}
}

// websiteTrafficView is a website with its figures as the API shows it.
type websiteTrafficView struct {
	WebsiteID  domain.WebsiteID    `json:"website_id"`
	Domain     string              `json:"domain"`
	Title      string              `json:"title"`
	State      domain.WebsiteState `json:"state"`
	Views      int                 `json:"views"`
	Visitors   int                 `json:"visitors"`
	Sessions   int                 `json:"sessions"`
	Clicks     int                 `json:"clicks"`
	ClickRate  *float64            `json:"click_rate"`
	Comparison comparisonView      `json:"comparison"`
	Excluded   trafficOthersView   `json:"excluded"`
}

func viewWebsiteTraffic(w *domain.WebsiteTraffic) websiteTrafficView {
	return websiteTrafficView{
		w.WebsiteID, w.Domain, w.Title, w.State, w.People.Views, w.People.Visitors, w.People.Sessions, w.People.Clicks, w.People.ClickRate(),
		viewComparison(w.People, w.Before), trafficOthersView{trafficOtherView{w.Bots.Views, w.Bots.Clicks}, trafficOtherView{w.Own.Views, w.Own.Clicks}},
	}
}

// portfolioTrafficView is the report of all websites as the API shows it.
type portfolioTrafficView struct {
	Period     string               `json:"period"`
	From       time.Time            `json:"from"`
	To         time.Time            `json:"to"`
	Websites   int                  `json:"websites"`
	Visited    int                  `json:"visited"`
	Views      int                  `json:"views"`
	Visitors   int                  `json:"visitors"`
	Sessions   int                  `json:"sessions"`
	Clicks     int                  `json:"clicks"`
	ClickRate  *float64             `json:"click_rate"`
	Comparison comparisonView       `json:"comparison"`
	Excluded   trafficOthersView    `json:"excluded"`
	Series     []trafficPointView   `json:"series"`
	Top        []websiteTrafficView `json:"top"`
	Falling    []websiteTrafficView `json:"falling"`
}

func viewPortfolio(p *domain.PortfolioTraffic) portfolioTrafficView {
	v := portfolioTrafficView{
		Period: p.Period, From: p.From, To: p.To, Websites: p.Websites, Visited: p.Visited, Views: p.People.Views, Visitors: p.People.Visitors, Sessions: p.People.Sessions,
		Clicks: p.People.Clicks, ClickRate: p.People.ClickRate(), Comparison: viewComparison(p.People, p.Before),
		Excluded: trafficOthersView{trafficOtherView{p.Bots.Views, p.Bots.Clicks}, trafficOtherView{p.Own.Views, p.Own.Clicks}},
		Series:   []trafficPointView{}, Top: views(p.Top, viewWebsiteTraffic), Falling: views(p.Falling, viewWebsiteTraffic),
	}
	for _, q := range p.Series {
		v.Series = append(v.Series, viewPoint(q))
	}
	return v
}

func viewPoint(p domain.TrafficPoint) trafficPointView {
	return trafficPointView{p.At, p.Views, p.Visitors, p.Clicks, p.Sessions}
}

type programTrafficView struct {
	Network      string            `json:"network"`
	AdvertiserID string            `json:"advertiser_id"`
	ProgramID    *domain.ProgramID `json:"program_id"`
	Name         string            `json:"name"`
	Clicks       int               `json:"clicks"`
	Comparison   changeView        `json:"comparison"`
	Websites     int               `json:"websites"`
}

func viewProgramTraffic(p *domain.ProgramTraffic) programTrafficView {
	return programTrafficView{p.Network, p.AdvertiserID, orNil(p.ProgramID), p.Name, p.Clicks, viewChange(p.Clicks, p.Before), p.Websites}
}

type goalReportView struct {
	WebsiteID  domain.WebsiteID   `json:"website_id"`
	Period     string             `json:"period"`
	From       time.Time          `json:"from"`
	To         time.Time          `json:"to"`
	EventsFrom *time.Time         `json:"events_from"`
	Sessions   int                `json:"sessions"`
	Goals      []goalResultView   `json:"goals"`
	Funnels    []funnelResultView `json:"funnels"`
}

type goalResultView struct {
	domain.Goal
	Completions int `json:"completions"`
	Sessions    int `json:"sessions"`
}

type funnelResultView struct {
	Name  string           `json:"name"`
	Steps []funnelStepView `json:"steps"`
}

type funnelStepView struct {
	Goal     string `json:"goal"`
	Sessions int    `json:"sessions"`
}

func viewGoals(r *domain.GoalReport) goalReportView {
	v := goalReportView{WebsiteID: r.WebsiteID, Period: r.Period, From: r.From, To: r.To, Sessions: r.Sessions, Goals: []goalResultView{}, Funnels: []funnelResultView{}}
	if !r.EventsFrom.IsZero() {
		v.EventsFrom = &r.EventsFrom
	}
	for _, g := range r.Goals {
		v.Goals = append(v.Goals, goalResultView(g))
	}
	for _, f := range r.Funnels {
		steps := []funnelStepView{}
		for _, s := range f.Steps {
			steps = append(steps, funnelStepView(s))
		}
		v.Funnels = append(v.Funnels, funnelResultView{f.Name, steps})
	}
	return v
}

type trafficKeeper interface {
	PortfolioTraffic(ctx context.Context, period string) (*portfolioTrafficView, error)
	WebsiteTraffics(ctx context.Context, period string, by domain.TrafficSort, w domain.Window) ([]websiteTrafficView, int, error)
	ProgramTraffics(ctx context.Context, period string, w domain.Window) ([]programTrafficView, int, error)
	Conversions(ctx context.Context, id domain.WebsiteID, period string) (*goalReportView, error)
	SetGoals(ctx context.Context, set *domain.GoalSet) (*domain.GoalSet, error)
}

// PortfolioTraffic implements portfolio.
func (l local) PortfolioTraffic(ctx context.Context, period string) (*portfolioTrafficView, error) {
	return view(viewPortfolio)(l.a.Traffic.Portfolio(ctx, domain.TrafficQuery{Period: period}))
}

// WebsiteTraffics implements portfolio.
func (l local) WebsiteTraffics(ctx context.Context, period string, by domain.TrafficSort, w domain.Window) ([]websiteTrafficView, int, error) {
	list, total, err := l.a.Traffic.Websites(ctx, domain.TrafficQuery{Period: period}, by, w)
	return views(list, viewWebsiteTraffic), total, err
}

// ProgramTraffics implements portfolio.
func (l local) ProgramTraffics(ctx context.Context, period string, w domain.Window) ([]programTrafficView, int, error) {
	list, total, err := l.a.Traffic.Programs(ctx, domain.TrafficQuery{Period: period}, w)
	return views(list, viewProgramTraffic), total, err
}

// Conversions implements portfolio.
func (l local) Conversions(ctx context.Context, id domain.WebsiteID, period string) (*goalReportView, error) {
	return view(viewGoals)(l.a.Traffic.Conversions(ctx, id, domain.TrafficQuery{Period: period}))
}

// SetGoals implements portfolio.
func (l local) SetGoals(ctx context.Context, set *domain.GoalSet) (*domain.GoalSet, error) {
	return l.a.Traffic.SetGoals(ctx, set)
}

// PortfolioTraffic implements portfolio.
func (r *remote) PortfolioTraffic(ctx context.Context, period string) (*portfolioTrafficView, error) {
	p, err := r.api.GetPortfolioAnalytics(ctx, client.GetPortfolioAnalyticsParams{Period: period})
	return shown[portfolioTrafficView](r, p, err)
}

// WebsiteTraffics implements portfolio.
func (r *remote) WebsiteTraffics(ctx context.Context, period string, by domain.TrafficSort, w domain.Window) ([]websiteTrafficView, int, error) {
	list, err := r.api.ListWebsiteAnalytics(ctx, client.ListWebsiteAnalyticsParams{Period: period, Sort: string(by), Limit: w.Limit, Offset: w.Offset})
	return window[websiteTrafficView](r, list, err)
}

// ProgramTraffics implements portfolio.
func (r *remote) ProgramTraffics(ctx context.Context, period string, w domain.Window) ([]programTrafficView, int, error) {
	list, err := r.api.ListProgramAnalytics(ctx, client.ListProgramAnalyticsParams{Period: period, Limit: w.Limit, Offset: w.Offset})
	return window[programTrafficView](r, list, err)
}

// Conversions implements portfolio.
func (r *remote) Conversions(ctx context.Context, id domain.WebsiteID, period string) (*goalReportView, error) {
	v, err := r.api.GetConversions(ctx, string(id), client.GetConversionsParams{Period: period})
	return shown[goalReportView](r, v, err)
}

// SetGoals implements portfolio.
func (r *remote) SetGoals(ctx context.Context, set *domain.GoalSet) (*domain.GoalSet, error) {
	in := client.GoalSet{Goals: []client.Goal{}, Funnels: []client.Funnel{}}
	for _, g := range set.Goals {
		in.Goals = append(in.Goals, client.Goal{Name: g.Name, Kind: client.GoalKind(g.Kind), Target: g.Target})
	}
	for _, f := range set.Funnels {
		in.Funnels = append(in.Funnels, client.Funnel{Name: f.Name, Steps: f.Steps})
	}
	v, err := r.api.SetGoals(ctx, string(set.WebsiteID), in)
	return shown[domain.GoalSet](r, v, err)
}
