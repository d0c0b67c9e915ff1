// Package openai speaks Chat Completions: OpenAI's own endpoint, and the many that
// have its shape (vLLM, llama.cpp, Ollama, gateways).
//
// The wire is described by OpenAI's OpenAPI document (openai/openai-openapi,
// openapi.json of 2026-08-21), POST /chat/completions.
package openai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
	"empire/internal/intelligence/llm"
)

// DefaultBaseURL is OpenAI's own endpoint.
const DefaultBaseURL = "https://api.openai.com/v1"

// CallHeader names the place in the work where a call is made: run, step and number
// of the call, each escaped as in a path, joined by slashes. An endpoint's log can be
// matched with the ledger by it.
const CallHeader = "X-Empire-Call"

// Shape is a way of Chat Completions.
type Shape string

// The shapes.
const (
	// Vendor is what OpenAI's own endpoint takes: max_completion_tokens.
	Vendor Shape = "openai"
	// Compatible is what all others take: max_tokens. Some of them refuse fields that
	// they do not know.
	Compatible Shape = "openai_compatible"
)

// Config says where an endpoint is.
type Config struct {
	Name         string // of the provider in the ledger and in messages
	BaseURL      string // with /v1; empty: OpenAI's own
	Key          string // empty: none is sent, for servers of one's own
	Organization string // empty: the default one of the key
	Shape        Shape  // empty: Vendor for OpenAI's own endpoint, else Compatible
	HTTP         *http.Client
	Timeout      time.Duration // of one call, above that of its context; 0: 10 minutes
}

// Provider is an endpoint. It is safe for concurrent use.
type Provider struct {
	name  string
	shape Shape
	rest  *rest.Client
}

// New returns a provider.
func New(cfg Config) (*Provider, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Minute
	}
	if cfg.Shape == "" {
		cfg.Shape = Compatible
		if u, err := url.Parse(cfg.BaseURL); err == nil && u.Hostname() == "api.openai.com" {
			cfg.Shape = Vendor
		}
	}
	h := http.Header{}
	if cfg.Key != "" {
		h.Set("Authorization", "Bearer "+cfg.Key)
	}
	if cfg.Organization != "" {
		h.Set("OpenAI-Organization", cfg.Organization)
	}
	c, err := rest.New(rest.Config{
		Vendor: "provider " + cfg.Name, BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Header: h, Secrets: []string{cfg.Key}, Timeout: cfg.Timeout, Retries: -1,
	})
	if err != nil {
		return nil, err
	}
	return &Provider{cfg.Name, cfg.Shape, c}, nil
}

// Name returns the name of the provider in the ledger.
func (p *Provider) Name() string { return p.name }

