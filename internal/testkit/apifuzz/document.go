// Package apifuzz holds an API against its own OpenAPI document: it makes requests
// from the document, good and bad ones, and checks that every answer is one that
// the document describes.
//
//	Document ─▶ Generator.Next ─▶ Request ─▶ (the caller sends it) ─▶ Answer ─▶ Document.Faults
//	                ▲                                                    │
//	                └──────────────── Pool of real values ◀──────────────┘
//
// Nothing here knows an operation by name, so new ones are tested as soon as they
// are in the document. Equal seeds give equal requests, as far as the ids that the
// server hands out allow.
package apifuzz

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Document is a parsed OpenAPI 3.1 document.
type Document struct {
	Operations []*Operation // in the order of their paths
	base       string       // of all paths: /api/v1
	schemas    map[string]*Schema
}

// Operation is one operation of a document.
type Operation struct {
	ID       string
	Method   string
	Path     string // template, without the base
	Public   bool   // takes requests without a credential
	Body     *Schema
	Required bool // a body is
	Params   []*Param

	example any
	answers map[int]*answer
	things  string // the name under which other operations ask for what it answers with
}

// Param is a parameter of an operation.
type Param struct {
	Name     string
	In       string // path, query or header
	Required bool
	Schema   *Schema
}

type answer struct {
	bodies  map[string]*Schema // by media type; none: no body
	headers map[string]*Schema
}

type rawDocument struct {
	Servers []struct {
		URL string `json:"url"`
	} `json:"servers"`
	Paths      map[string]map[string]*rawOperation `json:"paths"`
	Components struct {
		Schemas    map[string]*Schema    `json:"schemas"`
		Parameters map[string]*rawParam  `json:"parameters"`
		Headers    map[string]*rawParam  `json:"headers"`
		Responses  map[string]*rawAnswer `json:"responses"`
	} `json:"components"`
}

type rawOperation struct {
	ID         string      `json:"operationId"`
	Parameters []*rawParam `json:"parameters"`
	Body       *struct {
		Required bool                 `json:"required"`
		Content  map[string]*rawMedia `json:"content"`
	} `json:"requestBody"`
	Responses map[string]*rawAnswer `json:"responses"`
	Security  []map[string][]string `json:"security"`
}

type rawParam struct {
	Ref      string  `json:"$ref"`
	Name     string  `json:"name"`
	In       string  `json:"in"`
	Required bool    `json:"required"`
	Schema   *Schema `json:"schema"`
}

type rawAnswer struct {
	Ref     string               `json:"$ref"`
	Headers map[string]*rawParam `json:"headers"`
	Content map[string]*rawMedia `json:"content"`
}

type rawMedia struct {
	Schema  *Schema `json:"schema"`
	Example any     `json:"example"`
}

// Parse reads a document. A keyword of a schema that the validator does not know is
// an error: it would be checked by nobody.
func Parse(raw []byte) (*Document, error) {
	var in rawDocument
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if len(in.Servers) != 1 {
		return nil, fmt.Errorf("the document names %d servers, want one", len(in.Servers))
	}
	d := &Document{base: in.Servers[0].URL, schemas: in.Components.Schemas}
	for name, s := range d.schemas {
		if err := d.resolve(s); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(in.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(in.Paths[address])) {
			op, err := d.operation(&in, in.Paths[address][method])
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, address, err)
			}
			op.Method, op.Path = strings.ToUpper(method), address
			op.things = idName(in.Paths, address)
			d.Operations = append(d.Operations, op)
		}
	}
	return d, nil
}

// idName returns the name of the ids of what is at an address: as the address itself
// ends, as one below does, or after its last word.
func idName(paths map[string]map[string]*rawOperation, address string) string {
	end := func(s string) string {
		name, isParam := strings.CutPrefix(path.Base(s), "{")
		if !isParam {
			return ""
		}
		return strings.TrimSuffix(name, "}")
	}
	if name := end(address); name != "" {
		return name
	}
	for _, other := range slices.Sorted(maps.Keys(paths)) {
		if path.Dir(other) == address && end(other) != "" {
			return end(other)
		}
	}
	return strings.TrimSuffix(strings.ReplaceAll(path.Base(address), "-", "_"), "s") + "_id"
}

func (d *Document) operation(in *rawDocument, raw *rawOperation) (*Operation, error) {
	op := &Operation{ID: raw.ID, Public: len(raw.Security) == 0, answers: map[int]*answer{}}
	for _, p := range raw.Parameters {
		if p.Ref != "" {
			p = in.Components.Parameters[path.Base(p.Ref)]
		}
		if p == nil {
			return nil, fmt.Errorf("a parameter leads nowhere")
		}
		if err := d.resolve(p.Schema); err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		op.Params = append(op.Params, &Param{p.Name, p.In, p.Required, p.Schema})
	}
	if raw.Body != nil {
		m := raw.Body.Content["application/json"]
		if m == nil {
			return nil, fmt.Errorf("a body that is not JSON is not supported")
		}
		op.Body, op.Required, op.example = m.Schema, raw.Body.Required, m.Example
		if err := d.resolve(op.Body); err != nil {
			return nil, err
		}
	}
	for status, r := range raw.Responses {
		a, err := d.answer(in, r)
		if err != nil {
			return nil, fmt.Errorf("answer %s: %w", status, err)
		}
		var n int
		if _, err := fmt.Sscanf(status, "%d", &n); err != nil {
			return nil, fmt.Errorf("answer %q has no status", status)
		}
		op.answers[n] = a
	}
	return op, nil
}

func (d *Document) answer(in *rawDocument, r *rawAnswer) (*answer, error) {
	if r.Ref != "" {
		if r = in.Components.Responses[path.Base(r.Ref)]; r == nil {
			return nil, fmt.Errorf("it leads nowhere")
		}
	}
	a := &answer{bodies: map[string]*Schema{}, headers: map[string]*Schema{}}
	for name, h := range r.Headers {
		if h.Ref != "" {
			h = in.Components.Headers[path.Base(h.Ref)]
		}
		if h == nil {
			return nil, fmt.Errorf("header %s leads nowhere", name)
		}
		if err := d.resolve(h.Schema); err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		a.headers[http.CanonicalHeaderKey(name)] = h.Schema
	}
	for kind, m := range r.Content {
		if err := d.resolve(m.Schema); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		kind, _, _ = strings.Cut(kind, ";")
		a.bodies[kind] = m.Schema
	}
	return a, nil
}

// resolve finds what a schema and its parts refer to, and prepares its pattern.
func (d *Document) resolve(s *Schema) error {
	if s == nil {
		return fmt.Errorf("a schema is missing")
	}
	if s.Ref != "" && s.target == nil {
		if s.target = d.schemas[path.Base(s.Ref)]; s.target == nil {
			return fmt.Errorf("%s leads nowhere", s.Ref)
		}
	}
	if s.Pattern != "" {
		re, err := regexp.Compile(s.Pattern)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", s.Pattern, err)
		}
		s.re = re
	}
	for name, p := range s.Properties {
		if err := d.resolve(p); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, part := range []*Schema{s.Items, s.Additional.schema} {
		if part == nil {
			continue
		}
		if err := d.resolve(part); err != nil {
			return err
		}
	}
	return nil
}

// Schema returns a schema of the components by its name, or nil.
func (d *Document) Schema(name string) *Schema { return d.schemas[name] }
