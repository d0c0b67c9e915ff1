package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// plainAttrs turns decoded JSON into attributes: whole numbers become int64, others
// float64. It returns nil for no attributes.
func plainAttrs(m map[string]any) (Attrs, error) {
	if len(m) == 0 {
		return nil, nil
	}
	for k, v := range m {
		p, err := plainValue(v)
		if err != nil {
			return nil, fmt.Errorf("its attribute %q %w", k, err)
		}
		m[k] = p
	}
	return m, nil
}

func plainValue(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		f, err := v.Float64()
		if err != nil || math.IsInf(f, 0) {
			return nil, fmt.Errorf("is the number %s, which is too large", v)
		}
		return f, nil
	case []any:
		for i := range v {
			if v[i], err = plainValue(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = plainValue(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// appendValue appends a value as JSON. Keys are in order and a float64 always has a
// fraction or an exponent, so that it is read back as one.
func appendValue(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendText(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, domain.Invalid("attributes", "The number %v cannot be written as JSON.", v)
		}
		at := len(b)
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
		if !strings.ContainsAny(string(b[at:]), ".e") {
			b = append(b, ".0"...)
		}
		return b, nil
	case []any:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, x); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		if b, err = appendMembers(b, v); err != nil {
			return nil, err
		}
		return append(b, '}'), nil
	}
	return nil, domain.Invalid("attributes", "A value of type %T cannot be an attribute.", v)
}

// appendMembers appends the members of an object, in the order of their names. If b
// does not end where an object begins, a comma comes first.
func appendMembers(b []byte, m map[string]any) ([]byte, error) {
	var err error
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(appendText(b, k), ':')
		if b, err = appendValue(b, m[k]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string always can
	return append(b, text...)
}
