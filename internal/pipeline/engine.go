package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// The kinds of jobs of an engine; see Engine.Handlers.
const (
	JobStep  = "pipeline.step"  // runs one step
	JobUndo  = "pipeline.undo"  // compensates the next step of a run that has ended
	JobAdmit = "pipeline.admit" // lets steps in that a limit held back
	JobWake  = "pipeline.wake"  // ends a wait whose time has come
)

// maxDepth is how many runs may be above a run.
const maxDepth = 5

// maxInlineResult is how many bytes of a result are kept in the step's row; a
// larger one goes to the blob store and the row refers to it.
const maxInlineResult = 256 << 10

type runStore interface {
	Insert(ctx context.Context, r *domain.Run) error
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Lock(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Parent(ctx context.Context, id domain.RunID) (domain.RunID, error)
	Children(ctx context.Context, id domain.RunID) ([]domain.RunID, error)
	SetState(ctx context.Context, id domain.RunID, from []domain.RunState, to domain.RunState, e *domain.RunError, at time.Time) (bool, error)
}

type stepStore interface {
	Ready(ctx context.Context, id domain.StepID, at time.Time) (bool, error)
	Begin(ctx context.Context, id domain.StepID, worker string, at time.Time) (attempt int, ok bool, err error)
	Finish(ctx context.Context, id domain.StepID, attempt int, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error)
	Wait(ctx context.Context, id domain.StepID, attempt int, at time.Time) (bool, error)
	Pause(ctx context.Context, id domain.StepID, attempt int, e *domain.RunError, at time.Time) (bool, error)
	Wake(ctx context.Context, id domain.StepID) (bool, error)
	Resume(ctx context.Context, id domain.StepID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error)
	Requeue(ctx context.Context, id domain.StepID, at time.Time) (bool, error)
	Reset(ctx context.Context, id domain.StepID) (bool, error)
	SetState(ctx context.Context, id domain.StepID, from []domain.RunState, to domain.RunState, at time.Time) (bool, error)
	Progress(ctx context.Context, id domain.StepID, attempt, done, total int, message string) error
	Attempts(ctx context.Context, run domain.RunID) ([]domain.Attempt, error)
	Current(ctx context.Context, id domain.StepID) (domain.RunState, int, error)
	Results(ctx context.Context, run domain.RunID) (map[string]json.RawMessage, error)
	QueueUndo(ctx context.Context, id domain.StepID) (bool, error)
	BeginUndo(ctx context.Context, id domain.StepID) (attempt int, err error)
	EndUndo(ctx context.Context, id domain.StepID, attempt int, state domain.RunState, e *domain.RunError) (bool, error)
}

type slotStore interface {
	Insert(ctx context.Context, s *domain.Slot) error
	Lock(ctx context.Context) error
	List(ctx context.Context) ([]domain.Slot, error)
	Admit(ctx context.Context, id string, at time.Time) error
	Block(ctx context.Context, id, reason string, wake *time.Time) error
	Delete(ctx context.Context, ids []string) error
}

type customStore interface {
	Get(ctx context.Context, tenant domain.TenantID, name string, version int) (*domain.CustomPipeline, error)
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
	// External reports whether the agent works outside this program: it is handed its
	// tasks and answers later, through Engine.Signal.
	External(agent domain.AgentID) bool
	// Hand stores a task for an external agent, in the transaction of ctx.
	Hand(ctx context.Context, run *domain.Run, step *domain.Step, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) error
}

// Config is what an Engine needs.
type Config struct {
	Runs   runStore
	Steps  stepStore
	Slots  slotStore
	Events eventStore
	Agents agentStore
	Tx     transactor
	Blobs  blobStore
	Custom customStore // the operator's own pipelines; nil: there are none
	// Enqueue adds a job in the transaction of ctx, to run at the given time.
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	// Publish tells listeners about an event once it is committed; it may be nil.
	Publish func(domain.RunEvent)
	// Ended is called in the transaction that ends a run; cause is nil unless the
	// run failed. It may be nil.
	Ended func(ctx context.Context, run *domain.Run, cause *domain.RunError) error
	// Ask opens an approval for a step that waits for a person, in the transaction that
	// lets it wait; without it there are no such steps.
	Ask func(ctx context.Context, run *domain.Run, step string, q domain.Question) error
	// Exhausted is told that a budget refused a call of a step, in the transaction that
	// lets the step wait for Engine.Resume. Without it such a step fails.
	Exhausted func(ctx context.Context, run *domain.Run, step string, cause *domain.Exhausted) error
	// Complete asks a model; without it there are no steps that do.
	Complete func(ctx context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error)
	Agent    Dispatcher
	Worker   string // identifies this process in attempts
	// Poll is how often a running attempt looks whether it is still wanted; 0: 3 s.
	Poll time.Duration
	Now  func() time.Time
	Log  *slog.Logger
}

// Engine runs pipelines. It is safe for concurrent use.
type Engine struct {
	cfg    Config
	defs   map[string]map[int]Definition
	custom sync.Map // of the operator's pipelines, by customKey; versions never change

	mu      sync.Mutex
	running map[domain.RunID]map[domain.StepID]context.CancelCauseFunc // attempts in this process
}

// New returns an engine without definitions.
func New(cfg Config) *Engine {
	if cfg.Poll == 0 {
		cfg.Poll = 3 * time.Second
	}
	return &Engine{cfg: cfg, defs: map[string]map[int]Definition{}, running: map[domain.RunID]map[domain.StepID]context.CancelCauseFunc{}}
}

// Handlers returns what works the jobs of the engine, by their kind.
func (e *Engine) Handlers() map[string]func(ctx context.Context, args json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		JobStep: e.Work, JobUndo: e.workUndo, JobAdmit: e.workAdmit, JobWake: e.workWake,
	}
}

