package app

import (
	"context"
	"encoding/json"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/service"
)

// wirePipelines builds what keeps pipelines and schedules, and lets the queue work
// the jobs of the engine. A job takes as long as its step may; the engine minds that
// time itself.
func (a *App) wirePipelines(context.Context) error {
	a.Pipelines = service.NewPipelines(service.PipelinesConfig{
		Tx: a.store, Store: a.store.Pipelines, Engine: a.engine, Websites: a.store.Websites, Audit: a.store.Audit, Now: a.now,
	})
	a.Schedules = service.NewSchedules(service.SchedulesConfig{
		Tx: a.store, Store: a.store.Schedules, Runs: a.store.Runs, Websites: a.store.Websites, Engine: a.engine, Audit: a.store.Audit, Now: a.now,
	})
	if a.bus != nil {
		if _, err := a.bus.Subscribe("empire.run.*", a.runHeard); err != nil {
			return err
		}
	}
	for kind, work := range a.engine.Handlers() {
		if kind == pipeline.JobStep {
			work = a.workStep
		}
		a.queue.Handle(kind, domain.MaxTimeout, func(ctx context.Context, args json.RawMessage, _ int) error {
			return work(ctx, args)
		})
	}
	return nil
}

// runHeard interrupts what this process does for a run that another one has ended.
func (a *App) runHeard(_ string, data []byte) {
	var ev domain.RunEvent
	if json.Unmarshal(data, &ev) == nil && (ev.Type == "run.cancelled" || ev.Type == "run.failed") {
		a.engine.Stop(ev.RunID)
	}
}
