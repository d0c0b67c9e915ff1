package apifuzz_test

import (
	"encoding/json"
	"strings"
	"testing"

	"empire/internal/testkit/apifuzz"
)

// TestFaults gives the validator values that do not fit: one that lets them pass
// would prove nothing about the API.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ schema, value, want string }{
		{`{"type":"string"}`, `"a"`, ""},
		{`{"type":"string"}`, `7`, "is not string"},
		{`{"type":"string"}`, `null`, "is not string"},
		{`{"type":["string","null"]}`, `null`, ""},
		{`{"type":"string","enum":["on","off"]}`, `"on"`, ""},
		{`{"type":"string","enum":["on","off"]}`, `"odd"`, "is not one of"},
		{`{"type":["string","null"],"enum":["on"]}`, `null`, ""},
		{`{"type":"string","minLength":2}`, `"é"`, "is shorter"},
		{`{"type":"string","maxLength":2}`, `"äöü"`, "is longer"},
		{`{"type":"string","pattern":"^[0-9]+$"}`, `"1a"`, "does not match"},
		{`{"type":"string","format":"date-time"}`, `"2026-03-01T12:00:00.5Z"`, ""},
		{`{"type":"string","format":"date-time"}`, `"yesterday"`, "is no date-time"},
		{`{"type":"string","format":"uuid"}`, `"01a22bdb-37a9-71ed-9d0c-327c7d5bbc3d"`, ""},
		{`{"type":"string","format":"uuid"}`, `"01a22bdb37a971ed9d0c327c7d5bbc3d"`, "is no uuid"},
		{`{"type":"string","format":"email"}`, `"a"`, "is no email"},
		{`{"type":"string","format":"uri"}`, `"a b"`, "is no uri"},
		{`{"type":"string","format":"hostname"}`, `"a"`, `format "hostname" is not known`},
		{`{"type":"integer"}`, `1.0`, ""},
		{`{"type":"integer"}`, `1.5`, "is not integer"},
		{`{"type":"integer","format":"int64"}`, `9223372036854775808`, "is no int64"},
		{`{"type":"integer","minimum":1}`, `0`, "less than 1"},
		{`{"type":"number","maximum":1}`, `1.0000000000000000001`, "more than 1"},
		{`{"type":"number","exclusiveMinimum":0}`, `0`, "not above 0"},
		{`{"type":"number","exclusiveMaximum":1}`, `1`, "not below 1"},
		{`{"type":"boolean"}`, `0`, "is not boolean"},
		{`{"type":"array","items":{"type":"integer"}}`, `[1,"2"]`, "$[1]: \"2\" is not integer"},
		{`{"type":"array","items":{},"maxItems":1}`, `[1,2]`, "2 items"},
		{`{"type":"array","items":{},"minItems":1}`, `[]`, "0 items"},
		{`{"type":"array","items":{},"uniqueItems":true}`, `[1,1]`, "there twice"},
		{`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`, `{"a":"x"}`, ""},
		{`{"type":"object","required":["a"]}`, `{}`, "$.a: it is missing"},
		{`{"type":"object","properties":{},"additionalProperties":false}`, `{"b":1}`, "$.b: it is not in the document"},
		{`{"type":"object","additionalProperties":{"type":"string"}}`, `{"b":1}`, "$.b: 1 is not string"},
		{`{"type":"object","properties":{"a":{"type":"string"}}}`, `{"a":1}`, "$.a: 1 is not string"},
		{`{"type":"object","minProperties":1}`, `{}`, "0 properties"},
		{`{}`, `[{"any":"thing"}]`, ""},
	} {
		var s apifuzz.Schema
		if err := json.Unmarshal([]byte(tt.schema), &s); err != nil {
			t.Fatalf("%s: %v", tt.schema, err)
		}
		d, err := apifuzz.Parse([]byte(`{"servers":[{"url":"/"}],"components":{"schemas":{"S":` + tt.schema + `}}}`))
		if err != nil {
			t.Fatalf("%s: %v", tt.schema, err)
		}
		v, err := apifuzz.Decode([]byte(tt.value))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(d.Schema("S").Faults(v), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s against %s: %q, want %q", tt.value, tt.schema, got, tt.want)
		}
	}
}

// TestParseRefuses gives the parser documents that it would check in part only.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ doc, want string }{
		{`{"servers":[{"url":"/"}],"components":{"schemas":{"S":{"oneOf":[]}}}}`, `unknown field "oneOf"`},
		{`{"servers":[{"url":"/"}],"components":{"schemas":{"S":{"multipleOf":2}}}}`, `unknown field "multipleOf"`},
		{`{"servers":[{"url":"/"}],"components":{"schemas":{"S":{"$ref":"#/components/schemas/T"}}}}`, "leads nowhere"},
		{`{"servers":[{"url":"/"}],"components":{"schemas":{"S":{"pattern":"("}}}}`, "pattern"},
		{`{"servers":[]}`, "0 servers"},
		{`{"servers":[{"url":"/"}],"paths":{"/a":{"get":{"responses":{"default":{}}}}}}`, "no status"},
		{`{"servers":[{"url":"/"}],"paths":{"/a":{"get":{"responses":{"200":{"headers":{"X":{"$ref":"#/components/headers/X"}}}}}}}}`, "header X leads nowhere"},
		{`{"servers":[{"url":"/"}],"paths":{"/a":{"post":{"requestBody":{"content":{"text/csv":{}}}}}}}`, "not JSON"},
		{`[`, "read document"},
	} {
		if _, err := apifuzz.Parse([]byte(tt.doc)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.doc, err, tt.want)
		}
	}
}
