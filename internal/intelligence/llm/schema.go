package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
)

// Schema describes the JSON that an answer must be. It is written so that the strict
// modes of all vendors take it: the root is an object; every object lists all of its
// properties as required and takes no others; what is optional has the type null too.
// The keywords are those of rule names below, besides title and description.
type Schema struct {
	Name string          `json:"name"` // letters, digits, - and _, at most 64
	JSON json.RawMessage `json:"schema"`
}

const (
	maxSchemaBytes = 64 << 10
	maxValueDepth  = 64
)

// node is one schema.
type node struct {
	Ref                  string           `json:"$ref"`
	Defs                 map[string]*node `json:"$defs"`
	Type                 kinds            `json:"type"`
	Title                string           `json:"title"`
	Description          string           `json:"description"`
	Properties           map[string]*node `json:"properties"`
	Required             []string         `json:"required"`
	AdditionalProperties *bool            `json:"additionalProperties"`
	Items                *node            `json:"items"`
	Enum                 []any            `json:"enum"`
	AnyOf                []*node          `json:"anyOf"`
	Minimum              *float64         `json:"minimum"`
	Maximum              *float64         `json:"maximum"`
	MinLength            *int             `json:"minLength"`
	MaxLength            *int             `json:"maxLength"`
	MinItems             *int             `json:"minItems"`
	MaxItems             *int             `json:"maxItems"`
	Pattern              string           `json:"pattern"`
}

// kinds are the types that a value may have: one, or several.
type kinds []string

// UnmarshalJSON reads a name or a list of names.
func (k *kinds) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*k = kinds{one}
	} else if err := json.Unmarshal(raw, (*[]string)(k)); err != nil {
		return err
	}
	for _, name := range *k {
		if !slices.Contains([]string{"object", "array", "string", "integer", "number", "boolean", "null"}, name) {
			return fmt.Errorf("type %q is not one", name)
		}
	}
	return nil
}

func (s *Schema) parse() (*node, error) {
	fault := func(format string, args ...any) error { return domain.Invalid("schema", format, args...) }
	if !toolName.MatchString(s.Name) {
		return nil, fault("The name of a schema has 1 to 64 letters, digits, - and _: %q.", s.Name)
	}
	if len(s.JSON) > maxSchemaBytes {
		return nil, fault("The schema %s is longer than %d bytes.", s.Name, maxSchemaBytes)
	}
	d := json.NewDecoder(bytes.NewReader(s.JSON))
	d.DisallowUnknownFields() // nobody would check them
	var root node
	if err := d.Decode(&root); err != nil {
		return nil, fault("The schema %s cannot be used: %v.", s.Name, err)
	}
	if !slices.Equal(root.Type, kinds{"object"}) || root.Ref != "" || len(root.AnyOf) > 0 {
		return nil, fault("The root of schema %s is an object.", s.Name)
	}
	if err := root.strict(&root, "$", 0); err != nil {
		return nil, fault("The schema %s cannot be used: %v.", s.Name, err)
	}
	return &root, nil
}

// Validate checks that the strict modes of the vendors take the schema.
func (s *Schema) Validate() error {
	_, err := s.parse()
	return err
}

// strict reports what the vendors would refuse.
func (n *node) strict(root *node, at string, depth int) error {
	if n == nil {
		return nil
	}
	if depth > 10 {
		return fmt.Errorf("%s: it is deeper than 10", at)
	}
	if n.Ref != "" {
		if def := root.def(n.Ref); def == nil || !slices.Contains(def.Type, "object") || len(def.AnyOf) > 0 {
			return fmt.Errorf("%s: %s is no object among the definitions", at, n.Ref) // others could go round in circles
		}
	}
	if _, err := regexp.Compile(n.Pattern); err != nil {
		return fmt.Errorf("%s: the pattern cannot be used", at)
	}
	if slices.Contains(n.Type, "object") {
		if n.AdditionalProperties == nil || *n.AdditionalProperties {
			return fmt.Errorf("%s: additionalProperties is not false", at)
		}
		for name := range n.Properties {
			if !slices.Contains(n.Required, name) {
				return fmt.Errorf("%s: property %s is not required; give it the type null too", at, name)
			}
		}
	}
	for _, name := range n.Required {
		if n.Properties[name] == nil {
			return fmt.Errorf("%s: there is no property %s", at, name)
		}
	}
	for name, p := range n.Properties {
		if err := p.strict(root, at+"."+name, depth+1); err != nil {
			return err
		}
	}
	for name, p := range n.Defs {
		if err := p.strict(root, at+".$defs."+name, depth+1); err != nil {
			return err
		}
	}
	for _, p := range n.AnyOf {
		if err := p.strict(root, at, depth+1); err != nil {
			return err
		}
	}
	return n.Items.strict(root, at+"[]", depth+1)
}

