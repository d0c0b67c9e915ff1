package openai

import (
	"context"
	"encoding/json"
	"strings"

	"empire/internal/domain"
	"empire/internal/integration/rest"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

type (
	respondTool struct { // flat, unlike in Chat Completions
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters"`
		Strict      bool            `json:"strict"`
	}
	textFormat struct {
		Type   string          `json:"type"`
		Name   string          `json:"name"`
		Strict bool            `json:"strict"`
		Schema json.RawMessage `json:"schema"`
	}
	textOptions struct {
		Format textFormat `json:"format"`
	}
	respondRequest struct {
		Model           string            `json:"model"`
		Instructions    string            `json:"instructions,omitempty"`
		Input           []json.RawMessage `json:"input"`
		MaxOutputTokens int               `json:"max_output_tokens,omitempty"`
		Temperature     *float64          `json:"temperature,omitempty"`
		Text            *textOptions      `json:"text,omitempty"`
		Tools           []respondTool     `json:"tools,omitempty"`
		ToolChoice      llm.ToolChoice    `json:"tool_choice,omitempty"`
		Include         []string          `json:"include,omitempty"`
		Store           bool              `json:"store"` // the vendor's default is true
		Stream          bool              `json:"stream,omitempty"`
	}
	item struct {
		Type    string `json:"type"`
		Content []struct {
			Type    string `json:"type"`
			Text    string `json:"text"`
			Refusal string `json:"refusal"`
		} `json:"content"`
		CallID    string `json:"call_id"`
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	}
	respondReply struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		Error  *struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
		Incomplete *struct {
			Reason string `json:"reason"`
		} `json:"incomplete_details"`
		Output []json.RawMessage `json:"output"`
		Usage  *struct {
			Input    *int `json:"input_tokens"`
			Output   *int `json:"output_tokens"`
			InDetail struct {
				Cached int `json:"cached_tokens"`
				Write  int `json:"cache_write_tokens"`
			} `json:"input_tokens_details"`
			OutDetail struct {
				Reasoning int `json:"reasoning_tokens"`
			} `json:"output_tokens_details"`
		} `json:"usage"`
	}
	respondEvent struct {
		Type     string        `json:"type"`
		Delta    string        `json:"delta"`
		Response *respondReply `json:"response"`
		Message  string        `json:"message"`
	}
)

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("openai: " + err.Error()) // a bug: maps of texts
	}
	return b
}

// nativeWire names turns of this interface.
const nativeWire = string(Responses)

func encodeResponses(r *llm.Request) *respondRequest {
	out := &respondRequest{
		Model: r.Model, Instructions: r.System, MaxOutputTokens: r.MaxTokens, Temperature: r.Temperature, Stream: r.Stream != nil,
	}
	for _, m := range r.Turns() {
		out.Input = append(out.Input, inputItems(m)...)
	}
	if r.Schema != nil {
		out.Text = &textOptions{textFormat{"json_schema", r.Schema.Name, true, r.Schema.JSON}}
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, respondTool{"function", t.Name, t.Description, t.Parameters, false})
	}
	if len(r.Tools) > 0 { // thoughts come back with the results; the vendor keeps none
		out.Include, out.ToolChoice = []string{"reasoning.encrypted_content"}, r.Choice
	}
	return out
}

// inputItems writes a turn. Calls and results are items of their own.
func inputItems(m llm.Message) []json.RawMessage {
	if m.Native != nil && m.Native.Wire == nativeWire {
		var items []json.RawMessage
		if json.Unmarshal(m.Native.Turn, &items) == nil && len(items) > 0 {
			return items
		}
	}
	var out []json.RawMessage
	for _, res := range m.Results {
		text := res.Text
		if res.Failed {
			text = "The tool failed: " + text
		}
		out = append(out, raw(map[string]string{"type": "function_call_output", "call_id": res.CallID, "output": text}))
	}
	if m.Text != "" || len(out) == 0 && len(m.Calls) == 0 {
		out = append(out, raw(map[string]string{"role": string(m.Role), "content": m.Text}))
	}
	for _, c := range m.Calls {
		out = append(out, raw(map[string]string{"type": "function_call", "call_id": c.ID, "name": c.Name, "arguments": string(c.Arguments)}))
	}
	return out
}

