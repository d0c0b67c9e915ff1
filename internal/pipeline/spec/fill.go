package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// piece is a part of a text: as it is, or a reference.
type piece struct {
	text string
	ref  Ref
}

// split takes a text with ${…} apart. $${ stands for ${ itself.
func split(s string) ([]piece, error) {
	var out []piece
	var plain strings.Builder
	for s != "" {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		if i > 0 && s[i-1] == '$' {
			plain.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		plain.WriteString(s[:i])
		name, rest, closed := strings.Cut(s[i+2:], "}")
		if !closed {
			return nil, fmt.Errorf("a reference that begins with ${ is not closed by }")
		}
		ref, err := ParseRef(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if plain.Len() > 0 {
			out = append(out, piece{text: plain.String()})
			plain.Reset()
		}
		out, s = append(out, piece{ref: ref}), rest
	}
	if plain.WriteString(s); plain.Len() > 0 {
		out = append(out, piece{text: plain.String()})
	}
	return out, nil
}

// Refs returns the references in all texts of a value, in the order of their paths,
// and calls fault for each text that cannot be read.
func Refs(v any, path string, fault func(path string, err error)) []Ref {
	var out []Ref
	switch v := v.(type) {
	case string:
		pieces, err := split(v)
		if err != nil {
			fault(path, err)
		}
		for _, p := range pieces {
			if p.ref != nil {
				out = append(out, p.ref)
			}
		}
	case []any:
		for i, item := range v {
			out = append(out, Refs(item, fmt.Sprintf("%s[%d]", path, i), fault)...)
		}
	case map[string]any:
		for _, name := range sortedNames(v) {
			out = append(out, Refs(v[name], path+"."+name, fault)...)
		}
	}
	return out
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Fill returns a value with all references replaced. A text that is one reference
// becomes what it stands for; within a longer text, values are written out.
func Fill(v any, e Env) (any, error) {
	switch v := v.(type) {
	case string:
		pieces, err := split(v)
		if err != nil {
			return nil, err
		}
		if len(pieces) == 1 && pieces[0].ref != nil {
			return e.Lookup(pieces[0].ref), nil
		}
		var b strings.Builder
		for _, p := range pieces {
			b.WriteString(p.text)
			if p.ref != nil {
				b.WriteString(written(e.Lookup(p.ref)))
			}
		}
		return b.String(), nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = Fill(v[i], e); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			filled, err := Fill(item, e)
			if err != nil {
				return nil, err
			}
			out[name] = filled
		}
		return out, nil
	default:
		return v, nil
	}
}

// FillText is Fill for a text.
func FillText(s string, e Env) (string, error) {
	v, err := Fill(s, e)
	return written(v), err
}

// written returns a value as it stands within a text: a text as it is, nothing for
// null, and JSON for the rest.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return "" // it came from JSON
		}
		return string(b)
	}
}
