// Package pipeline runs durable pipelines. A definition names steps in order; a
// run of it is rows (run, steps, attempts, events) plus one queued job: the job of
// the step that comes next.
//
//	run:   queued ─▶ running ─▶ completed
//	                  │  ▲  └──▶ failed ──(retry)──▶ running
//	                  ▼  │
//	                waiting          cancelled is reached from every state that has not ended
//
// The job that finishes a step stores the step's result, applies its effects and
// enqueues the next step's job in one transaction. So a process may be killed at
// any moment: either that transaction happened and the next job exists, or it did
// not and the job runs again as a new attempt. A finished step never runs again.
package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

// Definition is one version of a pipeline. It is pure: it names steps and what
// follows what. A definition that has live runs is never edited; a new version is
// added beside it.
type Definition struct {
	Name    string
	Version int
	Steps   []StepDef
}

// StepDef is one step of a definition.
type StepDef struct {
	Name    string
	Agent   domain.AgentID // whose figures the step counts for; empty for built-in steps
	Task    string         // the agent's task type
	Timeout time.Duration  // of one attempt
	Retry   Retry
	Run     Func
}

// Retry says how often a failed attempt is repeated. Attempts that were lost with
// their process do not count.
type Retry struct {
	Attempts int           // at most this many, the first included
	Backoff  time.Duration // before the second attempt; doubles with each further one
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

// Results returns the results of all earlier steps by name. The map is a copy.
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

// validate reports the first fault of a definition.
func (d *Definition) validate() error {
	if d.Name == "" || d.Version < 1 {
		return fmt.Errorf("pipeline %q version %d: a name and a version from 1 are needed", d.Name, d.Version)
	}
	if len(d.Steps) == 0 {
		return fmt.Errorf("pipeline %s has no steps", d.Name)
	}
	seen := map[string]bool{}
	for _, s := range d.Steps {
		switch {
		case s.Name == "" || seen[s.Name]:
			return fmt.Errorf("pipeline %s: step name %q is empty or used twice", d.Name, s.Name)
		case s.Run == nil || s.Timeout <= 0 || s.Retry.Attempts < 1:
			return fmt.Errorf("pipeline %s: step %s needs a function, a timeout and at least one attempt", d.Name, s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}
