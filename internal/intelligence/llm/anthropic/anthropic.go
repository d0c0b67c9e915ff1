// Package anthropic speaks to Anthropic's Messages interface, POST /v1/messages, of
// version 2023-06-01 (docs.anthropic.com, "Messages" and "Errors").
package anthropic

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

// DefaultBaseURL is Anthropic's own endpoint.
const DefaultBaseURL = "https://api.anthropic.com/v1"

const version = "2023-06-01"

// Config says where an endpoint is.
type Config struct {
	Name    string // of the provider in the ledger and in messages
	BaseURL string // with /v1; empty: Anthropic's own
	Key     string
	HTTP    *http.Client
	Timeout time.Duration // of one call, above that of its context; 0: 10 minutes
}

// Provider is an endpoint. It has no embeddings. It is safe for concurrent use.
type Provider struct {
	wire *wire.Client
}

var _ llm.Provider = (*Provider)(nil)

// New returns a provider.
func New(cfg Config) (*Provider, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	h := http.Header{"Anthropic-Version": {version}}
	if cfg.Key != "" {
		h.Set("X-Api-Key", cfg.Key)
	}
	c, err := wire.New(wire.Config{
		Name: cfg.Name, BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Header: h, Secrets: []string{cfg.Key}, Timeout: cfg.Timeout, Explain: explain,
	})
	if err != nil {
		return nil, err
	}
	return &Provider{c}, nil
}

// Own reports whether an address is Anthropic's own endpoint, which needs a key.
func Own(base string) bool {
	u, err := url.Parse(base)
	return base == "" || err == nil && u.Hostname() == "api.anthropic.com"
}

// Name returns the name of the provider in the ledger.
func (p *Provider) Name() string { return p.wire.Name() }

