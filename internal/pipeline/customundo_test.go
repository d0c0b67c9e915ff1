package pipeline_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

// notingAgents are echo, which notes what it is given, and one that works outside.
type notingAgents struct {
	echoAgents
	mu    sync.Mutex
	given []string
}

func (a *notingAgents) Check(id domain.AgentID, taskType string) error {
	if id == "outside" {
		return nil
	}
	return a.echoAgents.Check(id, taskType)
}

func (a *notingAgents) External(id domain.AgentID) bool { return id == "outside" }

func (a *notingAgents) Do(ctx context.Context, id domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	a.mu.Lock()
	a.given = append(a.given, string(task.Params))
	a.mu.Unlock()
	return a.echoAgents.Do(ctx, id, task, results)
}

const undoing = `
name: undoing
parameters: [{name: host}]
steps:
  - name: buy
    agent: echo
    task: say
    params: {buy: "${params.host}"}
    undo: {agent: echo, task: say, params: {sell: "${params.host}", saw: "${steps.buy.saw}"}}
  - name: plain
    agent: echo
    task: say
  - name: point
    agent: echo
    task: say
    params: {point: "${params.host}"}
    undo: {agent: echo, task: say, params: {unpoint: "${steps.buy.params.buy}"}}
  - name: end
    agent: echo
    task: fail
    retry: {attempts: 1}
    undo: {agent: echo, task: say, params: {never: true}}
`

// TestOwnPipelinesUndo: the steps of an operator's own pipeline are undone, the last
// first, with their own results; the step that failed is not.
func TestOwnPipelinesUndo(t *testing.T) {
	t.Parallel()
	agents := &notingAgents{}
	c := newCrew(t, newBench(t).store, func(cfg *pipeline.Config) { cfg.Agent = agents })
	c.put("acme", undoing)
	id := c.start(pipeline.StartParams{Pipeline: "undoing", Tenant: "acme", Params: json.RawMessage(`{"host":"tea.example"}`)})
	c.work(2)
	want := []string{`{"buy":"tea.example"}`, `{}`, `{"point":"tea.example"}`, `{}`, `{"unpoint":"tea.example"}`, `{"saw":0,"sell":"tea.example"}`}
	if !slices.Equal(agents.given, want) {
		t.Errorf("the agent got %q, want %q", agents.given, want)
	}
	run := c.run(id)
	if run.State != domain.StateFailed || run.Steps[0].Undo != domain.StateCompleted || run.Steps[2].Undo != domain.StateCompleted || run.Steps[3].Undo != "" {
		t.Errorf("run %s, undo states %q %q %q", run.State, run.Steps[0].Undo, run.Steps[2].Undo, run.Steps[3].Undo)
	}
}

// TestUndoChecks: what undoes a step must be there, and in this program.
func TestUndoChecks(t *testing.T) {
	t.Parallel()
	c := newCrew(t, newBench(t).store, func(cfg *pipeline.Config) { cfg.Agent = &notingAgents{} })
	for undo, want := range map[string]string{
		"{agent: nobody, task: say}":  "does not exist",
		"{agent: echo, task: dance}":  "takes say",
		"{agent: outside, task: say}": "works outside the program",
	} {
		_, faults, err := c.engine.Check(t.Context(), "acme", "name: p\nsteps: [{name: a, wait: 1s, undo: "+undo+"}]")
		if err != nil || len(faults) != 1 || faults[0].Path != "steps[0].undo.agent" || !strings.Contains(faults[0].Message, want) {
			t.Errorf("%s: faults %+v, %v, want one about %q", undo, faults, err, want)
		}
	}
}