type (
	message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	request struct {
		Model               string    `json:"model"`
		Messages            []message `json:"messages"`
		MaxCompletionTokens int       `json:"max_completion_tokens,omitempty"`
		MaxTokens           int       `json:"max_tokens,omitempty"`
		Temperature         *float64  `json:"temperature,omitempty"`
	}
	reply struct {
		ID      string `json:"id"`
		Choices []struct {
			Message struct {
				Content *string `json:"content"`
				Refusal *string `json:"refusal"`
			} `json:"message"`
			FinishReason string `json:"finish_reason"`
		} `json:"choices"`
		Usage *usage `json:"usage"`
	}
	usage struct {
		Prompt     *int `json:"prompt_tokens"`
		Completion *int `json:"completion_tokens"`
		InDetail   struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		OutDetail struct {
			Reasoning int `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	}
)

// Complete makes one call. It is never sent twice: not by this program, and not by
// net/http, since the call is not marked as repeatable.
func (p *Provider) Complete(ctx context.Context, r llm.Request) (*llm.Response, error) {
	h := http.Header{}
	if r.IdempotencyKey != "" {
		h.Set("Idempotency-Key", r.IdempotencyKey)
	}
	if r.CallName != "" {
		h.Set(CallHeader, r.CallName)
	}
	var in reply
	answer, err := p.rest.Do(ctx, rest.Call{Method: http.MethodPost, Path: "chat/completions", Header: h, In: p.encode(&r), Out: &in})
	if err != nil {
		return nil, p.failure(err)
	}
	if len(in.Choices) == 0 {
		return nil, llm.Fail(&llm.Error{Provider: p.name, Class: llm.Malformed, Status: answer.Status, Detail: "the answer has no choices"}, 0)
	}
	return response(&in, answer), nil
}

func (p *Provider) encode(r *llm.Request) *request {
	out := &request{Model: r.Model, Temperature: r.Temperature}
	if r.System != "" {
		out.Messages = append(out.Messages, message{"system", r.System})
	}
	for _, m := range r.Turns() {
		out.Messages = append(out.Messages, message{string(m.Role), m.Text})
	}
	if p.shape == Vendor {
		out.MaxCompletionTokens = r.MaxTokens
	} else {
		out.MaxTokens = r.MaxTokens
	}
	return out
}

var finishes = map[string]llm.Finish{"stop": llm.FinishStop, "length": llm.FinishLength, "content_filter": llm.FinishBlocked}

func response(in *reply, answer *rest.Answer) *llm.Response {
	first := &in.Choices[0]
	out := &llm.Response{Finish: finishes[first.FinishReason], ProviderRequestID: rest.RequestID(answer.Header)}
	if out.Finish == "" {
		out.Finish = llm.FinishOther
	}
	if out.ProviderRequestID == "" {
		out.ProviderRequestID = in.ID[:min(len(in.ID), 200)]
	}
	if first.Message.Content != nil {
		out.Text = *first.Message.Content
	}
	if first.Message.Refusal != nil && *first.Message.Refusal != "" {
		out.Text, out.Finish = *first.Message.Refusal, llm.FinishBlocked
	}
	if u := in.Usage; u != nil && u.Prompt != nil && u.Completion != nil { // servers of one's own may leave it out
		out.Usage = &domain.Usage{Input: *u.Prompt, CachedInput: u.InDetail.Cached, Output: *u.Completion, Reasoning: u.OutDetail.Reasoning}
	}
	return out
}

// wireError is how the vendor explains a refusal; older vLLM leaves out the envelope.
type wireError struct {
	Error struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    any    `json:"code"` // text, a number, or null
	} `json:"error"`
	Message string `json:"message"`
	Type    string `json:"type"`
}

// failure gives an error of the wire its class.
func (p *Provider) failure(err error) error {
	e, ok := errors.AsType[*rest.Error](err)
	if !ok {
		return err
	}
	out := &llm.Error{Provider: p.name, Status: e.Status, Err: e}
	switch e.Kind {
	case rest.Unreachable:
		out.Class = llm.Unreachable
	case rest.Broken, rest.Cut:
		out.Class = llm.Cut
	case rest.Malformed, rest.TooLarge:
		out.Class = llm.Malformed
	case rest.TimedOut:
		out.Class = sentOr(e, llm.Timeout, llm.Unreachable)
	case rest.Cancelled:
		out.Class = sentOr(e, llm.Cancelled, llm.Unsent)
	case rest.Refused:
		var w wireError
		_ = json.Unmarshal(e.Body, &w) // what is not JSON is judged by its status
		out.Class, out.Detail = classify(e.Status, &w), w.Error.Message+w.Message
	}
	return llm.Fail(out, e.RetryAfter)
}

func sentOr(e *rest.Error, sent, unsent llm.Class) llm.Class {
	if e.Sent {
		return sent
	}
	return unsent
}

// classify tells by status and code. 429 has two meanings: slow down, and an account
// without credit.
func classify(status int, w *wireError) llm.Class {
	code, _ := w.Error.Code.(string)
	switch {
	case code == "insufficient_quota" || w.Error.Type == "insufficient_quota" || status == http.StatusPaymentRequired:
		return llm.Quota
	case code == "context_length_exceeded" || status == http.StatusRequestEntityTooLarge:
		return llm.TooLong
	case status == http.StatusTooManyRequests:
		return llm.RateLimited
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return llm.BadCredential
	case status == http.StatusServiceUnavailable || status == 529:
		return llm.Overloaded
	case status == http.StatusRequestTimeout || status == http.StatusConflict || status >= 500:
		return llm.ServerFault
	case status >= 400:
		return llm.BadRequest
	case status == 0: // it could not be made
		return llm.BadRequest
	default: // a redirect
		return llm.ServerFault
	}
}
