package service

import (
	"context"

	"empire/internal/domain"
)

type countStore interface {
	Counts(ctx context.Context, tenant domain.TenantID) (*domain.OrchestratorCounts, error)
}

type agentLister interface {
	List(ctx context.Context, f domain.AgentFilter) ([]domain.Agent, error)
}

// Orchestrator tells what waits and works.
type Orchestrator struct {
	counts countStore
	agents agentLister
}

// NewOrchestrator returns the service.
func NewOrchestrator(counts countStore, agents agentLister) *Orchestrator {
	return &Orchestrator{counts, agents}
}

// Overview counts agents by status, and the messages, dead letters, tasks and runs of
// the tenant of whoever asks.
func (s *Orchestrator) Overview(ctx context.Context) (*domain.Orchestrator, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	agents, err := s.agents.List(ctx, domain.AgentFilter{})
	if err != nil {
		return nil, err
	}
	counts, err := s.counts.Counts(ctx, scope(ctx))
	if err != nil {
		return nil, err
	}
	out := &domain.Orchestrator{OrchestratorCounts: *counts, Agents: map[domain.AgentStatus]int{}}
	for i := range agents {
		out.Agents[agents[i].Status]++
	}
	return out, nil
}
