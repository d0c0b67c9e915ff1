// Package wire is what the clients of all model vendors share: one request, sent once
// and never repeated, bounded in time and size, whose faults have the classes of llm.
package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"empire/internal/integration/rest"
	"empire/internal/intelligence/llm"
)

// CallHeader names the place in the work where a call is made: run, step and number
// of the call, each escaped as in a path, joined by slashes. An endpoint's log can be
// matched with the ledger by it.
const CallHeader = "X-Empire-Call"

// DefaultTimeout of one call.
const DefaultTimeout = 10 * time.Minute

// Fault is what a vendor says with a status that is not 2xx.
type Fault struct {
	Class llm.Class
	// Detail is the vendor's words, for logs.
	Detail string
	// Wait is how long the vendor asks to wait, where it says so in its own way; 0: it
	// does not.
	Wait time.Duration
}

// Config says where an endpoint is.
type Config struct {
	Name    string // of the provider in the ledger and in messages
	BaseURL string
	Header  http.Header
	Secrets []string
	HTTP    *http.Client
	Timeout time.Duration // of one call, above that of its context; 0: DefaultTimeout
	// Explain reads what the vendor says with a status that is not 2xx.
	Explain func(status int, h http.Header, body []byte) Fault
}

// Client is an endpoint. It is safe for concurrent use.
type Client struct {
	name    string
	rest    *rest.Client
	explain func(status int, h http.Header, body []byte) Fault
}

// New returns a client, or CodeInvalid for an address that is none.
func New(cfg Config) (*Client, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	c, err := rest.New(rest.Config{
		Vendor: "provider " + cfg.Name, BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Header: cfg.Header, Secrets: cfg.Secrets, Timeout: cfg.Timeout, Retries: -1,
	})
	if err != nil {
		return nil, err
	}
	return &Client{cfg.Name, c, cfg.Explain}, nil
}

// Name returns the name of the provider.
func (c *Client) Name() string { return c.name }

// Post makes one call and reads its answer into out. It is never sent twice: not by
// this program, and not by net/http, since the call is not marked as repeatable.
func (c *Client) Post(ctx context.Context, path string, r *llm.Request, in, out any) (*rest.Answer, error) {
	// JSON writes a byte as up to six, and has parts of its own.
	answer, err := c.rest.Do(ctx, c.call(path, r.IdempotencyKey, r.CallName, in, out, 1<<20+8*int64(llm.MaxText(r.MaxTokens))))
	if err != nil {
		return nil, c.failure(err)
	}
	return answer, nil
}

// Embed is Post for a batch of texts.
func (c *Client) Embed(ctx context.Context, path string, r *llm.EmbedRequest, in, out any) (*rest.Answer, error) {
	answer, err := c.rest.Do(ctx, c.call(path, r.IdempotencyKey, r.CallName, in, out, maxEmbeddings))
	if err != nil {
		return nil, c.failure(err)
	}
	return answer, nil
}

// maxEmbeddings is a hundred vectors of 16,384 numbers as text, in bytes.
const maxEmbeddings = 64 << 20

// Stream makes one call whose answer comes as events.
func (c *Client) Stream(ctx context.Context, path string, r *llm.Request, in any, each func(rest.Event) error) (*rest.Answer, error) {
	// Vendors send one event for each token, with up to a kilobyte around it.
	answer, err := c.rest.Stream(ctx, c.call(path, r.IdempotencyKey, r.CallName, in, nil, 1<<20+1024*int64(min(r.MaxTokens, 1<<20))), each)
	if err != nil {
		return nil, c.failure(err)
	}
	return answer, nil
}

func (c *Client) call(path, key, name string, in, out any, most int64) rest.Call {
	h := http.Header{}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	if name != "" {
		h.Set(CallHeader, name)
	}
	path, query, _ := strings.Cut(path, "?")
	values, _ := url.ParseQuery(query) // written in this program
	return rest.Call{Method: http.MethodPost, Path: path, Query: values, Header: h, In: in, Out: out, MaxBytes: most}
}

// Fail returns the error of a call that was answered with a 2xx status.
func (c *Client) Fail(class llm.Class, detail string) error {
	return llm.Fail(&llm.Error{Provider: c.name, Class: class, Detail: detail}, 0)
}