func (n *node) def(ref string) *node {
	name, ok := strings.CutPrefix(ref, "#/$defs/")
	if !ok {
		return nil
	}
	return n.Defs[name]
}

// Check says what of an answer does not fit, in words for the model; nil: it fits.
func (s *Schema) Check(raw []byte) error {
	root, err := s.parse()
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	var v any
	if err := d.Decode(&v); err != nil {
		return domain.Errorf(domain.CodeInvalid, "It is not JSON: %v.", err)
	}
	if d.More() {
		return domain.Errorf(domain.CodeInvalid, "There is text after the JSON.")
	}
	if err := root.fits(root, v, "$", 0); err != nil {
		return domain.Errorf(domain.CodeInvalid, "%s.", err.Error())
	}
	return nil
}

func (n *node) fits(root *node, v any, at string, depth int) error {
	if n == nil {
		return nil
	}
	if depth > maxValueDepth {
		return fmt.Errorf("%s is nested too deeply", at)
	}
	if n.Ref != "" {
		return root.def(n.Ref).fits(root, v, at, depth+1)
	}
	if len(n.AnyOf) > 0 && !slices.ContainsFunc(n.AnyOf, func(o *node) bool { return o.fits(root, v, at, depth+1) == nil }) {
		return fmt.Errorf("%s fits none of its forms", at)
	}
	if len(n.Type) > 0 && !slices.ContainsFunc(n.Type, func(k string) bool { return isKind(k, v) }) {
		return fmt.Errorf("%s is not of type %s", at, strings.Join(n.Type, " or "))
	}
	if len(n.Enum) > 0 && !slices.ContainsFunc(n.Enum, func(e any) bool { return reflect.DeepEqual(e, v) }) {
		return fmt.Errorf("%s is not one of the values that are allowed", at)
	}
	switch v := v.(type) {
	case map[string]any:
		return n.fitsObject(root, v, at, depth)
	case []any:
		return n.fitsArray(root, v, at, depth)
	case string:
		return n.fitsString(v, at)
	case float64:
		if n.Minimum != nil && v < *n.Minimum || n.Maximum != nil && v > *n.Maximum {
			return fmt.Errorf("%s is out of its range", at)
		}
	}
	return nil
}

func (n *node) fitsObject(root *node, v map[string]any, at string, depth int) error {
	for _, name := range n.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s lacks %s", at, name)
		}
	}
	for name, value := range v {
		p, ok := n.Properties[name]
		if !ok {
			if n.AdditionalProperties != nil && !*n.AdditionalProperties {
				return fmt.Errorf("%s has a property that is not allowed", at)
			}
			continue
		}
		if err := p.fits(root, value, at+"."+name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) fitsArray(root *node, v []any, at string, depth int) error {
	if n.MinItems != nil && len(v) < *n.MinItems || n.MaxItems != nil && len(v) > *n.MaxItems {
		return fmt.Errorf("%s has a wrong number of items", at)
	}
	for i, item := range v {
		if err := n.Items.fits(root, item, fmt.Sprintf("%s[%d]", at, i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) fitsString(v, at string) error {
	size := utf8.RuneCountInString(v)
	if n.MinLength != nil && size < *n.MinLength || n.MaxLength != nil && size > *n.MaxLength {
		return fmt.Errorf("%s has a wrong length", at)
	}
	if n.Pattern != "" {
		if re, err := regexp.Compile(n.Pattern); err != nil || !re.MatchString(v) {
			return fmt.Errorf("%s does not match its pattern", at)
		}
	}
	return nil
}

func isKind(kind string, v any) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	case float64:
		return kind == "number" || kind == "integer" && v == math.Trunc(v)
	}
	return false
}
