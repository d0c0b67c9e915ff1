// Package spec reads the operator's own pipelines: YAML or JSON texts that name
// steps and what they use, with conditions (see Expr) and references such as
// ${params.topic} and ${steps.scan.confidence_score} in texts.
//
//	name: weekly_check
//	parameters:
//	  - {name: website_id, type: string, required: true}
//	steps:
//	  - name: audit
//	    agent: seo_optimization_agent
//	    task: audit
//	    params: {website_id: "${params.website_id}"}
//	    limits: [{key: "site:{website_id}", concurrency: 1}]
//	  - name: ask
//	    when: steps.audit.score < 80
//	    approval: {title: "Audit found a score of ${steps.audit.score}", expires_in: 72h}
//
// A step uses one of: agent with task and params; model (prompt, system, model,
// max_tokens); approval (title, four_eyes, expires_in); pipeline with params; wait.
// after names the steps that must have ended before, without it that is the step
// before, and [] is none. undo (agent, task, params) is what an agent of the program
// does once the step has completed and its run is cancelled or fails; it may refer to
// the step's own result. Reading is strict: whatever is not known is a fault, and
// all faults are reported at once, each with its place.
package spec

import (
	"encoding/json"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"empire/internal/domain"
)

// Pipeline is a definition that has no fault.
type Pipeline struct {
	Name        string
	Description string
	Priority    domain.RunPriority // empty: normal
	Params      []Param
	Steps       []Step
}

// Param is what a run is given.
type Param struct {
	Name     string
	Type     string // string, number, integer, boolean, object, list
	Required bool
	Default  any // nil: there is none
}

// Step is one step; exactly one of Agent, Model, Approval, Pipeline and Wait is set.
type Step struct {
	Name     string
	After    []string // nil: the step before
	When     *Expr    // nil: always
	Agent    domain.AgentID
	Task     string
	Params   map[string]any // of Agent or Pipeline, with references
	Model    *Model
	Approval *Approval
	Pipeline string
	Wait     domain.Duration
	Timeout  domain.Duration // 0: the default
	Retry    *domain.RetryPolicy
	Limits   []domain.Limit
	Undo     *Undo // nil: nothing

	node     *yaml.Node
	path     string
	has      map[string]bool
	whenNode *yaml.Node
	after    *yaml.Node
}

// Model asks a model for a text.
type Model struct {
	Model     string
	System    string
	Prompt    string // with references
	MaxTokens int
}

// Approval asks a person.
type Approval struct {
	Title     string // with references
	FourEyes  bool
	ExpiresIn domain.Duration
}

// Undo is the task of an agent that undoes a step.
type Undo struct {
	Agent  domain.AgentID
	Task   string
	Params map[string]any // with references, the step's own result included
}

// World is what a definition may refer to.
type World struct {
	// Agent returns why an agent or a task type of it cannot be used.
	Agent func(agent domain.AgentID, task string) error
	// Undo returns why an agent or a task type of it cannot undo a step; it may be nil.
	Undo func(agent domain.AgentID, task string) error
	// Pipeline returns why a pipeline cannot be started as a step.
	Pipeline func(name string) error
	// Uses returns why a kind of step (model, approval) cannot be used here; it may be
	// nil.
	Uses func(kind string) error
}

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	paramTypes  = []string{"string", "number", "integer", "boolean", "object", "list"}
)

