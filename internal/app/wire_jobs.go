package app

import (
	"context"
	"time"

	"empire/internal/bus"
	"empire/internal/domain"
	"empire/internal/jobs"
	"empire/internal/pipeline"
	"empire/internal/pipeline/shipped"
)

// wireJobs builds the queue, the bus and the engine.
func (a *App) wireJobs(ctx context.Context) error {
	worker, previous, err := workerID(a.cfg.Data, a.mode)
	if err != nil {
		return err
	}
	a.instance, a.previous = worker, previous
	queue := jobs.Config{
		Dialect: jobs.Dialect(a.db.Dialect()), Writer: a.db.Writer(), URL: a.db.URL(), WorkerID: worker, Workers: a.cfg.Workers, Logger: a.log,
	}
	if a.traces = a.newTraces(); a.traces != nil {
		queue.Trace = a.traces
	}
	a.queue, err = jobs.New(queue, a.store.Workers)
	if err != nil {
		return err
	}
	if err := a.queue.Migrate(ctx); err != nil {
		return err
	}
	if previous != "" {
		if err := a.queue.ForgetWorker(ctx, previous); err != nil {
			return err
		}
	}
	if a.mode == Serve {
		if a.bus, err = bus.Open(ctx, bus.Config{URL: string(a.cfg.Bus.URL), Logger: a.log}); err != nil {
			return err
		}
	}
	a.runtime = &shipped.Runtime{Now: a.now, Latest: a.latestDraft}
	a.engine = pipeline.New(pipeline.Config{
		Runs: a.store.Runs, Steps: a.store.Steps, Slots: a.store.Slots, Custom: a.store.Pipelines, Events: a.store.Events, Agents: a.store.Agents, Tx: a.store, Blobs: a.blobs,
		Enqueue: a.enqueue, Publish: a.publish, Ended: a.runEnded, Ask: a.ask, Exhausted: a.budgetSpent,
		Complete: a.Complete, Agent: tracedAgents{dispatcher{a}, a.traces}, Worker: worker, Now: a.now, Log: a.log,
	})
	return nil
}

func (a *App) enqueue(ctx context.Context, kind string, args any, at time.Time) error {
	return a.queue.Enqueue(ctx, kind, args, jobs.Options{At: at})
}

// publish tells listeners about a committed event; nobody depends on it.
func (a *App) publish(ev domain.RunEvent) {
	if a.bus == nil {
		return
	}
	a.emitRun(ev)
	if err := a.bus.Publish(context.Background(), "empire.run."+string(ev.RunID), ev); err != nil {
		a.log.Warn("event not published", "run_id", ev.RunID, "err", err)
	}
}

// runEnded voids what the run still asked, cancels the tasks that it waits for, and
// removes a website that never came to be: its niche is not in the feeds.
func (a *App) runEnded(ctx context.Context, run *domain.Run, cause *domain.RunError) error {
	if err := a.Approvals.RunEnded(ctx, run.ID); err != nil {
		return err
	}
	if err := a.Agents.CancelRunTasks(ctx, run.ID); err != nil {
		return err
	}
	if err := a.swapEnded(ctx, run); err != nil {
		return err
	}
	if cause == nil || cause.Code != domain.CodeNotEnoughData {
		return nil
	}
	return a.Websites.Discard(ctx, run)
}
