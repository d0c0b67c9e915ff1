package modelserver

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"math"
	"net/http"
	"strings"
)

// sample makes a value that fits a schema, as a model in strict mode does.
func sample(schema json.RawMessage) any {
	var root map[string]any
	if json.Unmarshal(schema, &root) != nil {
		return map[string]any{}
	}
	return fill(root, root, 0)
}

func fill(root, s map[string]any, depth int) any {
	if depth > 12 {
		return nil
	}
	if ref, ok := s["$ref"].(string); ok {
		defs, _ := root["$defs"].(map[string]any)
		def, _ := defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		return fill(root, def, depth+1)
	}
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[0]
	}
	if list, ok := s["anyOf"].([]any); ok && len(list) > 0 {
		first, _ := list[0].(map[string]any)
		return fill(root, first, depth+1)
	}
	kind, _ := s["type"].(string)
	if list, ok := s["type"].([]any); ok && len(list) > 0 {
		kind, _ = list[0].(string)
	}
	switch kind {
	case "object":
		out := map[string]any{}
		props, _ := s["properties"].(map[string]any)
		for name, p := range props {
			prop, _ := p.(map[string]any)
			out[name] = fill(root, prop, depth+1)
		}
		return out
	case "array":
		item, _ := s["items"].(map[string]any)
		return []any{fill(root, item, depth+1)}
	case "integer", "number":
		if low, ok := s["minimum"].(float64); ok {
			return low
		}
		return 1
	case "boolean":
		return true
	case "string":
		return "text"
	}
	return nil
}

// checkStrict refuses schemas as the vendors' strict modes do.
func checkStrict(schema json.RawMessage) error {
	var root map[string]any
	if err := json.Unmarshal(schema, &root); err != nil {
		return err
	}
	if root["type"] != "object" {
		return errors.New("schema must be an object")
	}
	return strictObjects(root)
}

func strictObjects(s map[string]any) error {
	if props, ok := s["properties"].(map[string]any); ok {
		if s["additionalProperties"] != false {
			return errors.New("additionalProperties is required to be supplied and to be false")
		}
		required, _ := s["required"].([]any)
		if len(required) != len(props) {
			return errors.New("required is required to be supplied and to be an array including every key in properties")
		}
		for _, p := range props {
			if prop, ok := p.(map[string]any); ok {
				if err := strictObjects(prop); err != nil {
					return err
				}
			}
		}
	}
	if item, ok := s["items"].(map[string]any); ok {
		return strictObjects(item)
	}
	return nil
}

// vectors makes a vector of each text, the same for the same text, of length 1.
func vectors(q *ask, f Fault) [][]float64 {
	out := make([][]float64, 0, len(q.embed))
	for i, text := range q.embed {
		size := q.size
		if f == FaultVectors && i == len(q.embed)-1 {
			size++
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(text))
		x, v, norm := h.Sum64(), make([]float64, size), 0.0
		for j := range v {
			x = x*6364136223846793005 + 1442695040888963407
			v[j] = float64(int64(x>>33))/float64(1<<30) - 1
			norm += v[j] * v[j]
		}
		for j := range v {
			v[j] /= math.Sqrt(norm)
		}
		out = append(out, v)
	}
	return out
}

// embedVendor is OpenAI's embeddings.
type embedVendor struct{ chatVendor }

func (embedVendor) parse(_ *http.Request, body []byte) (*ask, error) {
	var in struct {
		Model      string   `json:"model"`
		Input      []string `json:"input"`
		Dimensions int      `json:"dimensions"`
		Encoding   string   `json:"encoding_format"`
	}
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	if in.Model == "" || len(in.Input) == 0 || len(in.Input) > 2048 || in.Encoding != "float" || in.Dimensions < 0 {
		return nil, errors.New("invalid input")
	}
	q := &ask{model: in.Model, embed: in.Input, size: in.Dimensions}
	if q.size == 0 {
		q.size = 16
	}
	for _, t := range in.Input {
		if t == "" {
			return nil, errors.New("input cannot be an empty string")
		}
		q.say(t)
	}
	return q, nil
}

func (embedVendor) reply(q *ask, a *answer, f Fault) any {
	data := []any{}
	for i := range a.vectors { // in another order than they were asked for
		n := len(a.vectors) - 1 - i
		data = append(data, map[string]any{"object": "embedding", "index": n, "embedding": a.vectors[n]})
	}
	out := map[string]any{"object": "list", "model": q.model, "data": data, "usage": map[string]any{"prompt_tokens": a.input, "total_tokens": a.input}}
	if f == FaultNoUsage {
		delete(out, "usage")
	}
	if f == FaultNoChoices {
		out["data"] = []any{}
	}
	return out
}
