// Package openai speaks to OpenAI's own endpoint, by Responses or by Chat
// Completions, and to the many that have the shape of the latter (vLLM, llama.cpp,
// Ollama, gateways).
//
// The wire is described by OpenAI's OpenAPI document (openai/openai-openapi,
// openapi.json of 2026-08-21), POST /responses, /chat/completions and /embeddings.
package openai

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

// DefaultBaseURL is OpenAI's own endpoint.
const DefaultBaseURL = "https://api.openai.com/v1"

// CallHeader names the place in the work where a call is made; see wire.CallHeader.
const CallHeader = wire.CallHeader

// Shape is a way to speak to an endpoint.
type Shape string

// The shapes.
const (
	// Vendor is what OpenAI's own endpoint takes as Chat Completions:
	// max_completion_tokens.
	Vendor Shape = "openai"
	// Responses is OpenAI's newer interface. Nothing is stored at the vendor.
	Responses Shape = "openai_responses"
	// Compatible is what all others take: Chat Completions with max_tokens. Some of
	// them refuse fields that they do not know.
	Compatible Shape = "openai_compatible"
)

// MinTokens is the least that Responses takes as the limit of an answer. What a
// model is asked for is raised to it before it is reserved (llm.Model.MinTokens).
const MinTokens = 16

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
	shape Shape
	wire  *wire.Client
}

var _ llm.EmbeddingProvider = (*Provider)(nil)

// New returns a provider.
func New(cfg Config) (*Provider, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	if cfg.Shape == "" {
		cfg.Shape = Compatible
		if Own(cfg.BaseURL) {
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
	c, err := wire.New(wire.Config{
		Name: cfg.Name, BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Header: h, Secrets: []string{cfg.Key}, Timeout: cfg.Timeout, Explain: explain,
	})
	if err != nil {
		return nil, err
	}
	return &Provider{cfg.Shape, c}, nil
}

// Own reports whether an address is OpenAI's own endpoint, which needs a key.
func Own(base string) bool {
	u, err := url.Parse(base)
	return base == "" || err == nil && u.Hostname() == "api.openai.com"
}

// Name returns the name of the provider in the ledger.
func (p *Provider) Name() string { return p.wire.Name() }

// Complete makes one call.
func (p *Provider) Complete(ctx context.Context, r llm.Request) (*llm.Response, error) {
	if p.shape == Responses {
		return p.respond(ctx, &r)
	}
	return p.chat(ctx, &r)
}

// wireError is how the vendor explains a refusal; older vLLM leaves out the envelope.
type wireError struct {
	Error struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    any    `json:"code"` // text, a number, or null
		Param   any    `json:"param"`
	} `json:"error"`
	Message string `json:"message"`
	Type    string `json:"type"`
}

// limits are the vendor's headers; a reset is like 6m0s.
var limits = []wire.Limit{
	{Remaining: "X-Ratelimit-Remaining-Requests", Reset: "X-Ratelimit-Reset-Requests"},
	{Remaining: "X-Ratelimit-Remaining-Tokens", Reset: "X-Ratelimit-Reset-Tokens"},
}

// explain tells by status and code. 429 has two meanings: slow down, and an account
// without credit.
func explain(status int, h http.Header, body []byte) wire.Fault {
	var w wireError
	_ = json.Unmarshal(body, &w) // what is not JSON is judged by its status
	out := wire.Fault{Detail: w.Error.Message + w.Message, Wait: wire.Reset(h, limits, time.Now())}
	code, _ := w.Error.Code.(string)
	switch {
	case code == "insufficient_quota" || w.Error.Type == "insufficient_quota":
		out.Class = llm.Quota
	case code == "context_length_exceeded":
		out.Class = llm.TooLong
	case code == "model_not_found":
		out.Class = llm.NoModel
	}
	return out
}

type (
	embedRequest struct {
		Model          string   `json:"model"`
		Input          []string `json:"input"`
		Dimensions     int      `json:"dimensions,omitempty"`
		EncodingFormat string   `json:"encoding_format"`
	}
	embedReply struct {
		Data []struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		} `json:"data"`
		Usage *struct {
			Prompt *int `json:"prompt_tokens"`
		} `json:"usage"`
	}
)

// Embed makes one call for a batch. Vectors come in any order, each with its index.
func (p *Provider) Embed(ctx context.Context, r llm.EmbedRequest) (*llm.Embeddings, error) {
	var in embedReply
	answer, err := p.wire.Embed(ctx, "embeddings", &r, &embedRequest{r.Model, r.Texts, r.Dimensions, "float"}, &in)
	if err != nil {
		return nil, err
	}
	out := &llm.Embeddings{Vectors: make([][]float32, len(r.Texts)), ProviderRequestID: wire.ID(answer, "")}
	if len(in.Data) != len(r.Texts) {
		return nil, p.wire.Fail(llm.Malformed, "the number of vectors is not that of texts")
	}
	for _, d := range in.Data {
		if d.Index < 0 || d.Index >= len(out.Vectors) || out.Vectors[d.Index] != nil {
			return nil, p.wire.Fail(llm.Malformed, "the indexes of vectors are not those of texts")
		}
		out.Vectors[d.Index] = d.Embedding
	}
	if u := in.Usage; u != nil && u.Prompt != nil {
		out.Usage = &domain.Usage{Input: *u.Prompt}
	}
	return out, out.Check(p.Name(), len(r.Texts), r.Dimensions)
}
