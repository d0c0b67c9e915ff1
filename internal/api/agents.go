package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type agentService interface {
	agentReader
	taskService
}

type agentReader interface {
	List(ctx context.Context, capability string) ([]domain.Agent, error)
	Get(ctx context.Context, id domain.AgentID) (*domain.Agent, error)
}

type agentBody struct {
	ID           domain.AgentID      `json:"id"`
	Aliases      []domain.AgentID    `json:"aliases" doc:"Other names that lead to this agent"`
	Status       domain.AgentStatus  `json:"status" enum:"idle,working,error,offline"`
	TaskTypes    []string            `json:"task_types"`
	Capabilities []string            `json:"capabilities"`
	LastActivity *time.Time          `json:"last_activity"`
	Metrics      domain.AgentMetrics `json:"metrics"`
}

type agentStatusBody struct {
	ID           domain.AgentID      `json:"id"`
	Status       domain.AgentStatus  `json:"status" enum:"idle,working,error,offline"`
	LastActivity *time.Time          `json:"last_activity"`
	Metrics      domain.AgentMetrics `json:"metrics"`
}

type (
	listAgentsInput struct {
		Window
		Capability string `query:"capability" maxLength:"100" doc:"Only agents with this capability"`
	}
	agentInput struct {
		ID domain.AgentID `path:"agent_id" doc:"Agent id or alias"`
	}
	agentOutput       struct{ Body agentBody }
	agentStatusOutput struct{ Body agentStatusBody }
)

var exampleAgent = agentBody{
	ID: "opportunity_scanner", Aliases: []domain.AgentID{}, Status: domain.AgentIdle, TaskTypes: []string{"market_scan"},
	Capabilities: []string{"market_analysis"}, LastActivity: &exampleTime,
	Metrics: domain.AgentMetrics{TasksCompleted: 10, TasksFailed: 2, AverageResponseTime: 0.42, SuccessRate: 0.8},
}

func registerAgents(a *API, agents agentReader) {
	handle(a, operation{
		id: "list-agents", method: http.MethodGet, path: "/agents", tag: "agents", permission: domain.AgentsRead,
		summary: "List agents", response: []agentBody{exampleAgent},
	}, func(ctx context.Context, in *listAgentsInput) (*listOutput[agentBody], error) {
		all, err := agents.List(ctx, in.Capability)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toAgent), nil
	})
	handle(a, operation{
		id: "get-agent", method: http.MethodGet, path: "/agents/{agent_id}", tag: "agents", permission: domain.AgentsRead,
		summary: "Show an agent", response: exampleAgent,
	}, func(ctx context.Context, in *agentInput) (*agentOutput, error) {
		agent, err := agents.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &agentOutput{toAgent(agent)}, nil
	})
	handle(a, operation{
		id: "get-agent-status", method: http.MethodGet, path: "/agents/{agent_id}/status", tag: "agents", permission: domain.AgentsRead,
		summary:  "Show what an agent is doing",
		response: agentStatusBody{exampleAgent.ID, exampleAgent.Status, exampleAgent.LastActivity, exampleAgent.Metrics},
	}, func(ctx context.Context, in *agentInput) (*agentStatusOutput, error) {
		agent, err := agents.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &agentStatusOutput{agentStatusBody{agent.ID, agent.Status, utc(agent.LastActivity), agent.Metrics}}, nil
	})
}

func toAgent(a *domain.Agent) agentBody {
	return agentBody{a.ID, list(a.Aliases), a.Status, list(a.TaskTypes), list(a.Capabilities), utc(a.LastActivity), a.Metrics}
}
