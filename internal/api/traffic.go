package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type trafficService interface {
	ReportOn(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery) (*domain.TrafficReport, error)
	Facets(ctx context.Context, id domain.WebsiteID, kind domain.FacetKind, q domain.TrafficQuery, w domain.Window) ([]domain.TrafficFacet, int, error)
	goalService
	analyticsService
}

// TrafficTime is the time of a report. It is embedded in the inputs of reports.
type TrafficTime struct {
	Period string    `query:"period" enum:"24h,7d,30d,90d,12m" doc:"The time until now: 24h in hours; the others in days of UTC with today as the last. Left out, with from and to, too: 7d"`
	From   time.Time `query:"from" doc:"Instead of a period: from this time on, in whole hours for a day at most of the last days, else in the whole days of UTC that from and to touch"`
	To     time.Time `query:"to" doc:"Before this time; left out: until now"`
}

func (t *TrafficTime) query() domain.TrafficQuery {
	return domain.TrafficQuery{Period: t.Period, From: t.From, To: t.To}
}

type trafficInput struct {
	ID domain.WebsiteID `path:"website_id"`
	TrafficTime
}

type facetsInput struct {
	ID domain.WebsiteID `path:"website_id"`
	TrafficTime
	Window
	Facet domain.FacetKind `query:"facet" required:"true" enum:"channel,referrer,device,utm_source,utm_medium,utm_campaign,program" doc:"What the figures are divided by"`
}

type trafficBody struct {
	WebsiteID  domain.WebsiteID   `json:"website_id"`
	Period     string             `json:"period" doc:"Empty: from and to were given"`
	From       time.Time          `json:"from"`
	To         time.Time          `json:"to"`
	Views      int                `json:"views" doc:"Pages that were shown to people"`
	Visitors   int                `json:"visitors" doc:"A person counts once a day: who comes on two days counts twice"`
	Sessions   int                `json:"sessions" doc:"A session ends after 30 minutes without a view or click, and at midnight UTC"`
	Clicks     int                `json:"clicks" doc:"Affiliate links that people followed"`
	ClickRate  *float64           `json:"click_rate" doc:"Clicks per view; null: no views"`
	Comparison trafficComparison  `json:"comparison" doc:"With the time of the same length before"`
	Excluded   trafficOthers      `json:"excluded" doc:"What is not in these figures"`
	Served     trafficServedBody  `json:"served" doc:"Pages that servers sent, whether or not a script reported that they were shown: nothing here is in the figures above"`
	Facets     []trafficFacetBody `json:"facets" doc:"Of each facet the 100 with the most views and clicks; …/analytics/facets has all"`
	Pages      []trafficPageBody  `json:"pages" doc:"The 1,000 with the most views; /analytics/pages has all"`
	PagesTotal int                `json:"pages_total"`
	Slots      []trafficSlotBody  `json:"slots" doc:"The 1,000 with the most clicks"`
	SlotsTotal int                `json:"slots_total"`
	Series     []trafficPointBody `json:"series" doc:"Every hour or day of the period"`
}

type trafficComparison struct {
	Views    trafficChangeBody `json:"views"`
	Visitors trafficChangeBody `json:"visitors"`
	Sessions trafficChangeBody `json:"sessions"`
	Clicks   trafficChangeBody `json:"clicks"`
}

type trafficChangeBody struct {
	Before   *int     `json:"before" doc:"null: not known, as of a website that is younger or of figures that are not kept any more"`
	Absolute *int     `json:"absolute" doc:"More than before; null: before is not known"`
	Share    *float64 `json:"share" doc:"Of the figure before: 0.1 is ten percent more; null: it is not known, or 0"`
}

type trafficFacetBody struct {
	Facet    domain.FacetKind `json:"facet" enum:"channel,referrer,device,utm_source,utm_medium,utm_campaign,program"`
	Value    string           `json:"value" doc:"Of channel: search, social, assistant, direct, internal or other; of device: desktop, mobile, tablet or other; of program: network and advertiser"`
	Views    int              `json:"views" doc:"That came from there"`
	Visitors int              `json:"visitors" doc:"Whose day began so"`
	Sessions int              `json:"sessions" doc:"That began so"`
	Clicks   int              `json:"clicks" doc:"Known by device and program alone"`
}

type trafficOthers struct {
	Bots trafficOther `json:"bots"`
	Own  trafficOther `json:"own" doc:"From networks of the operator, and at hosts under localhost"`
}

type trafficServedBody struct {
	People   int                  `json:"people" doc:"Of the edge"`
	Bots     int                  `json:"bots"`
	Own      int                  `json:"own"`
	Imported trafficImportedCount `json:"imported" doc:"From access logs of other servers"`
}

type trafficImportedCount struct {
	People int `json:"people"`
	Bots   int `json:"bots"`
	Own    int `json:"own"`
}

type trafficOther struct {
	Views  int `json:"views"`
	Clicks int `json:"clicks"`
}

type trafficPageBody struct {
	Path     string `json:"path"`
	Views    int    `json:"views"`
	Entries  int    `json:"entries" doc:"Visitors whose day began here"`
	Clicks   int    `json:"clicks"`
	Sessions int    `json:"sessions" doc:"That began here"`
}

