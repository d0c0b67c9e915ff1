package llm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
)

func TestSchemaCheck(t *testing.T) {
	t.Parallel()
	s := &llm.Schema{Name: "all", JSON: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["n","s","l","e","any","ref","opt"],"properties":{
		"n":{"type":"integer","minimum":1,"maximum":5},"s":{"type":"string","minLength":2,"maxLength":4,"pattern":"^a"},
		"l":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"boolean"}},"e":{"type":"string","enum":["x","y"]},
		"any":{"anyOf":[{"type":"string"},{"type":"number"}]},"ref":{"$ref":"#/$defs/node"},"opt":{"type":["string","null"]}},
		"$defs":{"node":{"type":"object","additionalProperties":false,"required":["next"],"properties":{"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}}}}}`)}
	good := map[string]any{"n": 3, "s": "aß", "l": []any{true}, "e": "x", "any": 1.5, "ref": map[string]any{"next": map[string]any{"next": nil}}, "opt": nil}
	check := func(changed map[string]any) error {
		v := map[string]any{}
		for name, value := range good {
			v[name] = value
		}
		for name, value := range changed {
			if v[name] = value; value == "gone" {
				delete(v, name)
			}
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return s.Check(raw)
	}
	if err := check(nil); err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string]map[string]any{
		"fraction": {"n": 1.5}, "small": {"n": 0}, "large": {"n": 6}, "text": {"n": "3"}, "short": {"s": "a"}, "long": {"s": "aaaaa"}, "pattern": {"s": "bb"},
		"no items": {"l": []any{}}, "items": {"l": []any{1}}, "many items": {"l": []any{true, true, true}}, "enum": {"e": "z"}, "any": {"any": true},
		"ref": {"ref": map[string]any{"next": 1}}, "missing": {"opt": "gone"}, "null": {"n": nil}, "more": {"url": "http://attacker.example/"},
	} {
		if err := check(changed); domain.CodeOf(err) != domain.CodeInvalid || strings.Contains(err.Error(), "attacker") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, raw := range []string{"", "{", "[]", "null", `{} {}`, strings.Repeat(`{"ref":`, 1000)} {
		if s.Check([]byte(raw)) == nil {
			t.Errorf("%q fits", raw)
		}
	}
}

// TestSchemaFaults: what a vendor's strict mode would refuse is refused here, before
// anything is paid.
func TestSchemaFaults(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no JSON": `{`, "list": `{"type":"array"}`, "open": `{"type":"object","properties":{}}`, "unknown keyword": `{"type":"object","additionalProperties":false,"if":{}}`,
		"optional": `{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}}`, "unknown type": `{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"date"}}}`,
		"no property": `{"type":"object","additionalProperties":false,"required":["a"]}`, "no definition": `{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"$ref":"#/$defs/b"}}}`,
		"open within": `{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"array","items":{"type":"object"}}}}`,
		"pattern":     `{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"string","pattern":"("}}}`,
		"deep":        strings.Repeat(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":`, 12) + `{"type":"string"}` + strings.Repeat(`}}`, 12),
	} {
		s := llm.Schema{Name: "s", JSON: json.RawMessage(raw)}
		if err := s.Validate(); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := llm.Schema{Name: "no spaces", JSON: json.RawMessage(`{"type":"object","additionalProperties":false}`)}
	if s.Validate() == nil {
		t.Error("a name with a space is taken")
	}
}

// FuzzSchema: no answer and no schema makes the check panic.
func FuzzSchema(f *testing.F) {
	f.Add(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"$ref":"#/$defs/a"}}}`, `{"a":1}`)
	f.Fuzz(func(_ *testing.T, schema, answer string) {
		s := llm.Schema{Name: "s", JSON: json.RawMessage(schema)}
		_ = s.Check([]byte(answer))
	})
}

func TestToolFaults(t *testing.T) {
	t.Parallel()
	object := json.RawMessage(`{"type":"object"}`)
	call := llm.Message{Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "1", Name: "a", Arguments: json.RawMessage(`{}`)}}}
	result := llm.Message{Role: llm.User, Results: []llm.ToolResult{{CallID: "1", Name: "a", Text: "x"}}}
	ask := llm.Message{Role: llm.User, Text: "x"}
	for name, r := range map[string]llm.Request{
		"name":           {Prompt: "x", Tools: []llm.Tool{{Name: "a b", Parameters: object}}},
		"twice":          {Prompt: "x", Tools: []llm.Tool{{Name: "a", Parameters: object}, {Name: "a", Parameters: object}}},
		"parameters":     {Prompt: "x", Tools: []llm.Tool{{Name: "a", Parameters: json.RawMessage(`{"type":"string"}`)}}},
		"choice":         {Prompt: "x", Choice: "perhaps"},
		"none to choose": {Prompt: "x", Choice: llm.ToolsRequired},
		"no result":      {Messages: []llm.Message{ask, call}, Prompt: "x"},
		"end":            {Messages: []llm.Message{ask, call}},
		"no call":        {Messages: []llm.Message{ask, result}},
		"of the user":    {Messages: []llm.Message{{Role: llm.User, Calls: call.Calls}, result}},
	} {
		if err := r.Validate(); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := llm.Request{Messages: []llm.Message{ask, call, result}, Tools: []llm.Tool{{Name: "a", Parameters: object}}}
	if err := good.Validate(); err != nil {
		t.Errorf("a round: %v", err)
	}
}
