package apifuzz

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// spot is a place in a value with the schema of what is there.
type spot struct {
	schema *Schema
	value  any
	set    func(any)
	parent map[string]any // nil at the top and in lists
	name   string         // in parent
	needed bool           // by the parent
}

// spots returns all places in a value whose schema is known.
func spots(s *Schema, v any, set func(any)) []spot {
	s = s.end()
	out := []spot{{schema: s, value: v, set: set}}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			p := s.Properties[name]
			if p == nil {
				continue
			}
			inner := spots(p, v[name], func(n any) { v[name] = n })
			inner[0].parent, inner[0].name, inner[0].needed = v, name, slices.Contains(s.Required, name)
			out = append(out, inner...)
		}
	case []any:
		for i := range v {
			if s.Items != nil {
				out = append(out, spots(s.Items, v[i], func(n any) { v[i] = n })...)
			}
		}
	}
	return out
}

// literal stands in a value for JSON text that cannot be encoded.
const literal = "\ue000literal\ue000"

// mutation changes a place so that it is not good any more. It reports whether the
// document says so, and the JSON text that literal stands for.
type mutation func(m *maker, s *spot) (refused bool, text string)

var mutations = []mutation{leaveOut, addUnknown, changeType, setNull, breakBound, oddLiteral, sameNameTwice, nestDeep, unknownWord}

// mutate changes one place of a good body.
func (g *Generator) mutate(m *maker, q *Request) {
	v := m.value("", q.Operation.Body, 0)
	all := spots(q.Operation.Body, v, func(n any) { v = n })
	refused, text := mutations[m.r.IntN(len(mutations))](m, &all[m.r.IntN(len(all))])
	q.setBody(v)
	q.Body = []byte(strings.ReplaceAll(string(q.Body), `"`+literal+`"`, text))
	if refused {
		q.want(http.StatusUnprocessableEntity, http.StatusBadRequest)
	}
}

func leaveOut(_ *maker, s *spot) (bool, string) {
	if s.parent == nil {
		s.set(map[string]any{})
		return len(s.schema.Required) > 0, ""
	}
	delete(s.parent, s.name)
	return s.needed, ""
}

func addUnknown(_ *maker, s *spot) (bool, string) {
	object, ok := s.value.(map[string]any)
	if ok {
		object["unknown_field"] = "x"
	}
	return ok && s.schema.Additional.refused, ""
}

func changeType(m *maker, s *spot) (bool, string) {
	s.set(m.otherType(s.schema))
	return len(s.schema.Type) > 0, ""
}

func setNull(_ *maker, s *spot) (bool, string) {
	s.set(nil)
	return s.needed && len(s.schema.Type) > 0 && !slices.Contains(s.schema.Type, "null"), ""
}

func breakBound(m *maker, s *spot) (bool, string) { return m.stretch(s), "" }

// literals are numbers and texts as JSON has them and few programs expect them.
var literals = []string{"1e400", "-1e400", "9223372036854775808", "1.5", "-0", "1E-400", "123456789012345678901234567890", `"\ud800"`, `"\u0000"`}

func oddLiteral(m *maker, s *spot) (bool, string) {
	s.set(literal)
	isNumber := slices.Contains(s.schema.Type, "number") || slices.Contains(s.schema.Type, "integer")
	return len(s.schema.Type) > 0 && !isNumber, literals[m.r.IntN(len(literals))]
}

func sameNameTwice(_ *maker, s *spot) (bool, string) {
	s.set(map[string]any{"twice_": literal})
	return true, `1,"twice":1,"twice":2`
}

func nestDeep(_ *maker, s *spot) (bool, string) {
	s.set(literal)
	return true, strings.Repeat("[", 80) + strings.Repeat("]", 80)
}

func unknownWord(_ *maker, s *spot) (bool, string) {
	s.set("not one of the words")
	return len(s.schema.Enum) > 0, ""
}

// otherType returns a value of a type that the schema does not allow, if there is
// one.
func (m *maker) otherType(s *Schema) any {
	all := []any{"text", json.Number("7"), true, []any{"x"}, map[string]any{"x": json.Number("1")}, json.Number("0.5")}
	for range 20 {
		v := all[m.r.IntN(len(all))]
		if !slices.ContainsFunc(s.Type, func(t string) bool { return is(t, v) }) {
			return v
		}
	}
	return nil
}

// stretch breaks a bound of a place; it reports whether there was one.
func (m *maker) stretch(s *spot) bool {
	switch {
	case s.schema.MaxLength != nil && m.r.IntN(2) == 0:
		s.set(strings.Repeat("ä", *s.schema.MaxLength+1))
	case s.schema.MinLength != nil && *s.schema.MinLength > 0:
		s.set("")
	case s.schema.MaxItems != nil:
		item := any("x")
		if list, ok := s.value.([]any); ok && len(list) > 0 {
			item = list[0]
		}
		s.set(slices.Repeat([]any{item}, *s.schema.MaxItems+1))
	case s.schema.Minimum != nil:
		n, _ := s.schema.Minimum.Int64()
		s.set(json.Number(itoa(n - 1)))
	case s.schema.Maximum != nil:
		n, _ := s.schema.Maximum.Int64()
		s.set(json.Number(itoa(n + 1)))
	case s.schema.kind() == "string":
		s.set(strings.Repeat("long ", 40_000))
		return false
	default:
		return false
	}
	return true
}

// poison puts hostile texts in the place of texts.
func (g *Generator) poison(m *maker, q *Request) {
	v := m.value("", q.Operation.Body, 0)
	all := spots(q.Operation.Body, v, func(n any) { v = n })
	done := false
	for _, s := range all {
		if s.schema.kind() == "string" && len(s.schema.Enum) == 0 && m.r.IntN(2) == 0 {
			s.set(m.hostileText())
			done = true
		}
	}
	if !done {
		if object, ok := v.(map[string]any); ok {
			object[m.hostileText()] = m.hostileText()
		}
	}
	q.setBody(v)
}
