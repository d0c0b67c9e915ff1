// Package gemini speaks to Google's Gemini interface, POST
// /v1beta/models/MODEL:generateContent, with an API key (ai.google.dev/api).
package gemini

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

// DefaultBaseURL is Google's own endpoint.
const DefaultBaseURL = "https://generativelanguage.googleapis.com/v1beta"

// Config says where an endpoint is.
type Config struct {
	Name    string // of the provider in the ledger and in messages
	BaseURL string // with /v1beta; empty: Google's own
	Key     string
	HTTP    *http.Client
	Timeout time.Duration // of one call, above that of its context; 0: 10 minutes
}

// Provider is an endpoint. It is safe for concurrent use.
type Provider struct {
	wire *wire.Client
}

var _ llm.EmbeddingProvider = (*Provider)(nil)

// New returns a provider.
func New(cfg Config) (*Provider, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	h := http.Header{}
	if cfg.Key != "" {
		h.Set("X-Goog-Api-Key", cfg.Key)
	}
	c, err := wire.New(wire.Config{
		Name: cfg.Name, BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Header: h, Secrets: []string{cfg.Key}, Timeout: cfg.Timeout, Explain: explain,
	})
	if err != nil {
		return nil, err
	}
	return &Provider{c}, nil
}

// Own reports whether an address is Google's own endpoint, which needs a key.
func Own(base string) bool {
	u, err := url.Parse(base)
	return base == "" || err == nil && u.Hostname() == "generativelanguage.googleapis.com"
}

// Name returns the name of the provider in the ledger.
func (p *Provider) Name() string { return p.wire.Name() }

type (
	functionCall struct {
		ID   string          `json:"id,omitempty"`
		Name string          `json:"name"`
		Args json.RawMessage `json:"args,omitempty"`
	}
	functionResponse struct {
		ID       string            `json:"id,omitempty"`
		Name     string            `json:"name"`
		Response map[string]string `json:"response"`
	}
	part struct {
		Text     string            `json:"text,omitempty"`
		Thought  bool              `json:"thought,omitempty"`
		Signed   string            `json:"thoughtSignature,omitempty"`
		Call     *functionCall     `json:"functionCall,omitempty"`
		Response *functionResponse `json:"functionResponse,omitempty"`
	}
	content struct {
		Role  string `json:"role,omitempty"`
		Parts []any  `json:"parts"` // part, or raw parts of an earlier answer
	}
	declaration struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parametersJsonSchema"`
	}
	tools struct {
		Declarations []declaration `json:"functionDeclarations"`
	}
	callingConfig struct {
		Mode string `json:"mode"`
	}
	toolConfig struct {
		Calling callingConfig `json:"functionCallingConfig"`
	}
	generationConfig struct {
		MaxOutputTokens int             `json:"maxOutputTokens,omitempty"`
		Temperature     *float64        `json:"temperature,omitempty"`
		MIMEType        string          `json:"responseMimeType,omitempty"`
		Schema          json.RawMessage `json:"responseJsonSchema,omitempty"`
	}
	request struct {
		System     *content          `json:"systemInstruction,omitempty"`
		Contents   []content         `json:"contents"`
		Tools      []tools           `json:"tools,omitempty"`
		ToolConfig *toolConfig       `json:"toolConfig,omitempty"`
		Generation *generationConfig `json:"generationConfig,omitempty"`
	}
	candidate struct {
		Content struct {
			Parts []json.RawMessage `json:"parts"`
		} `json:"content"`
		FinishReason string `json:"finishReason"`
	}
	// usage counts cached tokens within the prompt, and thoughts beside the answer.
	usage struct {
		Prompt   *int `json:"promptTokenCount"`
		ToolUse  int  `json:"toolUsePromptTokenCount"`
		Cached   int  `json:"cachedContentTokenCount"`
		Answer   int  `json:"candidatesTokenCount"`
		Thoughts int  `json:"thoughtsTokenCount"`
	}
	reply struct {
		Candidates []candidate `json:"candidates"`
		Feedback   struct {
			BlockReason string `json:"blockReason"`
		} `json:"promptFeedback"`
		Usage      *usage           `json:"usageMetadata"`
		ResponseID string           `json:"responseId"`
		Error      *json.RawMessage `json:"error"` // in streams, after a good status
	}
)

// nativeWire names turns of this interface.
const nativeWire = "gemini"

var roles = map[llm.Role]string{llm.User: "user", llm.Assistant: "model"}

func encode(r *llm.Request) *request {
	out := &request{Generation: &generationConfig{MaxOutputTokens: r.MaxTokens, Temperature: r.Temperature}}
	if r.System != "" {
		out.System = &content{Parts: []any{part{Text: r.System}}}
	}
	for _, m := range r.Turns() {
		out.add(roles[m.Role], parts(m))
	}
	if r.Schema != nil { // one does nothing without the other
		out.Generation.MIMEType, out.Generation.Schema = "application/json", r.Schema.JSON
	}
	if len(r.Tools) > 0 {
		var list tools
		for _, t := range r.Tools {
			list.Declarations = append(list.Declarations, declaration{t.Name, t.Description, t.Parameters})
		}
		out.Tools = []tools{list}
		switch r.Choice {
		case llm.ToolsNone:
			out.ToolConfig = &toolConfig{callingConfig{"NONE"}}
		case llm.ToolsRequired:
			out.ToolConfig = &toolConfig{callingConfig{"ANY"}}
		}
	}
	return out
}