// failure gives an error of the wire its class.
func (c *Client) failure(err error) error {
	e, ok := errors.AsType[*rest.Error](err)
	if !ok {
		return err
	}
	out, wait := &llm.Error{Provider: c.name, Status: e.Status, Err: e}, e.RetryAfter
	switch e.Kind {
	case rest.Unreachable:
		out.Class = llm.Unreachable
	case rest.Broken, rest.Cut:
		out.Class = llm.Cut
	case rest.Malformed:
		out.Class = llm.Malformed
	case rest.TooLarge:
		out.Class = llm.Oversize
	case rest.TimedOut:
		out.Class = sentOr(e, llm.Timeout, llm.Unreachable)
	case rest.Cancelled:
		out.Class = sentOr(e, llm.Cancelled, llm.Unsent)
	case rest.Refused:
		f := c.explain(e.Status, e.Header, e.Body)
		if f.Class == "" {
			f.Class = ByStatus(e.Status)
		}
		out.Class, out.Detail = f.Class, f.Detail
		if wait == 0 {
			wait = f.Wait
		}
	}
	return llm.Fail(out, wait)
}

func sentOr(e *rest.Error, sent, unsent llm.Class) llm.Class {
	if e.Sent {
		return sent
	}
	return unsent
}

// ByStatus is what a status says by itself.
func ByStatus(status int) llm.Class {
	switch {
	case status == http.StatusTooManyRequests:
		return llm.RateLimited
	case status == http.StatusUnauthorized:
		return llm.BadCredential
	case status == http.StatusPaymentRequired:
		return llm.Quota
	case status == http.StatusForbidden:
		return llm.Forbidden
	case status == http.StatusNotFound:
		return llm.NoModel
	case status == http.StatusRequestEntityTooLarge:
		return llm.TooLong
	case status == http.StatusServiceUnavailable || status == 529:
		return llm.Overloaded
	case status == http.StatusRequestTimeout || status == http.StatusConflict || status >= 500:
		return llm.ServerFault
	case status >= 400 || status == 0: // refused, or it could not be made
		return llm.BadRequest
	default: // a redirect
		return llm.ServerFault
	}
}

// Text collects the text of an answer, hands it on if somebody listens, and ends a
// call that brings more than it may.
type Text struct {
	client *Client
	stream func(string) error
	most   int
	size   int
	b      strings.Builder
}

// Collect returns a collector for the answer to r.
func (c *Client) Collect(r *llm.Request) *Text {
	return &Text{client: c, stream: r.Stream, most: llm.MaxText(r.MaxTokens)}
}

// Count counts bytes that are not text: arguments of tools, thoughts.
func (t *Text) Count(n int) error {
	if t.size += n; t.size > t.most {
		return t.client.Fail(llm.Oversize, "")
	}
	return nil
}

// Add adds a piece.
func (t *Text) Add(s string) error {
	if s == "" {
		return nil
	}
	if err := t.Count(len(s)); err != nil {
		return err
	}
	t.b.WriteString(s)
	if t.stream == nil {
		return nil
	}
	if err := t.stream(s); err != nil {
		return llm.Fail(&llm.Error{Provider: t.client.name, Class: llm.Cancelled, Detail: "whoever listened gave up", Err: err}, 0)
	}
	return nil
}

// String returns what was collected.
func (t *Text) String() string { return t.b.String() }

// Arguments makes what a model wrote as arguments of a tool JSON in any case: text
// that is none becomes a string, which no tool takes.
func Arguments(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("{}")
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	raw, err := json.Marshal(text)
	if err != nil { // not reached: a string can always be encoded
		return json.RawMessage(`""`)
	}
	return raw
}

// ID returns the name that a vendor gave a request: in a header, or in its answer.
func ID(answer *rest.Answer, id string) string {
	if h := rest.RequestID(answer.Header); h != "" {
		return h
	}
	return id[:min(len(id), 200)]
}

// Limit names the headers of one limit of a vendor: what remains of it, and when it is
// full again.
type Limit struct{ Remaining, Reset string }

// Reset returns how long to wait until limits that are used up are full again; 0: none
// is, or the vendor does not say. A reset is a duration as Go writes it ("6m0s"), or a
// time by RFC 3339.
func Reset(h http.Header, limits []Limit, now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, l := range limits {
		if h.Get(l.Remaining) != "0" {
			continue
		}
		v := h.Get(l.Reset)
		if d, err := time.ParseDuration(v); err == nil {
			longest = max(longest, d)
		} else if t, err := time.Parse(time.RFC3339, v); err == nil {
			longest = max(longest, t.Sub(now))
		}
	}
	return longest
}
