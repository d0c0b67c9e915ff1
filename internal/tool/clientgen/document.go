package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
)

// document is what is read of an OpenAPI 3.1 document.
type document struct {
	Paths      map[string]map[string]*operation `json:"paths"`
	Components struct {
		Schemas    map[string]*schema    `json:"schemas"`
		Parameters map[string]*parameter `json:"parameters"`
		Responses  map[string]*response  `json:"responses"`
	} `json:"components"`
}

type operation struct {
	ID          string       `json:"operationId"`
	Summary     string       `json:"summary"`
	Description string       `json:"description"`
	Deprecated  bool         `json:"deprecated"`
	Parameters  []*parameter `json:"parameters"`
	Body        *struct {
		Required bool              `json:"required"`
		Content  map[string]*media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]*response `json:"responses"`
}

type parameter struct {
	Ref         string  `json:"$ref"`
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description"`
	Required    bool    `json:"required"`
	Schema      *schema `json:"schema"`
}

type response struct {
	Ref     string                     `json:"$ref"`
	Headers map[string]json.RawMessage `json:"headers"`
	Content map[string]*media          `json:"content"`
}

type media struct {
	Schema *schema `json:"schema"`
}

// schema is a JSON Schema as far as models need it.
type schema struct {
	Ref         string             `json:"$ref"`
	Type        types              `json:"type"`
	Format      string             `json:"format"`
	Description string             `json:"description"`
	Enum        []any              `json:"enum"`
	Items       *schema            `json:"items"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Additional  json.RawMessage    `json:"additionalProperties"`
	AllOf       json.RawMessage    `json:"allOf"`
	AnyOf       json.RawMessage    `json:"anyOf"`
	OneOf       json.RawMessage    `json:"oneOf"`
}

// types are the JSON types that a schema allows; none means any.
type types []string

// UnmarshalJSON implements json.Unmarshaler: one name, or a list of them.
func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// nullable reports whether null is allowed beside the type.
func (s *schema) nullable() bool { return slices.Contains(s.Type, "null") }

// kind returns the type that is not null, or "" for any.
func (s *schema) kind() string {
	for _, t := range s.Type {
		if t != "null" {
			return t
		}
	}
	return ""
}

// parse reads a document and puts parameters and responses in the place of what
// refers to them.
func parse(raw []byte) (*document, error) {
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	for address, methods := range doc.Paths {
		for method, op := range methods {
			if op.ID == "" {
				return nil, fmt.Errorf("%s %s has no operationId", method, address)
			}
			for i, p := range op.Parameters {
				if p.Ref != "" {
					op.Parameters[i] = doc.Components.Parameters[path.Base(p.Ref)]
				}
				if op.Parameters[i] == nil || op.Parameters[i].Schema == nil {
					return nil, fmt.Errorf("%s: parameter %d leads nowhere", op.ID, i)
				}
			}
			for status, r := range op.Responses {
				if r.Ref != "" {
					op.Responses[status] = doc.Components.Responses[path.Base(r.Ref)]
				}
				if op.Responses[status] == nil {
					return nil, fmt.Errorf("%s: answer %s leads nowhere", op.ID, status)
				}
			}
		}
	}
	return &doc, nil
}

// values returns the schema of the values of a map, or nil if they may be anything.
func (s *schema) values() (*schema, error) {
	if len(s.Additional) == 0 || s.Additional[0] != '{' {
		return nil, nil
	}
	var v schema
	if err := json.Unmarshal(s.Additional, &v); err != nil {
		return nil, fmt.Errorf("read additionalProperties: %w", err)
	}
	return &v, nil
}
