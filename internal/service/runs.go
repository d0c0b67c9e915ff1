package service

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

type runStore interface {
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	List(ctx context.Context, f domain.RunFilter, w domain.Window) ([]domain.Run, int, error)
}

type runEvents interface {
	List(ctx context.Context, run domain.RunID, after int64, limit int) ([]domain.RunEvent, error)
}

type attemptStore interface {
	Attempts(ctx context.Context, run domain.RunID) ([]domain.Attempt, error)
}

type runApprovals interface {
	VoidByRun(ctx context.Context, run domain.RunID, at time.Time) error
}

// RunsConfig is what Runs needs.
type RunsConfig struct {
	Tx        transactor
	Runs      runStore
	Events    runEvents
	Attempts  attemptStore
	Approvals runApprovals
	Engine    *pipeline.Engine
	Audit     auditStore
	Now       func() time.Time
}

// Runs starts, shows, cancels and retries runs of pipelines.
type Runs struct {
	cfg     RunsConfig
	journal journal
}

// NewRuns returns the service.
func NewRuns(cfg RunsConfig) *Runs { return &Runs{cfg, journal{cfg.Audit, cfg.Now}} }

// Pipelines lists the shipped pipelines by name.
func (s *Runs) Pipelines(ctx context.Context) ([]domain.PipelineInfo, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	var out []domain.PipelineInfo
	for _, d := range s.cfg.Engine.Definitions() {
		info := domain.PipelineInfo{Name: d.Name, Version: d.Version}
		for _, st := range d.Steps {
			info.Steps = append(info.Steps, domain.PipelineStep{Name: st.Name, Agent: st.Agent, Task: st.Task})
		}
		out = append(out, info)
	}
	slices.SortFunc(out, func(a, b domain.PipelineInfo) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

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
	var run *domain.Run
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if run, err = s.start(ctx, p.Pipeline, p.Params, p.Stages, "", principal.UserID); err != nil {
			return err
		}
		return s.journal.record(ctx, "run.started", string(run.ID), run.Pipeline)
	})
	return run, err
}

func (s *Runs) start(ctx context.Context, name string, params json.RawMessage, stages []domain.Stage, site domain.WebsiteID, owner domain.UserID) (*domain.Run, error) {
	return s.cfg.Engine.Start(ctx, pipeline.StartParams{Pipeline: name, Params: params, Stages: stages, WebsiteID: site, OwnerID: owner})
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
	return s.cfg.Runs.List(ctx, domain.RunFilter{State: state, WebsiteID: site}, w)
}

// Get returns one run with its steps and their results.
func (s *Runs) Get(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	run, err := s.cfg.Runs.Get(ctx, id)
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

// Events returns a run's history after a sequence number.
func (s *Runs) Events(ctx context.Context, id domain.RunID, after int64, limit int) ([]domain.RunEvent, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Events.List(ctx, id, after, limit)
}

// Attempts returns all attempts of a run's steps.
func (s *Runs) Attempts(ctx context.Context, id domain.RunID) ([]domain.Attempt, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.cfg.Attempts.Attempts(ctx, id)
}

// Cancel ends a run; its open approvals are void.
func (s *Runs) Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return nil, err
	}
	run, err := s.cfg.Engine.Cancel(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.Approvals.VoidByRun(ctx, id, s.cfg.Now().UTC()); err != nil {
		return nil, err
	}
	return run, s.journal.record(ctx, "run.cancelled", string(id), "")
}

// Retry continues a failed or cancelled run.
func (s *Runs) Retry(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return nil, err
	}
	run, err := s.cfg.Engine.Retry(ctx, id)
	if err != nil {
		return nil, err
	}
	return run, s.journal.record(ctx, "run.retried", string(id), "")
}
