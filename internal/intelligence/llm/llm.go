// Package llm asks language models. A Provider speaks to one vendor's endpoint, a
// Router knows the models that the configuration names, and Metered pays for calls:
//
//	Metered.Call ── Recall  the answer that an earlier attempt got, if any
//	             ── Reserve ┐
//	             ── Provider.Complete   outside of any transaction
//	             ── Settle  ┘
//
// What a call costs is reserved before it is made and its answer stored before it is
// used. A provider never repeats a call by itself: every try is one that was paid.
package llm

import (
	"context"
	"encoding/json"

	"empire/internal/domain"
)

// Role says who speaks in a message.
type Role string

// The roles.
const (
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is one turn of a conversation.
type Message struct {
	Role Role   `json:"role"`
	Text string `json:"text"`
	// Calls are the tools that the assistant wants; the next message of the user has a
	// result for each of them.
	Calls   []ToolCall   `json:"calls,omitempty"`
	Results []ToolResult `json:"results,omitempty"`
	// Native is the turn as its vendor wrote it, with what only that vendor reads, such
	// as signed thoughts, which must come back unchanged beside results of tools.
	Native *Native `json:"native,omitempty"`
}

// Native is a turn in the words of one vendor. Others ignore it.
type Native struct {
	Wire string          `json:"wire"` // anthropic, gemini, openai_responses
	Turn json.RawMessage `json:"turn"`
}

// Request asks a model for one answer. Parts that are empty are left out of its
// hash, so that new ones can be added without paying again for old answers.
type Request struct {
	// Model is the name in the configuration; empty: the default one. A Provider gets
	// the vendor's name.
	Model       string    `json:"model,omitempty"`
	System      string    `json:"system,omitempty"`
	Prompt      string    `json:"prompt,omitempty"`   // the last message of the user
	Messages    []Message `json:"messages,omitempty"` // before it
	MaxTokens   int       `json:"max_tokens,omitempty"`
	Temperature *float64  `json:"temperature,omitempty"`

	// Schema is what the answer must be: JSON that fits. Vendors are asked to hold to
	// it; Structured checks that they did.
	Schema *Schema `json:"schema,omitempty"`
	// Tools are what the model may ask for, Choice whether it must.
	Tools  []Tool     `json:"tools,omitempty"`
	Choice ToolChoice `json:"tool_choice,omitempty"`

	// Stream gets the text of the answer in pieces while it comes, from the goroutine
	// that asked. An error of it ends the call, which was paid. nil: no streaming.
	Stream func(text string) error `json:"-"`

	// Number is that of the call within the work, by which a repeated attempt finds its
	// answer; 0: the next one. Calls that are made at the same time take theirs before
	// they start, from domain.WorkScope.NextCall, or their order would be chance.
	Number int `json:"-"`

	// IdempotencyKey names the paid call, CallName the place in the work where it is
	// made: run, step and number. Metered sets them; they go out as headers.
	IdempotencyKey string `json:"-"`
	CallName       string `json:"-"`
}

// Turns returns all messages in their order, with the prompt as the last one.
func (r *Request) Turns() []Message {
	out := append([]Message(nil), r.Messages...)
	if r.Prompt != "" {
		out = append(out, Message{Role: User, Text: r.Prompt})
	}
	return out
}

// Validate checks that there is something to answer.
func (r *Request) Validate() error {
	turns := r.Turns()
	if len(turns) == 0 {
		return domain.Invalid("prompt", "A model needs something to answer.")
	}
	for _, m := range turns {
		if m.Role != User && m.Role != Assistant {
			return domain.Invalid("messages", "Role %q is not user or assistant.", m.Role)
		}
	}
	if r.MaxTokens < 0 || r.MaxTokens > domain.MaxTokens {
		return domain.Invalid("max_tokens", "The number of tokens is not between 0 and %d.", domain.MaxTokens)
	}
	if r.Schema != nil {
		if err := r.Schema.Validate(); err != nil {
			return err
		}
	}
	return r.validateTools(turns)
}

// Finish says why an answer ended.
type Finish string

// The reasons.
const (
	FinishStop    Finish = "stop"    // the model was done
	FinishLength  Finish = "length"  // it ran out of tokens: the text is cut
	FinishBlocked Finish = "blocked" // the vendor or the model refused to answer
	FinishTools   Finish = "tools"   // it wants the results of tools
	FinishOther   Finish = "other"
)

// Response is what a model answered.
type Response struct {
	Text   string
	Calls  []ToolCall // tools that the model wants, if Finish is FinishTools
	Native *Native    // the turn as the vendor wrote it, for the next request
	Finish Finish
	// Usage is what the vendor counted; nil: it did not say.
	Usage             *domain.Usage
	ProviderRequestID string
	// Receipt says who answered and what that cost. Metered sets it.
	Receipt Receipt
}

// Turn returns the answer as a message, to go on with.
func (r *Response) Turn() Message {
	return Message{Role: Assistant, Text: r.Text, Calls: r.Calls, Native: r.Native}
}

// Receipt says who answered and what that cost.
type Receipt struct {
	CallID   domain.ModelCallID
	Provider string
	Model    string // the vendor's name
	Cost     domain.Micros
	Currency string
	// Cached is true if an earlier attempt of the same work got the answer, or the
	// result cache had it, so that nothing was paid for it again.
	Cached bool
	// Degraded is true if a budget chose a cheaper model than the one asked for.
	Degraded bool
}

// Provider speaks to one vendor's endpoint. Complete makes one call, never two: an
// error tells by its class whether the call may have been paid.
type Provider interface {
	Name() string
	Complete(ctx context.Context, r Request) (*Response, error)
}

// EmbeddingProvider is a Provider that has embeddings. Embed makes one call for a
// batch; dimensions 0 is what the model gives.
type EmbeddingProvider interface {
	Provider
	Embed(ctx context.Context, r EmbedRequest) (*Embeddings, error)
}

// Decode reads an answer as JSON into a T, and checks it if T has a method Validate.
// A model's text is untrusted: what does not fit is CodeInvalid.
func Decode[T any](res *Response) (T, error) {
	var v T
	if res.Finish == FinishLength {
		return v, domain.Errorf(domain.CodeInvalid, "The answer of the model was cut off.")
	}
	if err := json.Unmarshal([]byte(unfence(res.Text)), &v); err != nil {
		return v, &domain.Error{Code: domain.CodeInvalid, Message: "The answer of the model is not the JSON that was asked for.", Err: err}
	}
	if c, ok := any(&v).(interface{ Validate() error }); ok {
		if err := c.Validate(); err != nil {
			return v, &domain.Error{Code: domain.CodeInvalid, Message: "The answer of the model breaks a rule: " + domain.MessageOf(err), Err: err}
		}
	}
	return v, nil
}
