package api

import (
	"context"
	"encoding/json"
	"net/http"

	"empire/internal/domain"
)

// agentKeeper registers, changes and deletes agents.
type agentKeeper interface {
	Register(ctx context.Context, p domain.AgentParams) (*domain.Agent, error)
	Update(ctx context.Context, id domain.AgentID, p domain.AgentPatch) (*domain.Agent, error)
	Delete(ctx context.Context, id domain.AgentID, drain bool) (gone bool, err error)
}

type (
	registerAgentInput struct {
		Body struct {
			ID             domain.AgentID `json:"id" minLength:"2" maxLength:"63" doc:"Lower-case letters, digits, hyphens and underscores"`
			Instance       string         `json:"instance,omitempty" maxLength:"100" doc:"Names the program that registers; the same one may do so again"`
			Name           string         `json:"name,omitempty" maxLength:"200" doc:"For people; by default the id"`
			Description    string         `json:"description,omitempty" maxLength:"2000"`
			TaskTypes      []string       `json:"task_types" minItems:"1" maxItems:"100" doc:"What it can be asked for"`
			Capabilities   []string       `json:"capabilities,omitempty" maxItems:"100" doc:"By what it is found"`
			ConfigSchema   object         `json:"config_schema,omitempty" doc:"What a configuration may hold, as JSON Schema: an object whose properties have type, enum, minimum, maximum, minLength, maxLength, pattern, items, default, secret"`
			Config         object         `json:"config,omitempty" doc:"Its configuration; it must fit the schema"`
			MaxConcurrency int            `json:"max_concurrency,omitempty" minimum:"1" maximum:"1000" doc:"How many tasks it has at a time; by default 1"`
		}
	}
	registeredOutput struct {
		Location string `header:"Location" doc:"Where the agent is"`
		Body     agentBody
	}
	updateAgentInput struct {
		ID   domain.AgentID `path:"agent_id" doc:"Agent id or alias"`
		Body struct {
			Name           *string   `json:"name,omitempty" maxLength:"200"`
			Description    *string   `json:"description,omitempty" maxLength:"2000"`
			TaskTypes      *[]string `json:"task_types,omitempty" minItems:"1" maxItems:"100"`
			Capabilities   *[]string `json:"capabilities,omitempty" maxItems:"100"`
			Config         object    `json:"config,omitempty" doc:"Merged into the configuration: null removes a value, *** keeps a secret"`
			MaxConcurrency *int      `json:"max_concurrency,omitempty" minimum:"1" maximum:"1000"`
			Version        int64     `json:"version,omitempty" minimum:"1" doc:"The version that the change is based on; another one is refused"`
		}
	}
	deleteAgentInput struct {
		ID    domain.AgentID `path:"agent_id" doc:"Agent id"`
		Drain bool           `query:"drain" doc:"Let it finish what runs: it takes no new tasks, and is deleted when the last has ended"`
	}
	goneBody struct {
		ID    domain.AgentID    `json:"id"`
		State domain.AgentState `json:"state" enum:"deleted,draining"`
	}
	goneOutput struct{ Body goneBody }
)

var exampleExternal = func() agentBody {
	a := exampleAgent
	a.ID, a.Name, a.Kind, a.Status, a.MaxConcurrency, a.Version = "researcher", "Researcher", domain.AgentExternal, domain.AgentOffline, 2, 1
	a.TaskTypes, a.Capabilities, a.Metrics, a.LastActivity = []string{"research"}, []string{"web_research"}, domain.AgentMetrics{SuccessRate: 1}, nil
	a.Config = json.RawMessage(`{"depth":2,"token":"***"}`)
	a.ConfigSchema = json.RawMessage(`{"type":"object","properties":{"depth":{"type":"integer","minimum":1},"token":{"type":"string","secret":true}}}`)
	a.CreatedAt, a.UpdatedAt = &exampleTime, &exampleTime
	return a
}()

func registerAgentKeeping(a *API, agents agentKeeper) {
	handle(a, operation{
		id: "register-agent", method: http.MethodPost, path: "/agents", tag: "agents", permission: domain.AgentsManage,
		summary: "Register an external agent", status: http.StatusCreated, problems: []int{http.StatusConflict}, response: exampleExternal,
		text: "It then connects to /ws/agents/{agent_id} with a credential of the user who registered it. An id that is taken is refused, unless the same instance registers again.",
		request: map[string]any{
			"id": "researcher", "name": "Researcher", "instance": "host-1", "task_types": []string{"research"}, "capabilities": []string{"web_research"}, "max_concurrency": 2,
			"config_schema": exampleExternal.ConfigSchema, "config": map[string]any{"depth": 2, "token": "s3cret"},
		},
	}, func(ctx context.Context, in *registerAgentInput) (*registeredOutput, error) {
		schema, err := domain.ParseConfigSchema(json.RawMessage(in.Body.ConfigSchema))
		if err != nil {
			return nil, err
		}
		agent, err := agents.Register(ctx, domain.AgentParams{
			ID: in.Body.ID, Instance: in.Body.Instance, Name: in.Body.Name, Description: in.Body.Description, TaskTypes: in.Body.TaskTypes,
			Capabilities: in.Body.Capabilities, ConfigSchema: schema, Config: json.RawMessage(in.Body.Config), MaxConcurrency: in.Body.MaxConcurrency,
		})
		if err != nil {
			return nil, err
		}
		return &registeredOutput{Base + "/agents/" + string(agent.ID), toAgent(agent)}, nil
	})
	handle(a, operation{
		id: "update-agent", method: http.MethodPatch, path: "/agents/{agent_id}", tag: "agents", permission: domain.AgentsManage,
		summary: "Change an agent", problems: []int{http.StatusConflict, http.StatusPreconditionFailed}, response: exampleExternal,
		text:    "Of an agent of this program only name, description and configuration can be changed, by an administrator.",
		request: map[string]any{"config": map[string]any{"depth": 3}, "version": 1},
	}, func(ctx context.Context, in *updateAgentInput) (*agentOutput, error) {
		agent, err := agents.Update(ctx, in.ID, domain.AgentPatch{
			Name: in.Body.Name, Description: in.Body.Description, TaskTypes: in.Body.TaskTypes, Capabilities: in.Body.Capabilities,
			Config: json.RawMessage(in.Body.Config), MaxConcurrency: in.Body.MaxConcurrency, Version: in.Body.Version,
		})
		if err != nil {
			return nil, err
		}
		return &agentOutput{toAgent(agent)}, nil
	})
	handle(a, operation{
		id: "delete-agent", method: http.MethodDelete, path: "/agents/{agent_id}", tag: "agents", permission: domain.AgentsManage,
		summary: "Delete an external agent", problems: []int{http.StatusConflict}, response: goneBody{"researcher", domain.AgentDeleted},
		text: "One with running tasks is refused unless it may drain. Tasks that still wait for it become dead letters. Agents of this program cannot be deleted.",
	}, func(ctx context.Context, in *deleteAgentInput) (*goneOutput, error) {
		gone, err := agents.Delete(ctx, in.ID, in.Drain)
		if err != nil {
			return nil, err
		}
		state := domain.AgentDraining
		if gone {
			state = domain.AgentDeleted
		}
		return &goneOutput{goneBody{in.ID, state}}, nil
	})
}
