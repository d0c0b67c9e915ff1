package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// check finds the faults that one sees only with the whole definition, and the world.
func (r *reader) check(p *Pipeline, world *World) {
	at := map[string]int{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if !namePattern.MatchString(s.Name) {
			r.fault(s.node, join(s.path, "name"), "A step needs a name of lower-case letters, digits, - and _ that begins with a letter.")
			continue
		}
		if _, dup := at[s.Name]; dup {
			r.fault(s.node, join(s.path, "name"), "Step name %q is used twice.", s.Name)
			continue
		}
		at[s.Name] = i
	}
	before := r.order(p, at)
	for i := range p.Steps {
		s := &p.Steps[i]
		r.uses(p, s)
		r.times(s)
		r.references(p, s, at, before[i])
		if world != nil {
			r.exists(s, world)
		}
	}
}

// order resolves after and returns for each step what comes before it, directly or
// not. Of a circle every step is named.
func (r *reader) order(p *Pipeline, at map[string]int) []map[int]bool {
	direct := make([][]int, len(p.Steps))
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.After == nil && i > 0 {
			direct[i] = []int{i - 1}
		}
		for _, name := range s.After {
			j, known := at[name]
			if !known {
				r.fault(s.after, join(s.path, "after"), "There is no step %q.", name)
				continue
			}
			direct[i] = append(direct[i], j)
		}
	}
	all := make([]map[int]bool, len(p.Steps))
	for i := range p.Steps {
		all[i] = map[int]bool{}
		reach(direct, i, all[i])
		if all[i][i] {
			node := p.Steps[i].after
			if node == nil {
				node = p.Steps[i].node
			}
			r.fault(node, join(p.Steps[i].path, "after"), "Step %s comes after itself.", p.Steps[i].Name)
		}
	}
	return all
}

func reach(direct [][]int, i int, seen map[int]bool) {
	for _, j := range direct[i] {
		if !seen[j] {
			seen[j] = true
			reach(direct, j, seen)
		}
	}
}

// uses checks that a step uses one thing, with what belongs to it.
func (r *reader) uses(p *Pipeline, s *Step) {
	var kinds []string
	for _, kind := range []string{"agent", "model", "approval", "pipeline", "wait"} {
		if s.has[kind] {
			kinds = append(kinds, kind)
		}
	}
	switch {
	case len(kinds) == 0:
		r.fault(s.node, s.path, "Step %s needs one of agent, model, approval, pipeline or wait.", s.Name)
	case len(kinds) > 1:
		r.fault(s.node, s.path, "Step %s uses %s; a step uses one.", s.Name, strings.Join(kinds, " and "))
	}
	if s.has["agent"] != s.has["task"] {
		r.fault(s.node, join(s.path, "task"), "agent and task belong together.")
	}
	if s.has["params"] && !s.has["agent"] && !s.has["pipeline"] {
		r.fault(s.node, join(s.path, "params"), "Only an agent and a pipeline take params.")
	}
	if s.has["pipeline"] && s.Pipeline == p.Name {
		r.fault(s.node, join(s.path, "pipeline"), "Pipeline %s must not start itself.", p.Name)
	}
}

func (r *reader) times(s *Step) {
	if s.has["timeout"] && (s.Timeout <= 0 || time.Duration(s.Timeout) > domain.MaxTimeout) {
		r.fault(s.node, join(s.path, "timeout"), "The timeout must be more than 0 and at most %s.", domain.Duration(domain.MaxTimeout))
	}
	if s.has["wait"] && (s.Wait <= 0 || time.Duration(s.Wait) > 366*24*time.Hour) {
		r.fault(s.node, join(s.path, "wait"), "The wait must be more than 0 and at most a year.")
	}
}

// references checks that a step refers to parameters that are declared and to steps
// that come before it.
func (r *reader) references(p *Pipeline, s *Step, at map[string]int, before map[int]bool) {
	check := func(path string, refs []Ref, own bool) {
		for _, ref := range refs {
			switch j, known := at[ref[1]]; {
			case ref[0] == "params" && !slices.ContainsFunc(p.Params, func(d Param) bool { return d.Name == ref[1] }):
				r.fault(s.node, path, "Parameter %q is not declared.", ref[1])
			case ref[0] == "steps" && !known:
				r.fault(s.node, path, "There is no step %q.", ref[1])
			case ref[0] == "steps" && !before[j] && !(own && ref[1] == s.Name):
				r.fault(s.node, path, "Step %s does not come after step %s, so its result cannot be used.", s.Name, ref[1])
			}
		}
	}
	if s.When != nil {
		check(join(s.path, "when"), s.When.Refs(), false)
	}
	texts := map[string]any{"params": s.Params}
	if s.Params == nil {
		delete(texts, "params")
	}
	if s.Model != nil {
		texts["model.prompt"], texts["model.system"] = s.Model.Prompt, s.Model.System
	}
	if s.Approval != nil {
		texts["approval.title"] = s.Approval.Title
	}
	if s.Undo != nil && s.Undo.Params != nil {
		texts["undo.params"] = s.Undo.Params
	}
	for _, name := range sortedNames(texts) {
		path := join(s.path, name)
		refs := Refs(texts[name], path, func(path string, err error) { r.fault(s.node, path, "The text cannot be read: %s.", err) })
		check(path, refs, name == "undo.params")
	}
	for i, l := range s.Limits {
		r.limitKey(p, s, fmt.Sprintf("%s.limits[%d].key", s.path, i), l.Key)
	}
}

// limitKey checks the fields in the key of a limit.
func (r *reader) limitKey(p *Pipeline, s *Step, path, key string) {
	for {
		_, rest, found := strings.Cut(key, "{")
		if !found {
			return
		}
		field, after, closed := strings.Cut(rest, "}")
		name, isParam := strings.CutPrefix(field, "params.")
		switch {
		case !closed:
			r.fault(s.node, path, "A { is not closed.")
			return
		case isParam && slices.ContainsFunc(p.Params, func(d Param) bool { return d.Name == name }):
		case !isParam && slices.Contains([]string{"website_id", "tenant", "pipeline", "agent"}, field):
		default:
			r.fault(s.node, path, "{%s} is not one of {website_id}, {tenant}, {pipeline}, {agent} and {params.NAME} of a declared parameter.", field)
		}
		key = after
	}
}

// exists checks that what a step uses is there.
func (r *reader) exists(s *Step, world *World) {
	if s.has["agent"] && s.has["task"] {
		if err := world.Agent(s.Agent, s.Task); err != nil {
			r.fault(s.node, join(s.path, "agent"), "%s", domain.MessageOf(err))
		}
	}
	if s.Undo != nil && s.Undo.Agent != "" && s.Undo.Task != "" && world.Undo != nil {
		if err := world.Undo(s.Undo.Agent, s.Undo.Task); err != nil {
			r.fault(s.node, join(s.path, "undo.agent"), "%s", domain.MessageOf(err))
		}
	}
	if s.has["pipeline"] {
		if err := world.Pipeline(s.Pipeline); err != nil {
			r.fault(s.node, join(s.path, "pipeline"), "%s", domain.MessageOf(err))
		}
	}
	for _, kind := range []string{"model", "approval"} {
		if s.has[kind] && world.Uses != nil {
			if err := world.Uses(kind); err != nil {
				r.fault(s.node, join(s.path, kind), "%s", domain.MessageOf(err))
			}
		}
	}
}