type trafficSlotBody struct {
	Path   string `json:"path"`
	Slot   string `json:"slot"`
	SubID  string `json:"sub_id" doc:"What the link carries and the network reports back; empty: none"`
	Clicks int    `json:"clicks"`
}

type trafficPointBody struct {
	At       time.Time `json:"at"`
	Views    int       `json:"views"`
	Visitors int       `json:"visitors"`
	Clicks   int       `json:"clicks"`
	Sessions int       `json:"sessions"`
}

var exampleFacet = trafficFacetBody{domain.FacetChannel, string(domain.ChannelSearch), 7, 4, 4, 0}

func registerTraffic(a *API, t trafficService) {
	handle(a, operation{
		id: "get-website-analytics", method: http.MethodGet, path: "/websites/{website_id}/analytics", tag: "analytics", permission: domain.WebsitesRead,
		summary: "Show visits and clicks of a website", text: "Counted without cookies. Bots and the operator's own visits are counted apart.",
		response: trafficBody{
			WebsiteID: "site_01k2ja", Period: "24h", From: exampleTime.Add(-time.Hour), To: exampleTime, Views: 12, Visitors: 5, Sessions: 6, Clicks: 2, ClickRate: new(0.1667),
			Comparison: trafficComparison{Views: trafficChangeBody{new(10), new(2), new(0.2)}},
			Excluded:   trafficOthers{Bots: trafficOther{Views: 3}}, Served: trafficServedBody{People: 14, Bots: 9},
			Facets: []trafficFacetBody{exampleFacet}, Pages: []trafficPageBody{{"/", 12, 5, 2, 6}}, PagesTotal: 1,
			Slots: []trafficSlotBody{{"/", "top", "home-0k3fz", 2}}, SlotsTotal: 1, Series: []trafficPointBody{{exampleTime.Add(-time.Hour), 12, 5, 2, 6}},
		},
	}, func(ctx context.Context, in *trafficInput) (*output[trafficBody], error) {
		r, err := t.ReportOn(ctx, in.ID, in.query())
		return answerOf(toTraffic)(r, err)
	})
	handle(a, operation{
		id: "list-website-facets", method: http.MethodGet, path: "/websites/{website_id}/analytics/facets", tag: "analytics", permission: domain.WebsitesRead,
		summary: "List where visitors of a website came from, their devices, and programs", text: "Those with the most views and clicks first.", response: []trafficFacetBody{exampleFacet},
	}, func(ctx context.Context, in *facetsInput) (*listOutput[trafficFacetBody], error) {
		items, total, err := t.Facets(ctx, in.ID, in.Facet, in.query(), in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toFacet), nil
	})
	registerGoals(a, t)
	registerAnalytics(a, t)
}

func toFacet(f *domain.TrafficFacet) trafficFacetBody {
	return trafficFacetBody{f.Kind, f.Value, f.Views, f.Visitors, f.Sessions, f.Clicks}
}

func toComparison(now domain.TrafficCount, before *domain.TrafficCount) trafficComparison {
	if before == nil {
		return trafficComparison{}
	}
	change := now.Since(before)
	one := func(c domain.Change, before int) trafficChangeBody {
		return trafficChangeBody{&before, &c.Absolute, c.Share}
	}
	return trafficComparison{
		one(change.Views, before.Views), one(change.Visitors, before.Visitors), one(change.Sessions, before.Sessions), one(change.Clicks, before.Clicks),
	}
}

func toPoints(list []domain.TrafficPoint) []trafficPointBody {
	out := make([]trafficPointBody, len(list))
	for i, p := range list {
		out[i] = trafficPointBody{p.At, p.Views, p.Visitors, p.Clicks, p.Sessions}
	}
	return out
}

func toTraffic(r *domain.TrafficReport) trafficBody {
	b := trafficBody{
		WebsiteID: r.WebsiteID, Period: r.Period, From: r.From, To: r.To, Views: r.People.Views, Visitors: r.People.Visitors, Sessions: r.People.Sessions, Clicks: r.People.Clicks,
		ClickRate: r.People.ClickRate(), Comparison: toComparison(r.People, r.Before),
		Excluded: trafficOthers{trafficOther{r.Bots.Views, r.Bots.Clicks}, trafficOther{r.Own.Views, r.Own.Clicks}},
		Served:   trafficServedBody{r.Served.People, r.Served.Bots, r.Served.Own, trafficImportedCount(r.Served.Imported)},
		Facets:   []trafficFacetBody{}, Pages: []trafficPageBody{}, PagesTotal: r.PageCount, Slots: []trafficSlotBody{}, SlotsTotal: r.SlotCount, Series: toPoints(r.Series),
	}
	for i := range r.Facets {
		b.Facets = append(b.Facets, toFacet(&r.Facets[i]))
	}
	for _, p := range r.Pages {
		b.Pages = append(b.Pages, trafficPageBody(p))
	}
	for _, s := range r.Slots {
		b.Slots = append(b.Slots, trafficSlotBody(s))
	}
	return b
}