type (
	cacheControl struct {
		Type string `json:"type"`
	}
	text struct {
		Type  string        `json:"type"`
		Text  string        `json:"text"`
		Cache *cacheControl `json:"cache_control,omitempty"`
	}
	toolUse struct {
		Type  string          `json:"type"`
		ID    string          `json:"id"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"` // an object, not a text
	}
	toolResult struct {
		Type      string `json:"type"`
		ToolUseID string `json:"tool_use_id"`
		Content   string `json:"content"`
		IsError   bool   `json:"is_error,omitempty"`
	}
	message struct {
		Role    llm.Role `json:"role"`
		Content []any    `json:"content"` // text, toolUse, toolResult, or raw blocks of an earlier answer
	}
	tool struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		InputSchema json.RawMessage `json:"input_schema"`
	}
	toolChoice struct {
		Type string `json:"type"`
	}
	format struct {
		Type   string          `json:"type"`
		Schema json.RawMessage `json:"schema"`
	}
	outputConfig struct {
		Format format `json:"format"`
	}
	request struct {
		Model        string        `json:"model"`
		MaxTokens    int           `json:"max_tokens"` // required
		System       []text        `json:"system,omitempty"`
		Messages     []message     `json:"messages"`
		Temperature  *float64      `json:"temperature,omitempty"`
		Tools        []tool        `json:"tools,omitempty"`
		ToolChoice   *toolChoice   `json:"tool_choice,omitempty"`
		OutputConfig *outputConfig `json:"output_config,omitempty"`
		Stream       bool          `json:"stream,omitempty"`
	}
	block struct {
		Type  string          `json:"type"`
		Text  string          `json:"text"`
		ID    string          `json:"id"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	}
	reply struct {
		ID         string            `json:"id"`
		Type       string            `json:"type"`
		Content    []json.RawMessage `json:"content"`
		StopReason string            `json:"stop_reason"`
		Usage      usage             `json:"usage"`
	}
	// usage counts what was read from the cache and written to it beside the input, not
	// within it as other vendors do.
	usage struct {
		Input  *int `json:"input_tokens"`
		Write  *int `json:"cache_creation_input_tokens"`
		Cached *int `json:"cache_read_input_tokens"`
		Output *int `json:"output_tokens"`
	}
)

// defaultMaxTokens is asked for where a request says nothing: the vendor wants a
// number.
const defaultMaxTokens = 4096

// nativeWire names turns of this interface.
const nativeWire = "anthropic"

// cacheFrom is the length of instructions, in bytes, from which they are worth a
// place in the vendor's cache: shorter ones are ignored there (1,024 tokens and more,
// by model).
const cacheFrom = 16 << 10

func encode(r *llm.Request) *request {
	out := &request{Model: r.Model, MaxTokens: r.MaxTokens, Temperature: r.Temperature, Stream: r.Stream != nil}
	if out.MaxTokens <= 0 {
		out.MaxTokens = defaultMaxTokens
	}
	if r.System != "" {
		t := text{Type: "text", Text: r.System}
		if len(r.System) >= cacheFrom {
			t.Cache = &cacheControl{"ephemeral"}
		}
		out.System = []text{t}
	}
	for _, m := range r.Turns() {
		out.add(m.Role, blocks(m))
	}
	if r.Schema != nil {
		out.OutputConfig = &outputConfig{format{"json_schema", r.Schema.JSON}}
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, tool{t.Name, t.Description, t.Parameters})
	}
	if len(r.Tools) > 0 {
		switch r.Choice {
		case llm.ToolsNone:
			out.ToolChoice = &toolChoice{"none"}
		case llm.ToolsRequired:
			out.ToolChoice = &toolChoice{"any"}
		}
	}
	return out
}

// add appends blocks. Two messages of one role become one: results of tools begin the
// message that also has the words of the user.
func (r *request) add(role llm.Role, blocks []any) {
	if n := len(r.Messages); n > 0 && r.Messages[n-1].Role == role {
		r.Messages[n-1].Content = append(r.Messages[n-1].Content, blocks...)
		return
	}
	r.Messages = append(r.Messages, message{role, blocks})
}

func blocks(m llm.Message) []any {
	var out []any
	if m.Native != nil && m.Native.Wire == nativeWire {
		var raw []json.RawMessage
		if json.Unmarshal(m.Native.Turn, &raw) == nil && len(raw) > 0 {
			for _, b := range raw {
				out = append(out, b)
			}
			return out
		}
	}
	for _, res := range m.Results {
		out = append(out, toolResult{"tool_result", res.CallID, res.Text, res.Failed})
	}
	if m.Text != "" { // empty blocks are refused
		out = append(out, text{Type: "text", Text: m.Text})
	}
	for _, c := range m.Calls {
		out = append(out, toolUse{"tool_use", c.ID, c.Name, c.Arguments})
	}
	return out
}

// Complete makes one call.
func (p *Provider) Complete(ctx context.Context, r llm.Request) (*llm.Response, error) {
	if r.Stream != nil {
		return p.stream(ctx, &r)
	}
	var in reply
	answer, err := p.wire.Post(ctx, "messages", &r, encode(&r), &in)
	if err != nil {
		return nil, err
	}
	if in.Type != "message" {
		return nil, p.wire.Fail(llm.Malformed, "the answer is not a message")
	}
	return p.response(&in, &r, wire.ID(answer, in.ID))
}

var finishes = map[string]llm.Finish{
	"end_turn": llm.FinishStop, "stop_sequence": llm.FinishStop, "max_tokens": llm.FinishLength, "tool_use": llm.FinishTools, "refusal": llm.FinishBlocked,
	"model_context_window_exceeded": llm.FinishLength,
}

// response reads the blocks of an answer: thoughts may come before the text.
func (p *Provider) response(in *reply, r *llm.Request, id string) (*llm.Response, error) {
	if in.StopReason == "" {
		return nil, p.wire.Fail(llm.Malformed, "the answer has no reason to end")
	}
	out := &llm.Response{Finish: finishes[in.StopReason], Usage: in.Usage.usage(), ProviderRequestID: id}
	if out.Finish == "" {
		out.Finish = llm.FinishOther
	}
	var b strings.Builder
	for _, raw := range in.Content {
		var c block
		if json.Unmarshal(raw, &c) != nil {
			return nil, p.wire.Fail(llm.Malformed, "a block cannot be read")
		}
		switch c.Type {
		case "text":
			b.WriteString(c.Text)
		case "tool_use":
			out.Calls = append(out.Calls, llm.ToolCall{ID: c.ID, Name: c.Name, Arguments: wire.Arguments(string(c.Input))})
		}
	}
	if b.Len() > llm.MaxText(r.MaxTokens) {
		return nil, p.wire.Fail(llm.Oversize, "")
	}
	out.Text = b.String()
	if len(out.Calls) > 0 {
		raw, err := json.Marshal(in.Content)
		if err != nil {
			return nil, p.wire.Fail(llm.Malformed, err.Error())
		}
		out.Native = &llm.Native{Wire: nativeWire, Turn: raw}
	}
	return out, nil
}

func (u *usage) usage() *domain.Usage {
	if u.Input == nil || u.Output == nil {
		return nil
	}
	out := &domain.Usage{Input: *u.Input, Output: *u.Output}
	if u.Cached != nil {
		out.CachedInput = *u.Cached
	}
	if u.Write != nil {
		out.CacheWrite = *u.Write
	}
	out.Input += out.CachedInput + out.CacheWrite
	return out
}

// limits are the vendor's headers; a reset is a time.
var limits = []wire.Limit{
	{Remaining: "Anthropic-Ratelimit-Requests-Remaining", Reset: "Anthropic-Ratelimit-Requests-Reset"},
	{Remaining: "Anthropic-Ratelimit-Tokens-Remaining", Reset: "Anthropic-Ratelimit-Tokens-Reset"},
	{Remaining: "Anthropic-Ratelimit-Input-Tokens-Remaining", Reset: "Anthropic-Ratelimit-Input-Tokens-Reset"},
	{Remaining: "Anthropic-Ratelimit-Output-Tokens-Remaining", Reset: "Anthropic-Ratelimit-Output-Tokens-Reset"},
}

type wireError struct {
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Details struct {
			Code string `json:"error_code"`
		} `json:"details"`
	} `json:"error"`
}

// explain tells by type. A spend limit is a 429 without a time to wait, or a 400.
func explain(_ int, h http.Header, body []byte) wire.Fault {
	var w wireError
	_ = json.Unmarshal(body, &w)
	out := wire.Fault{Detail: w.Error.Message, Wait: wire.Reset(h, limits, time.Now())}
	words := strings.ToLower(w.Error.Message)
	switch {
	case w.Error.Details.Code == "enforced_spend_limit_reached" || w.Error.Type == "billing_error":
		out.Class = llm.Quota
	case w.Error.Type == "invalid_request_error" && (strings.Contains(words, "credit balance") || strings.Contains(words, "usage limits")):
		out.Class = llm.Quota
	case w.Error.Type == "invalid_request_error" && strings.Contains(words, "prompt is too long"), w.Error.Type == "request_too_large":
		out.Class = llm.TooLong
	case w.Error.Type == "overloaded_error":
		out.Class = llm.Overloaded
	}
	return out
}
