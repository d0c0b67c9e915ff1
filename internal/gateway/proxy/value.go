package proxy

import (
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// text reads a string. A number is a string, too: names may be digits.
func (r *reader) text(key string, into *string) func(string, *yaml.Node) {
	return func(where string, n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			r.fault(where, "%s: a text is needed in line %d", key, n.Line)
			return
		}
		*into = n.Value
	}
}

func (r *reader) flag(key string, into *bool) func(string, *yaml.Node) {
	return func(where string, n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(into) != nil {
			r.fault(where, "%s: %q is not true or false", key, clip(n.Value))
		}
	}
}

func (r *reader) number(key string, into *int, low, high int) func(string, *yaml.Node) {
	return func(where string, n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || v < low || v > high {
			r.fault(where, "%s: %q is not a number between %d and %d", key, clip(n.Value), low, high)
			return
		}
		*into = v
	}
}

func (r *reader) duration(key string, into *time.Duration, low, high time.Duration) func(string, *yaml.Node) {
	return func(where string, n *yaml.Node) {
		v, err := time.ParseDuration(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode || err != nil:
			r.fault(where, "%s: %q is not a duration such as 30s", key, clip(n.Value))
		case v < low || v > high:
			r.fault(where, "%s: %s is not between %s and %s", key, v, low, high)
		default:
			*into = v
		}
	}
}
