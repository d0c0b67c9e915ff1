package vector

import (
	"encoding/json"
	"math"
	"strings"

	"empire/internal/domain"
)

// NoCollection is the error of a collection that does not exist.
func NoCollection(ref Ref) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Vector collection %s does not exist.", ref.Name)
}

// OtherShape is the error of a collection that exists with another dimension or space.
func OtherShape(held, asked Collection) *domain.Error {
	return domain.Errorf(domain.CodeConflict, "Vector collection %s has dimension %d and space %s, not %d and %s.",
		held.Name, held.Dimension, held.Space, asked.Dimension, asked.Space)
}

// Validate checks the name, dimension and space, and fills in the default space.
func (c *Collection) Validate() error {
	if c.Space == "" {
		c.Space = Cosine
	}
	if c.Space != Cosine && c.Space != L2 && c.Space != IP {
		return domain.Invalid("space", "Space %.40q is not cosine, l2 or ip.", string(c.Space))
	}
	if c.Dimension < 1 || c.Dimension > MaxDimension {
		return domain.Invalid("dimension", "Dimension %d is not between 1 and %d.", c.Dimension, MaxDimension)
	}
	return c.Ref.Validate()
}

// Validate checks the name.
func (r Ref) Validate() error {
	inner := strings.Trim(r.Name, "abcdefghijklmnopqrstuvwxyz0123456789._-")
	if len(r.Name) < 3 || len(r.Name) > maxName || inner != "" || strings.ContainsAny(r.Name[:1]+r.Name[len(r.Name)-1:], "._-") {
		return domain.Invalid("name", "Collection name %.120q is not 3 to %d of a-z, 0-9, '.', '_' and '-', with a letter or digit at both ends.", r.Name, maxName)
	}
	return nil
}

// CheckRecords checks records for a collection and normalizes their metadata.
func CheckRecords(c *Collection, records []Record) error {
	for i := range records {
		r := &records[i]
		if r.ID == "" || len(r.ID) > maxID || strings.ToValidUTF8(r.ID, "") != r.ID {
			return domain.Invalid("id", "Record ID %.60q is not UTF-8 of 1 to %d bytes.", r.ID, maxID)
		}
		if err := CheckVector(c, r.Vector); err != nil {
			return err
		}
		m, err := Normalize(r.Metadata)
		if err != nil {
			return err
		}
		r.Metadata = m
	}
	return nil
}

// CheckVector checks one vector for a collection.
func CheckVector(c *Collection, v []float32) error {
	if len(v) == 0 {
		return domain.Invalid("vector", "The vector is empty; collection %s has dimension %d.", c.Name, c.Dimension)
	}
	if len(v) != c.Dimension {
		return domain.Invalid("vector", "The vector has dimension %d; collection %s has %d.", len(v), c.Name, c.Dimension)
	}
	var sum float64
	for i, x := range v {
		if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
			return domain.Invalid("vector", "Value %d of the vector is not a finite number.", i)
		}
		sum += float64(x) * float64(x)
	}
	if sum == 0 && c.Space == Cosine {
		return domain.Invalid("vector", "The vector is zero and so has no direction; collection %s compares directions.", c.Name)
	}
	return nil
}

// Check checks a query for a collection and normalizes its filter.
func (q *Query) Check(c *Collection) error {
	if q.Limit < 1 || q.Limit > MaxLimit {
		return domain.Invalid("limit", "Limit %d is not between 1 and %d.", q.Limit, MaxLimit)
	}
	if err := q.Filter.check(); err != nil {
		return err
	}
	return CheckVector(c, q.Vector)
}

// Normalize returns metadata whose values are string, bool, int64 or float64. Whole
// numbers become int64 whatever their type was, so that equal metadata stays equal on
// the way through JSON. Nil values are left out; others are CodeInvalid.
func Normalize(m map[string]any) (map[string]any, error) {
	if len(m) == 0 {
		return nil, nil //nolint:nilnil // no metadata is nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k == "" || strings.HasPrefix(k, "empire_") || strings.HasPrefix(k, "chroma:") {
			return nil, domain.Invalid("metadata", "Metadata key %.60q is empty or reserved.", k)
		}
		n, ok := normal(v)
		if !ok {
			return nil, domain.Invalid("metadata", "Metadata %.60q is not a string, a finite number or a truth value.", k)
		}
		if n != nil {
			out[k] = n
		}
	}
	if len(out) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	return out, nil
}

func normal(v any) (any, bool) {
	switch v := v.(type) {
	case nil, string, bool, int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		return number(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
		f, err := v.Float64()
		if err != nil {
			return nil, false
		}
		return number(f)
	}
	return nil, false
}

// number is a float that holds a whole number as int64: JSON does not tell them apart.
func number(f float64) (any, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return f, true
}
