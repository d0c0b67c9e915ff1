package main

import (
	"context"

	"empire/client"
	"empire/internal/domain"
)

type pipelineKeeper interface {
	Pipelines(ctx context.Context) ([]pipelineView, error)
	Pipeline(ctx context.Context, name string) (*pipelineView, error)
	ValidatePipeline(ctx context.Context, definition string) (*verdictView, error)
	PutPipeline(ctx context.Context, name, definition string) (*pipelineView, error)
	DeletePipeline(ctx context.Context, name string) error
	StartRun(ctx context.Context, p domain.StartParams) (*runView, error)
}

type scheduleKeeper interface {
	Schedules(ctx context.Context, w domain.Window) ([]scheduleView, int, error)
	Schedule(ctx context.Context, id domain.ScheduleID) (*scheduleView, error)
	AddSchedule(ctx context.Context, p domain.ScheduleParams) (*scheduleView, error)
	UpdateSchedule(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*scheduleView, error)
	DeleteSchedule(ctx context.Context, id domain.ScheduleID) error
}

// Pipelines implements portfolio.
func (l local) Pipelines(ctx context.Context) ([]pipelineView, error) {
	list, err := l.a.Pipelines.List(ctx)
	return views(list, viewPipeline), err
}

// Pipeline implements portfolio.
func (l local) Pipeline(ctx context.Context, name string) (*pipelineView, error) {
	return view(viewPipeline)(l.a.Pipelines.Get(ctx, name))
}

// ValidatePipeline implements portfolio.
func (l local) ValidatePipeline(ctx context.Context, definition string) (*verdictView, error) {
	name, faults, err := l.a.Pipelines.Validate(ctx, definition)
	if err != nil {
		return nil, err
	}
	return &verdictView{len(faults) == 0, name, views(faults, func(f *domain.Fault) faultView { return faultView{f.Path, f.Line, f.Column, f.Message} })}, nil
}

// PutPipeline implements portfolio.
func (l local) PutPipeline(ctx context.Context, name, definition string) (*pipelineView, error) {
	return view(viewPipeline)(l.a.Pipelines.Put(ctx, name, definition))
}

// DeletePipeline implements portfolio.
func (l local) DeletePipeline(ctx context.Context, name string) error {
	return l.a.Pipelines.Delete(ctx, name)
}

// StartRun implements portfolio.
func (l local) StartRun(ctx context.Context, p domain.StartParams) (*runView, error) {
	return view(viewRun)(l.a.Runs.Start(ctx, p))
}

// Schedules implements portfolio.
func (l local) Schedules(ctx context.Context, w domain.Window) ([]scheduleView, int, error) {
	list, total, err := l.a.Schedules.List(ctx, w)
	return views(list, viewSchedule), total, err
}

// Schedule implements portfolio.
func (l local) Schedule(ctx context.Context, id domain.ScheduleID) (*scheduleView, error) {
	return view(viewSchedule)(l.a.Schedules.Get(ctx, id))
}

// AddSchedule implements portfolio.
func (l local) AddSchedule(ctx context.Context, p domain.ScheduleParams) (*scheduleView, error) {
	return view(viewSchedule)(l.a.Schedules.Create(ctx, p))
}

// UpdateSchedule implements portfolio.
func (l local) UpdateSchedule(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*scheduleView, error) {
	return view(viewSchedule)(l.a.Schedules.Update(ctx, id, p))
}

// DeleteSchedule implements portfolio.
func (l local) DeleteSchedule(ctx context.Context, id domain.ScheduleID) error {
	return l.a.Schedules.Delete(ctx, id)
}

func viewPipeline(p *domain.PipelineInfo) pipelineView {
	v := pipelineView{
		Name: p.Name, Version: p.Version, Origin: p.Origin, Description: p.Description, Definition: p.Definition, UpdatedAt: utc(p.UpdatedAt),
		Steps: []pipelineStepView{},
	}
	for _, s := range p.Steps {
		v.Steps = append(v.Steps, pipelineStepView{s.Name, s.Agent, s.Task, orEmpty(s.After)})
	}
	return v
}

