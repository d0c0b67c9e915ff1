package service

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

type runStore interface {
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Show(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Hold(ctx context.Context, id domain.RunID) (*domain.Run, error)
	List(ctx context.Context, f domain.RunFilter, w domain.Window) ([]domain.Run, int, error)
	Hours(ctx context.Context, tenant domain.TenantID, from time.Time) ([]domain.RunHour, error)
}

type runEvents interface {
	List(ctx context.Context, run domain.RunID, after int64, limit int) ([]domain.RunEvent, error)
}

type attemptStore interface {
	Attempts(ctx context.Context, run domain.RunID) ([]domain.Attempt, error)
}

// RunsConfig is what Runs needs.
type RunsConfig struct {
	Tx       transactor
	Runs     runStore
	Events   runEvents
	Attempts attemptStore
	Websites websiteGetter
	Engine   *pipeline.Engine
	Audit    auditStore
	Now      func() time.Time
}

// Runs starts, shows, cancels and retries runs of pipelines.
type Runs struct {
	cfg     RunsConfig
	journal journal
}

// NewRuns returns the service.
func NewRuns(cfg RunsConfig) *Runs { return &Runs{cfg, journal{cfg.Audit, cfg.Now}} }

// Start starts a run. Websites are launched through Websites.Generate, which also
// reserves the domain.
func (s *Runs) Start(ctx context.Context, p domain.StartParams) (*domain.Run, error) {
	principal, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	if p.Pipeline == "launch_website" {
		return nil, domain.Invalid("pipeline", "Start launch_website through POST /websites/generate, which reserves the domain.")
	}
	if p.Pipeline == pipelineEdit {
		return nil, domain.Invalid("pipeline", "Start edit_website through POST /websites/{website_id}/restore or /retire.")
	}
	start := pipeline.StartParams{
		Pipeline: p.Pipeline, Params: p.Params, Stages: p.Stages, Tenant: scope(ctx), OwnerID: principal.UserID, Priority: p.Priority,
	}
	if err := s.checkNamed(ctx, start); err != nil {
		return nil, err
	}
	if p.Pipeline != "" {
		if err := s.cfg.Engine.Startable(ctx, start.Tenant, p.Pipeline); err != nil {
			return nil, err
		}
		start.WebsiteID = websiteOf(p.Params)
	}
	return s.start(ctx, start)
}

// websiteOf returns the website that the parameters of a run are about: their
// website_id.
func websiteOf(params json.RawMessage) domain.WebsiteID {
	var about struct {
		ID domain.WebsiteID `json:"website_id"`
	}
	if json.Unmarshal(params, &about) != nil {
		return ""
	}
	return about.ID
}

// checkNamed refuses a run whose parameters name a website that the principal in
// ctx does not see.
func (s *Runs) checkNamed(ctx context.Context, p pipeline.StartParams) error {
	if err := checkNamed(ctx, s.cfg.Websites, p.Params); err != nil {
		return err
	}
	for _, st := range p.Stages {
		if err := checkNamed(ctx, s.cfg.Websites, st.Task.Params); err != nil {
			return err
		}
	}
	return nil
}

// start stores a run and queues its first step, in the transaction of ctx if there
// is one.
func (s *Runs) start(ctx context.Context, p pipeline.StartParams) (run *domain.Run, err error) {
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if run, err = s.cfg.Engine.Start(ctx, p); err != nil {
			return err
		}
		return s.journal.changed(ctx, "run.started", string(run.ID), run.Pipeline, nil, run)
	})
	return run, err
}

// busy reports whether a run of the website has not ended. When that cannot be
// found out it says yes, because two runs of one site must not meet.
func (s *Runs) busy(ctx context.Context, site domain.WebsiteID) bool {
	for _, state := range []domain.RunState{domain.StateQueued, domain.StateRunning, domain.StateWaiting} {
		_, n, err := s.cfg.Runs.List(ctx, domain.RunFilter{State: state, WebsiteID: site}, domain.Window{Limit: 1})
		if err != nil || n > 0 {
			return true
		}
	}
	return false
}

// List returns a window of the runs, newest first, without results.
func (s *Runs) List(ctx context.Context, state domain.RunState, site domain.WebsiteID, w domain.Window) ([]domain.Run, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Runs.List(ctx, domain.RunFilter{Tenant: scope(ctx), State: state, WebsiteID: site}, w)
}

// Hours returns how many runs were begun in each hour from a time on, in the order of hours;
// hours without any are left out.
func (s *Runs) Hours(ctx context.Context, from time.Time) ([]domain.RunHour, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	return s.cfg.Runs.Hours(ctx, scope(ctx), from)
}

// Get returns one run with its steps and their results.
func (s *Runs) Get(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	if _, err := s.get(ctx, id); err != nil {
		return nil, err
	}
	run, err := s.cfg.Runs.Show(ctx, id)
	if err != nil {
		return nil, err
	}
	for i := range run.Steps {
		if run.Steps[i].Result, err = s.cfg.Engine.Resolve(ctx, run.Steps[i].Result); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// get returns a run that the principal in ctx sees, with results as they are
// stored.
func (s *Runs) get(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	run, err := s.cfg.Runs.Get(ctx, id)
	return visible(ctx, run, err, "Run", string(id))
}

// Events returns a run's history after a sequence number.
func (s *Runs) Events(ctx context.Context, id domain.RunID, after int64, limit int) ([]domain.RunEvent, error) {
	if _, err := s.get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Events.List(ctx, id, after, limit)
}

// Attempts returns all attempts of a run's steps.
func (s *Runs) Attempts(ctx context.Context, id domain.RunID) ([]domain.Attempt, error) {
	if _, err := s.get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Attempts.Attempts(ctx, id)
}

// Cancel ends a run. A run that is cancelled already
// stays as it is.
func (s *Runs) Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	return s.change(ctx, id, "run.cancelled", func(ctx context.Context) (*domain.Run, error) {
		return s.cfg.Engine.Cancel(ctx, id)
	})
}

// Retry continues a failed or cancelled run; with from, that step and what comes
// after it run again, of a completed run, too.
func (s *Runs) Retry(ctx context.Context, id domain.RunID, from string) (*domain.Run, error) {
	return s.change(ctx, id, "run.retried", func(ctx context.Context) (*domain.Run, error) {
		return s.cfg.Engine.Retry(ctx, id, from)
	})
}

// change does something to a run and notes it, in one transaction; nothing is noted
// if nothing happened.
func (s *Runs) change(ctx context.Context, id domain.RunID, action string, do func(context.Context) (*domain.Run, error)) (after *domain.Run, err error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Engine.Hold(ctx, id); err != nil {
			return err
		}
		before, err := s.cfg.Runs.Hold(ctx, id)
		if before, err = visible(ctx, before, err, "Run", string(id)); err != nil {
			return err
		}
		if after, err = do(ctx); err != nil {
			return err
		}
		if before.State == after.State {
			return nil
		}
		return s.journal.changed(ctx, action, string(id), "", before, after)
	})
	return after, err
}
