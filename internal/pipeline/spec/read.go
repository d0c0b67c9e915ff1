package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"empire/internal/domain"
)

// Limits of a definition: more is taken for a mistake.
const (
	maxSource = 256 << 10
	maxDepth  = 30
	maxFaults = 100
	maxSteps  = 200
)

// reader walks over a document and collects all faults.
type reader struct{ faults []domain.Fault }

func (r *reader) fault(n *yaml.Node, path, format string, args ...any) {
	f := domain.Fault{Path: path, Message: fmt.Sprintf(format, args...)}
	if n != nil {
		f.Line, f.Column = n.Line, n.Column
	}
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, f)
	}
}

// document parses YAML, or JSON, into its only document; nil after a fault.
func (r *reader) document(source string) *yaml.Node {
	if len(source) > maxSource {
		r.fault(nil, "", "A definition has at most %d bytes.", maxSource)
		return nil
	}
	if !utf8.ValidString(source) || strings.ContainsRune(source, 0) {
		r.fault(nil, "", "The definition is not text in UTF-8.")
		return nil
	}
	var doc yaml.Node
	err := decodeYAML([]byte(source), &doc)
	if err != nil { // JSON may be set in by tabs, YAML may not
		var spaced bytes.Buffer
		if json.Indent(&spaced, []byte(source), "", "  ") == nil {
			err = decodeYAML(spaced.Bytes(), &doc)
		}
	}
	if err != nil {
		f := domain.Fault{Message: fmt.Sprintf("The definition is neither YAML nor JSON: %s.", strings.TrimPrefix(err.Error(), "yaml: "))}
		if _, rest, ok := strings.Cut(err.Error(), "line "); ok {
			number, _, _ := strings.Cut(rest, ":")
			if line, err := strconv.Atoi(number); err == nil {
				f.Line, f.Column = line, 1
			}
		}
		r.faults = append(r.faults, f)
		return nil
	}
	if len(doc.Content) != 1 {
		r.fault(nil, "", "The definition is empty.")
		return nil
	}
	if !r.plain(doc.Content[0], "", 0) {
		return nil
	}
	return doc.Content[0]
}

// decodeYAML reads one document. The parser panics on some broken texts.
func decodeYAML(b []byte, doc *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	*doc = yaml.Node{}
	return yaml.Unmarshal(b, doc)
}

// plain refuses what two readers could take differently: anchors, aliases, own tags
// and nesting beyond reason.
func (r *reader) plain(n *yaml.Node, path string, depth int) bool {
	switch {
	case depth > maxDepth:
		r.fault(n, path, "It is nested more than %d deep.", maxDepth)
		return false
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.fault(n, path, "Anchors and aliases are not supported; write the value out.")
		return false
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") || n.Style&yaml.TaggedStyle != 0:
		r.fault(n, path, "Tags are not supported.")
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = r.plain(c, path, depth+1) && ok
	}
	return ok
}

// fields reads an object; each name has its own reader. It reports which were there.
func (r *reader) fields(n *yaml.Node, path string, read map[string]func(n *yaml.Node, path string)) map[string]bool {
	seen := map[string]bool{}
	if n.Kind != yaml.MappingNode {
		r.fault(n, path, "An object is expected, with %s.", strings.Join(sortedNames(read), ", "))
		return seen
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		fn, known := read[key.Value]
		switch {
		case !known:
			r.fault(key, at, "%q is not known here; there are %s.", key.Value, strings.Join(sortedNames(read), ", "))
		case seen[key.Value]:
			r.fault(key, at, "%q is given twice.", key.Value)
		default:
			seen[key.Value] = true
			fn(value, at)
		}
	}
	return seen
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// each reads a list.
func (r *reader) each(n *yaml.Node, path string, fn func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, path, "A list is expected.")
		return
	}
	for i, c := range n.Content {
		fn(c, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (r *reader) text(dst *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			r.fault(n, path, "A text is expected.")
			return
		}
		*dst = n.Value
	}
}

func (r *reader) texts(dst *[]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*dst = []string{}
		if n.Kind == yaml.ScalarNode {
			n = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}, Line: n.Line, Column: n.Column}
		}
		r.each(n, path, func(n *yaml.Node, path string) {
			var s string
			r.text(&s)(n, path)
			*dst = append(*dst, s)
		})
	}
}

func (r *reader) object(dst *map[string]any) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var ok bool
		if *dst, ok = r.value(n, path).(map[string]any); !ok {
			r.fault(n, path, "An object is expected.")
		}
	}
}

func (r *reader) boolean(dst *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(dst) != nil {
			r.fault(n, path, "true or false is expected.")
		}
	}
}

func (r *reader) integer(dst *int) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(dst) != nil || *dst > math.MaxInt32 || *dst < math.MinInt32 {
			r.fault(n, path, "A whole number is expected.")
			*dst = 0
		}
	}
}

func (r *reader) number(dst *float64) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		v, ok := r.value(n, path).(float64)
		if !ok {
			r.fault(n, path, "A number is expected.")
		}
		*dst = v
	}
}

func (r *reader) duration(dst *domain.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || dst.UnmarshalText([]byte(n.Value)) != nil {
			r.fault(n, path, "A duration such as 90s, 10m or 1h30m is expected.")
		}
	}
}

// value returns what encoding/json would make of a value.
func (r *reader) value(n *yaml.Node, path string) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if _, dup := out[key.Value]; dup || key.Kind != yaml.ScalarNode {
				r.fault(key, join(path, key.Value), "A name is expected that is not used twice.")
				continue
			}
			out[key.Value] = r.value(n.Content[i+1], join(path, key.Value))
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			out[i] = r.value(c, fmt.Sprintf("%s[%d]", path, i))
		}
		return out
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		_ = n.Decode(&b) // the tag says so
		return b
	case "!!int", "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			r.fault(n, path, "%q is not a number that can be kept.", n.Value)
			return nil
		}
		return f
	default:
		return n.Value
	}
}

// choice reads a text that is one of several.
func choice[T ~string](r *reader, dst *T, all ...T) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if v := T(n.Value); n.Kind == yaml.ScalarNode && slices.Contains(all, v) {
			*dst = v
			return
		}
		names := make([]string, len(all))
		for i, v := range all {
			names[i] = string(v)
		}
		r.fault(n, path, "%q is not one of %s.", n.Value, strings.Join(names, ", "))
	}
}
