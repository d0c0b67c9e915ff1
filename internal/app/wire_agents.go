package app

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/api"
	"empire/internal/auth"
	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/service"
	"empire/internal/ws"
)

// Subjects of the bus that lead to agents.
const (
	nudgeSubject = "empire.agent.work."     // and the agent: it has something to do
	dropSubject  = "empire.task.cancelled." // and the task
	relaySubject = "empire.socket.deliver." // and the client: a frame for it
	sweepPause   = 2 * time.Second          // between two looks for what falls due
	censusWindow = 24 * time.Hour           // of runs that ended
	revenueGap   = "No revenue source is connected yet."
)

// wireAgentService builds the service of agents. The vault of secrets comes before
// it.
func (a *App) wireAgentService() error {
	vault, err := a.vault()
	if err != nil {
		return err
	}
	a.Agents = service.NewAgents(service.AgentsConfig{
		Tx: a.store, Tasks: a.store.Tasks, Agents: a.store.Agents, Websites: a.store.Websites, Specs: shipped.Agents(), Runtime: a.runtime,
		Enqueue: a.enqueueTask, Audit: a.store.Audit, Vault: vault, Now: a.now, Log: a.log, Process: a.instance, Heartbeat: a.cfg.Agents.Heartbeat,
		Emit: a.emit, Nudge: a.nudgeAgent, Dropped: a.taskDropped, Signal: a.engine.Signal, Dead: a.deadLetter, Removed: a.agentRemoved,
	})
	return nil
}

// dispatcher hands tasks of runs to all agents, within this program and outside. The
// service exists by the time that it is asked.
type dispatcher struct{ a *App }

// Check implements pipeline.Dispatcher.
func (d dispatcher) Check(agent domain.AgentID, taskType string) error {
	return d.a.Agents.Check(agent, taskType)
}

// Do implements pipeline.Dispatcher.
func (d dispatcher) Do(ctx context.Context, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	return d.a.Agents.Do(ctx, agent, task, results)
}

// External reports whether an agent works outside this program.
func (d dispatcher) External(agent domain.AgentID) bool { return d.a.Agents.External(agent) }

// Hand stores a task for an agent outside this program.
func (d dispatcher) Hand(ctx context.Context, run *domain.Run, step *domain.Step, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) error {
	return d.a.Agents.Hand(ctx, run, step, agent, task, results)
}

// nudgeAgent makes whoever holds the connection of an agent look for work.
func (a *App) nudgeAgent(ctx context.Context, id domain.AgentID) {
	if a.bus == nil {
		return // a server that runs beside finds it on its own
	}
	if err := a.bus.Publish(ctx, nudgeSubject+string(id), map[string]domain.AgentID{"agent_id": id}); err != nil {
		a.log.WarnContext(ctx, "event not published", "agent_id", id, "err", err)
	}
}

// taskDropped makes whoever works on a task stop.
func (a *App) taskDropped(ctx context.Context, t *domain.Task) {
	if a.bus == nil {
		return
	}
	if err := a.bus.Publish(ctx, dropSubject+string(t.ID), domain.Task{ID: t.ID, AgentID: t.AgentID, Tenant: t.Tenant}); err != nil {
		a.log.WarnContext(ctx, "event not published", "task_id", t.ID, "err", err)
	}
}

// taskHeard stops the work of this process on a task that was cancelled.
func (a *App) taskHeard(_ string, data []byte) {
	var t domain.Task
	if err := json.Unmarshal(data, &t); err != nil {
		a.log.Warn("event not understood", "subject", dropSubject, "err", err)
		return
	}
	a.Agents.Stop(t.ID)
	if a.hub != nil {
		a.hub.TaskCancelled(&t)
	}
}