// Register adds a definition. All definitions are registered before the first job
// is worked; the newest version is used for new runs.
func (e *Engine) Register(d Definition) error {
	if err := d.prepare(); err != nil {
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

// now is the time as the store keeps it.
func (e *Engine) now() time.Time { return e.cfg.Now().UTC().Truncate(time.Microsecond) }

type stepArgs struct {
	RunID  domain.RunID  `json:"run_id"`
	StepID domain.StepID `json:"step_id"`
	// Ready is when the step became ready, in microseconds: a job from before a retry of
	// its run is not the step's any more. 0: a job of an earlier release.
	Ready int64 `json:"ready,omitempty"`
}

func (e *Engine) enqueue(ctx context.Context, step *domain.Step, at time.Time) error {
	args := stepArgs{RunID: step.RunID, StepID: step.ID}
	if step.ReadyAt != nil {
		args.Ready = step.ReadyAt.UnixMicro()
	}
	return e.cfg.Enqueue(ctx, JobStep, args, at)
}

func stepNamed(run *domain.Run, name string) *domain.Step {
	for i := range run.Steps {
		if run.Steps[i].Name == name {
			return &run.Steps[i]
		}
	}
	return nil
}

func stepByID(run *domain.Run, id domain.StepID) *domain.Step {
	for i := range run.Steps {
		if run.Steps[i].ID == id {
			return &run.Steps[i]
		}
	}
	return nil
}

// event adds to the history of a run; data is nil or becomes JSON.
func (e *Engine) event(ctx context.Context, run *domain.Run, kind, step string, data any) error {
	ev := domain.RunEvent{RunID: run.ID, Type: kind, Step: step, At: e.now(), Tenant: run.Tenant, Pipeline: run.Pipeline}
	if data != nil {
		raw, err := json.Marshal(data)
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

// failure is the data of an event that has a cause, or nil.
func failure(cause *domain.RunError) any {
	if cause == nil {
		return nil
	}
	return cause
}

func (e *Engine) publish(ctx context.Context, ev domain.RunEvent) {
	if e.cfg.Publish != nil {
		sqltx.AfterCommit(ctx, func() { e.cfg.Publish(ev) })
	}
}
