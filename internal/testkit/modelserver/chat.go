package modelserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
)

// chatVendor is OpenAI's Chat Completions.
type chatVendor struct{}

type (
	chatCall struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	chatMessage struct {
		Role      string     `json:"role"`
		Content   *string    `json:"content"`
		ToolCalls []chatCall `json:"tool_calls"`
		CallID    string     `json:"tool_call_id"`
	}
	chat struct {
		Model               string        `json:"model"`
		Messages            []chatMessage `json:"messages"`
		MaxTokens           *int          `json:"max_tokens"`
		MaxCompletionTokens *int          `json:"max_completion_tokens"`
		Temperature         *float64      `json:"temperature"`
		ResponseFormat      *struct {
			Type       string `json:"type"`
			JSONSchema struct {
				Name   string          `json:"name"`
				Strict bool            `json:"strict"`
				Schema json.RawMessage `json:"schema"`
			} `json:"json_schema"`
		} `json:"response_format"`
		Tools []struct {
			Type     string `json:"type"`
			Function struct {
				Name        string          `json:"name"`
				Description string          `json:"description"`
				Parameters  json.RawMessage `json:"parameters"`
			} `json:"function"`
		} `json:"tools"`
		ToolChoice    string `json:"tool_choice"`
		Stream        bool   `json:"stream"`
		StreamOptions *struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
)

func (chatVendor) key(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func (chatVendor) counts() (writes, thoughts bool) { return false, true }

// parse reads a request as strictly as the vendor does.
func (chatVendor) parse(_ *http.Request, body []byte) (*ask, error) {
	var c chat
	if err := strict(body, &c); err != nil {
		return nil, err
	}
	if c.Model == "" {
		return nil, errors.New("you must provide a model parameter")
	}
	if c.MaxTokens != nil && c.MaxCompletionTokens != nil {
		return nil, errors.New("max_tokens and max_completion_tokens cannot both be set")
	}
	if t := c.Temperature; t != nil && (*t < 0 || *t > 2) {
		return nil, errors.New("temperature: expected a value between 0 and 2")
	}
	q := &ask{model: c.Model, limit: c.limit(), stream: c.Stream, turns: len(c.Messages)}
	if q.limit < 1 {
		return nil, errors.New("max_tokens: expected a value of at least 1")
	}
	if err := c.messages(q); err != nil {
		return nil, err
	}
	return q, c.wishes(q)
}

func (c *chat) messages(q *ask) error {
	if len(c.Messages) == 0 {
		return errors.New("messages: expected an array with at least one item")
	}
	open := map[string]bool{}
	for i, m := range c.Messages {
		switch m.Role {
		case "system", "developer", "user", "assistant":
			if len(open) > 0 {
				return errors.New("an assistant message with tool_calls must be followed by tool messages responding to each tool_call_id")
			}
		case "tool":
			if !open[m.CallID] || m.Content == nil {
				return fmt.Errorf("messages[%d]: tool message without a preceding call", i)
			}
			delete(open, m.CallID)
			q.results = append(q.results, *m.Content)
		default:
			return fmt.Errorf("messages[%d].role: %q is not one of system, developer, user, assistant, tool", i, m.Role)
		}
		if m.Content == nil && len(m.ToolCalls) == 0 {
			return fmt.Errorf("messages[%d].content: expected a string, got null", i)
		}
		if m.Content != nil {
			q.say(*m.Content)
		}
		for _, call := range m.ToolCalls {
			if call.Type != "function" || call.ID == "" || !json.Valid([]byte(call.Function.Arguments)) {
				return fmt.Errorf("messages[%d].tool_calls: invalid", i)
			}
			open[call.ID] = true
		}
		q.repaired = q.repaired || m.Role == "assistant"
	}
	return nil
}

// wishes reads schema, tools and streaming.
func (c *chat) wishes(q *ask) error {
	if f := c.ResponseFormat; f != nil {
		if f.Type != "json_schema" || f.JSONSchema.Name == "" || !f.JSONSchema.Strict {
			return errors.New("response_format: invalid")
		}
		if err := checkStrict(f.JSONSchema.Schema); err != nil {
			return fmt.Errorf("invalid schema for response_format: %w", err)
		}
		q.schema = f.JSONSchema.Schema
	}
	if c.ToolChoice != "" && len(c.Tools) == 0 {
		return errors.New("tool_choice is only allowed when tools are specified")
	}
	for _, t := range c.Tools {
		if t.Type != "function" || t.Function.Name == "" {
			return errors.New("tools: invalid")
		}
		if q.tool == "" && c.ToolChoice != "none" {
			q.tool, q.toolArgs = t.Function.Name, t.Function.Parameters
		}
	}
	if c.StreamOptions != nil && !c.Stream {
		return errors.New("stream_options is only allowed when stream is enabled")
	}
	return nil
}

// limit is how many tokens the answer may have.
func (c *chat) limit() int {
	switch {
	case c.MaxTokens != nil:
		return *c.MaxTokens
	case c.MaxCompletionTokens != nil:
		return *c.MaxCompletionTokens
	default:
		return 4096
	}
}

func (chatVendor) refusal(h http.Header, f Fault, message string) (int, any) {
	h.Set("X-Request-Id", domain.NewID("req"))
	switch f {
	case FaultRate:
		return http.StatusTooManyRequests, problem("Rate limit reached", "requests", "rate_limit_exceeded")
	case FaultReset:
		h.Set("X-Ratelimit-Remaining-Requests", "12")
		h.Set("X-Ratelimit-Reset-Requests", "9m0s")
		h.Set("X-Ratelimit-Remaining-Tokens", "0")
		h.Set("X-Ratelimit-Reset-Tokens", "34s")
		return http.StatusTooManyRequests, problem("Rate limit reached", "tokens", "rate_limit_exceeded")
	case FaultQuota:
		return http.StatusTooManyRequests, problem("You exceeded your current quota", "insufficient_quota", "insufficient_quota")
	case FaultCredential:
		return http.StatusUnauthorized, problem("Incorrect API key provided", "invalid_request_error", "invalid_api_key")
	case FaultForbidden:
		return http.StatusForbidden, problem("You are not allowed to sample from this model", "invalid_request_error", "")
	case FaultNoModel:
		return http.StatusNotFound, problem("The model does not exist or you do not have access to it", "invalid_request_error", "model_not_found")
	case FaultTooLong:
		return http.StatusBadRequest, problem("This model's maximum context length is exceeded", "invalid_request_error", "context_length_exceeded")
	case FaultServer:
		return http.StatusInternalServerError, problem("The server had an error while processing your request", "server_error", "")
	case FaultBusy:
		return 529, problem("The site is overloaded", "server_error", "")
	case "":
		return http.StatusBadRequest, problem(message, "invalid_request_error", "")
	default:
		return http.StatusServiceUnavailable, problem("The engine is currently overloaded", "server_error", "")
	}
}

func problem(message, kind, code string) map[string]any {
	var c any
	if code != "" {
		c = code
	}
	return map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": c}}
}

func (v chatVendor) reply(q *ask, a *answer, f Fault) any {
	message := map[string]any{"role": "assistant", "content": a.text, "refusal": nil}
	if a.tool != "" {
		message["content"] = nil
		message["tool_calls"] = []any{map[string]any{"id": domain.NewID("call"), "type": "function", "function": map[string]any{"name": a.tool, "arguments": a.args}}}
	}
	if f == FaultRefusal || f == FaultPrompt {
		message["content"], message["refusal"] = nil, "I cannot help with that."
	}
	out := map[string]any{
		"id": domain.NewID("chatcmpl"), "object": "chat.completion", "created": time.Now().Unix(), "model": q.model,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": v.finish(a, f), "logprobs": nil}}, "usage": v.usage(a),
	}
	switch f {
	case FaultNoUsage:
		delete(out, "usage")
	case FaultNoChoices:
		out["choices"] = []any{}
	}
	return out
}

func (chatVendor) finish(a *answer, f Fault) string {
	switch {
	case f == FaultFilter:
		return "content_filter"
	case a.cut:
		return "length"
	case a.tool != "":
		return "tool_calls"
	default:
		return "stop"
	}
}

func (chatVendor) usage(a *answer) map[string]any {
	return map[string]any{
		"prompt_tokens": a.input, "completion_tokens": a.output, "total_tokens": a.input + a.output,
		"prompt_tokens_details": map[string]any{"cached_tokens": a.cached}, "completion_tokens_details": map[string]any{"reasoning_tokens": a.reasoning},
	}
}

func chunk(q *ask, delta map[string]any, finish any) map[string]any {
	return map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": time.Now().Unix(), "model": q.model,
		"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}},
	}
}

func (v chatVendor) events(q *ask, a *answer, f Fault) []string {
	out := []string{event("", chunk(q, map[string]any{"role": "assistant", "content": ""}, nil))}
	switch {
	case f == FaultRefusal || f == FaultPrompt:
		out = append(out, event("", chunk(q, map[string]any{"refusal": "I cannot "}, nil)), event("", chunk(q, map[string]any{"refusal": "help with that."}, nil)))
	case a.tool != "":
		head := map[string]any{"index": 0, "id": domain.NewID("call"), "type": "function", "function": map[string]any{"name": a.tool, "arguments": ""}}
		out = append(out, event("", chunk(q, map[string]any{"tool_calls": []any{head}}, nil)))
		for _, p := range pieces(a.args) {
			part := map[string]any{"index": 0, "function": map[string]any{"arguments": p}}
			out = append(out, event("", chunk(q, map[string]any{"tool_calls": []any{part}}, nil)))
		}
	default:
		for _, p := range pieces(a.text) {
			out = append(out, event("", chunk(q, map[string]any{"content": p}, nil)))
		}
	}
	if f == FaultInStream {
		return append(out, event("", problem("The server had an error", "server_error", "")))
	}
	out = append(out, event("", chunk(q, map[string]any{}, v.finish(a, f))))
	if f != FaultNoUsage {
		last := chunk(q, nil, nil)
		last["choices"], last["usage"] = []any{}, v.usage(a)
		out = append(out, event("", last))
	}
	return append(out, "data: [DONE]\n\n")
}

func (chatVendor) endless() string {
	return event("", chunk(&ask{model: "m"}, map[string]any{"content": "more and more "}, nil))
}
