package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type fleetService interface {
	Status(ctx context.Context) (*domain.FleetStatus, error)
	Freeze(ctx context.Context, p domain.FleetFreezeParams) (*domain.FleetFreeze, error)
	Unfreeze(ctx context.Context, id domain.WebsiteID) error
	fleetChangeService
}

type fleetFreezeBody struct {
	WebsiteID *domain.WebsiteID `json:"website_id" doc:"null: all websites"`
	Reason    string            `json:"reason"`
	ActorID   domain.UserID     `json:"actor_id"`
	At        time.Time         `json:"at"`
	Cause     domain.FleetCause `json:"cause" enum:"person,manual_action,traffic_cliff"`
	Evidence  *fleetFallBody    `json:"evidence,omitempty" doc:"What a freeze by itself rests on"`
}

type fleetFallBody struct {
	From     string               `json:"from" doc:"The first day that was judged (UTC)"`
	To       string               `json:"to" doc:"The last one"`
	Days     int                  `json:"days"`
	Visitors float64              `json:"visitors" doc:"Of these days"`
	Expected float64              `json:"expected" doc:"By the same weekdays of the weeks before"`
	Share    float64              `json:"share" doc:"Visitors of expected"`
	Noise    float64              `json:"noise" doc:"Robust standard deviation of the logarithm of such shares before; 0: not known"`
	Seasonal bool                 `json:"seasonal" doc:"The year before was looked at"`
	Others   float64              `json:"others" doc:"Share that other websites had; 0: not known"`
	ChangeID domain.FleetChangeID `json:"change_id" doc:"The visits are those of its canary group; else empty"`
	Websites int                  `json:"websites" doc:"Whose visits these are"`
}

func toFreeze(f *domain.FleetFreeze) fleetFreezeBody {
	b := fleetFreezeBody{Reason: f.Reason, ActorID: f.ActorID, At: f.At.UTC(), Cause: f.Cause}
	if e := f.Evidence; e != nil {
		b.Evidence = &fleetFallBody{e.From, e.To, e.Days, e.Visitors, e.Expected, e.Share, e.Noise, e.Seasonal, e.Others, e.ChangeID, e.Websites}
	}
	if f.WebsiteID != "" {
		b.WebsiteID = &f.WebsiteID
	}
	return b
}

type fleetPaceBody struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	NewPages  int              `json:"new_pages" doc:"Within seven days"`
}

type fleetBody struct {
	PagesPerWeek   int               `json:"pages_per_week" doc:"New pages that a website may publish in seven days; 0: any number"`
	ReleasesPerDay int               `json:"releases_per_day" doc:"Releases that may be published in 24 hours; 0: any number"`
	Releases       int               `json:"releases" doc:"Within 24 hours; rollbacks do not count"`
	Fastest        []fleetPaceBody   `json:"fastest" doc:"Websites with most new pages"`
	Freezes        []fleetFreezeBody `json:"freezes"`
	Changes        []fleetChangeBody `json:"changes" doc:"That have not ended"`
}

func toFleet(s *domain.FleetStatus) fleetBody {
	b := fleetBody{
		PagesPerWeek: s.Limits.PagesPerWeek, ReleasesPerDay: s.Limits.ReleasesPerDay, Releases: s.Releases,
		Fastest: make([]fleetPaceBody, len(s.Fastest)), Freezes: make([]fleetFreezeBody, len(s.Freezes)), Changes: make([]fleetChangeBody, len(s.Changes)),
	}
	for i, p := range s.Fastest {
		b.Fastest[i] = fleetPaceBody(p)
	}
	for i := range s.Freezes {
		b.Freezes[i] = toFreeze(&s.Freezes[i])
	}
	for i := range s.Changes {
		b.Changes[i] = toFleetChange(&s.Changes[i])
	}
	return b
}

type (
	fleetInput  struct{}
	freezeInput struct {
		Body struct {
			WebsiteID domain.WebsiteID `json:"website_id,omitempty" maxLength:"100" doc:"Left out: all websites"`
			Reason    string           `json:"reason" minLength:"1" maxLength:"1000"`
			// The cause traffic_cliff is for freezes by itself.
			Cause domain.FleetCause `json:"cause,omitempty" enum:"person,manual_action" doc:"manual_action: a search engine told of one; left out: person"`
		}
	}
	unfreezeInput struct {
		WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"Left out: the freeze of all websites"`
	}
)

func registerFleet(a *API, s fleetService) {
	site := exampleSite
	freeze := fleetFreezeBody{WebsiteID: &site, Reason: "A new logo is on its way.", ActorID: "user_01k2ja", At: exampleTime, Cause: domain.FleetByPerson}
	fallen := fleetFreezeBody{
		WebsiteID: &site, Reason: "Visits fell to 38 % of what was expected.", At: exampleTime, Cause: domain.FleetByTraffic,
		Evidence: &fleetFallBody{From: "2026-03-10", To: "2026-03-12", Days: 3, Visitors: 114, Expected: 300, Share: 0.38, Noise: 0.12, Websites: 1},
	}
	handle(a, operation{
		id: "get-fleet", method: http.MethodGet, path: "/fleet", tag: "websites", permission: domain.WebsitesRead, summary: "Show how the portfolio publishes",
		response: fleetBody{
			PagesPerWeek: 250, ReleasesPerDay: 2000, Releases: 3, Fastest: []fleetPaceBody{{exampleSite, 40}}, Freezes: []fleetFreezeBody{fallen}, Changes: []fleetChangeBody{},
		},
	}, func(ctx context.Context, _ *fleetInput) (*output[fleetBody], error) {
		return answerOf(toFleet)(s.Status(ctx))
	})
	handle(a, operation{
		id: "freeze-fleet", method: http.MethodPost, path: "/fleet/freeze", tag: "websites", permission: domain.WebsitesManage, summary: "Keep a website, or all, from publishing",
		text:     "Publishing and building anew are a conflict from then on, with the reason. What is live stays live, and a rollback stays possible. A second freeze takes the place of the first. A website whose visits fell is frozen by itself, with the cause traffic_cliff and its figures as evidence, until a person ends it.",
		problems: []int{http.StatusNotFound},
		request:  map[string]string{"website_id": string(exampleSite), "reason": "Visits fell by half."}, response: freeze,
	}, func(ctx context.Context, in *freezeInput) (*output[fleetFreezeBody], error) {
		return answerOf(toFreeze)(s.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: in.Body.WebsiteID, Cause: in.Body.Cause, Reason: in.Body.Reason}))
	})
	handle(a, operation{
		id: "unfreeze-fleet", method: http.MethodDelete, path: "/fleet/freeze", tag: "websites", permission: domain.WebsitesManage, status: http.StatusNoContent, summary: "End a freeze",
		problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *unfreezeInput) (*struct{}, error) {
		return nil, s.Unfreeze(ctx, in.WebsiteID)
	})
	registerFleetChanges(a, s)
}
