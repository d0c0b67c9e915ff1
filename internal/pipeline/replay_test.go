package pipeline_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/pipeline/shipped"
)

var update = flag.Bool("update", false, "record the histories in testdata/runs anew")

// history is a recorded run: what happened, and what Next decided after each event.
type history struct {
	Pipeline string     `json:"pipeline"`
	Version  int        `json:"version"`
	Steps    []string   `json:"steps"`
	Events   []decision `json:"events"`
}

type decision struct {
	Type  string          `json:"type"`
	Step  string          `json:"step,omitempty"`
	Reset []string        `json:"reset,omitempty"` // of run.retried: what runs again
	Ready []string        `json:"ready,omitempty"`
	End   domain.RunState `json:"end,omitempty"`
}

// replay folds a history into the states of the steps and asks Next after each
// event.
func replay(t *testing.T, d *pipeline.Definition, h *history) []decision {
	t.Helper()
	states := make([]pipeline.StepState, len(d.Steps))
	for i := range states {
		states[i].State = domain.StateQueued
	}
	at := func(name string) int {
		i := slices.IndexFunc(d.Steps, func(s pipeline.StepDef) bool { return s.Name == name })
		if i < 0 {
			t.Fatalf("the history of %s is about step %q, which version %d does not have", d.Name, name, d.Version)
		}
		return i
	}
	var out []decision
	for _, ev := range h.Events {
		got := decision{Type: ev.Type, Step: ev.Step, Reset: ev.Reset}
		switch ev.Type {
		case "step.started":
			states[at(ev.Step)].State = domain.StateRunning
		case "step.completed":
			states[at(ev.Step)].State = domain.StateCompleted
		case "step.skipped":
			states[at(ev.Step)].State = domain.StateSkipped
		case "step.waiting":
			states[at(ev.Step)].State = domain.StateWaiting
		case "step.failed": // for good: the histories have no attempts that are repeated
			states[at(ev.Step)].State = domain.StateFailed
		case "run.retried":
			for _, name := range ev.Reset {
				states[at(name)] = pipeline.StepState{State: domain.StateQueued}
			}
		}
		if ev.Type != "run.completed" && ev.Type != "run.failed" {
			next := pipeline.Next(d, states)
			got.End = next.End
			for _, i := range next.Ready {
				got.Ready = append(got.Ready, d.Steps[i].Name)
				states[i].Ready = true
			}
		}
		out = append(out, got)
	}
	return out
}

// recordable are the runs of which histories are kept, with how they are made.
func recordable() map[string]struct {
	def  pipeline.Definition
	live func(c *crew, id domain.RunID)
} {
	signal := func(c *crew, id domain.RunID, step string) {
		if err := c.engine.Signal(c.t.Context(), id, step, "yes", nil); err != nil {
			c.t.Fatal(err)
		}
		c.work(1)
	}
	again := func(from string) func(c *crew, id domain.RunID) {
		return func(c *crew, id domain.RunID) {
			if _, err := c.engine.Retry(c.t.Context(), id, from); err != nil {
				c.t.Fatal(err)
			}
			c.work(1)
		}
	}
	launch := (&shipped.Launch{}).Definition()
	for i := range launch.Steps {
		launch.Steps[i].Run = ok(launch.Steps[i].Name)
		if launch.Steps[i].Name == "approve" {
			launch.Steps[i].Run = func(context.Context, *pipeline.Input) (pipeline.Output, error) {
				return pipeline.Output{Wait: true}, nil
			}
		}
	}
	maybe := after(step("maybe", 1, ok(1)), "left")
	maybe.When = func(*pipeline.Input) (bool, error) { return false, nil }
	wide := def("wide", step("root", 1, ok(1)), after(step("left", 1, ok(1)), "root"), after(step("right", 1, ok(1)), "root"), maybe,
		after(step("join", 1, ok(1)), "left", "right", "maybe"))
	tries := 0
	flaky := func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
		if tries++; tries == 1 {
			return failing(domain.CodeConflict)(ctx, in)
		}
		return pipeline.Output{}, nil
	}
	type live = func(c *crew, id domain.RunID)
	return map[string]struct {
		def  pipeline.Definition
		live live
	}{
		"launch_website": {launch, func(c *crew, id domain.RunID) { signal(c, id, "approve") }},
		"parallel":       {wide, func(*crew, domain.RunID) {}},
		"failed":         {def("fails", step("a", 1, ok(1)), step("b", 1, failing(domain.CodeGateRed)), step("c", 1, ok(1))), func(*crew, domain.RunID) {}},
		"retried":        {def("retried", step("a", 1, ok(1)), step("b", 1, flaky), step("c", 1, ok(1))), again("")},
		"retried_from":   {wide, again("left")},
	}
}

