package domain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// ConfigSchema is the part of JSON Schema that describes configurations and frames.
// Objects take no properties but those that are listed unless AdditionalProperties
// is true.
type ConfigSchema struct {
	Type                 string                   `json:"type"` // object, array, string, integer, number, boolean; empty: anything
	Title                string                   `json:"title,omitempty"`
	Description          string                   `json:"description,omitempty"`
	Properties           map[string]*ConfigSchema `json:"properties,omitempty"`
	Required             []string                 `json:"required,omitempty"`
	AdditionalProperties *bool                    `json:"additionalProperties,omitempty"`
	Items                *ConfigSchema            `json:"items,omitempty"`
	Enum                 []json.RawMessage        `json:"enum,omitempty"`
	Minimum              *float64                 `json:"minimum,omitempty"`
	Maximum              *float64                 `json:"maximum,omitempty"`
	MinLength            *int                     `json:"minLength,omitempty"`
	MaxLength            *int                     `json:"maxLength,omitempty"`
	Pattern              string                   `json:"pattern,omitempty"`
	Default              json.RawMessage          `json:"default,omitempty"`
	// Secret marks a property of the outermost object that is stored encrypted and
	// never shown.
	Secret bool `json:"secret,omitempty"`
}

const (
	maxSchemaDepth = 8
	maxSchemaNames = 200
)

// ParseConfigSchema reads a schema strictly: a keyword that it does not know is a
// fault, because nobody would check it.
func ParseConfigSchema(raw json.RawMessage) (*ConfigSchema, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil //nolint:nilnil // no schema is a schema, too: there is no configuration
	}
	var s *ConfigSchema
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, Invalid("config_schema", "The schema cannot be used: %s.", strings.TrimPrefix(err.Error(), "json: "))
	}
	if s == nil {
		return nil, nil //nolint:nilnil // null
	}
	if s.Type != "object" {
		return nil, Invalid("config_schema.type", "The schema of a configuration has the type object.")
	}
	var f Faults
	s.check(&f, "config_schema", 0)
	return s, f.Err()
}

// check finds faults of the schema itself.
func (s *ConfigSchema) check(f *Faults, at string, depth int) {
	if !slices.Contains([]string{"object", "array", "string", "integer", "number", "boolean", ""}, s.Type) {
		f.Add(at+".type", "%s has the unknown type %q.", at, s.Type)
	}
	if depth > maxSchemaDepth || len(s.Properties) > maxSchemaNames {
		f.Add(at, "%s is too deep or has too many properties.", at)
		return
	}
	if _, err := regexp.Compile(s.Pattern); err != nil {
		f.Add(at+".pattern", "%s has a pattern that is none.", at)
	}
	if s.Secret && depth != 1 {
		f.Add(at+".secret", "%s cannot be secret: only properties of the outermost object can.", at)
	}
	for _, name := range s.Required {
		if s.Properties[name] == nil {
			f.Add(at+".required", "%s requires %q, which is no property.", at, name)
		}
	}
	for _, name := range sortedNames(s.Properties) {
		if p := s.Properties[name]; p == nil {
			f.Add(at+"."+name, "%s.%s has no schema.", at, name)
		} else {
			p.check(f, at+"."+name, depth+1)
		}
	}
	if s.Items != nil {
		s.Items.check(f, at+"[]", depth+1)
	}
	if len(s.Default) > 0 {
		s.validate(f, at+".default", s.Default)
	}
}

// Validate finds all faults of a value; at names it in messages.
func (s *ConfigSchema) Validate(at string, raw json.RawMessage) error {
	var f Faults
	s.validate(&f, at, raw)
	return f.Err()
}

func (s *ConfigSchema) validate(f *Faults, at string, raw json.RawMessage) {
	v, err := decodeWhole(raw)
	if err != nil {
		f.Add(at, "%s is not JSON.", at)
		return
	}
	s.match(f, at, v)
}

func decodeWhole(raw json.RawMessage) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

