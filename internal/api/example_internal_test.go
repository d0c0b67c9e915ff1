package api

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestExamplesFitTheirSchemas looks inside because the schemas in their typed form
// are not part of the package's face.
func TestExamplesFitTheirSchemas(t *testing.T) {
	t.Parallel()
	doc := New(Config{Version: "test", Runs: struct{ runService }{}, Logger: slog.New(slog.DiscardHandler)}).huma.OpenAPI()
	checked := 0
	checkValue := func(where string, schema *huma.Schema, example any) {
		raw, err := json.Marshal(example)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		var res huma.ValidateResult
		huma.Validate(doc.Components.Schemas, schema, huma.NewPathBuffer([]byte{}, 0), huma.ModeReadFromServer, v, &res)
		for _, err := range res.Errors {
			t.Errorf("%s: %v", where, err)
		}
		checked++
		roundTrip(t, where, doc.Components.Schemas, schema, raw)
	}
	check := func(where string, content map[string]*huma.MediaType) {
		m := content["application/json"]
		if m == nil && slices.Contains([]string{"export-website 200", "export-audit 200"}, where) {
			return // files
		}
		if m == nil { // a file
			return
		}
		if m.Example == nil {
			t.Errorf("%s has no example", where)
			return
		}
		checkValue(where, m.Schema, m.Example)
	}
	for _, item := range doc.Paths {
		for _, op := range operations(item) {
			if op.RequestBody != nil {
				check(op.OperationID+" request", op.RequestBody.Content)
			}
			for status, r := range op.Responses {
				if status < "300" && len(r.Content) > 0 {
					check(op.OperationID+" "+status, r.Content)
				}
			}
		}
	}
	for name, r := range doc.Components.Responses {
		for kind, m := range r.Content {
			checkValue(name+" "+kind, m.Schema, m.Example)
		}
	}
	for name, s := range doc.Components.Schemas.Map() {
		if len(s.Examples) == 0 {
			t.Errorf("model %s has no example", name)
		}
		for _, v := range s.Examples {
			checkValue(name, &huma.Schema{Ref: "#/components/schemas/" + name}, v)
		}
	}
	if checked < 35 {
		t.Errorf("only %d examples were checked", checked)
	}
}

// roundTrip decodes an example into the Go type of its schema and back.
func roundTrip(t *testing.T, where string, registry huma.Registry, s *huma.Schema, raw []byte) {
	t.Helper()
	if s.Ref == "" {
		return
	}
	v := reflect.New(registry.TypeFromRef(s.Ref))
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	back, err := json.Marshal(v.Interface())
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	_, _ = json.Unmarshal(raw, &a), json.Unmarshal(back, &b)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: example %s comes back as %s", where, raw, back)
	}
}
