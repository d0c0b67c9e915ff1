package service

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

type figureStore interface {
	Record(ctx context.Context, id domain.AgentID, ok bool, d time.Duration, at time.Time) error
	Metrics(ctx context.Context) (map[domain.AgentID]domain.AgentFigures, error)
}

// agentStore keeps what was declared about agents, and their connections.
type agentStore interface {
	figureStore
	Get(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error)
	Hold(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error)
	List(ctx context.Context) ([]domain.AgentRecord, error)
	Save(ctx context.Context, a *domain.AgentRecord) error
	Reset(ctx context.Context, id domain.AgentID) error
	Link(ctx context.Context, id domain.AgentID, link, instance, process string, at time.Time) error
	Unlink(ctx context.Context, id domain.AgentID, link string) (bool, error)
	Beat(ctx context.Context, process string, at time.Time) (map[domain.AgentID]string, error)
	Linked(ctx context.Context, id domain.AgentID, link string) (bool, error)
	Show(ctx context.Context, id domain.AgentID, from, to domain.AgentStatus) (bool, error)
}

// AgentsConfig is what Agents needs.
type AgentsConfig struct {
	Tx       transactor
	Tasks    taskStore
	Agents   agentStore
	Websites websiteGetter
	Specs    []domain.Agent // the agents within this program, without figures
	Runtime  pipeline.Dispatcher
	Enqueue  func(ctx context.Context, kind string, args any, at time.Time) error
	Audit    auditStore
	Vault    vault // seals secrets of configurations; nil: there can be none
	Now      func() time.Time
	Log      *slog.Logger // nil: nothing is logged
	// Process names this process among those that hold connections.
	Process string
	// Heartbeat is how often a connected agent gives a sign of life; after three
	// missed ones it is offline. 0: 10 s.
	Heartbeat time.Duration

	// Emit publishes news; nil: nobody hears of it.
	Emit func(ctx context.Context, ev domain.Event)
	// Nudge tells all processes that an agent has something to do; nil: they look
	// now and then.
	Nudge func(ctx context.Context, id domain.AgentID)
	// Dropped tells all processes that a task was cancelled.
	Dropped func(ctx context.Context, t *domain.Task)
	// Dead keeps a dead letter; it is called in the transaction that ends the task.
	Dead func(ctx context.Context, d domain.DeadLetter) error
	// Signal tells the step of a run how its task ended, in the same transaction.
	Signal func(ctx context.Context, run domain.RunID, step string, result any, cause *domain.RunError) error
	// Removed is called in the transaction that deletes an agent: its messages become
	// dead letters.
	Removed func(ctx context.Context, id domain.AgentID) error
}

// lookUp is how long it may take to find an agent where nobody can wait longer.
const lookUp = 5 * time.Second

// heartbeatsMissed is after how many of them an agent is offline.
const heartbeatsMissed = 3

// Agents registers agents and gives them tasks. Those within this program belong to
// the installation; the others, and all tasks, to the tenant that asked for them.
type Agents struct {
	cfg     AgentsConfig
	journal journal

	mu      sync.Mutex
	running map[domain.TaskID]context.CancelCauseFunc // in this process
	taking  sync.Mutex                                // hands out tasks one agent after another
}

// NewAgents returns the service.
func NewAgents(cfg AgentsConfig) *Agents {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 10 * time.Second
	}
	return &Agents{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}, running: map[domain.TaskID]context.CancelCauseFunc{}}
}

// Heartbeat is how often a connected agent gives a sign of life.
func (s *Agents) Heartbeat() time.Duration { return s.cfg.Heartbeat }

