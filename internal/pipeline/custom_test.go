package pipeline_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

// put stores a version of an operator's own pipeline after it was checked.
func (c *crew) put(tenant domain.TenantID, source string) int {
	c.t.Helper()
	p, faults, err := c.engine.Check(c.t.Context(), tenant, source)
	if err != nil || len(faults) > 0 {
		c.t.Fatalf("faults %+v, %v", faults, err)
	}
	stored := &domain.CustomPipeline{Tenant: tenant, Name: p.Name, Source: source, CreatedAt: c.now}
	if err := c.store.Pipelines.Insert(c.t.Context(), stored); err != nil {
		c.t.Fatal(err)
	}
	return stored.Version
}

const whole = `
name: weekly
description: Everything that a step may use.
priority: low
parameters:
  - {name: topic, required: true}
  - {name: least, type: number, default: 2}
steps:
  - name: look
    agent: echo
    task: say
    params: {topic: "${params.topic}", text: "about ${params.topic}", least: "${params.least}"}
    limits: [{key: "topic:{params.topic}", concurrency: 2}]
  - name: draft
    model: {prompt: "Write on ${params.topic} (${steps.look.saw}).", system: Be brief., model: small, max_tokens: 50}
  - name: rest
    after: look
    wait: 10m
  - name: never
    after: [look]
    when: steps.look.saw > params.least
    agent: echo
    task: fail
  - name: deeper
    after: [draft, rest, never]
    pipeline: other
    params: {from: "${steps.draft.text}"}
  - name: ask
    approval: {title: "Use ${steps.draft.text}?", four_eyes: true, expires_in: 48h}
`

const other = `{"name": "other", "parameters": [{"name": "from"}], "steps": [{"name": "say", "agent": "echo", "task": "say", "params": {"got": "${params.from}"}}]}`

func TestOwnPipelines(t *testing.T) {
	t.Parallel()
	var prompts []domain.ModelPrompt
	var questions []domain.Question
	c := newCrew(t, newBench(t).store, func(cfg *pipeline.Config) {
		cfg.Complete = func(_ context.Context, p domain.ModelPrompt) (*domain.ModelAnswer, error) {
			prompts = append(prompts, p)
			return &domain.ModelAnswer{Text: "a draft"}, nil
		}
		cfg.Ask = func(_ context.Context, _ *domain.Run, _ string, q domain.Question) error {
			questions = append(questions, q)
			return nil
		}
	})
	c.put("acme", other)
	c.put("acme", whole)
	began := c.now
	id := c.start(pipeline.StartParams{Pipeline: "weekly", Tenant: "acme", Params: json.RawMessage(`{"topic":"tea"}`)})
	c.work(2)
	c.wantBrief(id, "waiting look:completed draft:completed rest:completed never:skipped deeper:completed ask:waiting")
	if err := c.engine.Signal(t.Context(), id, "ask", "yes", nil); err != nil {
		t.Fatal(err)
	}
	run := c.run(id)
	if run.State != domain.StateCompleted || run.Priority != domain.RunLow || c.now.Sub(began) < 10*time.Minute {
		t.Errorf("state %s, priority %s, took %s", run.State, run.Priority, c.now.Sub(began))
	}
	if got := string(run.Steps[0].Result); got != `{"params":{"least":2,"text":"about tea","topic":"tea"},"saw":0}` {
		t.Errorf("the agent saw %s", got)
	}
	want := domain.ModelPrompt{Model: "small", System: "Be brief.", Prompt: "Write on tea (0).", MaxTokens: 50}
	if len(prompts) != 1 || prompts[0] != want {
		t.Errorf("prompts = %+v", prompts)
	}
	if got := string(run.Steps[4].Result); !strings.Contains(got, `"params":{"got":"a draft"}`) {
		t.Errorf("the other pipeline left %s", got)
	}
	if len(questions) != 1 || questions[0].Title != "Use a draft?" || !questions[0].FourEyes || questions[0].ExpiresIn != 48*time.Hour || questions[0].Kind != "approve_step" {
		t.Errorf("questions = %+v", questions)
	}
}

