package modelserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"empire/internal/domain"
)

// claudeVendor is Anthropic's Messages.
type claudeVendor struct{}

type (
	claudeBlock struct {
		Type      string          `json:"type"`
		Text      *string         `json:"text"`
		Cache     json.RawMessage `json:"cache_control"`
		ID        string          `json:"id"`
		Name      string          `json:"name"`
		Input     json.RawMessage `json:"input"`
		ToolUseID string          `json:"tool_use_id"`
		Content   string          `json:"content"`
		IsError   bool            `json:"is_error"`
		Thinking  string          `json:"thinking"`
		Signature string          `json:"signature"`
	}
	claudeIn struct {
		Model     string        `json:"model"`
		MaxTokens int           `json:"max_tokens"`
		System    []claudeBlock `json:"system"`
		Messages  []struct {
			Role    string        `json:"role"`
			Content []claudeBlock `json:"content"`
		} `json:"messages"`
		Temperature *float64 `json:"temperature"`
		Tools       []struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			InputSchema json.RawMessage `json:"input_schema"`
		} `json:"tools"`
		ToolChoice *struct {
			Type string `json:"type"`
		} `json:"tool_choice"`
		OutputConfig *struct {
			Format struct {
				Type   string          `json:"type"`
				Schema json.RawMessage `json:"schema"`
			} `json:"format"`
		} `json:"output_config"`
		Stream bool `json:"stream"`
	}
)

func (claudeVendor) key(r *http.Request) string { return r.Header.Get("X-Api-Key") }

func (claudeVendor) counts() (writes, thoughts bool) { return true, false }

func (claudeVendor) parse(r *http.Request, body []byte) (*ask, error) {
	if r.Header.Get("Anthropic-Version") != "2023-06-01" {
		return nil, errors.New("anthropic-version: header is required")
	}
	var in claudeIn
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	if in.Model == "" || in.MaxTokens < 1 || len(in.Messages) == 0 {
		return nil, errors.New("model, max_tokens and messages are required")
	}
	q := &ask{model: in.Model, limit: in.MaxTokens, stream: in.Stream, turns: len(in.Messages)}
	for _, b := range in.System {
		if b.Type != "text" || b.Text == nil || *b.Text == "" {
			return nil, errors.New("system: text content blocks must be non-empty")
		}
		q.say(*b.Text)
	}
	if err := in.messages(q); err != nil {
		return nil, err
	}
	if c := in.OutputConfig; c != nil {
		if c.Format.Type != "json_schema" {
			return nil, errors.New("output_config.format: invalid")
		}
		if err := checkStrict(c.Format.Schema); err != nil {
			return nil, fmt.Errorf("output_config.format.schema: %w", err)
		}
		q.schema = c.Format.Schema
	}
	if in.ToolChoice != nil && len(in.Tools) == 0 {
		return nil, errors.New("tool_choice may only be specified while providing tools")
	}
	for _, t := range in.Tools {
		if t.Name == "" || !json.Valid(t.InputSchema) {
			return nil, errors.New("tools: invalid")
		}
		if q.tool == "" && (in.ToolChoice == nil || in.ToolChoice.Type != "none") {
			q.tool, q.toolArgs = t.Name, t.InputSchema
		}
	}
	return q, nil
}

// messages wants turns that alternate, results of tools first and for every call, and
// thoughts as they were signed.
func (in *claudeIn) messages(q *ask) error {
	open := map[string]bool{}
	before := ""
	for i, m := range in.Messages {
		if m.Role == before || m.Role != "user" && m.Role != "assistant" || i == 0 && m.Role != "user" || len(m.Content) == 0 {
			return fmt.Errorf("messages.%d: roles must alternate, beginning with user, and have content", i)
		}
		before = m.Role
		others := false
		for _, b := range m.Content {
			if err := b.take(q, m.Role, open, others); err != nil {
				return fmt.Errorf("messages.%d: %w", i, err)
			}
			others = others || b.Type != "tool_result"
		}
		if m.Role == "user" && len(open) > 0 {
			return errors.New("tool_use ids were found without tool_result blocks immediately after")
		}
		q.repaired = q.repaired || m.Role == "assistant"
	}
	return nil
}