// List returns the agents that the principal sees, or those of a filter. A
// capability that no agent has, and a status or kind that is none, are CodeInvalid.
func (s *Agents) List(ctx context.Context, f domain.AgentFilter) ([]domain.Agent, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	if f.Status != "" && !slices.Contains(domain.AgentStatuses(), f.Status) {
		return nil, domain.Invalid("status", "%q is not idle, working, error or offline.", f.Status)
	}
	if f.Kind != "" && f.Kind != domain.AgentBuiltin && f.Kind != domain.AgentExternal {
		return nil, domain.Invalid("kind", "%q is not builtin or external.", f.Kind)
	}
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	known := false
	out := []domain.Agent{}
	for _, a := range all {
		has := f.Capability == "" || slices.Contains(a.Capabilities, f.Capability)
		known = known || has
		if has && (f.Status == "" || a.Status == f.Status) && (f.Kind == "" || a.Kind == f.Kind) {
			out = append(out, a.Agent)
		}
	}
	if !known {
		return nil, domain.Invalid("capability", "No agent has the capability %q.", f.Capability)
	}
	return out, nil
}

// all returns the agents that the principal in ctx sees, those of this program
// first, with their figures and secrets masked.
func (s *Agents) all(ctx context.Context) ([]domain.AgentRecord, error) {
	figures, err := s.cfg.Agents.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	records, err := s.cfg.Agents.List(ctx)
	if err != nil {
		return nil, err
	}
	kept := map[domain.AgentID]domain.AgentRecord{}
	for _, r := range records {
		kept[r.ID] = r
	}
	out := make([]domain.AgentRecord, 0, len(records)+len(s.cfg.Specs))
	for _, spec := range s.cfg.Specs {
		out = append(out, s.withFigures(builtin(spec, kept[spec.ID]), figures[spec.ID]))
	}
	tenant := scope(ctx)
	for _, r := range records {
		if r.External() && (tenant == "" || r.Tenant == tenant) {
			out = append(out, s.withFigures(masked(r), figures[r.ID]))
		}
	}
	return out, nil
}

// builtin returns an agent of this program with what was configured.
func builtin(spec domain.Agent, kept domain.AgentRecord) domain.AgentRecord {
	spec.Kind, spec.State, spec.ConfigSchema, spec.Config = domain.AgentBuiltin, domain.AgentActive, builtinSchema(), kept.Config
	if spec.Name == "" {
		spec.Name = string(spec.ID)
	}
	if kept.Name != "" {
		spec.Name, spec.Description = kept.Name, kept.Description
	}
	spec.Version, spec.UpdatedAt = kept.Version, kept.UpdatedAt
	if len(spec.Config) == 0 {
		spec.Config = completed(spec.ConfigSchema, nil)
	}
	kept.Agent = spec
	if kept.Shown == "" {
		kept.Shown = domain.AgentIdle
	}
	return kept
}

// withFigures adds what an agent did and derives what it is doing.
func (s *Agents) withFigures(a domain.AgentRecord, f domain.AgentFigures) domain.AgentRecord {
	a.LastActivity = f.LastActivity
	a.Metrics = domain.AgentMetrics{TasksCompleted: f.Completed, TasksFailed: f.Failed, SuccessRate: 1, Running: f.Running}
	if f.Completed > 0 {
		a.Metrics.AverageResponseTime = f.Total.Seconds() / float64(f.Completed)
		a.Metrics.SuccessRate = float64(f.Completed-f.Failed) / float64(f.Completed)
	}
	switch {
	case a.External() && !s.alive(&a):
		a.Status = domain.AgentOffline
	case f.Running > 0:
		a.Status = domain.AgentWorking
	case f.LastFailed:
		a.Status = domain.AgentError
	default:
		a.Status = domain.AgentIdle
	}
	return a
}

// alive reports whether an external agent is connected and gave a sign of life.
func (s *Agents) alive(a *domain.AgentRecord) bool {
	return a.Link != "" && a.Heartbeat != nil && s.cfg.Now().Sub(*a.Heartbeat) < heartbeatsMissed*s.cfg.Heartbeat
}

// Get returns one agent by its id or an alias.
func (s *Agents) Get(ctx context.Context, id domain.AgentID) (*domain.Agent, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return &r.Agent, nil
}

