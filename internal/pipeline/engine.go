package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// JobStep is the kind of job that runs one step.
const JobStep = "pipeline.step"

// maxInlineResult is how many bytes of a result are kept in the step's row; a
// larger one goes to the blob store and the row refers to it.
const maxInlineResult = 256 << 10

type runStore interface {
	Insert(ctx context.Context, r *domain.Run) error
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	SetState(ctx context.Context, id domain.RunID, from []domain.RunState, to domain.RunState, e *domain.RunError, at time.Time) (bool, error)
}

type stepStore interface {
	Begin(ctx context.Context, id domain.StepID, worker string, at time.Time) (attempt int, ok bool, err error)
	Finish(ctx context.Context, id domain.StepID, attempt int, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error)
	Wait(ctx context.Context, id domain.StepID, attempt int, at time.Time) (bool, error)
	Resume(ctx context.Context, id domain.StepID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error)
	Requeue(ctx context.Context, id domain.StepID, at time.Time) (bool, error)
	SetState(ctx context.Context, id domain.StepID, from []domain.RunState, to domain.RunState, at time.Time) (bool, error)
	Progress(ctx context.Context, id domain.StepID, attempt, done, total int, message string) error
	Attempts(ctx context.Context, run domain.RunID) ([]domain.Attempt, error)
}

type eventStore interface {
	Append(ctx context.Context, e domain.RunEvent) error
}

type agentStore interface {
	Record(ctx context.Context, id domain.AgentID, ok bool, d time.Duration, at time.Time) error
}

type transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

type blobStore interface {
	PutBytes(ctx context.Context, b []byte) (string, error)
	ReadAll(ctx context.Context, sha string) ([]byte, error)
}

// Dispatcher hands a task to an agent; inline pipelines use it.
type Dispatcher interface {
	// Check returns CodeNotFound for an unknown agent and CodeUnsupportedTaskType
	// for a task type that it does not take.
	Check(agent domain.AgentID, taskType string) error
	// Do runs the task. results holds the results of earlier stages by name.
	Do(ctx context.Context, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error)
}

// Config is what an Engine needs.
type Config struct {
	Runs   runStore
	Steps  stepStore
	Events eventStore
	Agents agentStore
	Tx     transactor
	Blobs  blobStore
	// Enqueue adds a job in the transaction of ctx, to run at the given time.
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	// Publish tells listeners about an event once it is committed; it may be nil.
	Publish func(domain.RunEvent)
	// Ended is called in the transaction that ends a run; cause is nil unless the
	// run failed. It may be nil.
	Ended  func(ctx context.Context, run *domain.Run, cause *domain.RunError) error
	Agent  Dispatcher
	Worker string // identifies this process in attempts
	Now    func() time.Time
	Log    *slog.Logger
}

// Engine runs pipelines. It is safe for concurrent use.
type Engine struct {
	cfg  Config
	defs map[string]map[int]Definition

	mu      sync.Mutex
	running map[domain.RunID]context.CancelCauseFunc // attempts in this process
}

// New returns an engine without definitions.
func New(cfg Config) *Engine {
	return &Engine{cfg: cfg, defs: map[string]map[int]Definition{}, running: map[domain.RunID]context.CancelCauseFunc{}}
}

// Register adds a definition. All definitions are registered before the first job
// is worked; the newest version is used for new runs.
func (e *Engine) Register(d Definition) error {
	if err := d.validate(); err != nil {
		return err
	}
	if e.defs[d.Name] == nil {
		e.defs[d.Name] = map[int]Definition{}
	}
	if _, dup := e.defs[d.Name][d.Version]; dup {
		return fmt.Errorf("pipeline %s version %d is registered twice", d.Name, d.Version)
	}
	e.defs[d.Name][d.Version] = d
	return nil
}

// Definitions returns the newest version of every pipeline.
func (e *Engine) Definitions() []Definition {
	var out []Definition
	for name := range e.defs {
		if d, ok := e.latest(name); ok {
			out = append(out, d)
		}
	}
	return out
}

func (e *Engine) latest(name string) (Definition, bool) {
	best := Definition{}
	for v, d := range e.defs[name] {
		if v > best.Version {
			best = d
		}
	}
	return best, best.Version > 0
}