func (p *Provider) respond(ctx context.Context, r *llm.Request) (*llm.Response, error) {
	if r.Stream != nil {
		return p.streamResponses(ctx, r)
	}
	var in respondReply
	answer, err := p.wire.Post(ctx, "responses", r, encodeResponses(r), &in)
	if err != nil {
		return nil, err
	}
	return p.readResponse(&in, r, wire.ID(answer, in.ID))
}

// readResponse looks for messages and calls by their type: thoughts may come first.
func (p *Provider) readResponse(in *respondReply, r *llm.Request, id string) (*llm.Response, error) {
	out := &llm.Response{ProviderRequestID: id, Finish: llm.FinishStop, Usage: in.usage()}
	var text, refusal strings.Builder
	items := 0
	for _, item0 := range in.Output {
		var it item
		if json.Unmarshal(item0, &it) != nil {
			return nil, p.wire.Fail(llm.Malformed, "an item of the output cannot be read")
		}
		switch it.Type {
		case "message":
			items++
			for _, c := range it.Content {
				text.WriteString(c.Text)
				refusal.WriteString(c.Refusal)
			}
		case "function_call":
			items++
			out.Calls = append(out.Calls, llm.ToolCall{ID: it.CallID, Name: it.Name, Arguments: wire.Arguments(it.Arguments)})
		}
	}
	out.Text = text.String()
	if len(out.Text)+refusal.Len() > llm.MaxText(r.MaxTokens) {
		return nil, p.wire.Fail(llm.Oversize, "")
	}
	if len(out.Calls) > 0 {
		out.Finish = llm.FinishTools
		out.Native = &llm.Native{Wire: nativeWire, Turn: raw(in.Output)}
	}
	switch in.Status {
	case "completed":
		if items == 0 {
			return nil, p.wire.Fail(llm.Malformed, "the answer has no message")
		}
	case "incomplete":
		out.Finish = llm.FinishLength
		if in.Incomplete != nil && in.Incomplete.Reason == "content_filter" {
			out.Finish = llm.FinishBlocked
		}
	default:
		detail := "status " + in.Status
		if in.Error != nil {
			detail = in.Error.Code + ": " + in.Error.Message
		}
		return nil, p.wire.Fail(llm.ServerFault, detail)
	}
	if refusal.Len() > 0 {
		out.Text, out.Finish = refusal.String(), llm.FinishBlocked
	}
	return out, nil
}

func (in *respondReply) usage() *domain.Usage {
	u := in.Usage
	if u == nil || u.Input == nil || u.Output == nil {
		return nil
	}
	return &domain.Usage{Input: *u.Input, CachedInput: u.InDetail.Cached, CacheWrite: u.InDetail.Write, Output: *u.Output, Reasoning: u.OutDetail.Reasoning}
}

// streamResponses reads typed events. The last one has the whole answer again: that
// is what counts, the pieces are for who listens. There is no [DONE].
func (p *Provider) streamResponses(ctx context.Context, r *llm.Request) (*llm.Response, error) {
	text := p.wire.Collect(r)
	var final *respondReply
	answer, err := p.wire.Stream(ctx, "responses", r, encodeResponses(r), func(ev rest.Event) error {
		var in respondEvent
		if json.Unmarshal(ev.Data, &in) != nil {
			return p.wire.Fail(llm.Malformed, "an event cannot be read")
		}
		switch in.Type {
		case "response.output_text.delta":
			return text.Add(in.Delta)
		case "response.function_call_arguments.delta", "response.refusal.delta":
			return text.Count(len(in.Delta))
		case "response.completed", "response.incomplete", "response.failed":
			final = in.Response
		case "error":
			return p.wire.Fail(llm.Cut, "the vendor ended the stream with an error: "+in.Message)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if final == nil {
		return nil, p.wire.Fail(llm.Cut, "the stream ended without its last event")
	}
	return p.readResponse(final, r, wire.ID(answer, final.ID))
}
