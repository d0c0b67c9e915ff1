package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// harvest gives the models of an operation their examples: the parts of its example
// request and answer.
func (a *API) harvest(doc *huma.Operation) {
	take := func(content map[string]*huma.MediaType) {
		for _, m := range content {
			if m.Example != nil {
				a.give(m.Schema, plain(m.Example))
			}
		}
	}
	if doc.RequestBody != nil {
		take(doc.RequestBody.Content)
	}
	for _, answer := range doc.Responses {
		take(answer.Content)
	}
}

// give makes v the example of the model that s refers to, unless it has one, and
// its parts those of the models inside.
func (a *API) give(s *huma.Schema, v any) {
	if v == nil {
		return
	}
	if s.Ref != "" {
		s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
		if len(s.Examples) == 0 {
			s.Examples = []any{v}
		}
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			a.give(s.Items, item)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			value := v[name]
			if property, ok := s.Properties[name]; ok {
				a.give(property, value)
			} else if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
				a.give(values, value)
			}
		}
	}
}

// plain returns v as JSON has it: maps, lists, strings and numbers.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("example: " + err.Error()) // a bug
	}
	var out any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		panic("example: " + err.Error()) // it was encoded above
	}
	return out
}

// harvestModels gives examples to the models that no operation's example has. It
// comes after the operations: theirs are better.
func (a *API) harvestModels() {
	registry := a.huma.OpenAPI().Components.Schemas
	for _, v := range exampleModels() {
		a.give(registry.Schema(reflect.TypeOf(v), true, ""), plain(v))
	}
}

// straighten makes the document say what the framework says otherwise. It comes last.
func (a *API) straighten() {
	for _, s := range a.huma.OpenAPI().Components.Schemas.Map() {
		for _, p := range s.Properties {
			p.PatternDescription = "" // no part of JSON Schema, and the messages are made already
			if p.UniqueItems {
				// The framework's check panics when an item is an object or a list, so
				// the document says it and the input checks it, as a huma.Resolver.
				p.UniqueItems, p.Extensions = false, map[string]any{"uniqueItems": true}
			}
		}
	}
}