func viewSchedule(c *domain.Schedule) scheduleView {
	v := scheduleView{
		ID: c.ID, Name: c.Name, Pipeline: c.Pipeline, Params: orObject(c.Params), Cron: c.Cron, TimeZone: c.TimeZone, Overlap: c.Overlap, Priority: c.Priority,
		Enabled: c.Enabled, NextAt: utc(c.NextAt), Pending: c.Pending, LastAt: utc(c.LastAt), LastRunID: orNil(c.LastRun), LastError: c.LastError,
		CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
	if c.Every > 0 {
		v.Every = domain.Duration(c.Every).String()
	}
	return v
}

// Pipelines implements portfolio.
func (r *remote) Pipelines(ctx context.Context) ([]pipelineView, error) {
	list, err := r.api.ListPipelines(ctx, client.ListPipelinesParams{Limit: 1000})
	views, _, err := window[pipelineView](r, list, err)
	return views, err
}

// Pipeline implements portfolio.
func (r *remote) Pipeline(ctx context.Context, name string) (*pipelineView, error) {
	p, err := r.api.GetPipeline(ctx, name)
	return shown[pipelineView](r, p, err)
}

// ValidatePipeline implements portfolio.
func (r *remote) ValidatePipeline(ctx context.Context, definition string) (*verdictView, error) {
	v, err := r.api.ValidatePipeline(ctx, client.Definition{Definition: definition})
	return shown[verdictView](r, v, err)
}

// PutPipeline implements portfolio.
func (r *remote) PutPipeline(ctx context.Context, name, definition string) (*pipelineView, error) {
	p, err := r.api.PutPipeline(ctx, name, client.Definition{Definition: definition})
	return shown[pipelineView](r, p, err)
}

// DeletePipeline implements portfolio.
func (r *remote) DeletePipeline(ctx context.Context, name string) error {
	return r.done(r.api.DeletePipeline(ctx, name))
}

// StartRun implements portfolio.
func (r *remote) StartRun(ctx context.Context, p domain.StartParams) (*runView, error) {
	run, err := r.api.StartRun(ctx, client.StartInput{Pipeline: p.Pipeline, Params: p.Params, Priority: client.StartInputPriority(p.Priority)})
	return shown[runView](r, run, err)
}

// Schedules implements portfolio.
func (r *remote) Schedules(ctx context.Context, w domain.Window) ([]scheduleView, int, error) {
	list, err := r.api.ListSchedules(ctx, client.ListSchedulesParams{Limit: w.Limit, Offset: w.Offset})
	return window[scheduleView](r, list, err)
}

// Schedule implements portfolio.
func (r *remote) Schedule(ctx context.Context, id domain.ScheduleID) (*scheduleView, error) {
	c, err := r.api.GetSchedule(ctx, string(id))
	return shown[scheduleView](r, c, err)
}

// AddSchedule implements portfolio.
func (r *remote) AddSchedule(ctx context.Context, p domain.ScheduleParams) (*scheduleView, error) {
	in := client.CreateScheduleInput{
		Name: p.Name, Pipeline: p.Pipeline, Params: p.Params, Cron: p.Cron, TimeZone: p.TimeZone, Overlap: client.CreateScheduleInputOverlap(p.Overlap),
		Priority: client.CreateScheduleInputPriority(p.Priority),
	}
	if p.Every > 0 {
		in.Every = p.Every.String()
	}
	c, err := r.api.CreateSchedule(ctx, in)
	return shown[scheduleView](r, c, err)
}

// UpdateSchedule implements portfolio.
func (r *remote) UpdateSchedule(ctx context.Context, id domain.ScheduleID, p domain.SchedulePatch) (*scheduleView, error) {
	in := client.UpdateScheduleInput{
		Name: p.Name, Params: p.Params, Cron: p.Cron, TimeZone: p.TimeZone, Enabled: p.Enabled, Overlap: (*client.UpdateScheduleInputOverlap)(p.Overlap),
		Priority: (*client.UpdateScheduleInputPriority)(p.Priority),
	}
	if p.Every != nil {
		every := p.Every.String()
		in.Every = &every
	}
	c, err := r.api.UpdateSchedule(ctx, string(id), in)
	return shown[scheduleView](r, c, err)
}

// DeleteSchedule implements portfolio.
func (r *remote) DeleteSchedule(ctx context.Context, id domain.ScheduleID) error {
	return r.done(r.api.DeleteSchedule(ctx, string(id)))
}

// done passes the failure of a call that answers nothing on.
func (r *remote) done(err error) error {
	if err != nil {
		return r.fault(err)
	}
	return nil
}