func (b *claudeBlock) take(q *ask, role string, open map[string]bool, others bool) error {
	switch {
	case b.Type == "text":
		if b.Text == nil || *b.Text == "" {
			return errors.New("text content blocks must be non-empty")
		}
		q.say(*b.Text)
	case b.Type == "thinking" && role == "assistant":
		if b.Signature != "signed" || b.Thinking == "" {
			return errors.New("thinking: invalid signature")
		}
	case b.Type == "tool_use" && role == "assistant":
		var object map[string]any
		if b.ID == "" || json.Unmarshal(b.Input, &object) != nil {
			return errors.New("tool_use.input: input should be a valid dictionary")
		}
		open[b.ID] = true
	case b.Type == "tool_result" && role == "user":
		if !open[b.ToolUseID] || others {
			return errors.New("unexpected tool_use_id found in tool_result blocks")
		}
		delete(open, b.ToolUseID)
		q.results = append(q.results, b.Content)
		q.say(b.Content)
	default:
		return fmt.Errorf("block type %q is not allowed for %s", b.Type, role)
	}
	return nil
}

func (claudeVendor) refusal(h http.Header, f Fault, message string) (int, any) {
	h.Set("Request-Id", domain.NewID("req"))
	of := func(status int, kind, message string) (int, any) {
		return status, map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": message}, "request_id": h.Get("Request-Id")}
	}
	switch f {
	case FaultRate:
		return of(http.StatusTooManyRequests, "rate_limit_error", "This request would exceed your rate limit")
	case FaultReset:
		h.Set("Anthropic-Ratelimit-Requests-Remaining", "3")
		h.Set("Anthropic-Ratelimit-Requests-Reset", time.Now().Add(9*time.Minute).UTC().Format(time.RFC3339))
		h.Set("Anthropic-Ratelimit-Input-Tokens-Remaining", "0")
		h.Set("Anthropic-Ratelimit-Input-Tokens-Reset", time.Now().Add(34*time.Second).UTC().Format(time.RFC3339))
		return of(http.StatusTooManyRequests, "rate_limit_error", "This request would exceed your rate limit")
	case FaultQuota: // the spend limit of a tier
		return http.StatusTooManyRequests, map[string]any{"type": "error", "error": map[string]any{
			"type": "rate_limit_error", "message": "Spend limit reached", "details": map[string]any{"error_code": "enforced_spend_limit_reached"},
		}}
	case FaultCredential:
		return of(http.StatusUnauthorized, "authentication_error", "invalid x-api-key")
	case FaultForbidden:
		return of(http.StatusForbidden, "permission_error", "Your API key does not have permission to use the specified resource")
	case FaultNoModel:
		return of(http.StatusNotFound, "not_found_error", "model: unknown")
	case FaultTooLong:
		return of(http.StatusBadRequest, "invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum")
	case FaultServer:
		return of(http.StatusInternalServerError, "api_error", "Internal server error")
	case FaultOverloaded:
		return of(http.StatusServiceUnavailable, "overloaded_error", "Overloaded")
	case "":
		return of(http.StatusBadRequest, "invalid_request_error", message)
	default:
		return of(529, "overloaded_error", "Overloaded")
	}
}

func (claudeVendor) usage(a *answer, f Fault) map[string]any {
	if f == FaultNoUsage {
		return map[string]any{}
	}
	// What was cached does not count within the input.
	return map[string]any{
		"input_tokens": a.input - a.cached - a.write, "cache_creation_input_tokens": a.write, "cache_read_input_tokens": a.cached,
		"output_tokens": a.output, "service_tier": "standard",
	}
}

