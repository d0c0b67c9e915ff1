package apifuzz

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Schema is the part of JSON Schema 2020-12 that documents of this project use.
type Schema struct {
	Ref        string             `json:"$ref"`
	Type       types              `json:"type"`
	Enum       []any              `json:"enum"`
	Format     string             `json:"format"`
	Pattern    string             `json:"pattern"`
	Encoding   string             `json:"contentEncoding"`
	Properties map[string]*Schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional additional         `json:"additionalProperties"`
	Items      *Schema            `json:"items"`
	MinLength  *int               `json:"minLength"`
	MaxLength  *int               `json:"maxLength"`
	MinItems   *int               `json:"minItems"`
	MaxItems   *int               `json:"maxItems"`
	MinProps   *int               `json:"minProperties"`
	MaxProps   *int               `json:"maxProperties"`
	Unique     bool               `json:"uniqueItems"`
	Minimum    *json.Number       `json:"minimum"`
	Maximum    *json.Number       `json:"maximum"`
	Above      *json.Number       `json:"exclusiveMinimum"`
	Below      *json.Number       `json:"exclusiveMaximum"`

	// What says nothing about whether a value fits.
	Title, Description string
	Examples           []any
	Example, Default   any
	Deprecated         bool
	ReadOnly           bool `json:"readOnly"`
	WriteOnly          bool `json:"writeOnly"`

	target *Schema // of Ref
	re     *regexp.Regexp
}

// UnmarshalJSON implements json.Unmarshaler. It refuses keywords that are not known.
func (s *Schema) UnmarshalJSON(b []byte) error {
	type plain Schema
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	d.UseNumber()
	return d.Decode((*plain)(s))
}

// types are the JSON types that are allowed; none means all.
type types []string

// UnmarshalJSON implements json.Unmarshaler: one name, or a list.
func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// additional says what properties without a schema of their own may be.
type additional struct {
	refused bool
	schema  *Schema
}

// UnmarshalJSON implements json.Unmarshaler: a boolean or a schema.
func (a *additional) UnmarshalJSON(b []byte) error {
	var allowed bool
	if json.Unmarshal(b, &allowed) == nil {
		a.refused = !allowed
		return nil
	}
	return json.Unmarshal(b, &a.schema)
}

// end follows references.
func (s *Schema) end() *Schema {
	for s.target != nil {
		s = s.target
	}
	return s
}

// kind returns the type that is not null, or "" for any.
func (s *Schema) kind() string {
	for _, t := range s.Type {
		if t != "null" {
			return t
		}
	}
	return ""
}

// Decode reads JSON in the form that Faults takes: numbers keep all their digits.
func Decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}

// Faults says where and how a decoded value does not fit the schema.
func (s *Schema) Faults(v any) []string { return s.faults("$", v) }

func (s *Schema) faults(at string, v any) []string {
	s = s.end()
	var out []string
	add := func(format string, args ...any) { out = append(out, at+": "+fmt.Sprintf(format, args...)) }
	if len(s.Type) > 0 && !slices.ContainsFunc(s.Type, func(t string) bool { return is(t, v) }) {
		add("%s is not %s", brief(v), strings.Join(s.Type, " or "))
		return out
	}
	if len(s.Enum) > 0 && v != nil && !slices.ContainsFunc(s.Enum, func(e any) bool { return reflect.DeepEqual(e, v) }) {
		add("%s is not one of %v", brief(v), s.Enum)
	}
	switch v := v.(type) {
	case string:
		s.text(v, add)
	case json.Number:
		s.number(v, add)
	case []any:
		out = append(out, s.list(at, v)...)
	case map[string]any:
		out = append(out, s.object(at, v)...)
	}
	return out
}

// is reports whether a value has a JSON type.
func is(t string, v any) bool {
	switch v := v.(type) {
	case nil:
		return t == "null"
	case string:
		return t == "string"
	case bool:
		return t == "boolean"
	case []any:
		return t == "array"
	case map[string]any:
		return t == "object"
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		return t == "number" || t == "integer" && ok && r.IsInt()
	}
	return false
}

