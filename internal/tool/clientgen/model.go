package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// client is what the template writes.
type client struct {
	Models     []*model
	Operations []*call
}

type model struct {
	Name   string
	Text   string
	Fields []*field
	Enums  []*enum
}

type field struct {
	Name, Type, Tag, Text string
}

// enum is a type of a fixed set of words.
type enum struct {
	Name, Text string
	Values     []value
}

type value struct{ Name, Text string }

// generator turns a document into a client.
type generator struct {
	doc     *document
	names   map[string]bool // Go names that are taken
	patches map[string]bool // models in which a field that is left out differs from an empty one
}

// reserved returns the names that the hand-written part of the client has.
func reserved() map[string]bool {
	taken := map[string]bool{}
	for _, name := range []string{
		"AnswerError", "Client", "Config", "ErrNotJSON", "ErrTooLarge", "Error", "Listing", "New", "WithIdempotencyKey",
	} {
		taken[name] = true
	}
	return taken
}

func (g *generator) client() (*client, error) {
	for _, name := range slices.Sorted(maps.Keys(g.doc.Components.Schemas)) {
		if err := g.take(name); err != nil {
			return nil, err
		}
	}
	g.findPatches()
	c := &client{}
	for _, name := range slices.Sorted(maps.Keys(g.doc.Components.Schemas)) {
		m, err := g.model(name, g.doc.Components.Schemas[name])
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", name, err)
		}
		c.Models = append(c.Models, m)
	}
	var err error
	c.Operations, err = g.calls()
	return c, err
}

// findPatches finds the models that only bodies of PATCH have, and what is in them.
func (g *generator) findPatches() {
	g.patches = map[string]bool{}
	others := map[string]bool{}
	for _, methods := range g.doc.Paths {
		for method, op := range methods {
			if op.Body != nil && op.Body.Content[jsonType] != nil {
				g.reach(op.Body.Content[jsonType].Schema, map[bool]map[string]bool{true: g.patches, false: others}[method == "patch"])
			}
			for _, r := range op.Responses {
				if m := r.Content[jsonType]; m != nil {
					g.reach(m.Schema, others)
				}
			}
		}
	}
	maps.DeleteFunc(g.patches, func(name string, _ bool) bool { return others[name] })
}

// reach notes the models that a schema leads to.
func (g *generator) reach(s *schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := path.Base(s.Ref)
		if seen[name] {
			return
		}
		seen[name] = true
		s = g.doc.Components.Schemas[name]
	}
	if s == nil {
		return
	}
	g.reach(s.Items, seen)
	for _, p := range s.Properties {
		g.reach(p, seen)
	}
	if values, err := s.values(); err == nil {
		g.reach(values, seen)
	}
}

// take notes a Go name that must be there once.
func (g *generator) take(name string) error {
	if g.names[name] {
		return fmt.Errorf("there are two things to name %s", name)
	}
	g.names[name] = true
	return nil
}

func (g *generator) model(name string, s *schema) (*model, error) {
	if s.kind() != "object" || len(s.Properties) == 0 {
		return nil, fmt.Errorf("it is not an object with fields")
	}
	m := &model{Name: name, Text: s.Description}
	for _, property := range order(s) {
		p := s.Properties[property]
		required := slices.Contains(s.Required, property)
		f := &field{Name: exported(property), Text: p.Description, Tag: property}
		var err error
		if len(p.Enum) > 0 && p.kind() == "string" {
			e, err := g.enum(name+f.Name, p)
			if err != nil {
				return nil, err
			}
			m.Enums = append(m.Enums, e)
			f.Type = e.Name
		} else if f.Type, err = g.typeOf(p); err != nil {
			return nil, fmt.Errorf("%s: %w", property, err)
		}
		if !required {
			f.Tag += ",omitempty"
		}
		f.Type = pointer(f.Type, p, required, g.patches[name])
		m.Fields = append(m.Fields, f)
	}
	return m, nil
}

// order returns the names of properties: those that are always there as the document
// has them, then the others.
func order(s *schema) []string {
	out := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// pointer makes a type one that can be absent. Outside of patches an empty string,
// list or map is as good as none.
func pointer(kind string, s *schema, required, patch bool) string {
	holdsNothing := kind == rawType || strings.HasPrefix(kind, "[]") || strings.HasPrefix(kind, "map[")
	switch {
	case required && !s.nullable(), kind == rawType:
		return kind
	case patch && s.nullable():
		return rawType // null, absent and a value are three things
	case patch:
		return "*" + kind
	case holdsNothing, s.kind() == "string" && s.Format == "" && !s.nullable():
		return kind
	}
	return "*" + kind
}

const (
	rawType  = "json.RawMessage"
	jsonType = "application/json"
)

// typeOf returns the Go type of a schema that is there.
func (g *generator) typeOf(s *schema) (string, error) {
	if s.AllOf != nil || s.AnyOf != nil || s.OneOf != nil {
		return "", fmt.Errorf("combined schemas are not supported")
	}
	if s.Ref != "" {
		name := path.Base(s.Ref)
		if g.doc.Components.Schemas[name] == nil {
			return "", fmt.Errorf("%s leads nowhere", s.Ref)
		}
		return name, nil
	}
	switch kind := s.kind(); kind {
	case "":
		return rawType, nil
	case "string":
		if s.Format == "date-time" {
			return "time.Time", nil
		}
		return "string", nil
	case "integer":
		return "int64", nil
	case "number":
		return "float64", nil
	case "boolean":
		return "bool", nil
	case "array":
		items, err := g.typeOf(s.Items)
		return "[]" + items, err
	case "object":
		return g.mapOf(s)
	default:
		return "", fmt.Errorf("type %q is not supported", kind)
	}
}

// mapOf returns the Go type of an object without a name.
func (g *generator) mapOf(s *schema) (string, error) {
	if len(s.Properties) > 0 {
		return "", fmt.Errorf("an object with fields needs a name")
	}
	values, err := s.values()
	if err != nil || values == nil {
		return rawType, err
	}
	kind, err := g.typeOf(values)
	return "map[string]" + kind, err
}

func (g *generator) enum(name string, s *schema) (*enum, error) {
	if g.names[name] {
		name += "Value" // Agent has a status, and there is an AgentStatus
	}
	if err := g.take(name); err != nil {
		return nil, err
	}
	e := &enum{Name: name, Text: s.Description}
	for _, v := range s.Enum {
		text, ok := v.(string)
		if !ok {
			continue // null
		}
		constant := name + exported(text)
		if err := g.take(constant); err != nil {
			return nil, err
		}
		e.Values = append(e.Values, value{constant, text})
	}
	return e, nil
}
