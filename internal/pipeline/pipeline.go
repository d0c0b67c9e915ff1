// Package pipeline runs durable pipelines. A definition is a graph of steps; a run
// of it is rows (run, steps, attempts, events) plus queued jobs: one for each step
// that may go on.
//
//	run:   queued ─▶ running ─▶ completed
//	                  │  ▲  └──▶ failed ──(retry)──▶ running
//	                  ▼  │
//	                waiting          cancelled is reached from every state that has not ended
//
// A step is ready when all that it comes after have completed or were skipped; a
// step whose condition is false is skipped, and what comes after it goes on. What is
// ready runs at the same time. A step that fails for good ends the run: steps that
// run are cancelled, those that do not are skipped.
//
// The job that finishes a step stores the step's result, applies its effects and
// enqueues what became ready in one transaction that holds the run's row. So a
// process may be killed at any moment: either that transaction happened and the next
// jobs exist, or it did not and the job runs again as a new attempt. A finished step
// never runs again, and of two branches that end at the same time, the later one
// starts what joins them. Next decides; it is pure, and recorded histories are
// replayed against it.
//
// Transactions hold the run that started a run, if there is one, before that run
// itself; see Engine.hold.
package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline/spec"
)

// Definition is one version of a pipeline. It is pure: it names steps and what
// follows what. A definition that has live runs is never edited; a new version is
// added beside it.
type Definition struct {
	Name    string
	Version int
	Steps   []StepDef
	// Private keeps the pipeline from being started by name; the program itself starts
	// it where more is to be done.
	Private bool

	priority domain.RunPriority
	spec     *spec.Pipeline // of an operator's own pipeline
	graph    *graph
}

// StepDef is one step of a definition.
type StepDef struct {
	Name    string
	Agent   domain.AgentID // whose figures the step counts for; empty for built-in steps
	Task    string         // the agent's task type
	Timeout time.Duration  // of one attempt
	Retry   Retry
	// After names the steps that must have ended before. Nil means the step before this
	// one, so that a definition without After is a chain; an empty list means that the
	// step starts at once.
	After []string
	// When is the condition under which the step runs; nil: always. It is asked when
	// the step is ready, in the transaction that makes it so.
	When func(in *Input) (bool, error)
	// Limits hold the step back while too many others with the same keys run.
	Limits []domain.Limit
	Run    Func
	// Compensate undoes a completed step after its run was cancelled or failed; nil:
	// there is nothing to undo. It is repeated until it succeeds, the last completed
	// step first.
	Compensate Func
}

// Retry says how often a failed attempt is repeated. Attempts that were lost with
// their process, or that a budget refused, do not count.
type Retry struct {
	Attempts   int           // at most this many, the first included
	Backoff    time.Duration // before the second attempt
	Factor     float64       // by which it grows with each further one; 0: 2
	MaxBackoff time.Duration // 0: one hour
	Jitter     float64       // 0 to 1: the share of the pause that is left to chance
	Codes      []domain.Code // failures that are repeated; empty: those that could go better a second time
}

// Func does the work of a step. It may run more than once for one step, so it has
// no effect of its own: what must change goes into Output.Apply.
type Func func(ctx context.Context, in *Input) (Output, error)

// Output is what a step leaves behind.
type Output struct {
	// Result is stored as JSON under the step's name, for later steps and for people.
	Result any
	// Apply changes the store, in the transaction that finishes the step. It may be nil.
	Apply func(ctx context.Context) error
	// Wait leaves the step waiting for Engine.Signal instead of finishing it.
	Wait bool
	// Start, with Wait, starts a run of another pipeline in the same transaction. Its
	// end ends the step; its results become the step's result.
	Start *StartParams
	// WakeAt, with Wait, completes the step at that time.
	WakeAt time.Time
}

// Input is what a step may know.
type Input struct {
	Run     *domain.Run
	Step    *domain.Step
	Attempt int // from 1

	results  map[string]json.RawMessage
	progress func(done, total int, message string)
}

// Params decodes the parameters of the run into v.
func (in *Input) Params(v any) error {
	if err := json.Unmarshal(in.Run.Params, v); err != nil {
		return fmt.Errorf("decode parameters of run %s: %w", in.Run.ID, err)
	}
	return nil
}

// Result decodes the result of an earlier step into v.
func (in *Input) Result(step string, v any) error {
	raw, ok := in.results[step]
	if !ok {
		return fmt.Errorf("step %s of run %s has no result yet", step, in.Run.ID)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode result of step %s: %w", step, err)
	}
	return nil
}

// Results returns the results of all completed steps that this one comes after,
// directly or not, by name. The map is a copy.
func (in *Input) Results() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(in.results))
	for k, v := range in.results {
		out[k] = append(json.RawMessage(nil), v...)
	}
	return out
}

// Progress reports how far the step is. It may be called often; the engine stores
// at most a few reports a second.
func (in *Input) Progress(done, total int, message string) {
	if in.progress != nil {
		in.progress(done, total, message)
	}
}

// prepare reports the first fault of a definition and readies it for use.
func (d *Definition) prepare() error {
	if d.Name == "" || d.Version < 1 {
		return fmt.Errorf("pipeline %q version %d: a name and a version from 1 are needed", d.Name, d.Version)
	}
	if len(d.Steps) == 0 {
		return fmt.Errorf("pipeline %s has no steps", d.Name)
	}
	for _, s := range d.Steps {
		if s.Run == nil || s.Timeout <= 0 || s.Retry.Attempts < 1 {
			return fmt.Errorf("pipeline %s: step %s needs a function, a timeout and at least one attempt", d.Name, s.Name)
		}
		for _, l := range s.Limits {
			if err := l.Validate(); err != nil {
				return fmt.Errorf("pipeline %s: step %s: %w", d.Name, s.Name, err)
			}
		}
	}
	g, err := newGraph(d.Steps)
	if err != nil {
		return fmt.Errorf("pipeline %s: %w", d.Name, err)
	}
	d.graph = g
	return nil
}

// After returns the names of the steps that a step comes after directly.
func (d *Definition) After(step int) []string {
	var out []string
	for _, i := range d.graph.before[step] {
		out = append(out, d.Steps[i].Name)
	}
	return out
}

func (d *Definition) limited() bool {
	return slices.ContainsFunc(d.Steps, func(s StepDef) bool { return len(s.Limits) > 0 })
}
