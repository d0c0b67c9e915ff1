package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type goalService interface {
	Goals(ctx context.Context, id domain.WebsiteID) (*domain.GoalSet, error)
	SetGoals(ctx context.Context, set *domain.GoalSet) (*domain.GoalSet, error)
	Conversions(ctx context.Context, id domain.WebsiteID, q domain.TrafficQuery) (*domain.GoalReport, error)
}

type goalBody struct {
	Name   string          `json:"name" minLength:"1" maxLength:"80"`
	Kind   domain.GoalKind `json:"kind" enum:"path,click" doc:"path: a view of a page; click: a click on an offer"`
	Target string          `json:"target" maxLength:"512" doc:"Of path: the path of the page; of click: the slot, or nothing for any"`
}

type funnelBody struct {
	Name  string   `json:"name" minLength:"1" maxLength:"80"`
	Steps []string `json:"steps" minItems:"2" maxItems:"10" doc:"Names of goals, in the order in which one session must reach them"`
}

type goalSetBody struct {
	Goals   []goalBody   `json:"goals" maxItems:"50"`
	Funnels []funnelBody `json:"funnels" maxItems:"20"`
}

type setGoalsInput struct {
	ID   domain.WebsiteID `path:"website_id"`
	Body goalSetBody
}

type goalReportBody struct {
	WebsiteID  domain.WebsiteID   `json:"website_id"`
	Period     string             `json:"period" doc:"Empty: from and to were given"`
	From       time.Time          `json:"from"`
	To         time.Time          `json:"to"`
	EventsFrom *time.Time         `json:"events_from" doc:"Sessions are known from here on, as long as single events are kept; null: they are not kept"`
	Sessions   int                `json:"sessions" doc:"Of people, whose events are kept"`
	Goals      []goalResultBody   `json:"goals"`
	Funnels    []funnelResultBody `json:"funnels"`
}

type goalResultBody struct {
	Name        string          `json:"name"`
	Kind        domain.GoalKind `json:"kind" enum:"path,click"`
	Target      string          `json:"target"`
	Completions int             `json:"completions" doc:"Views or clicks"`
	Sessions    int             `json:"sessions" doc:"That reached it"`
}

type funnelResultBody struct {
	Name  string           `json:"name"`
	Steps []funnelStepBody `json:"steps"`
}

type funnelStepBody struct {
	Goal     string `json:"goal"`
	Sessions int    `json:"sessions" doc:"That reached it after all steps before"`
}

var exampleGoals = goalSetBody{
	Goals:   []goalBody{{"Guide read", domain.GoalPath, "/guide/"}, {"Offer followed", domain.GoalClick, ""}},
	Funnels: []funnelBody{{"Guide to offer", []string{"Guide read", "Offer followed"}}},
}

func registerGoals(a *API, t goalService) {
	handle(a, operation{
		id: "get-goals", method: http.MethodGet, path: "/websites/{website_id}/goals", tag: "analytics", permission: domain.WebsitesRead,
		summary: "Show what is measured on a website", response: exampleGoals,
	}, func(ctx context.Context, in *websiteInput) (*output[goalSetBody], error) {
		set, err := t.Goals(ctx, in.ID)
		return answerOf(toGoals)(set, err)
	})
	handle(a, operation{
		id: "set-goals", method: http.MethodPut, path: "/websites/{website_id}/goals", tag: "analytics", permission: domain.WebsitesManage,
		summary: "Set what is measured on a website", text: "In the place of what was. Figures of the past follow.", request: exampleGoals, response: exampleGoals,
	}, func(ctx context.Context, in *setGoalsInput) (*output[goalSetBody], error) {
		set := domain.GoalSet{WebsiteID: in.ID, Goals: []domain.Goal{}, Funnels: []domain.Funnel{}}
		for _, g := range in.Body.Goals {
			set.Goals = append(set.Goals, domain.Goal(g))
		}
		for _, f := range in.Body.Funnels {
			set.Funnels = append(set.Funnels, domain.Funnel(f))
		}
		stored, err := t.SetGoals(ctx, &set)
		return answerOf(toGoals)(stored, err)
	})
	handle(a, operation{
		id: "get-conversions", method: http.MethodGet, path: "/websites/{website_id}/conversions", tag: "analytics", permission: domain.WebsitesRead,
		summary: "Show how often the goals of a website were reached", text: "Completions come from sums, sessions and funnels from single events as long as these are kept.",
		response: goalReportBody{
			WebsiteID: "site_01k2ja", Period: "7d", From: exampleTime.Add(-time.Hour), To: exampleTime, EventsFrom: &exampleTime, Sessions: 6,
			Goals:   []goalResultBody{{"Offer followed", domain.GoalClick, "", 2, 2}},
			Funnels: []funnelResultBody{{"Guide to offer", []funnelStepBody{{"Guide read", 3}, {"Offer followed", 1}}}},
		},
	}, func(ctx context.Context, in *trafficInput) (*output[goalReportBody], error) {
		r, err := t.Conversions(ctx, in.ID, in.query())
		return answerOf(toGoalReport)(r, err)
	})
}

func toGoals(set *domain.GoalSet) goalSetBody {
	b := goalSetBody{Goals: []goalBody{}, Funnels: []funnelBody{}}
	for _, g := range set.Goals {
		b.Goals = append(b.Goals, goalBody(g))
	}
	for _, f := range set.Funnels {
		b.Funnels = append(b.Funnels, funnelBody{f.Name, list(f.Steps)})
	}
	return b
}

func toGoalReport(r *domain.GoalReport) goalReportBody {
	b := goalReportBody{
		WebsiteID: r.WebsiteID, Period: r.Period, From: r.From, To: r.To, Sessions: r.Sessions, Goals: []goalResultBody{}, Funnels: []funnelResultBody{},
	}
	if !r.EventsFrom.IsZero() {
		b.EventsFrom = &r.EventsFrom
	}
	for _, g := range r.Goals {
		b.Goals = append(b.Goals, goalResultBody{g.Name, g.Kind, g.Target, g.Completions, g.Sessions})
	}
	for _, f := range r.Funnels {
		steps := []funnelStepBody{}
		for _, s := range f.Steps {
			steps = append(steps, funnelStepBody(s))
		}
		b.Funnels = append(b.Funnels, funnelResultBody{f.Name, steps})
	}
	return b
}