// Parse reads a definition. Without faults the pipeline can be run; with faults it
// is nil. A nil world is not asked: the definition was checked before.
func Parse(source string, world *World) (*Pipeline, []domain.Fault) {
	r := &reader{}
	doc := r.document(source)
	if doc == nil {
		return nil, r.faults
	}
	p := &Pipeline{}
	seen := r.fields(doc, "", map[string]func(*yaml.Node, string){
		"name":        r.text(&p.Name),
		"description": r.text(&p.Description),
		"priority":    choice(r, &p.Priority, domain.RunHigh, domain.RunNormal, domain.RunLow),
		"parameters": func(n *yaml.Node, path string) {
			r.each(n, path, func(n *yaml.Node, path string) { r.param(p, n, path) })
		},
		"steps": func(n *yaml.Node, path string) {
			r.each(n, path, func(n *yaml.Node, path string) { r.step(p, n, path) })
		},
	})
	if len(r.faults) == 0 || doc.Kind == yaml.MappingNode {
		if !namePattern.MatchString(p.Name) {
			r.fault(doc, "name", "A pipeline needs a name of lower-case letters, digits, - and _ that begins with a letter, of at most 63 characters.")
		}
		if !seen["steps"] || len(p.Steps) == 0 {
			r.fault(doc, "steps", "A pipeline needs at least one step.")
		}
		if len(p.Steps) > maxSteps {
			r.fault(doc, "steps", "A pipeline has at most %d steps.", maxSteps)
		} else {
			r.check(p, world)
		}
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return p, nil
}

func (r *reader) param(p *Pipeline, n *yaml.Node, path string) {
	param := Param{Type: "string"}
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"name":     r.text(&param.Name),
		"type":     choice(r, &param.Type, paramTypes...),
		"required": r.boolean(&param.Required),
		"default":  func(n *yaml.Node, path string) { param.Default = r.value(n, path) },
	})
	if !namePattern.MatchString(param.Name) {
		r.fault(n, join(path, "name"), "A parameter needs a name of lower-case letters, digits, - and _ that begins with a letter.")
		return
	}
	for _, other := range p.Params {
		if other.Name == param.Name {
			r.fault(n, join(path, "name"), "Parameter %q is declared twice.", param.Name)
		}
	}
	if param.Default != nil && !fits(param.Type, param.Default) {
		r.fault(n, join(path, "default"), "The default of parameter %s is not of type %s.", param.Name, param.Type)
	}
	p.Params = append(p.Params, param)
}

func (r *reader) step(p *Pipeline, n *yaml.Node, path string) {
	s := Step{node: n, path: path}
	var agent, when string
	s.has = r.fields(n, path, map[string]func(*yaml.Node, string){
		"name":     r.text(&s.Name),
		"after":    func(n *yaml.Node, path string) { s.after = n; r.texts(&s.After)(n, path) },
		"when":     func(n *yaml.Node, path string) { s.whenNode = n; r.text(&when)(n, path) },
		"agent":    r.text(&agent),
		"task":     r.text(&s.Task),
		"params":   r.object(&s.Params),
		"undo":     func(n *yaml.Node, path string) { s.Undo = r.undo(n, path) },
		"model":    func(n *yaml.Node, path string) { s.Model = r.model(n, path) },
		"approval": func(n *yaml.Node, path string) { s.Approval = r.approval(n, path) },
		"pipeline": r.text(&s.Pipeline),
		"wait":     r.duration(&s.Wait),
		"timeout":  r.duration(&s.Timeout),
		"retry":    func(n *yaml.Node, path string) { s.Retry = r.retry(n, path) },
		"limits": func(n *yaml.Node, path string) {
			r.each(n, path, func(n *yaml.Node, path string) { s.Limits = append(s.Limits, r.limit(n, path)) })
		},
	})
	s.Agent = domain.AgentID(agent)
	if s.whenNode != nil && when != "" {
		var err error
		if s.When, err = ParseExpr(when); err != nil {
			r.fault(s.whenNode, join(path, "when"), "The condition cannot be read: %s.", err)
		}
	}
	p.Steps = append(p.Steps, s)
}

func (r *reader) undo(n *yaml.Node, path string) *Undo {
	u := &Undo{}
	var agent string
	seen := r.fields(n, path, map[string]func(*yaml.Node, string){"agent": r.text(&agent), "task": r.text(&u.Task), "params": r.object(&u.Params)})
	if u.Agent = domain.AgentID(agent); !seen["agent"] || !seen["task"] {
		r.fault(n, path, "What undoes a step needs agent and task.")
	}
	return u
}