// StartParams describe a new run: a named pipeline, or inline stages.
type StartParams struct {
	Pipeline  string
	Params    json.RawMessage
	Stages    []domain.Stage
	WebsiteID domain.WebsiteID
	Tenant    domain.TenantID // empty: the default one
	OwnerID   domain.UserID
}

// Start stores a run with its steps and enqueues its first step, in the
// transaction of ctx if there is one.
func (e *Engine) Start(ctx context.Context, p StartParams) (*domain.Run, error) {
	run, err := e.newRun(p)
	if err != nil {
		return nil, err
	}
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := e.cfg.Runs.Insert(ctx, run); err != nil {
			return err
		}
		return e.enqueue(ctx, run.ID, run.Steps[0].ID, e.cfg.Now())
	})
	if err != nil {
		return nil, fmt.Errorf("start pipeline %s: %w", run.Pipeline, err)
	}
	return run, nil
}

func (e *Engine) newRun(p StartParams) (*domain.Run, error) {
	run := &domain.Run{
		ID: domain.RunID(domain.NewID("run")), Pipeline: p.Pipeline, Version: 1, State: domain.StateQueued, Params: p.Params,
		WebsiteID: p.WebsiteID, Tenant: p.Tenant.OrDefault(), OwnerID: p.OwnerID, Stages: p.Stages, CreatedAt: e.cfg.Now().UTC(),
	}
	if len(run.Params) == 0 {
		run.Params = json.RawMessage(`{}`)
	}
	var steps []StepDef
	if p.Pipeline != "" && len(p.Stages) > 0 {
		return nil, domain.Invalid("stages", "Give either a pipeline name or stages, not both.")
	}
	if p.Pipeline != "" {
		def, ok := e.latest(p.Pipeline)
		if !ok {
			return nil, domain.Invalid("pipeline", "Pipeline %q does not exist.", p.Pipeline)
		}
		run.Version, steps = def.Version, def.Steps
	} else {
		def, err := e.inline(p.Stages)
		if err != nil {
			return nil, err
		}
		run.Pipeline, steps = def.Name, def.Steps
	}
	for i, s := range steps {
		run.Steps = append(run.Steps, domain.Step{
			ID: domain.StepID(domain.NewID("step")), RunID: run.ID, Name: s.Name, Position: i, Agent: s.Agent, Task: s.Task, State: domain.StateQueued,
		})
	}
	return run, nil
}

type stepArgs struct {
	RunID  domain.RunID  `json:"run_id"`
	StepID domain.StepID `json:"step_id"`
}

func (e *Engine) enqueue(ctx context.Context, run domain.RunID, step domain.StepID, at time.Time) error {
	return e.cfg.Enqueue(ctx, JobStep, stepArgs{run, step}, at)
}

// Cancel ends a run that has not ended. Cancelling a cancelled run again returns
// it unchanged; a run that ended otherwise is a CodeConflict.
func (e *Engine) Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	err := e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.cfg.Runs.Get(ctx, id)
		if err != nil {
			return err
		}
		if run.State == domain.StateCancelled {
			return nil
		}
		if run.State.Ended() {
			return domain.Errorf(domain.CodeConflict, "Run %s has already %s.", id, run.State)
		}
		// Not before the commit: an attempt that stops for nothing would leave its run
		// without a job.
		sqltx.AfterCommit(ctx, func() { e.stop(id) })
		return e.end(ctx, run, domain.StateCancelled, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("cancel run %s: %w", id, err)
	}
	return e.cfg.Runs.Get(ctx, id)
}

// stop ends the attempt of a cancelled run if it is in this process.
func (e *Engine) stop(id domain.RunID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if cancel, ok := e.running[id]; ok {
		cancel(errCancelled)
	}
}

var errCancelled = errors.New("the run was cancelled")

// end moves a run and its open steps to an ended state.
func (e *Engine) end(ctx context.Context, run *domain.Run, state domain.RunState, cause *domain.RunError) error {
	now := e.cfg.Now().UTC()
	open := []domain.RunState{domain.StateQueued, domain.StateRunning, domain.StateWaiting}
	changed, err := e.cfg.Runs.SetState(ctx, run.ID, open, state, cause, now)
	if err != nil || !changed {
		return err
	}
	if state != domain.StateCompleted {
		left := domain.StateSkipped
		if state == domain.StateCancelled {
			left = domain.StateCancelled
		}
		for _, s := range run.Steps {
			if _, err := e.cfg.Steps.SetState(ctx, s.ID, open, left, now); err != nil {
				return err
			}
		}
	}
	if e.cfg.Ended != nil {
		if err := e.cfg.Ended(ctx, run, cause); err != nil {
			return fmt.Errorf("end run %s: %w", run.ID, err)
		}
	}
	return e.event(ctx, run.ID, "run."+string(state), "", cause)
}

