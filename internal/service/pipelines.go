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

type pipelineStore interface {
	Insert(ctx context.Context, p *domain.CustomPipeline) error
	Get(ctx context.Context, tenant domain.TenantID, name string, version int) (*domain.CustomPipeline, error)
	List(ctx context.Context, tenant domain.TenantID) ([]domain.CustomPipeline, error)
	Delete(ctx context.Context, tenant domain.TenantID, name string, at time.Time) error
}

// PipelinesConfig is what Pipelines needs.
type PipelinesConfig struct {
	Tx       transactor
	Store    pipelineStore
	Engine   *pipeline.Engine
	Websites websiteGetter
	Audit    auditStore
	Now      func() time.Time
}

// Pipelines shows the pipelines that can be run and keeps the operator's own.
type Pipelines struct {
	cfg     PipelinesConfig
	journal journal
}

// NewPipelines returns the service.
func NewPipelines(cfg PipelinesConfig) *Pipelines {
	return &Pipelines{cfg, journal{cfg.Audit, cfg.Now}}
}

// List returns the shipped pipelines and those of the tenant, by name, without the
// texts of definitions.
func (s *Pipelines) List(ctx context.Context) ([]domain.PipelineInfo, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	var out []domain.PipelineInfo
	for _, d := range s.cfg.Engine.Definitions() {
		out = append(out, *d.Info())
	}
	own, err := s.cfg.Store.List(ctx, scope(ctx))
	if err != nil {
		return nil, err
	}
	for i := range own {
		info, err := s.cfg.Engine.Described(&own[i])
		if err != nil {
			return nil, err
		}
		info.Definition = ""
		out = append(out, *info)
	}
	slices.SortFunc(out, func(a, b domain.PipelineInfo) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Get returns one pipeline with its definition.
func (s *Pipelines) Get(ctx context.Context, name string) (*domain.PipelineInfo, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	for _, d := range s.cfg.Engine.Definitions() {
		if d.Name == name {
			return d.Info(), nil
		}
	}
	own, err := s.cfg.Store.Get(ctx, scope(ctx), name, 0)
	if err != nil {
		return nil, err
	}
	return s.cfg.Engine.Described(own)
}

// Validate returns the name of the pipeline that a definition is of, or all its
// faults.
func (s *Pipelines) Validate(ctx context.Context, definition string) (string, []domain.Fault, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return "", nil, err
	}
	return s.check(ctx, definition)
}

// check returns the name of a definition, or its faults. Websites that it names
// must be the tenant's.
func (s *Pipelines) check(ctx context.Context, definition string) (string, []domain.Fault, error) {
	p, faults, err := s.cfg.Engine.Check(ctx, scope(ctx), definition)
	if err != nil || len(faults) > 0 {
		return "", faults, err
	}
	for _, st := range p.Steps {
		raw, err := json.Marshal(st.Params)
		if err != nil {
			return "", nil, err
		}
		for _, id := range namedWebsites(raw) {
			if strings.Contains(string(id), "${") {
				continue // a parameter, checked with each run
			}
			site, err := s.cfg.Websites.Get(ctx, id)
			if _, err := visible(ctx, site, err, "Website", string(id)); domain.CodeOf(err) == domain.CodeNotFound {
				faults = append(faults, domain.Fault{Path: "steps." + st.Name + ".params", Message: domain.MessageOf(err)})
			} else if err != nil {
				return "", nil, err
			}
		}
	}
	return p.Name, faults, nil
}

// Put stores a new version of one of the tenant's own pipelines. New runs use it;
// live ones end on theirs. A definition with faults is CodeInvalid with all of them.
func (s *Pipelines) Put(ctx context.Context, name, definition string) (*domain.PipelineInfo, error) {
	principal, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	is, faults, err := s.check(ctx, definition)
	if err != nil {
		return nil, err
	}
	if len(faults) == 0 && is != name {
		faults = []domain.Fault{{Path: "name", Message: "The definition is of pipeline " + is + ", not of " + name + "."}}
	}
	if len(faults) > 0 {
		return nil, &domain.Error{Code: domain.CodeInvalid, Field: "definition", Message: "The definition cannot be used: " + faults[0].Message, Faults: faults}
	}
	p := &domain.CustomPipeline{Tenant: scope(ctx), Name: name, Source: definition, CreatedBy: principal.UserID, CreatedAt: s.journal.stamp()}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.cfg.Store.Get(ctx, p.Tenant, name, 0)
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		if err := s.cfg.Store.Insert(ctx, p); err != nil {
			return err
		}
		if before == nil {
			return s.journal.changed(ctx, "pipeline.created", name, "", nil, p)
		}
		return s.journal.changed(ctx, "pipeline.updated", name, "", before, p)
	})
	if err != nil {
		return nil, err
	}
	return s.cfg.Engine.Described(p)
}

// Delete keeps new runs of one of the tenant's own pipelines from starting. Live
// ones end.
func (s *Pipelines) Delete(ctx context.Context, name string) error {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return err
	}
	for _, d := range s.cfg.Engine.Definitions() {
		if d.Name == name {
			return domain.Errorf(domain.CodeConflict, "Pipeline %s belongs to the program and cannot be deleted.", name)
		}
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.cfg.Store.Get(ctx, scope(ctx), name, 0)
		if err != nil {
			return err
		}
		if err := s.cfg.Store.Delete(ctx, scope(ctx), name, s.journal.stamp()); err != nil {
			return err
		}
		return s.journal.changed(ctx, "pipeline.deleted", name, "", before, nil)
	})
}