func (s *Schema) text(v string, add func(string, ...any)) {
	n := utf8.RuneCountInString(v)
	if s.MinLength != nil && n < *s.MinLength {
		add("%s is shorter than %d", brief(v), *s.MinLength)
	}
	if s.MaxLength != nil && n > *s.MaxLength {
		add("%s is longer than %d", brief(v), *s.MaxLength)
	}
	if s.re != nil && !s.re.MatchString(v) {
		add("%s does not match %s", brief(v), s.Pattern)
	}
	if check, known := formats[s.Format]; !known {
		add("format %q is not known", s.Format)
	} else if check != nil && check(v) != nil {
		add("%s is no %s", brief(v), s.Format)
	}
}

// formats are what strings and numbers can be declared as.
var formats = map[string]func(string) error{
	"": nil, "int32": nil, "int64": nil, "float": nil, "double": nil,
	"uuid":          isUUID,
	"date-time":     func(s string) error { _, err := time.Parse(time.RFC3339Nano, s); return err },
	"date":          func(s string) error { _, err := time.Parse(time.DateOnly, s); return err },
	"email":         func(s string) error { _, err := mail.ParseAddress(s); return err },
	"uri":           func(s string) error { _, err := url.ParseRequestURI(s); return err },
	"uri-reference": func(s string) error { _, err := url.Parse(s); return err },
}

func (s *Schema) number(v json.Number, add func(string, ...any)) {
	n, ok := new(big.Rat).SetString(v.String())
	if !ok {
		add("%s is no number", v)
		return
	}
	for _, bound := range []struct {
		limit *json.Number
		bad   func(cmp int) bool
		text  string
	}{
		{s.Minimum, func(c int) bool { return c < 0 }, "less than"},
		{s.Maximum, func(c int) bool { return c > 0 }, "more than"},
		{s.Above, func(c int) bool { return c <= 0 }, "not above"},
		{s.Below, func(c int) bool { return c >= 0 }, "not below"},
	} {
		if bound.limit == nil {
			continue
		}
		limit, ok := new(big.Rat).SetString(bound.limit.String())
		if !ok || bound.bad(n.Cmp(limit)) {
			add("%s is %s %s", v, bound.text, *bound.limit)
		}
	}
	if s.Format == "int64" && (!n.IsInt() || !n.Num().IsInt64()) {
		add("%s is no int64", v)
	}
}

func (s *Schema) list(at string, v []any) []string {
	var out []string
	if s.MinItems != nil && len(v) < *s.MinItems || s.MaxItems != nil && len(v) > *s.MaxItems {
		out = append(out, fmt.Sprintf("%s: %d items", at, len(v)))
	}
	for i, item := range v {
		if s.Unique && slices.ContainsFunc(v[:i], func(o any) bool { return reflect.DeepEqual(o, item) }) {
			out = append(out, fmt.Sprintf("%s[%d]: it is there twice", at, i))
		}
		if s.Items != nil {
			out = append(out, s.Items.faults(fmt.Sprintf("%s[%d]", at, i), item)...)
		}
	}
	return out
}

func (s *Schema) object(at string, v map[string]any) []string {
	var out []string
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			out = append(out, at+"."+name+": it is missing")
		}
	}
	if s.MinProps != nil && len(v) < *s.MinProps || s.MaxProps != nil && len(v) > *s.MaxProps {
		out = append(out, fmt.Sprintf("%s: %d properties", at, len(v)))
	}
	for name, value := range v {
		switch p := s.Properties[name]; {
		case p != nil:
			out = append(out, p.faults(at+"."+name, value)...)
		case s.Additional.refused:
			out = append(out, at+"."+name+": it is not in the document")
		case s.Additional.schema != nil:
			out = append(out, s.Additional.schema.faults(at+"."+name, value)...)
		}
	}
	return out
}

// brief shows a value in a message.
func brief(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return string(raw[:min(len(raw), 80)])
}

// isUUID reports what is wrong with the form of a UUID (RFC 9562 §4).
func isUUID(s string) error {
	if len(s) != 36 {
		return errors.New("it has not 36 characters")
	}
	for i, c := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return fmt.Errorf("character %d does not belong there", i+1)
		}
	}
	return nil
}
