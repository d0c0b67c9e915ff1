package api

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestExamplesFitTheirSchemas looks inside because the schemas in their typed form
// are not part of the package's face.
func TestExamplesFitTheirSchemas(t *testing.T) {
	t.Parallel()
	doc := New(Config{Version: "test", Runs: struct{ runService }{}, Logger: slog.New(slog.DiscardHandler)}).huma.OpenAPI()
	checked := 0
	check := func(where string, content map[string]*huma.MediaType, mode huma.ValidateMode) {
		m := content["application/json"]
		if m == nil || m.Example == nil {
			t.Errorf("%s has no example", where)
			return
		}
		raw, err := json.Marshal(m.Example)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		var res huma.ValidateResult
		huma.Validate(doc.Components.Schemas, m.Schema, huma.NewPathBuffer([]byte{}, 0), mode, v, &res)
		for _, err := range res.Errors {
			t.Errorf("%s: %v", where, err)
		}
		checked++
		roundTrip(t, where, doc.Components.Schemas, m, raw)
	}
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				check(op.OperationID+" request", op.RequestBody.Content, huma.ModeWriteToServer)
			}
			for status, r := range op.Responses {
				if status < "400" {
					check(op.OperationID+" "+path+" "+status, r.Content, huma.ModeReadFromServer)
				}
			}
		}
	}
	if checked < 35 {
		t.Errorf("only %d examples were checked", checked)
	}
}

// roundTrip decodes an example into the Go type of its schema and back.
func roundTrip(t *testing.T, where string, registry huma.Registry, m *huma.MediaType, raw []byte) {
	t.Helper()
	if m.Schema.Ref == "" {
		return
	}
	v := reflect.New(registry.TypeFromRef(m.Schema.Ref))
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
