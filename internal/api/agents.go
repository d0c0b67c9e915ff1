package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type agentService interface {
	agentReader
	agentKeeper
	taskService
}

type agentReader interface {
	List(ctx context.Context, f domain.AgentFilter) ([]domain.Agent, error)
	Get(ctx context.Context, id domain.AgentID) (*domain.Agent, error)
}

type agentBody struct {
	ID             domain.AgentID      `json:"id"`
	Aliases        []domain.AgentID    `json:"aliases" doc:"Other names that lead to this agent"`
	Kind           string              `json:"kind" enum:"builtin,external" doc:"Whether it works within this program or connects from outside"`
	Name           string              `json:"name"`
	Description    string              `json:"description"`
	Status         domain.AgentStatus  `json:"status" enum:"idle,working,error,offline"`
	State          domain.AgentState   `json:"state" enum:"active,draining" doc:"An agent that drains takes no new tasks and is deleted when its last has ended"`
	TaskTypes      []string            `json:"task_types"`
	Capabilities   []string            `json:"capabilities"`
	MaxConcurrency int                 `json:"max_concurrency" doc:"How many tasks an external agent has at a time; 0: that is up to the workers"`
	Config         json.RawMessage     `json:"config" doc:"Its configuration; secrets are ***"`
	ConfigSchema   json.RawMessage     `json:"config_schema" doc:"What a configuration may hold, as JSON Schema; null: there is none"`
	Version        int64               `json:"version" doc:"Grows with every change"`
	CreatedAt      *time.Time          `json:"created_at" doc:"null for agents of this program"`
	UpdatedAt      *time.Time          `json:"updated_at"`
	LastActivity   *time.Time          `json:"last_activity"`
	Heartbeat      *time.Time          `json:"heartbeat" doc:"The last sign of life of an external agent"`
	Metrics        domain.AgentMetrics `json:"metrics"`
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
		Capability string             `query:"capability" maxLength:"100" doc:"Only agents with this capability; one that no agent has is refused"`
		Status     domain.AgentStatus `query:"status" enum:"idle,working,error,offline" doc:"Only agents with this status"`
		Kind       string             `query:"kind" enum:"builtin,external" doc:"Only agents of this kind"`
	}
	agentInput struct {
		ID domain.AgentID `path:"agent_id" doc:"Agent id or alias"`
	}
	agentOutput       struct{ Body agentBody }
	agentStatusOutput struct{ Body agentStatusBody }
)

var exampleAgent = agentBody{
	ID: "opportunity_scanner", Aliases: []domain.AgentID{}, Kind: domain.AgentBuiltin, Name: "opportunity_scanner", Status: domain.AgentIdle, State: domain.AgentActive,
	TaskTypes: []string{"market_scan"}, Capabilities: []string{"market_analysis"}, Config: json.RawMessage(`{"timeout_seconds":1800}`),
	ConfigSchema: json.RawMessage(`{"type":"object","properties":{"timeout_seconds":{"type":"integer","minimum":1,"maximum":1800,"default":1800}}}`),
	LastActivity: &exampleTime,
	Metrics:      domain.AgentMetrics{TasksCompleted: 10, TasksFailed: 2, AverageResponseTime: 0.42, SuccessRate: 0.8},
}

func registerAgents(a *API, agents agentService) {
	handle(a, operation{
		id: "list-agents", method: http.MethodGet, path: "/agents", tag: "agents", permission: domain.AgentsRead,
		summary: "List agents", response: []agentBody{exampleAgent},
	}, func(ctx context.Context, in *listAgentsInput) (*listOutput[agentBody], error) {
		all, err := agents.List(ctx, domain.AgentFilter{Capability: in.Capability, Status: in.Status, Kind: in.Kind})
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
	registerAgentKeeping(a, agents)
}

func toAgent(a *domain.Agent) agentBody {
	schema := json.RawMessage("null")
	if a.ConfigSchema != nil {
		if raw, err := json.Marshal(a.ConfigSchema); err == nil {
			schema = raw
		}
	}
	config := a.Config
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	kind, state := a.Kind, a.State
	if kind == "" {
		kind = domain.AgentBuiltin
	}
	if state == "" {
		state = domain.AgentActive
	}
	return agentBody{
		ID: a.ID, Aliases: list(a.Aliases), Kind: kind, Name: a.Name, Description: a.Description, Status: a.Status, State: state,
		TaskTypes: list(a.TaskTypes), Capabilities: list(a.Capabilities), MaxConcurrency: a.MaxConcurrency, Config: config, ConfigSchema: schema,
		Version: a.Version, CreatedAt: utc(a.CreatedAt), UpdatedAt: utc(a.UpdatedAt), LastActivity: utc(a.LastActivity), Heartbeat: utc(a.Heartbeat), Metrics: a.Metrics,
	}
}
