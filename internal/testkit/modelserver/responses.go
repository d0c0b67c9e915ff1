package modelserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"empire/internal/domain"
)

// respondVendor is OpenAI's Responses. Its refusals are those of Chat Completions.
type respondVendor struct{ chatVendor }

func (respondVendor) counts() (writes, thoughts bool) { return true, true }

type respondIn struct {
	Model        string            `json:"model"`
	Instructions string            `json:"instructions"`
	Input        []json.RawMessage `json:"input"`
	MaxOutput    *int              `json:"max_output_tokens"`
	Temperature  *float64          `json:"temperature"`
	Text         *struct {
		Format struct {
			Type   string          `json:"type"`
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"text"`
	Tools []struct {
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
		Strict      *bool           `json:"strict"`
	} `json:"tools"`
	ToolChoice string   `json:"tool_choice"`
	Include    []string `json:"include"`
	Store      *bool    `json:"store"`
	Stream     bool     `json:"stream"`
}

func (respondVendor) parse(_ *http.Request, body []byte) (*ask, error) {
	var in respondIn
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	if in.Model == "" || len(in.Input) == 0 {
		return nil, errors.New("model and input are required")
	}
	if in.Store == nil || *in.Store {
		return nil, errors.New("this installation must not store data at the vendor")
	}
	q := &ask{model: in.Model, limit: 4096, stream: in.Stream, turns: len(in.Input)}
	if in.MaxOutput != nil {
		if q.limit = *in.MaxOutput; q.limit < 16 {
			return nil, errors.New("max_output_tokens: expected a value of at least 16")
		}
	}
	q.say(in.Instructions)
	if err := in.items(q); err != nil {
		return nil, err
	}
	if in.Text != nil {
		f := in.Text.Format
		if f.Type != "json_schema" || f.Name == "" || !f.Strict {
			return nil, errors.New("text.format: invalid")
		}
		if err := checkStrict(f.Schema); err != nil {
			return nil, fmt.Errorf("invalid schema for text.format: %w", err)
		}
		q.schema = f.Schema
	}
	for _, t := range in.Tools {
		if t.Type != "function" || t.Name == "" || t.Strict == nil {
			return nil, errors.New("tools: invalid")
		}
		if q.tool == "" && in.ToolChoice != "none" {
			q.tool, q.toolArgs = t.Name, t.Parameters
		}
	}
	return q, nil
}

// items reads messages, calls with their results, and thoughts that came before.
func (in *respondIn) items(q *ask) error {
	open := map[string]bool{}
	for i, raw := range in.Input {
		var it struct {
			Type      string          `json:"type"`
			Role      string          `json:"role"`
			Content   json.RawMessage `json:"content"`
			CallID    string          `json:"call_id"`
			Name      string          `json:"name"`
			Arguments string          `json:"arguments"`
			Output    string          `json:"output"`
			Encrypted string          `json:"encrypted_content"`
		}
		if err := json.Unmarshal(raw, &it); err != nil {
			return fmt.Errorf("input[%d]: %w", i, err)
		}
		switch {
		case it.Type == "reasoning":
			if it.Encrypted == "" {
				return fmt.Errorf("input[%d]: items are not persisted when store is false", i)
			}
		case it.Type == "function_call":
			open[it.CallID] = true
		case it.Type == "function_call_output":
			if !open[it.CallID] {
				return fmt.Errorf("no tool call found for function call output with call_id %s", it.CallID)
			}
			delete(open, it.CallID)
			q.results = append(q.results, it.Output)
			q.say(it.Output)
		case it.Role == "user" || it.Role == "assistant":
			var text string
			if err := json.Unmarshal(it.Content, &text); err != nil {
				return fmt.Errorf("input[%d].content: %w", i, err)
			}
			q.say(text)
			q.repaired = q.repaired || it.Role == "assistant"
		default:
			return fmt.Errorf("input[%d]: invalid", i)
		}
	}
	if len(open) > 0 {
		return errors.New("no tool output found for function call")
	}
	return nil
}

func (v respondVendor) reply(q *ask, a *answer, f Fault) any { return v.response(q, a, f) }

func (respondVendor) response(q *ask, a *answer, f Fault) map[string]any {
	content := map[string]any{"type": "output_text", "text": a.text, "annotations": []any{}, "logprobs": []any{}}
	if f == FaultRefusal || f == FaultPrompt {
		content = map[string]any{"type": "refusal", "refusal": "I cannot help with that."}
	}
	output := []any{map[string]any{"type": "reasoning", "id": "rs_1", "summary": []any{}, "encrypted_content": "secret thoughts"}}
	if a.tool != "" {
		output = append(output, map[string]any{"type": "function_call", "id": "fc_1", "call_id": domain.NewID("call"), "name": a.tool, "arguments": a.args, "status": "completed"})
	} else {
		output = append(output, map[string]any{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": []any{content}})
	}
	out := map[string]any{
		"id": domain.NewID("resp"), "object": "response", "created_at": time.Now().Unix(), "status": "completed", "error": nil, "incomplete_details": nil,
		"model": q.model, "output": output, "instructions": nil, "metadata": map[string]any{}, "parallel_tool_calls": true, "temperature": 1, "top_p": 1,
		"tool_choice": "auto", "tools": []any{},
		"usage": map[string]any{
			"input_tokens": a.input, "input_tokens_details": map[string]any{"cached_tokens": a.cached, "cache_write_tokens": a.write},
			"output_tokens": a.output, "output_tokens_details": map[string]any{"reasoning_tokens": a.reasoning}, "total_tokens": a.input + a.output,
		},
	}
	switch {
	case f == FaultFilter:
		out["status"], out["incomplete_details"] = "incomplete", map[string]any{"reason": "content_filter"}
	case a.cut:
		out["status"], out["incomplete_details"] = "incomplete", map[string]any{"reason": "max_output_tokens"}
	case f == FaultNoUsage:
		out["usage"] = nil
	case f == FaultNoChoices:
		out["output"] = []any{}
	}
	return out
}

func (v respondVendor) events(q *ask, a *answer, f Fault) []string {
	final := v.response(q, a, f)
	n := 0
	add := func(kind string, more map[string]any) string {
		more["type"], more["sequence_number"] = kind, n
		n++
		return event(kind, more)
	}
	begun := map[string]any{"id": final["id"], "object": "response", "status": "in_progress", "output": []any{}}
	out := []string{add("response.created", map[string]any{"response": begun}), add("response.in_progress", map[string]any{"response": begun})}
	where := map[string]any{"item_id": "msg_1", "output_index": 1, "content_index": 0}
	with := func(name, value string) map[string]any {
		m := map[string]any{name: value}
		for k, v := range where {
			m[k] = v
		}
		return m
	}
	out = append(out, add("response.output_item.added", map[string]any{"output_index": 1, "item": map[string]any{"type": "message", "id": "msg_1", "content": []any{}}}))
	switch {
	case f == FaultRefusal || f == FaultPrompt:
		out = append(out, add("response.refusal.delta", with("delta", "I cannot help with that.")))
	case a.tool != "":
		for _, p := range pieces(a.args) {
			out = append(out, add("response.function_call_arguments.delta", with("delta", p)))
		}
	default:
		for _, p := range pieces(a.text) {
			out = append(out, add("response.output_text.delta", with("delta", p)))
		}
		out = append(out, add("response.output_text.done", with("text", a.text)))
	}
	if f == FaultInStream {
		return append(out, add("error", map[string]any{"code": "server_error", "message": "The server had an error", "param": nil}))
	}
	kind := "response.completed"
	if final["status"] == "incomplete" {
		kind = "response.incomplete"
	}
	return append(out, add(kind, map[string]any{"response": final})) // no [DONE]
}

func (respondVendor) endless() string {
	return event("response.output_text.delta", map[string]any{"type": "response.output_text.delta", "delta": "more and more "})
}