func (claudeVendor) content(a *answer, f Fault) []map[string]any {
	thought := map[string]any{"type": "thinking", "thinking": "Let me see.", "signature": "signed"}
	switch {
	case f == FaultRefusal || f == FaultPrompt || f == FaultFilter:
		return []map[string]any{}
	case a.tool != "":
		return []map[string]any{thought, {"type": "tool_use", "id": domain.NewID("toolu"), "name": a.tool, "input": json.RawMessage(arguments(a.args))}}
	default:
		return []map[string]any{thought, {"type": "text", "text": a.text}}
	}
}

// arguments are an object, or what an adversary sends instead.
func arguments(args string) []byte {
	if json.Valid([]byte(args)) {
		return []byte(args)
	}
	return encode(args)
}

func (claudeVendor) stop(a *answer, f Fault) string {
	switch {
	case f == FaultRefusal || f == FaultPrompt || f == FaultFilter:
		return "refusal"
	case a.cut:
		return "max_tokens"
	case a.tool != "":
		return "tool_use"
	default:
		return "end_turn"
	}
}

func (v claudeVendor) reply(q *ask, a *answer, f Fault) any {
	if f == FaultNoChoices {
		return map[string]any{"completion": "an answer of another interface"}
	}
	return map[string]any{
		"id": domain.NewID("msg"), "type": "message", "role": "assistant", "model": q.model, "content": v.content(a, f), "stop_reason": v.stop(a, f),
		"stop_sequence": nil, "usage": v.usage(a, f),
	}
}

func (v claudeVendor) events(q *ask, a *answer, f Fault) []string {
	of := func(kind string, more map[string]any) string {
		more["type"] = kind
		return event(kind, more)
	}
	usage := v.usage(a, f)
	if f != FaultNoUsage {
		usage["output_tokens"] = 1 // so far
	}
	out := []string{of("message_start", map[string]any{"message": map[string]any{
		"id": domain.NewID("msg"), "type": "message", "role": "assistant", "model": q.model, "content": []any{}, "stop_reason": nil, "stop_sequence": nil, "usage": usage,
	}})}
	for i, b := range v.content(a, f) {
		out = append(out, blockEvents(of, i, b, a)...)
		out = append(out, of("ping", map[string]any{}))
	}
	if f == FaultInStream {
		return append(out, of("error", map[string]any{"error": map[string]any{"type": "overloaded_error", "message": "Overloaded"}}))
	}
	final := map[string]any{"output_tokens": a.output}
	if f == FaultNoUsage {
		final = map[string]any{}
	}
	out = append(out, of("message_delta", map[string]any{"delta": map[string]any{"stop_reason": v.stop(a, f), "stop_sequence": nil}, "usage": final}))
	return append(out, of("message_stop", map[string]any{}))
}

func blockEvents(of func(string, map[string]any) string, i int, b map[string]any, a *answer) []string {
	delta := func(d map[string]any) string {
		return of("content_block_delta", map[string]any{"index": i, "delta": d})
	}
	var begin map[string]any
	var parts []string
	switch b["type"] {
	case "thinking":
		begin = map[string]any{"type": "thinking", "thinking": ""}
		parts = []string{delta(map[string]any{"type": "thinking_delta", "thinking": b["thinking"]}), delta(map[string]any{"type": "signature_delta", "signature": b["signature"]})}
	case "tool_use":
		begin = map[string]any{"type": "tool_use", "id": b["id"], "name": b["name"], "input": map[string]any{}}
		for _, p := range pieces(a.args) {
			parts = append(parts, delta(map[string]any{"type": "input_json_delta", "partial_json": p}))
		}
	default:
		begin = map[string]any{"type": "text", "text": ""}
		for _, p := range pieces(a.text) {
			parts = append(parts, delta(map[string]any{"type": "text_delta", "text": p}))
		}
	}
	out := append([]string{of("content_block_start", map[string]any{"index": i, "content_block": begin})}, parts...)
	return append(out, of("content_block_stop", map[string]any{"index": i}))
}

func (claudeVendor) endless() string {
	return event("content_block_delta", map[string]any{"type": "content_block_delta", "index": 0, "delta": map[string]any{"type": "text_delta", "text": "more and more "}})
}