// TestOwnPipelinesAreOfATenant: nobody starts those of others, nor with parameters
// that they do not take.
func TestOwnPipelinesAreOfATenant(t *testing.T) {
	t.Parallel()
	c := newCrew(t, newBench(t).store, nil)
	c.put("acme", other)
	for name, p := range map[string]pipeline.StartParams{
		"another tenant":    {Pipeline: "other", Tenant: "zeta"},
		"unknown parameter": {Pipeline: "other", Tenant: "acme", Params: json.RawMessage(`{"form":"x"}`)},
		"wrong type":        {Pipeline: "other", Tenant: "acme", Params: json.RawMessage(`{"from":1}`)},
		"no object":         {Pipeline: "other", Tenant: "acme", Params: json.RawMessage(`[1]`)},
	} {
		if _, err := c.engine.Start(t.Context(), p); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if err := c.store.Pipelines.Delete(t.Context(), "acme", "other", c.now); err != nil {
		t.Fatal(err)
	}
	if _, err := c.engine.Start(t.Context(), pipeline.StartParams{Pipeline: "other", Tenant: "acme"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("start of a deleted pipeline = %v, want invalid", err)
	}
}

// TestOwnPipelineVersions: a live run ends on its own version, also in a process that
// has never seen it, and after the pipeline was deleted.
func TestOwnPipelineVersions(t *testing.T) {
	t.Parallel()
	s := newBench(t).store
	ask := func(cfg *pipeline.Config) {
		cfg.Ask = func(context.Context, *domain.Run, string, domain.Question) error { return nil }
	}
	source := func(text string) string {
		return "name: p\nsteps:\n- {name: ask, approval: {title: 'Go on?'}}\n- {name: say, agent: echo, task: say, params: {text: " + text + "}}"
	}
	c := newCrew(t, s, ask)
	if v := c.put("main", source("one")); v != 1 {
		t.Fatalf("version = %d", v)
	}
	id := c.start(pipeline.StartParams{Pipeline: "p"})
	c.work(1)
	if v := c.put("main", source("two")); v != 2 {
		t.Fatalf("version = %d", v)
	}
	later := c.start(pipeline.StartParams{Pipeline: "p"})
	c.work(1)
	if err := s.Pipelines.Delete(t.Context(), "main", "p", c.now); err != nil {
		t.Fatal(err)
	}
	fresh := newCrew(t, s, ask)
	for run, want := range map[domain.RunID]string{id: "one", later: "two"} {
		if err := fresh.engine.Signal(t.Context(), run, "ask", "yes", nil); err != nil {
			t.Fatal(err)
		}
		fresh.work(1)
		if got := fresh.run(run); got.State != domain.StateCompleted || !strings.Contains(string(got.Steps[1].Result), want) {
			t.Errorf("run of version %d: %s, result %s", got.Version, got.State, got.Steps[1].Result)
		}
	}
}

// TestCheckAsksTheWorld: what a definition uses must be there.
func TestCheckAsksTheWorld(t *testing.T) {
	t.Parallel()
	private := def("private", step("a", 1, ok(1)))
	private.Private = true
	c := newCrew(t, newBench(t).store, nil, private, def("public", step("a", 1, ok(1))))
	c.put("acme", other)
	for _, tt := range []struct{ name, steps, want string }{
		{"unknown agent", `{name: a, agent: who, task: say}`, `Agent "who" does not exist.`},
		{"unknown task type", `{name: a, agent: echo, task: sing}`, `Agent echo takes say, fail, panic.`},
		{"unknown pipeline", `{name: a, pipeline: nope}`, `Pipeline "nope" does not exist.`},
		{"private pipeline", `{name: a, pipeline: private}`, `Pipeline private cannot be started by its name.`},
		{"pipeline of another tenant", `{name: a, pipeline: other}`, `Pipeline "other" does not exist.`},
		{"shipped pipeline", `{name: a, pipeline: public}`, ""},
		{"no model", `{name: a, model: {prompt: x}}`, "No model is configured."},
		{"no approvals", `{name: a, approval: {title: x}}`, "Approvals are not available."},
	} {
		_, faults, err := c.engine.Check(t.Context(), "main", "name: p\nsteps: ["+tt.steps+"]")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(faults) > 0 {
			got = faults[0].Message
		}
		if got != tt.want || len(faults) > 1 {
			t.Errorf("%s: faults %+v, want %q", tt.name, faults, tt.want)
		}
	}
	for _, name := range []string{"public", "inline"} {
		if _, faults, _ := c.engine.Check(t.Context(), "main", "name: "+name+"\nsteps: [{name: a, wait: 1s}]"); len(faults) != 1 || faults[0].Path != "name" {
			t.Errorf("name %s: faults %+v, want one", name, faults)
		}
	}
}

func TestStagesHaveAnOrder(t *testing.T) {
	t.Parallel()
	say := domain.TaskSpec{Type: "say"}
	c := newCrew(t, newBench(t).store, nil)
	id := c.start(pipeline.StartParams{Stages: []domain.Stage{
		{Name: "a", Agent: "echo", Task: say}, {Name: "b", Agent: "echo", Task: say, After: []string{}},
		{Name: "c", Agent: "echo", Task: say, After: []string{"a", "b"}, When: "steps.a.saw == 0", Limits: []domain.Limit{{Key: "k", Concurrency: 1}}},
		{Name: "d", Agent: "echo", Task: say, When: "steps.c.saw == 99", Timeout: domain.Duration(time.Second), Retry: &domain.RetryPolicy{Attempts: 3}},
	}})
	c.work(2)
	c.wantBrief(id, "completed a:completed b:completed c:completed d:skipped")
	stage := func(change func(*domain.Stage)) []domain.Stage {
		s := domain.Stage{Name: "b", Agent: "echo", Task: say}
		change(&s)
		return []domain.Stage{{Name: "a", Agent: "echo", Task: say}, s}
	}
	for field, stages := range map[string][]domain.Stage{
		"stages":                  stage(func(s *domain.Stage) { s.After = []string{"x"} }),
		"stages[1].when":          stage(func(s *domain.Stage) { s.When = "1 +" }),
		"stages[1].timeout":       stage(func(s *domain.Stage) { s.Timeout = -1 }),
		"stages[1].retry.factor":  stage(func(s *domain.Stage) { s.Retry = &domain.RetryPolicy{Factor: 0.5} }),
		"stages[1].limits[0].key": stage(func(s *domain.Stage) { s.Limits = []domain.Limit{{Key: "x"}} }),
	} {
		_, err := c.engine.Start(t.Context(), pipeline.StartParams{Stages: stages})
		if domain.CodeOf(err) != domain.CodeInvalid || !strings.Contains(err.Error(), field+":") {
			t.Errorf("%s: %v, want a fault there", field, err)
		}
	}
	_, err := c.engine.Start(t.Context(), pipeline.StartParams{Stages: stage(func(s *domain.Stage) { s.When = "steps.b.x" })})
	if domain.CodeOf(err) != domain.CodeInvalid || !strings.Contains(err.Error(), "stages[1].when:") {
		t.Errorf("condition on itself: %v", err)
	}
}