// TestReplay replays recorded histories against the definitions as they are: a
// definition that has live runs must decide as it did. Who changes one adds a version
// instead of recording anew.
func TestReplay(t *testing.T) {
	t.Parallel()
	for name, r := range recordable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "runs", name+".json")
			c := newCrew(t, newBench(t).store, nil, r.def)
			d := c.engine.Definitions()[0]
			if *update {
				id := c.start(pipeline.StartParams{Pipeline: r.def.Name})
				c.work(1)
				r.live(c, id)
				record(t, file, &d, c, id)
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var h history
			if err := json.Unmarshal(raw, &h); err != nil {
				t.Fatal(err)
			}
			var steps []string
			for _, s := range d.Steps {
				steps = append(steps, s.Name)
			}
			if diff := cmp.Diff(h.Steps, steps); diff != "" || h.Pipeline != d.Name || h.Version != d.Version {
				t.Errorf("the history is of %s version %d with other steps (-history +now):\n%s", h.Pipeline, h.Version, diff)
			}
			if diff := cmp.Diff(h.Events, replay(t, &d, &h)); diff != "" {
				t.Errorf("version %d of %s decides otherwise than it did (-history +now):\n%s", d.Version, d.Name, diff)
			}
		})
	}
}

// record writes the history of a run with what is decided now.
func record(t *testing.T, file string, d *pipeline.Definition, c *crew, id domain.RunID) {
	t.Helper()
	events, err := c.store.Events.List(t.Context(), id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	h := history{Pipeline: d.Name, Version: d.Version}
	for _, s := range d.Steps {
		h.Steps = append(h.Steps, s.Name)
	}
	for _, ev := range events {
		var data struct {
			Steps []string `json:"steps"`
		}
		if ev.Type == "run.retried" {
			if err := json.Unmarshal(ev.Data, &data); err != nil {
				t.Fatal(err)
			}
		}
		h.Events = append(h.Events, decision{Type: ev.Type, Step: ev.Step, Reset: data.Steps})
	}
	h.Events = replay(t, d, &h)
	raw, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReplayFindsAChange: a definition that was edited decides otherwise.
func TestReplayFindsAChange(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("testdata", "runs", "parallel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var h history
	if err := json.Unmarshal(raw, &h); err != nil {
		t.Fatal(err)
	}
	edited := recordable()["parallel"].def
	edited.Steps = slices.Clone(edited.Steps)
	edited.Steps[2].After = []string{"left"}
	c := newCrew(t, newBench(t).store, nil, edited)
	d := c.engine.Definitions()[0]
	if cmp.Equal(h.Events, replay(t, &d, &h)) {
		t.Error("nothing was found")
	}
}

// TestHistoriesAreWhatTheEngineDid: each step of a recorded run started after it was
// decided, in the engine as in the replay.
func TestHistoriesAreWhatTheEngineDid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "runs", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d histories, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var h history
		if err := json.Unmarshal(raw, &h); err != nil {
			t.Fatal(err)
		}
		ready, started := map[string]int{}, map[string]int{}
		for _, ev := range h.Events {
			if ev.Type == "step.started" {
				if started[ev.Step]++; started[ev.Step] > ready[ev.Step] {
					t.Errorf("%s: step %s started before it was decided", file, ev.Step)
				}
			}
			for _, name := range ev.Ready {
				ready[name]++
			}
		}
	}
}