// Retry continues a failed or cancelled run at its first step that did not
// complete.
func (e *Engine) Retry(ctx context.Context, id domain.RunID) (*domain.Run, error) {
	err := e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.cfg.Runs.Get(ctx, id)
		if err != nil {
			return err
		}
		if run.State != domain.StateFailed && run.State != domain.StateCancelled {
			return domain.Errorf(domain.CodeConflict, "Run %s is %s; only a failed or cancelled run can be retried.", id, run.State)
		}
		now := e.cfg.Now().UTC()
		first := domain.StepID("")
		for _, s := range run.Steps {
			if s.State == domain.StateCompleted {
				continue
			}
			if first == "" {
				first = s.ID
			}
			if _, err := e.cfg.Steps.Requeue(ctx, s.ID, now); err != nil {
				return err
			}
		}
		from := []domain.RunState{domain.StateFailed, domain.StateCancelled}
		if _, err := e.cfg.Runs.SetState(ctx, id, from, domain.StateRunning, nil, now); err != nil {
			return err
		}
		if err := e.event(ctx, id, "run.retried", "", nil); err != nil {
			return err
		}
		return e.enqueue(ctx, id, first, now)
	})
	if err != nil {
		return nil, fmt.Errorf("retry run %s: %w", id, err)
	}
	return e.cfg.Runs.Get(ctx, id)
}

// Signal finishes a waiting step: with result, or as failed when cause is not nil.
// It joins the transaction of ctx.
func (e *Engine) Signal(ctx context.Context, id domain.RunID, stepName string, result any, cause *domain.RunError) error {
	return e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		run, err := e.cfg.Runs.Get(ctx, id)
		if err != nil {
			return err
		}
		step := stepNamed(run, stepName)
		if step == nil {
			return domain.Errorf(domain.CodeNotFound, "Run %s has no step %s.", id, stepName)
		}
		raw, err := e.encodeResult(ctx, result)
		if err != nil {
			return err
		}
		state := domain.StateCompleted
		if cause != nil {
			state = domain.StateFailed
		}
		now := e.cfg.Now().UTC()
		ok, err := e.cfg.Steps.Resume(ctx, step.ID, state, raw, cause, now)
		if err != nil {
			return err
		}
		if !ok {
			return domain.Errorf(domain.CodeConflict, "Step %s of run %s is not waiting.", stepName, id)
		}
		if _, err := e.cfg.Runs.SetState(ctx, id, []domain.RunState{domain.StateWaiting}, domain.StateRunning, nil, now); err != nil {
			return err
		}
		if err := e.event(ctx, id, "step."+string(state), stepName, cause); err != nil {
			return err
		}
		if cause != nil {
			return e.end(ctx, run, domain.StateFailed, cause)
		}
		return e.follow(ctx, run, step)
	})
}

// follow enqueues the step after step, or completes the run.
func (e *Engine) follow(ctx context.Context, run *domain.Run, step *domain.Step) error {
	if next := step.Position + 1; next < len(run.Steps) {
		return e.enqueue(ctx, run.ID, run.Steps[next].ID, e.cfg.Now())
	}
	return e.end(ctx, run, domain.StateCompleted, nil)
}

func stepNamed(run *domain.Run, name string) *domain.Step {
	for i := range run.Steps {
		if run.Steps[i].Name == name {
			return &run.Steps[i]
		}
	}
	return nil
}

func (e *Engine) event(ctx context.Context, run domain.RunID, kind, step string, cause *domain.RunError) error {
	ev := domain.RunEvent{RunID: run, Type: kind, Step: step, At: e.cfg.Now().UTC()}
	if cause != nil {
		raw, err := json.Marshal(cause)
		if err != nil {
			return fmt.Errorf("encode event %s: %w", kind, err)
		}
		ev.Data = raw
	}
	if err := e.cfg.Events.Append(ctx, ev); err != nil {
		return err
	}
	e.publish(ctx, ev)
	return nil
}
