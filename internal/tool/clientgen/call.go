package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// call is a method of the client.
type call struct {
	Name, Text string
	Method     string
	Path       string
	IDs        []string // arguments for the places in Path
	Params     []*param // of query and header
	Body       string   // Go type of the request's body; empty: none
	Repeatable bool     // takes an idempotency key
	Kind       string   // of the answer: one, list, array, bytes, nothing
	Result     string   // Go type of the answer or of its items
	Walk       string   // name of the iterator; empty: the list comes whole
}

// ParamsType names the structure of the parameters.
func (c *call) ParamsType() string { return c.Name + "Params" }

type param struct {
	Name, Text string
	In, Key    string // query, and the name there
	Type       string // string, int or bool
	Required   bool
}

func (g *generator) calls() ([]*call, error) {
	var out []*call
	for _, address := range slices.Sorted(maps.Keys(g.doc.Paths)) {
		methods := g.doc.Paths[address]
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			c, err := g.call(address, method, methods[method])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", methods[method].ID, err)
			}
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *call) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (g *generator) call(address, method string, op *operation) (*call, error) {
	c := &call{Name: exported(op.ID), Method: strings.ToUpper(method), Path: address}
	c.Text = c.Name + ": " + lowerFirst(op.Summary) + "."
	if op.Description != "" {
		c.Text += "\n\n" + op.Description
	}
	if op.Deprecated {
		c.Text += "\n\nDeprecated: the operation is superseded."
	}
	if err := g.parameters(c, op); err != nil {
		return nil, err
	}
	if op.Body != nil {
		m := op.Body.Content[jsonType]
		if m == nil || m.Schema.Ref == "" {
			return nil, fmt.Errorf("its body is no JSON model")
		}
		if c.Body = path.Base(m.Schema.Ref); !op.Body.Required {
			c.Body = "*" + c.Body
		}
	}
	return c, g.result(c, op)
}

// parameters sorts the parameters of an operation by where they go.
func (g *generator) parameters(c *call, op *operation) error {
	for _, p := range op.Parameters {
		switch {
		case p.In == "path":
			c.IDs = append(c.IDs, argument(p.Name))
		case p.Name == "Idempotency-Key":
			c.Repeatable = true
		case p.Name == "If-None-Match": // answers are not kept, so nothing can be compared
		case p.In == "query", p.In == "header":
			kind, ok := map[string]string{"string": "string", "integer": "int", "number": "float64", "boolean": "bool"}[p.Schema.kind()]
			if !ok {
				return fmt.Errorf("a %s parameter of type %q is not supported", p.In, p.Schema.kind())
			}
			c.Params = append(c.Params, &param{Name: exported(p.Name), Text: describe(p), In: p.In, Key: p.Name, Type: kind, Required: p.Required})
		default:
			return fmt.Errorf("parameter %s in %s is not supported", p.Name, p.In)
		}
	}
	if len(c.Params) == 0 {
		return nil
	}
	return g.take(c.ParamsType())
}

// describe adds to the text of a parameter which words it takes.
func describe(p *parameter) string {
	text := p.Description
	if len(p.Schema.Enum) > 0 {
		var words []string
		for _, v := range p.Schema.Enum {
			words = append(words, fmt.Sprint(v))
		}
		text = strings.TrimSpace(text + ": " + strings.Join(words, ", "))
	}
	return text
}

// result finds out what comes back when all goes well.
func (g *generator) result(c *call, op *operation) error {
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		n, err := strconv.Atoi(status)
		if err != nil || n < 200 || n > 299 {
			continue
		}
		r := op.Responses[status]
		switch m := r.Content[jsonType]; {
		case len(r.Content) == 0:
			c.Kind = "nothing"
			return nil
		case m == nil:
			c.Kind = "bytes"
			return nil
		case m.Schema.kind() == "array":
			c.Kind = "array"
			if c.Result, err = g.typeOf(m.Schema.Items); err != nil {
				return err
			}
			return g.listing(c, r)
		default:
			c.Kind = "one"
			c.Result, err = g.typeOf(m.Schema)
			return err
		}
	}
	return fmt.Errorf("no answer says that all went well")
}

// listing makes a call whose answer is one window of a list that can be walked.
func (g *generator) listing(c *call, r *response) error {
	_, counted := r.Headers["X-Total-Count"]
	what, isList := strings.CutPrefix(c.Name, "List")
	if !counted || !isList || !c.takes("offset") || !c.takes("limit") {
		return nil
	}
	c.Kind, c.Walk = "list", "All"+what
	return nil
}

// Queries returns the parameters that go into the query.
func (c *call) Queries() []*param { return c.in("query") }

// Headers returns the parameters that go into the header.
func (c *call) Headers() []*param { return c.in("header") }

func (c *call) in(place string) []*param {
	var out []*param
	for _, p := range c.Params {
		if p.In == place {
			out = append(out, p)
		}
	}
	return out
}

// Value returns the parameter as a Go expression of a string.
func (p *param) Value() string {
	switch p.Type {
	case "int":
		return "strconv.Itoa(p." + p.Name + ")"
	case "float64":
		return "strconv.FormatFloat(p." + p.Name + ", 'g', -1, 64)"
	case "bool":
		return "strconv.FormatBool(p." + p.Name + ")"
	}
	return "p." + p.Name
}

// Given returns the condition under which the parameter is sent; empty: always.
func (p *param) Given() string {
	if p.Required {
		return ""
	}
	return map[string]string{"int": "p." + p.Name + " != 0", "float64": "p." + p.Name + " != 0", "bool": "p." + p.Name, "string": "p." + p.Name + ` != ""`}[p.Type]
}

func (c *call) takes(key string) bool {
	return slices.ContainsFunc(c.Params, func(p *param) bool { return p.Key == key })
}

// Arguments returns the parameters of the method after the context.
func (c *call) Arguments() string {
	var b strings.Builder
	for _, id := range c.IDs {
		b.WriteString(", " + id + " string")
	}
	if c.Body != "" {
		b.WriteString(", in " + c.Body)
	}
	if len(c.Params) > 0 {
		b.WriteString(", p " + c.ParamsType())
	}
	return b.String()
}

// Request returns the request as a composite literal.
func (c *call) Request() string {
	parts := []string{"method: " + strconv.Quote(c.Method), "path: " + strconv.Quote(c.Path)}
	if len(c.IDs) > 0 {
		parts = append(parts, "ids: []string{"+strings.Join(c.IDs, ", ")+"}")
	}
	if len(c.Queries()) > 0 {
		parts = append(parts, "query: p.query()")
	}
	if len(c.Headers()) > 0 {
		parts = append(parts, "header: p.header()")
	}
	if strings.HasPrefix(c.Body, "*") {
		parts = append(parts, "body: optional(in)")
	} else if c.Body != "" {
		parts = append(parts, "body: in")
	}
	if c.Repeatable {
		parts = append(parts, "keyed: true")
	}
	return "request{" + strings.Join(parts, ", ") + "}"
}
