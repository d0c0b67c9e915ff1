package spec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Expr is a condition over the parameters of a run and the results of earlier
// steps:
//
//	params.language == "de" and steps.scan.confidence_score >= 0.6
//	not (steps.gate.warnings == null) or params.force
//
// Operands are texts in single or double quotes, numbers, true, false, null and
// references. Operators are ==, !=, <, <=, >, >=, and (&&), or (||), not (!) and
// parentheses. What is missing is null. Only true, and what is not null, false, 0 or
// an empty text, holds; values of different types are never equal and cannot be
// ordered.
type Expr struct {
	root node
	refs []Ref
}

// Ref names a parameter or a part of a result: params.x, steps.name.field.
type Ref []string

// String returns the reference as it is written.
func (r Ref) String() string { return strings.Join(r, ".") }

// Env holds what references stand for: JSON values as encoding/json decodes them.
type Env struct {
	Params map[string]any
	Steps  map[string]any // results by the names of the steps
}

// Lookup returns what a reference stands for; nil if it is missing.
func (e Env) Lookup(r Ref) any {
	var v any
	switch r[0] {
	case "params":
		v = mapOf(e.Params)
	case "steps":
		v = mapOf(e.Steps)
	}
	for _, part := range r[1:] {
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

func mapOf(m map[string]any) any { return m }

type node interface {
	eval(e Env) (any, error)
	text() string
}

type (
	literal struct{ v any }
	unary   struct{ x node }
	binary  struct {
		op   string
		l, r node
	}
)

// ParseExpr reads a condition of at most 1,000 characters.
func ParseExpr(s string) (*Expr, error) {
	if len(s) > 1000 {
		return nil, fmt.Errorf("a condition has at most 1,000 characters")
	}
	p := &parser{in: s}
	p.next()
	root := p.or(0)
	if p.err == nil && p.kind != tokenEnd {
		p.fail("%q is not expected there", p.tok)
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Expr{root, p.refs}, nil
}

// Refs returns the references of the condition.
func (x *Expr) Refs() []Ref { return x.refs }

// String returns the condition with all parentheses; it parses to the same.
func (x *Expr) String() string { return x.root.text() }

// Eval reports whether the condition holds. It fails if values are ordered that
// have no order.
func (x *Expr) Eval(e Env) (bool, error) {
	v, err := x.root.eval(e)
	return truth(v), err
}

func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v != ""
	default:
		return true
	}
}

func (l literal) eval(Env) (any, error) { return l.v, nil }

func (l literal) text() string {
	b, _ := json.Marshal(l.v) // a text, a number, a truth value or null
	return string(b)
}

func (r Ref) eval(e Env) (any, error) { return e.Lookup(r), nil }
func (r Ref) text() string            { return r.String() }

func (u unary) eval(e Env) (any, error) {
	v, err := u.x.eval(e)
	return !truth(v), err
}

func (u unary) text() string { return "(not " + u.x.text() + ")" }

func (b binary) eval(e Env) (any, error) {
	l, err := b.l.eval(e)
	if err != nil {
		return nil, err
	}
	if b.op == "and" && !truth(l) || b.op == "or" && truth(l) {
		return truth(l), nil
	}
	r, err := b.r.eval(e)
	if err != nil {
		return nil, err
	}
	switch b.op {
	case "and", "or":
		return truth(r), nil
	case "==":
		return reflect.DeepEqual(l, r), nil
	case "!=":
		return !reflect.DeepEqual(l, r), nil
	}
	c, ok := compare(l, r)
	if !ok {
		return nil, fmt.Errorf("%s cannot be evaluated: %s and %s have no order", b.text(), kindOf(l), kindOf(r))
	}
	switch b.op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	default:
		return c >= 0, nil
	}
}

func (b binary) text() string { return "(" + b.l.text() + " " + b.op + " " + b.r.text() + ")" }

func compare(l, r any) (int, bool) {
	if a, ok := l.(float64); ok {
		b, ok := r.(float64)
		switch {
		case a < b:
			return -1, ok
		case a > b:
			return 1, ok
		}
		return 0, ok
	}
	a, ok := l.(string)
	b, also := r.(string)
	return strings.Compare(a, b), ok && also
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a truth value"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
