package api

import (
	"context"
	"net/http"

	"empire/internal/domain"
)

type orchestratorService interface {
	Overview(ctx context.Context) (*domain.Orchestrator, error)
}

// OrchestratorBody is what waits and works.
type OrchestratorBody struct {
	Agents      agentCounts     `json:"agents"`
	Messages    messageCounts   `json:"messages"`
	DeadLetters deadCounts      `json:"dead_letters"`
	ActiveTasks taskCounts      `json:"active_tasks"`
	Runs        runStatesCounts `json:"runs"`
}

type (
	agentCounts struct {
		Total   int `json:"total"`
		Idle    int `json:"idle"`
		Working int `json:"working"`
		Error   int `json:"error"`
		Offline int `json:"offline"`
	}
	priorityCounts struct {
		Total  int `json:"total"`
		High   int `json:"high"`
		Normal int `json:"normal"`
	}
	messageCounts struct {
		Queued  priorityCounts `json:"queued" doc:"In all mailboxes"`
		Handled priorityCounts `json:"handled" doc:"That are still in the log"`
		Dead    priorityCounts `json:"dead"`
	}
	deadCounts struct {
		Total int `json:"total"`
		Open  int `json:"open" doc:"That nobody had tried again"`
	}
	taskCounts struct {
		Total   int `json:"total"`
		Queued  int `json:"queued"`
		Running int `json:"running"`
		Waiting int `json:"waiting"`
	}
	runStatesCounts struct {
		Total     int `json:"total"`
		Queued    int `json:"queued"`
		Running   int `json:"running"`
		Waiting   int `json:"waiting"`
		Completed int `json:"completed"`
		Failed    int `json:"failed"`
		Cancelled int `json:"cancelled"`
	}
	orchestratorOutput struct{ Body OrchestratorBody }
)

var exampleOrchestrator = OrchestratorBody{
	Agents: agentCounts{Total: 5, Idle: 4, Working: 1}, Messages: messageCounts{Queued: priorityCounts{3, 1, 2}, Handled: priorityCounts{120, 20, 100}},
	DeadLetters: deadCounts{Total: 2, Open: 1}, ActiveTasks: taskCounts{Total: 1, Running: 1}, Runs: runStatesCounts{Total: 4, Running: 1, Completed: 3},
}

func registerOrchestrator(a *API, orchestrator orchestratorService) {
	handle(a, operation{
		id: "get-orchestrator", method: http.MethodGet, path: "/orchestrator", tag: "messages", permission: domain.AgentsRead,
		summary: "Show what waits and works", text: "Each number is a count of rows at the time of the answer.", response: exampleOrchestrator,
	}, func(ctx context.Context, _ *struct{}) (*orchestratorOutput, error) {
		o, err := orchestrator.Overview(ctx)
		if err != nil {
			return nil, err
		}
		return &orchestratorOutput{toOrchestrator(o)}, nil
	})
}

func toOrchestrator(o *domain.Orchestrator) OrchestratorBody {
	b := OrchestratorBody{
		Agents: agentCounts{
			Idle: o.Agents[domain.AgentIdle], Working: o.Agents[domain.AgentWorking], Error: o.Agents[domain.AgentError], Offline: o.Agents[domain.AgentOffline],
		},
		DeadLetters: deadCounts{o.DeadTotal, o.DeadOpen},
		ActiveTasks: taskCounts{
			Queued: o.ActiveTasks[domain.StateQueued], Running: o.ActiveTasks[domain.StateRunning], Waiting: o.ActiveTasks[domain.StateWaiting],
		},
		Runs: runStatesCounts{
			Queued: o.Runs[domain.StateQueued], Running: o.Runs[domain.StateRunning], Waiting: o.Runs[domain.StateWaiting],
			Completed: o.Runs[domain.StateCompleted], Failed: o.Runs[domain.StateFailed], Cancelled: o.Runs[domain.StateCancelled],
		},
	}
	for _, n := range o.Agents {
		b.Agents.Total += n
	}
	for _, n := range o.ActiveTasks {
		b.ActiveTasks.Total += n
	}
	for _, n := range o.Runs {
		b.Runs.Total += n
	}
	for _, c := range o.Messages {
		into := map[domain.MessageState]*priorityCounts{
			domain.MessageQueued: &b.Messages.Queued, domain.MessageHandled: &b.Messages.Handled, domain.MessageDead: &b.Messages.Dead,
		}[c.State]
		if into == nil {
			continue
		}
		into.Total += c.Count
		if c.Priority == domain.PriorityHigh {
			into.High += c.Count
		} else {
			into.Normal += c.Count
		}
	}
	return b
}
