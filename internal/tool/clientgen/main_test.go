package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var root = filepath.Join("..", "..", "..")

// TestClientIsCurrent fails when the document has changed and the client has not.
func TestClientIsCurrent(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, "internal", "api", "testdata", "openapi.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate(raw)
	if err != nil || !bytes.Equal(want, again) {
		t.Fatalf("the same document gives different bytes: %v", err)
	}
	got, err := os.ReadFile(filepath.Join(root, "client", "client.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("client/client.gen.go is not what the document says; run: go generate ./client")
	}
}

// small is a document with one operation and one model; the tests replace parts.
const small = `{
  "paths": {"/things/{thing_id}": {"METHOD": {
    "operationId": "change-thing", "summary": "Change a thing", "parameters": [{"name": "thing_id", "in": "path", "required": true, "schema": {"type": "string"}}, PARAM],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
    "responses": {"STATUS": {"description": "OK", "content": CONTENT}}
  }}},
  "components": {
    "parameters": {"key": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}},
    "schemas": {"NAME": {"type": "object", "required": ["id", "at"], "properties": {
      "id": {"type": "string"}, "at": {"type": ["string", "null"], "format": "date-time"}, "name": {"type": ["string", "null"]},
      "count": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}, "any": {}, "by": {"type": "object", "additionalProperties": {"type": "number"}},
      "state": {"type": "string", "enum": ["on", "off"]}, "more": MORE
    }}}
  }
}`

func smallDocument(replace ...string) []byte {
	defaults := []string{
		"METHOD", "post", "PARAM", `{"$ref": "#/components/parameters/key"}`, "STATUS", "200", "NAME", "Thing", "MORE", `{"type": "boolean"}`,
		"CONTENT", `{"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}`,
	}
	return []byte(strings.NewReplacer(append(replace, defaults...)...).Replace(small))
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		replace []string
		want    []string
	}{
		{"post", nil, []string{
			"ID string `json:\"id\"`", "At *time.Time `json:\"at\"`", "Name *string `json:\"name,omitempty\"`", "Count *int64 `json:\"count,omitempty\"`",
			"Tags []string `json:\"tags,omitempty\"`", "Any json.RawMessage `json:\"any,omitempty\"`", "By map[string]float64 `json:\"by,omitempty\"`",
			"State ThingState `json:\"state,omitempty\"`", "More *bool `json:\"more,omitempty\"`", `ThingStateOff ThingState = "off"`,
			"func (c *Client) ChangeThing(ctx context.Context, thingID string, in Thing) (*Thing, error) {",
			`request{method: "POST", path: "/things/{thing_id}", ids: []string{thingID}, body: in, keyed: true}`,
		}},
		{"patch", []string{"METHOD", "patch", "CONTENT", "{}", "STATUS", "204"}, []string{
			"ID string `json:\"id\"`", "Name json.RawMessage `json:\"name,omitempty\"`", "Tags *[]string `json:\"tags,omitempty\"`", "State *ThingState `json:\"state,omitempty\"`",
		}},
		{"model of a patch and of others", []string{"METHOD", "patch"}, []string{"Name *string `json:\"name,omitempty\"`", "Tags []string"}},
		{"nothing", []string{"CONTENT", "{}", "STATUS", "204"}, []string{"in Thing) error {", "return c.nothing(ctx, "}},
		{"file", []string{"CONTENT", `{"text/csv": {"schema": {"type": "string"}}}`}, []string{"in Thing) ([]byte, error) {"}},
		{"list", []string{"CONTENT", `{"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}`}, []string{"in Thing) ([]Thing, error) {"}},
		{"query", []string{"PARAM", `{"name": "full", "in": "query", "required": true, "schema": {"type": "boolean"}}`}, []string{
			"type ChangeThingParams struct {\n Full bool\n}", `q.Set("full", strconv.FormatBool(p.Full))`, "in Thing, p ChangeThingParams)",
		}},
		{"header", []string{"PARAM", `{"name": "If-Match", "in": "header", "schema": {"type": "string"}}`}, []string{
			`if p.IfMatch != "" { h.Set("If-Match", p.IfMatch) }`, "header: p.header(), body: in}", "in Thing, p ChangeThingParams)",
		}},
	} {
		out, err := generate(smallDocument(tt.replace...))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := strings.Join(strings.Fields(string(out)), " ")
		for _, want := range tt.want {
			if !strings.Contains(got, strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%s: no %s in\n%s", tt.name, want, out)
			}
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want    string
		replace []string
	}{
		{"combined schemas are not supported", []string{"MORE", `{"oneOf": [{"type": "string"}]}`}},
		{"an object with fields needs a name", []string{"MORE", `{"type": "object", "properties": {"a": {"type": "string"}}}`}},
		{"leads nowhere", []string{"MORE", `{"$ref": "#/components/schemas/None"}`}},
		{`type "file" is not supported`, []string{"MORE", `{"type": "file"}`}},
		{"two things to name Client", []string{"NAME", "Client"}},
		{"parameter odd in cookie is not supported", []string{"PARAM", `{"name": "odd", "in": "cookie", "schema": {"type": "string"}}`}},
		{"query parameter of type \"array\"", []string{"PARAM", `{"name": "q", "in": "query", "schema": {"type": "array"}}`}},
		{"parameter 1 leads nowhere", []string{"PARAM", `{"$ref": "#/components/parameters/none"}`}},
		{"no answer says that all went well", []string{"STATUS", "404"}},
		{"read document", []string{"{", "["}},
	} {
		_, err := generate(smallDocument(tt.replace...))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want %q", tt.replace, err, tt.want)
		}
	}
}