// match compares a decoded value.
func (s *ConfigSchema) match(f *Faults, at string, v any) {
	if len(s.Enum) > 0 && !s.listed(v) {
		f.Add(at, "%s is not one of %s.", at, bytes.Join(rawBytes(s.Enum), []byte(", ")))
		return
	}
	switch s.Type {
	case "":
	case "object":
		s.matchObject(f, at, v)
	case "array":
		list, ok := v.([]any)
		if !ok {
			f.Add(at, "%s is not a list.", at)
			return
		}
		for i, item := range list {
			if s.Items != nil {
				s.Items.match(f, fmt.Sprintf("%s[%d]", at, i), item)
			}
		}
	case "string":
		s.matchString(f, at, v)
	case "boolean":
		if _, ok := v.(bool); !ok {
			f.Add(at, "%s is not true or false.", at)
		}
	default:
		s.matchNumber(f, at, v)
	}
}

func (s *ConfigSchema) matchObject(f *Faults, at string, v any) {
	object, ok := v.(map[string]any)
	if !ok {
		f.Add(at, "%s is not an object.", at)
		return
	}
	for _, name := range s.Required {
		if _, has := object[name]; !has {
			f.Add(at+"."+name, "%s.%s is missing.", at, name)
		}
	}
	for _, name := range sortedNames(object) {
		switch p := s.Properties[name]; {
		case p != nil:
			p.match(f, at+"."+name, object[name])
		case s.AdditionalProperties == nil || !*s.AdditionalProperties:
			f.Add(at+"."+name, "%s has no property %.100q.", at, name)
		}
	}
}

func (s *ConfigSchema) matchString(f *Faults, at string, v any) {
	text, ok := v.(string)
	if !ok {
		f.Add(at, "%s is not a text.", at)
		return
	}
	n := utf8.RuneCountInString(text)
	if s.MinLength != nil && n < *s.MinLength {
		f.Add(at, "%s is shorter than %d characters.", at, *s.MinLength)
	}
	if s.MaxLength != nil && n > *s.MaxLength {
		f.Add(at, "%s is longer than %d characters.", at, *s.MaxLength)
	}
	if s.Pattern != "" {
		if re, err := regexp.Compile(s.Pattern); err == nil && !re.MatchString(text) {
			f.Add(at, "%s does not match %s.", at, s.Pattern)
		}
	}
}

func (s *ConfigSchema) matchNumber(f *Faults, at string, v any) {
	number, ok := v.(json.Number)
	x, err := number.Float64()
	if !ok || err != nil || s.Type == "integer" && x != math.Trunc(x) {
		f.Add(at, "%s is not a number of type %s.", at, s.Type)
		return
	}
	if s.Minimum != nil && x < *s.Minimum {
		f.Add(at, "%s is less than %v.", at, *s.Minimum)
	}
	if s.Maximum != nil && x > *s.Maximum {
		f.Add(at, "%s is greater than %v.", at, *s.Maximum)
	}
}

func (s *ConfigSchema) listed(v any) bool {
	have, err := json.Marshal(v)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(s.Enum, func(one json.RawMessage) bool {
		want, err := decodeWhole(one)
		if err != nil {
			return false
		}
		raw, err := json.Marshal(want)
		return err == nil && bytes.Equal(raw, have)
	})
}

// Complete adds the defaults of properties that an object does not have.
func (s *ConfigSchema) Complete(object map[string]json.RawMessage) {
	for name, p := range s.Properties {
		if _, has := object[name]; !has && len(p.Default) > 0 {
			object[name] = p.Default
		}
	}
}

// SecretNames returns the secret properties in order.
func (s *ConfigSchema) SecretNames() []string {
	var out []string
	if s == nil {
		return nil
	}
	for _, name := range sortedNames(s.Properties) {
		if s.Properties[name].Secret {
			out = append(out, name)
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

func rawBytes(list []json.RawMessage) [][]byte {
	out := make([][]byte, len(list))
	for i, raw := range list {
		out[i] = raw
	}
	return out
}