func (r *reader) model(n *yaml.Node, path string) *Model {
	m := &Model{}
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"prompt": r.text(&m.Prompt), "system": r.text(&m.System), "model": r.text(&m.Model), "max_tokens": r.integer(&m.MaxTokens),
	})
	if strings.TrimSpace(m.Prompt) == "" {
		r.fault(n, join(path, "prompt"), "A model needs a prompt.")
	}
	if m.MaxTokens < 0 || m.MaxTokens > 1_000_000 {
		r.fault(n, join(path, "max_tokens"), "The tokens of an answer must be between 1 and 1,000,000.")
	}
	return m
}

func (r *reader) approval(n *yaml.Node, path string) *Approval {
	a := &Approval{}
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"title": r.text(&a.Title), "four_eyes": r.boolean(&a.FourEyes), "expires_in": r.duration(&a.ExpiresIn),
	})
	if strings.TrimSpace(a.Title) == "" || len(a.Title) > 300 {
		r.fault(n, join(path, "title"), "An approval needs a title of at most 300 characters.")
	}
	if a.ExpiresIn < 0 {
		r.fault(n, join(path, "expires_in"), "The time to answer must not be negative.")
	}
	return a
}

func (r *reader) retry(n *yaml.Node, path string) *domain.RetryPolicy {
	p := &domain.RetryPolicy{}
	var codes []string
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"attempts": r.integer(&p.Attempts), "backoff": r.duration(&p.Backoff), "factor": r.number(&p.Factor), "max_backoff": r.duration(&p.MaxBackoff),
		"jitter": r.number(&p.Jitter), "codes": r.texts(&codes),
	})
	for _, c := range codes {
		p.Codes = append(p.Codes, domain.Code(c))
	}
	r.refused(n, path, p.Validate())
	return p
}

func (r *reader) limit(n *yaml.Node, path string) domain.Limit {
	var l domain.Limit
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"key": r.text(&l.Key), "concurrency": r.integer(&l.Concurrency), "per_minute": r.integer(&l.PerMinute),
	})
	r.refused(n, path, l.Validate())
	return l
}

// refused notes the fault that a rule of the domain found.
func (r *reader) refused(n *yaml.Node, path string, err error) {
	if e, ok := err.(*domain.Error); ok { //nolint:errorlint // as the rules return it
		r.fault(n, join(path, e.Field), "%s", e.Message)
	}
}

// Fill checks the parameters of a run and adds the defaults.
func (p *Pipeline) Fill(params json.RawMessage) (json.RawMessage, error) {
	given := map[string]any{}
	if err := json.Unmarshal(params, &given); err != nil || given == nil {
		return nil, domain.Invalid("params", "The parameters of pipeline %s must be an object.", p.Name)
	}
	known := map[string]bool{}
	for _, d := range p.Params {
		known[d.Name] = true
		v, has := given[d.Name]
		switch {
		case has && v != nil && !fits(d.Type, v):
			return nil, domain.Invalid("params."+d.Name, "Parameter %s of pipeline %s must be of type %s.", d.Name, p.Name, d.Type)
		case has && v != nil:
		case d.Default != nil:
			given[d.Name] = d.Default
		case d.Required:
			return nil, domain.Invalid("params."+d.Name, "Pipeline %s needs parameter %s.", p.Name, d.Name)
		}
	}
	for _, name := range sortedNames(given) {
		if !known[name] {
			return nil, domain.Invalid("params."+name, "Pipeline %s has no parameter %q.", p.Name, name)
		}
	}
	return json.Marshal(given)
}

func fits(kind string, v any) bool {
	switch v := v.(type) {
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case bool:
		return kind == "boolean"
	case map[string]any:
		return kind == "object"
	case []any:
		return kind == "list"
	default:
		return false
	}
}
