package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type fleetChangeService interface {
	StartChange(ctx context.Context, p domain.FleetChangeParams) (*domain.FleetChange, error)
	Changes(ctx context.Context, w domain.Window) ([]domain.FleetChange, int, error)
	Change(ctx context.Context, id domain.FleetChangeID, w domain.Window) (*domain.FleetChange, []domain.FleetChangeSite, error)
	ContinueChange(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error)
	StopChange(ctx context.Context, id domain.FleetChangeID, reason string) (*domain.FleetChange, error)
}

type fleetFilterBody struct {
	Niche    string        `json:"niche,omitempty" maxLength:"80" doc:"A part of the niche, in any case"`
	Language string        `json:"language,omitempty" enum:"en,de"`
	Feed     domain.FeedID `json:"feed,omitempty" maxLength:"100" doc:"That the website reads"`
}

type fleetChangeBody struct {
	ID        domain.FleetChangeID `json:"id"`
	Action    domain.FleetAction   `json:"action" enum:"rebuild"`
	Reason    string               `json:"reason"`
	Filter    fleetFilterBody      `json:"filter"`
	State     domain.FleetState    `json:"state" enum:"canary,waiting,running,stopped,done"`
	Detail    string               `json:"detail" doc:"Why it stopped, or what it waits for"`
	Canary    int                  `json:"canary" doc:"Websites that it began with"`
	Total     int                  `json:"total"`
	Published int                  `json:"published"`
	Failed    int                  `json:"failed"`
	ActorID   domain.UserID        `json:"actor_id"`
	CreatedAt time.Time            `json:"created_at"`
	UpdatedAt time.Time            `json:"updated_at"`
}

func toFleetChange(c *domain.FleetChange) fleetChangeBody {
	return fleetChangeBody{
		ID: c.ID, Action: c.Action, Reason: c.Reason, Filter: fleetFilterBody(c.Filter), State: c.State, Detail: c.Detail, Canary: c.Canary, Total: c.Total,
		Published: c.Published, Failed: c.Failed, ActorID: c.ActorID, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
}

type fleetChangeSiteBody struct {
	WebsiteID domain.WebsiteID      `json:"website_id"`
	Canary    bool                  `json:"canary"`
	State     domain.FleetSiteState `json:"state" enum:"queued,running,published,failed,skipped"`
	RunID     *domain.RunID         `json:"run_id"`
	Detail    string                `json:"detail"`
}

type fleetChangeDetailBody struct {
	Change   fleetChangeBody       `json:"change"`
	Websites []fleetChangeSiteBody `json:"websites" doc:"A window of them, the canary group first"`
}

type (
	startFleetChangeInput struct {
		Body struct {
			Action domain.FleetAction `json:"action" enum:"rebuild"`
			Reason string             `json:"reason" minLength:"1" maxLength:"1000" doc:"What changed: a theme, a prompt, a rule"`
			Filter *fleetFilterBody   `json:"filter,omitempty" doc:"Which live websites; left out: all"`
			Canary int                `json:"canary" minimum:"1" maximum:"100" doc:"Websites that it begins with"`
		}
	}
	listFleetChangesInput struct{ Window }
	fleetChangeInput      struct {
		ID domain.FleetChangeID `path:"change_id"`
		Window
	}
	continueFleetChangeInput struct {
		ID domain.FleetChangeID `path:"change_id"`
	}
	stopFleetChangeInput struct {
		ID   domain.FleetChangeID `path:"change_id"`
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		}
	}
)

var exampleFleetChange = fleetChangeBody{
	ID: "chg_01k2ja", Action: domain.FleetRebuild, Reason: "theme 2", Filter: fleetFilterBody{Niche: "keyboards"}, State: domain.FleetCanary, Canary: 5, Total: 120,
	ActorID: "user_01k2ja", CreatedAt: exampleTime, UpdatedAt: exampleTime,
}

func registerFleetChanges(a *API, s fleetChangeService) {
	handle(a, operation{
		id: "start-fleet-change", method: http.MethodPost, path: "/fleet/changes", tag: "websites", permission: domain.WebsitesManage, status: http.StatusCreated,
		summary: "Change many websites, a few of them first",
		text: "The canary group is built anew at once. When all of it is published with no red gate the change waits for a person; a failed run, a red gate or a freeze in the group stops it. " +
			"Each website is approved as always.",
		request: map[string]any{"action": "rebuild", "reason": "theme 2", "filter": map[string]string{"niche": "keyboards"}, "canary": 5}, response: exampleFleetChange,
	}, func(ctx context.Context, in *startFleetChangeInput) (*output[fleetChangeBody], error) {
		p := domain.FleetChangeParams{Action: in.Body.Action, Reason: in.Body.Reason, Canary: in.Body.Canary}
		if in.Body.Filter != nil {
			p.Filter = domain.FleetFilter(*in.Body.Filter)
		}
		return answerOf(toFleetChange)(s.StartChange(ctx, p))
	})
	handle(a, operation{
		id: "list-fleet-changes", method: http.MethodGet, path: "/fleet/changes", tag: "websites", permission: domain.WebsitesRead,
		summary: "List changes of many websites", text: "The newest first.", response: []fleetChangeBody{exampleFleetChange},
	}, func(ctx context.Context, in *listFleetChangesInput) (*listOutput[fleetChangeBody], error) {
		items, total, err := s.Changes(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toFleetChange), nil
	})
	handle(a, operation{
		id: "get-fleet-change", method: http.MethodGet, path: "/fleet/changes/{change_id}", tag: "websites", permission: domain.WebsitesRead, summary: "Show a change with its websites",
		response: fleetChangeDetailBody{exampleFleetChange, []fleetChangeSiteBody{{WebsiteID: exampleSite, Canary: true, State: domain.FleetSiteQueued}}},
	}, func(ctx context.Context, in *fleetChangeInput) (*output[fleetChangeDetailBody], error) {
		c, list, err := s.Change(ctx, in.ID, in.Window.domain())
		if err != nil {
			return nil, err
		}
		b := fleetChangeDetailBody{toFleetChange(c), make([]fleetChangeSiteBody, len(list))}
		for i := range list {
			w := &list[i]
			b.Websites[i] = fleetChangeSiteBody{WebsiteID: w.WebsiteID, Canary: w.Canary, State: w.State, Detail: w.Detail}
			if w.RunID != "" {
				b.Websites[i].RunID = &w.RunID
			}
		}
		return &output[fleetChangeDetailBody]{b}, nil
	})
	handle(a, operation{
		id: "continue-fleet-change", method: http.MethodPost, path: "/fleet/changes/{change_id}/continue", tag: "websites", permission: domain.WebsitesManage,
		summary: "Go on with all other websites", text: "Only a change that waits can go on.", problems: []int{http.StatusConflict}, response: exampleFleetChange,
	}, func(ctx context.Context, in *continueFleetChangeInput) (*output[fleetChangeBody], error) {
		return answerOf(toFleetChange)(s.ContinueChange(ctx, in.ID))
	})
	handle(a, operation{
		id: "stop-fleet-change", method: http.MethodPost, path: "/fleet/changes/{change_id}/stop", tag: "websites", permission: domain.WebsitesManage,
		summary: "Stop a change", text: "No further website is begun. Runs that are under way wait for their approval as always.", problems: []int{http.StatusConflict},
		request: map[string]string{"reason": "The tables are too wide."}, response: exampleFleetChange,
	}, func(ctx context.Context, in *stopFleetChangeInput) (*output[fleetChangeBody], error) {
		return answerOf(toFleetChange)(s.StopChange(ctx, in.ID, in.Body.Reason))
	})
}