// find returns one agent that the principal in ctx sees.
func (s *Agents) find(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == id || slices.Contains(all[i].Aliases, id) {
			return &all[i], nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
}

// Resolve returns the id behind an id or an alias, and whether there is such an
// agent for the principal in ctx; without one, whoever it belongs to.
func (s *Agents) Resolve(ctx context.Context, id domain.AgentID) (domain.AgentID, bool) {
	if spec, ok := s.spec(id); ok {
		return spec.ID, true
	}
	r, err := s.cfg.Agents.Get(ctx, id)
	if err != nil || !r.External() || r.State == domain.AgentDeleted {
		return "", false
	}
	if tenant := scope(ctx); tenant != "" && r.Tenant != tenant {
		return "", false
	}
	return r.ID, true
}

// WasDeleted reports whether an external agent had this id once.
func (s *Agents) WasDeleted(ctx context.Context, id domain.AgentID) bool {
	r, err := s.cfg.Agents.Get(ctx, id)
	if err != nil || r.State != domain.AgentDeleted {
		return false
	}
	tenant := scope(ctx)
	return tenant == "" || r.Tenant == tenant
}

// spec returns an agent of this program by its id or an alias.
func (s *Agents) spec(id domain.AgentID) (domain.Agent, bool) {
	for _, a := range s.cfg.Specs {
		if a.ID == id || slices.Contains(a.Aliases, id) {
			return a, true
		}
	}
	return domain.Agent{}, false
}

// Settle tells watchers of agents whose status is another than they were told. All
// changes go through the legal ones.
func (s *Agents) Settle(ctx context.Context) error {
	ctx = domain.WithPrincipal(ctx, nil) // of all tenants
	all, err := s.all(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, a := range all {
		from := a.Shown
		for _, to := range from.Path(a.Status) {
			ok, err := s.move(ctx, &a, from, to)
			faults = append(faults, err)
			if !ok {
				break
			}
			from = to
		}
	}
	return errors.Join(faults...)
}

// move changes the status that watchers see. It refuses an illegal change, and
// reports false if another process made one first.
func (s *Agents) move(ctx context.Context, a *domain.AgentRecord, from, to domain.AgentStatus) (bool, error) {
	if !from.MayBecome(to) {
		s.cfg.Log.WarnContext(ctx, "illegal change of status refused", slog.String("agent_id", string(a.ID)),
			slog.String("from", string(from)), slog.String("to", string(to)))
		return false, domain.Errorf(domain.CodeConflict, "Agent %s cannot become %s while it is %s.", a.ID, to, from)
	}
	ok, err := s.cfg.Agents.Show(ctx, a.ID, from, to)
	if err != nil || !ok {
		return false, err
	}
	s.emit(ctx, "agent.status", eventTenant(&a.Agent), string(a.ID), map[string]any{"agent_id": a.ID, "status": to, "before": from, "metrics": a.Metrics})
	return true, nil
}

// eventTenant returns who hears of an agent: everybody of one of this program.
func eventTenant(a *domain.Agent) domain.TenantID {
	if !a.External() {
		return ""
	}
	return a.Tenant.OrDefault()
}

// emit publishes news.
func (s *Agents) emit(ctx context.Context, topic string, tenant domain.TenantID, object string, data any) {
	if s.cfg.Emit == nil {
		return
	}
	raw, err := json.Marshal(data)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "event not encoded", slog.String("topic", topic), slog.Any("err", err))
		return
	}
	s.cfg.Emit(context.WithoutCancel(ctx), domain.Event{Topic: topic, Tenant: tenant, Object: object, Data: raw, At: s.cfg.Now().UTC()})
}

func (s *Agents) nudge(ctx context.Context, id domain.AgentID) {
	if s.cfg.Nudge != nil {
		s.cfg.Nudge(context.WithoutCancel(ctx), id)
	}
}
