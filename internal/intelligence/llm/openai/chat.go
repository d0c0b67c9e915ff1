package openai

import (
	"context"
	"encoding/json"

	"empire/internal/domain"
	"empire/internal/integration/rest"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

type (
	message struct {
		Role      string     `json:"role"`
		Content   *string    `json:"content"` // null beside calls of tools
		ToolCalls []toolCall `json:"tool_calls,omitempty"`
		CallID    string     `json:"tool_call_id,omitempty"`
	}
	toolCall struct {
		Index    int    `json:"index,omitempty"` // in streams
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"` // JSON as text
		} `json:"function"`
	}
	function struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters"`
	}
	chatTool struct {
		Type     string   `json:"type"`
		Function function `json:"function"`
	}
	jsonSchema struct {
		Name   string          `json:"name"`
		Strict bool            `json:"strict"`
		Schema json.RawMessage `json:"schema"`
	}
	responseFormat struct {
		Type       string     `json:"type"`
		JSONSchema jsonSchema `json:"json_schema"`
	}
	streamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	}
	chatRequest struct {
		Model               string          `json:"model"`
		Messages            []message       `json:"messages"`
		MaxCompletionTokens int             `json:"max_completion_tokens,omitempty"`
		MaxTokens           int             `json:"max_tokens,omitempty"`
		Temperature         *float64        `json:"temperature,omitempty"`
		ResponseFormat      *responseFormat `json:"response_format,omitempty"`
		Tools               []chatTool      `json:"tools,omitempty"`
		ToolChoice          llm.ToolChoice  `json:"tool_choice,omitempty"`
		Stream              bool            `json:"stream,omitempty"`
		StreamOptions       *streamOptions  `json:"stream_options,omitempty"`
	}
	part struct {
		Content   *string    `json:"content"`
		Refusal   *string    `json:"refusal"`
		ToolCalls []toolCall `json:"tool_calls"`
	}
	chatReply struct {
		ID      string `json:"id"`
		Choices []struct {
			Message      part   `json:"message"`
			Delta        part   `json:"delta"` // in streams
			FinishReason string `json:"finish_reason"`
		} `json:"choices"`
		Usage *chatUsage       `json:"usage"`
		Error *json.RawMessage `json:"error"` // in streams, after a good status
	}
	chatUsage struct {
		Prompt     *int `json:"prompt_tokens"`
		Completion *int `json:"completion_tokens"`
		InDetail   struct {
			Cached int `json:"cached_tokens"`
			Write  int `json:"cache_write_tokens"`
		} `json:"prompt_tokens_details"`
		OutDetail struct {
			Reasoning int `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	}
)

// usage returns what was counted. Servers of one's own may leave it out.
func (u *chatUsage) usage() *domain.Usage {
	if u == nil || u.Prompt == nil || u.Completion == nil {
		return nil
	}
	return &domain.Usage{Input: *u.Prompt, CachedInput: u.InDetail.Cached, CacheWrite: u.InDetail.Write, Output: *u.Completion, Reasoning: u.OutDetail.Reasoning}
}

func (p *Provider) encodeChat(r *llm.Request) *chatRequest {
	out := &chatRequest{Model: r.Model, Temperature: r.Temperature}
	if r.System != "" {
		out.Messages = append(out.Messages, message{Role: "system", Content: &r.System})
	}
	for _, m := range r.Turns() {
		out.Messages = append(out.Messages, chatMessages(m)...)
	}
	if p.shape == Vendor {
		out.MaxCompletionTokens = r.MaxTokens
	} else {
		out.MaxTokens = r.MaxTokens
	}
	if r.Schema != nil {
		out.ResponseFormat = &responseFormat{"json_schema", jsonSchema{r.Schema.Name, true, r.Schema.JSON}}
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, chatTool{"function", function{t.Name, t.Description, t.Parameters}})
		out.ToolChoice = r.Choice // refused without tools
	}
	if r.Stream != nil {
		out.Stream, out.StreamOptions = true, &streamOptions{true}
	}
	return out
}

// chatMessages writes a turn: a result of a tool is a message of its own.
func chatMessages(m llm.Message) []message {
	var out []message
	for _, res := range m.Results {
		text := res.Text
		if res.Failed {
			text = "The tool failed: " + text
		}
		out = append(out, message{Role: "tool", Content: &text, CallID: res.CallID})
	}
	if m.Text == "" && len(m.Calls) == 0 && len(out) > 0 {
		return out
	}
	own := message{Role: string(m.Role)}
	if m.Text != "" || len(m.Calls) == 0 {
		own.Content = &m.Text
	}
	for _, c := range m.Calls {
		call := toolCall{ID: c.ID, Type: "function"}
		call.Function.Name, call.Function.Arguments = c.Name, string(c.Arguments)
		own.ToolCalls = append(own.ToolCalls, call)
	}
	return append(out, own)
}

func (p *Provider) chat(ctx context.Context, r *llm.Request) (*llm.Response, error) {
	if r.Stream != nil {
		return p.streamChat(ctx, r)
	}
	var in chatReply
	answer, err := p.wire.Post(ctx, "chat/completions", r, p.encodeChat(r), &in)
	if err != nil {
		return nil, err
	}
	if len(in.Choices) == 0 {
		return nil, p.wire.Fail(llm.Malformed, "the answer has no choices")
	}
	s := chatState{client: p.wire, text: p.wire.Collect(r), finish: in.Choices[0].FinishReason}
	if err := s.add(&in.Choices[0].Message, false); err != nil {
		return nil, err
	}
	return s.response(in.Usage.usage(), wire.ID(answer, in.ID)), nil
}

// chatState is an answer that comes in parts.
type chatState struct {
	client  *wire.Client
	text    *wire.Text
	refusal string
	calls   []toolCall
	finish  string
	ended   bool // by the vendor's last line
}

// add takes a part. In streams, parts of a call are joined by their index.
func (s *chatState) add(p *part, stream bool) error {
	if p.Content != nil {
		if err := s.text.Add(*p.Content); err != nil {
			return err
		}
	}
	if p.Refusal != nil {
		if err := s.text.Count(len(*p.Refusal)); err != nil {
			return err
		}
		s.refusal += *p.Refusal
	}
	for i, c := range p.ToolCalls {
		at := i
		if stream {
			at = c.Index
		}
		if err := s.text.Count(len(c.ID) + len(c.Function.Name) + len(c.Function.Arguments)); err != nil {
			return err
		}
		if at < 0 || at > len(s.calls) {
			return s.client.Fail(llm.Malformed, "a call of a tool has a wrong index")
		}
		if at == len(s.calls) {
			s.calls = append(s.calls, toolCall{})
		}
		own := &s.calls[at]
		if c.ID != "" {
			own.ID = c.ID
		}
		own.Function.Name += c.Function.Name
		own.Function.Arguments += c.Function.Arguments
	}
	return nil
}

var finishes = map[string]llm.Finish{
	"stop": llm.FinishStop, "length": llm.FinishLength, "content_filter": llm.FinishBlocked, "tool_calls": llm.FinishTools, "function_call": llm.FinishTools,
}

func (s *chatState) response(u *domain.Usage, id string) *llm.Response {
	out := &llm.Response{Text: s.text.String(), Finish: finishes[s.finish], Usage: u, ProviderRequestID: id}
	if out.Finish == "" {
		out.Finish = llm.FinishOther
	}
	for _, c := range s.calls {
		out.Calls = append(out.Calls, llm.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: wire.Arguments(c.Function.Arguments)})
	}
	if len(out.Calls) > 0 && out.Finish == llm.FinishStop { // a forced call ends with stop
		out.Finish = llm.FinishTools
	}
	if s.refusal != "" {
		out.Text, out.Finish = s.refusal, llm.FinishBlocked
	}
	return out
}

func (p *Provider) streamChat(ctx context.Context, r *llm.Request) (*llm.Response, error) {
	s := chatState{client: p.wire, text: p.wire.Collect(r)}
	var last chatReply
	answer, err := p.wire.Stream(ctx, "chat/completions", r, p.encodeChat(r), func(ev rest.Event) error {
		if string(ev.Data) == "[DONE]" {
			s.ended = true
			return nil
		}
		var in chatReply
		if s.ended || json.Unmarshal(ev.Data, &in) != nil {
			return p.wire.Fail(llm.Malformed, "an event cannot be read")
		}
		if in.Error != nil {
			return p.wire.Fail(llm.Cut, "the vendor ended the stream with an error")
		}
		last.ID = in.ID
		if in.Usage != nil {
			last.Usage = in.Usage
		}
		if len(in.Choices) == 0 { // the one with the usage
			return nil
		}
		if f := in.Choices[0].FinishReason; f != "" {
			s.finish = f
		}
		return s.add(&in.Choices[0].Delta, true)
	})
	if err != nil {
		return nil, err
	}
	if s.finish == "" {
		return nil, p.wire.Fail(llm.Cut, "the stream ended without a reason")
	}
	return s.response(last.Usage.usage(), wire.ID(answer, last.ID)), nil
}
