package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type trafficService interface {
	Report(ctx context.Context, id domain.WebsiteID, period string) (*domain.TrafficReport, error)
}

type trafficInput struct {
	ID     domain.WebsiteID `path:"website_id"`
	Period string           `query:"period" default:"7d" enum:"24h,7d,30d,90d,12m" doc:"The time until now: 24h in hours; the others in days of UTC with today as the last"`
}

type trafficBody struct {
	WebsiteID domain.WebsiteID   `json:"website_id"`
	Period    string             `json:"period"`
	From      time.Time          `json:"from"`
	To        time.Time          `json:"to"`
	Views     int                `json:"views" doc:"Pages that were shown to people"`
	Visitors  int                `json:"visitors" doc:"A person counts once a day: who comes on two days counts twice"`
	Clicks    int                `json:"clicks" doc:"Affiliate links that people followed"`
	Excluded  trafficOthers      `json:"excluded" doc:"What is not in these figures"`
	Served    trafficServedBody  `json:"served" doc:"Pages that servers sent, whether or not a script reported that they were shown: nothing here is in the figures above"`
	Pages     []trafficPageBody  `json:"pages" doc:"The 1,000 with the most views"`
	Slots     []trafficSlotBody  `json:"slots" doc:"The 1,000 with the most clicks"`
	Series    []trafficPointBody `json:"series" doc:"Every hour or day of the period"`
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
	Path    string `json:"path"`
	Views   int    `json:"views"`
	Entries int    `json:"entries" doc:"Visitors whose day began here"`
	Clicks  int    `json:"clicks"`
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
}

func registerTraffic(a *API, t trafficService) {
	handle(a, operation{
		id: "get-website-analytics", method: http.MethodGet, path: "/websites/{website_id}/analytics", tag: "websites", permission: domain.WebsitesRead,
		summary: "Show visits and clicks of a website", text: "Counted without cookies. Bots and the operator's own visits are counted apart.",
		response: trafficBody{
			WebsiteID: "site_01k2ja", Period: "24h", From: exampleTime.Add(-time.Hour), To: exampleTime, Views: 12, Visitors: 5, Clicks: 2,
			Excluded: trafficOthers{Bots: trafficOther{Views: 3}}, Served: trafficServedBody{People: 14, Bots: 9}, Pages: []trafficPageBody{{"/", 12, 5, 2}},
			Slots: []trafficSlotBody{{"/", "top", "home-0k3fz", 2}}, Series: []trafficPointBody{{exampleTime.Add(-time.Hour), 12, 5, 2}},
		},
	}, func(ctx context.Context, in *trafficInput) (*output[trafficBody], error) {
		r, err := t.Report(ctx, in.ID, in.Period)
		return answerOf(toTraffic)(r, err)
	})
}

func toTraffic(r *domain.TrafficReport) trafficBody {
	b := trafficBody{
		WebsiteID: r.WebsiteID, Period: r.Period, From: r.From, To: r.To, Views: r.People.Views, Visitors: r.People.Visitors, Clicks: r.People.Clicks,
		Excluded: trafficOthers{trafficOther{r.Bots.Views, r.Bots.Clicks}, trafficOther{r.Own.Views, r.Own.Clicks}},
		Served:   trafficServedBody{r.Served.People, r.Served.Bots, r.Served.Own, trafficImportedCount(r.Served.Imported)},
		Pages:    []trafficPageBody{}, Slots: []trafficSlotBody{}, Series: []trafficPointBody{},
	}
	for _, p := range r.Pages {
		b.Pages = append(b.Pages, trafficPageBody(p))
	}
	for _, s := range r.Slots {
		b.Slots = append(b.Slots, trafficSlotBody(s))
	}
	for _, p := range r.Series {
		b.Series = append(b.Series, trafficPointBody{p.At, p.Views, p.Visitors, p.Clicks})
	}
	return b
}
