package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type scheduleService interface {
	List(ctx context.Context, w domain.Window) ([]domain.Schedule, int, error)
	Get(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error)
	Create(ctx context.Context, p domain.ScheduleParams) (*domain.Schedule, error)
	Update(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*domain.Schedule, error)
	Delete(ctx context.Context, id domain.ScheduleID) error
}

type scheduleBody struct {
	ID        domain.ScheduleID  `json:"id"`
	Name      string             `json:"name"`
	Pipeline  string             `json:"pipeline"`
	Params    json.RawMessage    `json:"params"`
	Cron      string             `json:"cron" doc:"Minute, hour, day, month, weekday; empty with every"`
	Every     string             `json:"every" doc:"Time between two runs; empty with cron"`
	TimeZone  string             `json:"time_zone" doc:"That cron is read in; empty: UTC"`
	Overlap   domain.Overlap     `json:"overlap" enum:"skip,queue" doc:"What happens at a time at which the last run has not ended"`
	Priority  domain.RunPriority `json:"priority" enum:"high,normal,low"`
	Enabled   bool               `json:"enabled"`
	NextAt    *time.Time         `json:"next_at"`
	Pending   bool               `json:"pending" doc:"A run starts when the last has ended"`
	LastAt    *time.Time         `json:"last_at"`
	LastRunID *domain.RunID      `json:"last_run_id"`
	LastError string             `json:"last_error" doc:"Why the last time led to no run"`
	CreatedAt time.Time          `json:"created_at"`
	UpdatedAt time.Time          `json:"updated_at"`
}

type (
	listSchedulesInput struct{ Window }
	scheduleInput      struct {
		ID domain.ScheduleID `path:"schedule_id"`
	}
	createScheduleInput struct {
		Body struct {
			Name     string             `json:"name" minLength:"1" maxLength:"100" doc:"Unique"`
			Pipeline string             `json:"pipeline" minLength:"1" maxLength:"100"`
			Params   object             `json:"params,omitempty" doc:"What the pipeline takes"`
			Cron     string             `json:"cron,omitempty" maxLength:"200" doc:"Minute, hour, day, month, weekday; or give every" example:"0 3 * * mon-fri"`
			Every    string             `json:"every,omitempty" maxLength:"20" doc:"Time between two runs, at least a minute" example:"6h"`
			TimeZone string             `json:"time_zone,omitempty" maxLength:"60" doc:"IANA name that cron is read in; UTC if it is not given" example:"Europe/Berlin"`
			Overlap  domain.Overlap     `json:"overlap,omitempty" enum:"skip,queue" doc:"skip if it is not given"`
			Priority domain.RunPriority `json:"priority,omitempty" enum:"high,normal,low"`
		}
	}
	updateScheduleInput struct {
		ID   domain.ScheduleID `path:"schedule_id"`
		Body struct {
			Name     *string             `json:"name,omitempty" minLength:"1" maxLength:"100"`
			Params   object              `json:"params,omitempty"`
			Cron     *string             `json:"cron,omitempty" minLength:"1" maxLength:"200" doc:"Takes the place of every"`
			Every    *string             `json:"every,omitempty" minLength:"1" maxLength:"20" doc:"Takes the place of cron"`
			TimeZone *string             `json:"time_zone,omitempty" maxLength:"60"`
			Overlap  *domain.Overlap     `json:"overlap,omitempty" enum:"skip,queue"`
			Priority *domain.RunPriority `json:"priority,omitempty" enum:"high,normal,low"`
			Enabled  *bool               `json:"enabled,omitempty"`
		}
	}
	scheduleOutput        struct{ Body scheduleBody }
	createdScheduleOutput struct {
		Location string `header:"Location" doc:"Where the schedule is"`
		Body     scheduleBody
	}
)

var exampleSchedule = scheduleBody{
	ID: "sched_01k2ja", Name: "nightly check", Pipeline: "weekly_check", Params: json.RawMessage(`{"website_id":"site_01k2ja"}`), Cron: "0 3 * * *",
	TimeZone: "Europe/Berlin", Overlap: domain.OverlapSkip, Priority: domain.RunNormal, Enabled: true, NextAt: &exampleTime, CreatedAt: exampleTime, UpdatedAt: exampleTime,
}

