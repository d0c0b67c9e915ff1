package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

const maxDepth = 64 // of nested arrays and objects in a request

// strictJSON refuses what two parsers could read differently, or no database can
// keep: repeated names, invalid UTF-8, half a character, NUL, numbers without end
// and nesting beyond reason.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first { // the framework decodes twice; once is enough to check
			if err := checkJSON(data); err != nil {
				return err
			}
		}
		return inWords(json.Unmarshal(data, v))
	},
}

// inWords keeps the names of Go types out of what clients read.
func inWords(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s at byte %d does not fit there", e.Value, e.Offset)
	}
	return err
}

// suffixJSON writes application/problem+json. Requests of such types are refused.
var suffixJSON = huma.Format{
	Marshal:   huma.DefaultJSONFormat.Marshal,
	Unmarshal: func([]byte, any) error { return huma.ErrUnknownContentType },
}

func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("text is not valid UTF-8")
	}
	if halfCharacter(data) {
		return errors.New("a text has half of a surrogate pair")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []map[string]bool // names seen in each open object; nil for an array
	wantName := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if name, ok := token.(string); ok && wantName {
			seen := open[len(open)-1]
			if err := checkScalar(name); err != nil {
				return err
			}
			if seen[name] {
				return fmt.Errorf("name %q occurs twice in an object", name[:min(len(name), 60)])
			}
			seen[name], wantName = true, false
			continue
		}
		if err := checkScalar(token); err != nil {
			return err
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > maxDepth {
			return fmt.Errorf("nested more than %d deep", maxDepth)
		}
		wantName = len(open) > 0 && open[len(open)-1] != nil
	}
}

// checkScalar refuses a text with a NUL and a number that no float64 holds.
func checkScalar(token json.Token) error {
	switch v := token.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return errors.New("a text has a NUL character")
		}
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return fmt.Errorf("number %s is out of range", v[:min(len(v), 40)])
		}
	}
	return nil
}

// halfCharacter reports whether JSON has an escape for one half of a surrogate pair
// without the other (RFC 8259 §8.2). Decoders replace it, some databases refuse it.
func halfCharacter(data []byte) bool {
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 || i+2 > len(data) {
			return false
		}
		high := surrogate(data[i:])
		switch {
		case high == 0:
			data = data[i+2:] // past the character that the backslash escapes
		case high >= 0xdc00 || len(data) < i+12 || surrogate(data[i+6:]) < 0xdc00:
			return true
		default:
			data = data[i+12:]
		}
	}
}

// surrogate returns the surrogate that data begins with as an escape, or 0.
func surrogate(data []byte) rune {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil || !utf16.IsSurrogate(rune(n)) {
		return 0
	}
	return rune(n)
}

// object is a JSON object of any content, kept as it came.
type object json.RawMessage

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return o, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *object) UnmarshalJSON(b []byte) error {
	*o = append((*o)[:0], b...)
	return nil
}

// Schema implements huma.SchemaProvider.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// schemaName names the schema of a body type: websiteBody becomes Website, and
// apiKeyBody APIKey.
func schemaName(t reflect.Type, hint string) string {
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Body")
	return strings.Replace(name, "Api", "API", 1)
}

// list returns a copy that is an empty array in JSON rather than null.
func list[T any](s []T) []T { return append([]T{}, s...) }

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
