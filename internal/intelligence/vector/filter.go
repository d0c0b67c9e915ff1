package vector

import (
	"slices"

	"empire/internal/domain"
)

// Op compares a property with values.
type Op string

// The comparisons. A record without the property matches none of them.
const (
	Eq  Op = "eq"
	In  Op = "in" // one of Values
	Gt  Op = "gt" // numbers only, as the three below
	Gte Op = "gte"
	Lt  Op = "lt"
	Lte Op = "lte"
)

// Condition demands something of one property.
type Condition struct {
	Key    string
	Op     Op
	Values []any // one, or for In at least one, all of one type
}

// Filter demands all of its conditions.
type Filter []Condition

// Is is the condition that a property has a value.
func Is(key string, value any) Condition { return Condition{key, Eq, []any{value}} }

// IsIn is the condition that a property has one of several values.
func IsIn[T any](key string, values ...T) Condition {
	c := Condition{Key: key, Op: In}
	for _, v := range values {
		c.Values = append(c.Values, v)
	}
	return c
}

func (f Filter) check() error {
	for i := range f {
		c := &f[i]
		if c.Key == "" || len(c.Values) == 0 || c.Op != In && len(c.Values) > 1 {
			return domain.Invalid("filter", "Condition %d of the filter names no property or not the right number of values.", i+1)
		}
		c.Values = slices.Clone(c.Values) // the caller's stay as they are
		for j, v := range c.Values {
			n, ok := normal(v)
			if !ok || n == nil {
				return domain.Invalid("filter", "A value of condition %d of the filter is not a string, a number or a truth value.", i+1)
			}
			c.Values[j] = n
		}
		switch c.Op {
		case Eq, In:
		case Gt, Gte, Lt, Lte:
			if _, ok := float(c.Values[0]); !ok {
				return domain.Invalid("filter", "Condition %d of the filter compares the size of something that is no number.", i+1)
			}
		default:
			return domain.Invalid("filter", "Comparison %.20q of condition %d of the filter is not eq, in, gt, gte, lt or lte.", string(c.Op), i+1)
		}
	}
	return nil
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// Match reports whether metadata meets all conditions.
func (f Filter) Match(m map[string]any) bool {
	for i := range f {
		if v, ok := m[f[i].Key]; !ok || !f[i].match(v) {
			return false
		}
	}
	return true
}

func (c *Condition) match(v any) bool {
	if c.Op == Eq || c.Op == In {
		return slices.Contains(c.Values, v)
	}
	x, ok := float(v)
	if !ok {
		return false
	}
	y, _ := float(c.Values[0])
	switch c.Op {
	case Gt:
		return x > y
	case Gte:
		return x >= y
	case Lt:
		return x < y
	default:
		return x <= y
	}
}