func registerSchedules(a *API, schedules scheduleService) {
	handle(a, operation{
		id: "list-schedules", method: http.MethodGet, path: "/schedules", tag: "pipelines", permission: domain.AgentsRead,
		summary: "List schedules", text: "By name.", response: []scheduleBody{exampleSchedule},
	}, func(ctx context.Context, in *listSchedulesInput) (*listOutput[scheduleBody], error) {
		items, total, err := schedules.List(ctx, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toSchedule), nil
	})
	handle(a, operation{
		id: "create-schedule", method: http.MethodPost, path: "/schedules", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Run a pipeline at set times",
		text:    "Give `cron` or `every`. Times that were missed while no server ran lead to one run.",
		status:  http.StatusCreated, problems: []int{http.StatusConflict, http.StatusNotFound}, response: exampleSchedule,
		request: map[string]any{"name": "nightly check", "pipeline": "weekly_check", "params": map[string]any{"website_id": "site_01k2ja"}, "cron": "0 3 * * *", "time_zone": "Europe/Berlin"},
	}, func(ctx context.Context, in *createScheduleInput) (*createdScheduleOutput, error) {
		b := &in.Body
		every, err := duration("every", b.Every)
		if err != nil {
			return nil, err
		}
		c, err := schedules.Create(ctx, domain.ScheduleParams{
			Name: b.Name, Pipeline: b.Pipeline, Params: json.RawMessage(b.Params), Cron: b.Cron, Every: time.Duration(every), TimeZone: b.TimeZone,
			Overlap: b.Overlap, Priority: b.Priority,
		})
		if err != nil {
			return nil, err
		}
		return &createdScheduleOutput{Base + "/schedules/" + string(c.ID), toSchedule(c)}, nil
	})
	handle(a, operation{
		id: "get-schedule", method: http.MethodGet, path: "/schedules/{schedule_id}", tag: "pipelines", permission: domain.AgentsRead,
		summary: "Show a schedule", response: exampleSchedule,
	}, func(ctx context.Context, in *scheduleInput) (*scheduleOutput, error) {
		return scheduleAnswer(schedules.Get(ctx, in.ID))
	})
	handle(a, operation{
		id: "update-schedule", method: http.MethodPatch, path: "/schedules/{schedule_id}", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Change a schedule", text: "What is not given stays. The next time is found anew.", problems: []int{http.StatusConflict},
		request: map[string]any{"enabled": false}, response: exampleSchedule,
	}, func(ctx context.Context, in *updateScheduleInput) (*scheduleOutput, error) {
		b := &in.Body
		p := domain.SchedulePatch{
			Name: b.Name, Params: json.RawMessage(b.Params), Cron: b.Cron, TimeZone: b.TimeZone, Overlap: b.Overlap, Priority: b.Priority, Enabled: b.Enabled,
		}
		if b.Every != nil {
			d, err := duration("every", *b.Every)
			if err != nil {
				return nil, err
			}
			every := time.Duration(d)
			p.Every = &every
		}
		return scheduleAnswer(schedules.Update(ctx, in.ID, p))
	})
	handle(a, operation{
		id: "delete-schedule", method: http.MethodDelete, path: "/schedules/{schedule_id}", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Delete a schedule", text: "Runs that it started go on.", status: http.StatusNoContent,
	}, func(ctx context.Context, in *scheduleInput) (*struct{}, error) {
		return nil, schedules.Delete(ctx, in.ID)
	})
}

func scheduleAnswer(c *domain.Schedule, err error) (*scheduleOutput, error) {
	if err != nil {
		return nil, err
	}
	return &scheduleOutput{toSchedule(c)}, nil
}

func toSchedule(c *domain.Schedule) scheduleBody {
	b := scheduleBody{
		ID: c.ID, Name: c.Name, Pipeline: c.Pipeline, Params: c.Params, Cron: c.Cron, TimeZone: c.TimeZone, Overlap: c.Overlap, Priority: c.Priority,
		Enabled: c.Enabled, NextAt: utc(c.NextAt), Pending: c.Pending, LastAt: utc(c.LastAt), LastError: c.LastError, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
	if c.Every > 0 {
		b.Every = domain.Duration(c.Every).String()
	}
	if len(b.Params) == 0 {
		b.Params = json.RawMessage("{}")
	}
	if c.LastRun != "" {
		b.LastRunID = &c.LastRun
	}
	return b
}