func (r *request) add(role string, parts []any) {
	if n := len(r.Contents); n > 0 && r.Contents[n-1].Role == role {
		r.Contents[n-1].Parts = append(r.Contents[n-1].Parts, parts...)
		return
	}
	r.Contents = append(r.Contents, content{role, parts})
}

func parts(m llm.Message) []any {
	var out []any
	if m.Native != nil && m.Native.Wire == nativeWire {
		var raw []json.RawMessage
		if json.Unmarshal(m.Native.Turn, &raw) == nil && len(raw) > 0 {
			for _, p := range raw {
				out = append(out, p)
			}
			return out
		}
	}
	for _, res := range m.Results {
		key := "output"
		if res.Failed {
			key = "error"
		}
		out = append(out, part{Response: &functionResponse{vendorID(res.CallID), res.Name, map[string]string{key: res.Text}}})
	}
	if m.Text != "" {
		out = append(out, part{Text: m.Text})
	}
	for _, c := range m.Calls {
		out = append(out, part{Call: &functionCall{vendorID(c.ID), c.Name, c.Arguments}})
	}
	return out
}

// ownID begins the ids that this package gives calls to which the vendor gave none.
const ownID = "gemini-call-"

func vendorID(id string) string {
	if strings.HasPrefix(id, ownID) {
		return ""
	}
	return id
}

// modelPath names a model and what is wanted of it.
func modelPath(model, verb string) string {
	return "models/" + url.PathEscape(strings.TrimPrefix(model, "models/")) + ":" + verb
}

// Complete makes one call.
func (p *Provider) Complete(ctx context.Context, r llm.Request) (*llm.Response, error) {
	if r.Stream != nil {
		return p.stream(ctx, &r)
	}
	var in reply
	answer, err := p.wire.Post(ctx, modelPath(r.Model, "generateContent"), &r, encode(&r), &in)
	if err != nil {
		return nil, err
	}
	s := state{p: p, text: p.wire.Collect(&r)}
	if err := s.take(&in); err != nil {
		return nil, err
	}
	return s.response(wire.ID(answer, in.ResponseID))
}

// state is an answer that comes in one or more parts.
type state struct {
	p      *Provider
	text   *wire.Text
	parts  []json.RawMessage // all of them, as they came
	calls  []llm.ToolCall
	finish string
	block  string
	usage  *domain.Usage
	id     string
}

// take adds an answer, or a part of one.
func (s *state) take(in *reply) error {
	if in.Error != nil {
		return s.p.wire.Fail(llm.Cut, "the vendor ended the stream with an error")
	}
	if in.Feedback.BlockReason != "" {
		s.block = in.Feedback.BlockReason
	}
	if u := in.Usage; u != nil && u.Prompt != nil {
		s.usage = &domain.Usage{Input: *u.Prompt + u.ToolUse, CachedInput: u.Cached, Output: u.Answer + u.Thoughts, Reasoning: u.Thoughts}
	}
	if in.ResponseID != "" {
		s.id = in.ResponseID
	}
	if len(in.Candidates) == 0 {
		return nil
	}
	c := &in.Candidates[0]
	if c.FinishReason != "" {
		s.finish = c.FinishReason
	}
	for _, raw := range c.Content.Parts {
		if err := s.part(raw); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) part(raw json.RawMessage) error {
	var p part
	if json.Unmarshal(raw, &p) != nil {
		return s.p.wire.Fail(llm.Malformed, "a part cannot be read")
	}
	if p.Text != "" || p.Call != nil || p.Signed != "" { // streams end with an empty part, which would be refused
		s.parts = append(s.parts, raw)
	}
	switch {
	case p.Call != nil:
		id := p.Call.ID
		if id == "" {
			id = fmt.Sprintf("%s%d", ownID, len(s.calls)+1)
		}
		s.calls = append(s.calls, llm.ToolCall{ID: id, Name: p.Call.Name, Arguments: wire.Arguments(string(p.Call.Args))})
		return s.text.Count(len(raw))
	case p.Thought:
		return s.text.Count(len(raw))
	default:
		return s.text.Add(p.Text)
	}
}

var finishes = map[string]llm.Finish{
	"STOP": llm.FinishStop, "MAX_TOKENS": llm.FinishLength, "SAFETY": llm.FinishBlocked, "RECITATION": llm.FinishBlocked, "BLOCKLIST": llm.FinishBlocked,
	"PROHIBITED_CONTENT": llm.FinishBlocked, "SPII": llm.FinishBlocked, "LANGUAGE": llm.FinishBlocked, "IMAGE_SAFETY": llm.FinishBlocked,
}

// response ends an answer. A prompt that is blocked has no candidates at all.
func (s *state) response(id string) (*llm.Response, error) {
	out := &llm.Response{Text: s.text.String(), Calls: s.calls, Finish: finishes[s.finish], Usage: s.usage, ProviderRequestID: id}
	switch {
	case s.block != "":
		out.Finish = llm.FinishBlocked
	case s.finish == "":
		return nil, s.p.wire.Fail(llm.Malformed, "the answer has no candidate that ended")
	case out.Finish == "":
		out.Finish = llm.FinishOther
	}
	if len(s.calls) > 0 {
		raw, err := json.Marshal(s.parts)
		if err != nil {
			return nil, s.p.wire.Fail(llm.Malformed, err.Error())
		}
		out.Native = &llm.Native{Wire: nativeWire, Turn: raw}
		if out.Finish == llm.FinishStop {
			out.Finish = llm.FinishTools
		}
	}
	return out, nil
}
