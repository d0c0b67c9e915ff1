package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type analyticsService interface {
	Portfolio(ctx context.Context, q domain.TrafficQuery) (*domain.PortfolioTraffic, error)
	Websites(ctx context.Context, q domain.TrafficQuery, by domain.TrafficSort, w domain.Window) ([]domain.WebsiteTraffic, int, error)
	Pages(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery, after domain.PageCursor, limit int) ([]domain.PageTraffic, domain.PageCursor, error)
	Programs(ctx context.Context, q domain.TrafficQuery, w domain.Window) ([]domain.ProgramTraffic, int, error)
}

type (
	portfolioInput       struct{ TrafficTime }
	websiteTrafficsInput struct {
		TrafficTime
		Window
		Sort domain.TrafficSort `query:"sort" default:"views" enum:"views,visitors,sessions,clicks,falling" doc:"The greatest first; falling: those that lost the most views against the time before"`
	}
	pageTrafficsInput struct {
		TrafficTime
		WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"Only pages of this website"`
		Walk
	}
	programTrafficsInput struct {
		TrafficTime
		Window
	}
	pageTrafficsOutput struct {
		Link string `header:"Link" doc:"RFC 8288 link: next, while there are more"`
		Body []pageTrafficBody
	}
)

type websiteTrafficBody struct {
	WebsiteID  domain.WebsiteID    `json:"website_id"`
	Domain     string              `json:"domain"`
	Title      string              `json:"title"`
	State      domain.WebsiteState `json:"state" enum:"draft,live,archived"`
	Views      int                 `json:"views"`
	Visitors   int                 `json:"visitors"`
	Sessions   int                 `json:"sessions"`
	Clicks     int                 `json:"clicks"`
	ClickRate  *float64            `json:"click_rate" doc:"Clicks per view; null: no views"`
	Comparison trafficComparison   `json:"comparison"`
	Excluded   trafficOthers       `json:"excluded"`
}

type portfolioBody struct {
	Period     string               `json:"period" doc:"Empty: from and to were given"`
	From       time.Time            `json:"from"`
	To         time.Time            `json:"to"`
	Websites   int                  `json:"websites" doc:"That there are"`
	Visited    int                  `json:"visited" doc:"Of these, that people looked at"`
	Views      int                  `json:"views"`
	Visitors   int                  `json:"visitors" doc:"A person counts once a day and website"`
	Sessions   int                  `json:"sessions"`
	Clicks     int                  `json:"clicks"`
	ClickRate  *float64             `json:"click_rate" doc:"Clicks per view; null: no views"`
	Comparison trafficComparison    `json:"comparison" doc:"Before are the figures of the websites that there were"`
	Excluded   trafficOthers        `json:"excluded" doc:"What is not in these figures"`
	Series     []trafficPointBody   `json:"series" doc:"Every hour or day of the period"`
	Top        []websiteTrafficBody `json:"top" doc:"The ten with the most views; /analytics/websites has all"`
	Falling    []websiteTrafficBody `json:"falling" doc:"The ten that lost the most views against the time before"`
}

type pageTrafficBody struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Path      string           `json:"path"`
	Views     int              `json:"views"`
	Entries   int              `json:"entries" doc:"Visitors whose day began here"`
	Sessions  int              `json:"sessions" doc:"That began here"`
	Clicks    int              `json:"clicks"`
}

type programTrafficBody struct {
	Network      string            `json:"network"`
	AdvertiserID string            `json:"advertiser_id"`
	ProgramID    *domain.ProgramID `json:"program_id" doc:"null: the program is not known"`
	Name         string            `json:"name" doc:"Empty: the program is not known"`
	Clicks       int               `json:"clicks" doc:"Links that people followed"`
	Comparison   trafficChangeBody `json:"comparison"`
	Websites     int               `json:"websites" doc:"On which they did"`
}

var (
	exampleTraffic = websiteTrafficBody{
		WebsiteID: exampleSite, Domain: "keyboards.example", Title: "Keyboards", State: domain.WebsiteLive, Views: 12, Visitors: 5, Sessions: 6, Clicks: 2, ClickRate: new(0.1667),
		Comparison: trafficComparison{Views: trafficChangeBody{new(10), new(2), new(0.2)}}, Excluded: trafficOthers{Bots: trafficOther{Views: 3}},
	}
	examplePageTraffic    = pageTrafficBody{exampleSite, "/guide/", 12, 5, 6, 2}
	exampleProgramTraffic = programTrafficBody{
		Network: "awin", AdvertiserID: "1001", ProgramID: new(domain.ProgramID("prog_01k2ja")), Name: "Example Shop", Clicks: 2, Comparison: trafficChangeBody{new(1), new(1), new(1.0)}, Websites: 1,
	}
)

func registerAnalytics(a *API, t analyticsService) {
	handle(a, operation{
		id: "get-portfolio-analytics", method: http.MethodGet, path: "/analytics/portfolio", tag: "analytics", permission: domain.WebsitesRead,
		summary: "Show visits and clicks of all websites", text: "Figures of hours and days that are over may be a minute old.",
		response: portfolioBody{
			Period: "7d", From: exampleTime.Add(-time.Hour), To: exampleTime, Websites: 1, Visited: 1, Views: 12, Visitors: 5, Sessions: 6, Clicks: 2, ClickRate: new(0.1667),
			Series: []trafficPointBody{{exampleTime.Add(-time.Hour), 12, 5, 2, 6}}, Top: []websiteTrafficBody{exampleTraffic}, Falling: []websiteTrafficBody{},
		},
	}, func(ctx context.Context, in *portfolioInput) (*output[portfolioBody], error) {
		p, err := t.Portfolio(ctx, in.query())
		return answerOf(toPortfolio)(p, err)
	})
	handle(a, operation{
		id: "list-website-analytics", method: http.MethodGet, path: "/analytics/websites", tag: "analytics", permission: domain.WebsitesRead,
		summary: "List the websites with their figures", response: []websiteTrafficBody{exampleTraffic},
	}, func(ctx context.Context, in *websiteTrafficsInput) (*listOutput[websiteTrafficBody], error) {
		items, total, err := t.Websites(ctx, in.query(), in.Sort, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toWebsiteTraffic), nil
	})
	handle(a, operation{
		id: "list-page-analytics", method: http.MethodGet, path: "/analytics/pages", tag: "analytics", permission: domain.WebsitesRead,
		summary: "List pages with their figures", text: "By website and path. A walk by cursor sees every page once.", problems: []int{http.StatusNotFound}, response: []pageTrafficBody{examplePageTraffic},
	}, func(ctx context.Context, in *pageTrafficsInput) (*pageTrafficsOutput, error) {
		after, err := domain.ParsePageCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, next, err := t.Pages(ctx, in.WebsiteID, in.query(), after, in.Limit)
		if err != nil {
			return nil, err
		}
		out := &pageTrafficsOutput{Body: make([]pageTrafficBody, len(items))}
		for i := range items {
			out.Body[i] = toPageTraffic(&items[i])
		}
		if next != (domain.PageCursor{}) {
			out.Link = in.next(next.String())
		}
		return out, nil
	})
	handle(a, operation{
		id: "list-program-analytics", method: http.MethodGet, path: "/analytics/programs", tag: "analytics", permission: domain.WebsitesRead,
		summary: "List affiliate programs by clicks", text: "As far as a link tells the program that it leads to. The most clicks first.", response: []programTrafficBody{exampleProgramTraffic},
	}, func(ctx context.Context, in *programTrafficsInput) (*listOutput[programTrafficBody], error) {
		items, total, err := t.Programs(ctx, in.query(), in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toProgramTraffic), nil
	})
	registerAnalyticsExport(a, t)
}

func toWebsiteTraffic(w *domain.WebsiteTraffic) websiteTrafficBody {
	return websiteTrafficBody{
		WebsiteID: w.WebsiteID, Domain: w.Domain, Title: w.Title, State: w.State, Views: w.People.Views, Visitors: w.People.Visitors, Sessions: w.People.Sessions,
		Clicks: w.People.Clicks, ClickRate: w.People.ClickRate(), Comparison: toComparison(w.People, w.Before),
		Excluded: trafficOthers{trafficOther{w.Bots.Views, w.Bots.Clicks}, trafficOther{w.Own.Views, w.Own.Clicks}},
	}
}

func toPortfolio(p *domain.PortfolioTraffic) portfolioBody {
	b := portfolioBody{
		Period: p.Period, From: p.From, To: p.To, Websites: p.Websites, Visited: p.Visited, Views: p.People.Views, Visitors: p.People.Visitors, Sessions: p.People.Sessions,
		Clicks: p.People.Clicks, ClickRate: p.People.ClickRate(), Comparison: toComparison(p.People, p.Before),
		Excluded: trafficOthers{trafficOther{p.Bots.Views, p.Bots.Clicks}, trafficOther{p.Own.Views, p.Own.Clicks}},
		Series:   toPoints(p.Series), Top: []websiteTrafficBody{}, Falling: []websiteTrafficBody{},
	}
	for i := range p.Top {
		b.Top = append(b.Top, toWebsiteTraffic(&p.Top[i]))
	}
	for i := range p.Falling {
		b.Falling = append(b.Falling, toWebsiteTraffic(&p.Falling[i]))
	}
	return b
}

func toPageTraffic(p *domain.PageTraffic) pageTrafficBody {
	return pageTrafficBody{p.WebsiteID, p.Path, p.Views, p.Entries, p.Sessions, p.Clicks}
}

func toProgramTraffic(p *domain.ProgramTraffic) programTrafficBody {
	b := programTrafficBody{Network: p.Network, AdvertiserID: p.AdvertiserID, Name: p.Name, Clicks: p.Clicks, Websites: p.Websites}
	if p.ProgramID != "" {
		b.ProgramID = &p.ProgramID
	}
	if p.Before != nil {
		change := domain.ChangeOf(p.Clicks, *p.Before)
		b.Comparison = trafficChangeBody{p.Before, &change.Absolute, change.Share}
	}
	return b
}