// wireSockets builds the hub of WebSockets and connects it with the bus.
func (a *App) wireSockets(context.Context) error {
	if a.mode != Serve {
		return nil
	}
	a.began = a.now()
	a.hub = ws.New(ws.Config{
		Agents: a.Agents, Mail: mail{a.Messages}, Authenticate: a.authenticator.Authenticate, SessionCookie: auth.SessionCookie, Collect: a.collectMetrics,
		Problem: api.WriteProblem, Status: api.StatusOf, Relay: a.relay, Logger: a.log, Now: a.now, Heartbeat: a.cfg.Agents.Heartbeat,
	})
	for subject, heard := range map[string]func(string, []byte){
		eventSubject + ">": a.eventHeard,
		dropSubject + "*":  a.taskHeard,
		nudgeSubject + "*": func(subject string, _ []byte) { a.hub.Wake(domain.AgentID(strings.TrimPrefix(subject, nudgeSubject))) },
		relaySubject + "*": func(subject string, data []byte) { a.hub.Deliver(strings.TrimPrefix(subject, relaySubject), data) },
	} {
		if _, err := a.bus.Subscribe(subject, heard); err != nil {
			return err
		}
	}
	return nil
}

// relay sends a frame to an agent that is connected to another process.
func (a *App) relay(ctx context.Context, name string, frame []byte) bool {
	r, err := a.store.Agents.Get(ctx, domain.AgentID(name))
	if err != nil || r.Link == "" || r.Process == a.instance {
		return false
	}
	return a.bus.Publish(ctx, relaySubject+name, json.RawMessage(frame)) == nil
}

// collectMetrics measures what dashboards of a tenant show.
func (a *App) collectMetrics(ctx context.Context, tenant domain.TenantID) (*ws.Metrics, error) {
	watcher := domain.WithPrincipal(ctx, &domain.Principal{Tenant: tenant, Permissions: []domain.Permission{domain.AgentsRead}})
	agents, err := a.Agents.List(watcher, domain.AgentFilter{})
	if err != nil {
		return nil, err
	}
	sites, err := a.store.Census.Websites(ctx, tenant)
	if err != nil {
		return nil, err
	}
	runs, err := a.store.Census.Runs(ctx, tenant, a.now().Add(-censusWindow))
	if err != nil {
		return nil, err
	}
	m := &ws.Metrics{
		At: a.now().UTC(), System: a.systemMetrics(ctx), Runs: runs, Revenue: &ws.RevenueMetrics{Reason: revenueGap},
		Agents:   &ws.AgentMetrics{Total: len(agents), ByStatus: map[domain.AgentStatus]int{}, List: make([]ws.AgentLine, 0, len(agents))},
		Websites: &ws.SiteMetrics{ByState: sites},
	}
	for _, n := range sites {
		m.Websites.Total += n
	}
	for _, one := range agents {
		m.Agents.ByStatus[one.Status]++
		m.Agents.List = append(m.Agents.List, ws.AgentLine{
			ID: one.ID, Status: one.Status, Running: one.Metrics.Running, Completed: one.Metrics.TasksCompleted, SuccessRate: one.Metrics.SuccessRate,
		})
	}
	return m, nil
}

func (a *App) systemMetrics(ctx context.Context) *ws.SystemMetrics {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	out := &ws.SystemMetrics{
		Components: map[string]string{}, UptimeSeconds: a.now().Sub(a.began).Seconds(), Goroutines: runtime.NumGoroutine(), HeapBytes: mem.HeapAlloc,
		Clients: a.hub.Clients(),
	}
	parts, _ := a.Health.Ready(ctx)
	for _, p := range parts {
		out.Components[p.Name] = p.State
	}
	return out
}

// sweeper does for agents and tasks what falls due.
type sweeper struct {
	a     *App
	stop  context.CancelFunc
	group errgroup.Group
}

// Start begins to look now and then. The end of ctx does not stop that.
func (s *sweeper) Start(ctx context.Context) error {
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.group.Go(func() error {
		ticker := time.NewTicker(sweepPause)
		defer ticker.Stop()
		for {
			if err := s.a.Agents.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.a.log.WarnContext(ctx, "tasks not swept", "err", err)
			}
			s.a.sweepFleet(ctx)
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	})
	return nil
}

// Stop ends what Start began.
func (s *sweeper) Stop(context.Context) error {
	s.stop()
	return s.group.Wait()
}
