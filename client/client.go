// Package client speaks to the API of an empire server. Its methods and models are
// generated from the OpenAPI document; this file is what they stand on.
//
//	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1:8080", Token: token, Retries: 2})
//	for site, err := range c.AllWebsites(ctx, client.ListWebsitesParams{}) { … }
//
// A failure that the server explains is an *Error, an answer that is not the API's
// an *AnswerError; everything else comes from the network and can be unwrapped.
package client

//go:generate sh -c "go run ../internal/tool/clientgen ../internal/api/testdata/openapi.golden.json > client.gen.go.new && mv client.gen.go.new client.gen.go"

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultMaxBytes = 64 << 20
)

// Config says where a server is and how to speak to it.
type Config struct {
	BaseURL string // scheme://host, maybe with a path; /api/v1 is added
	Token   string // access token or API key; empty: none
	// HTTP sends the requests; nil: a client that waits 30 s for an answer.
	HTTP *http.Client
	// Retries is how often a request that is safe to repeat is sent again when it
	// fails for a reason that may pass. The waits grow and are not shorter than the
	// server asks for.
	Retries int
	// MaxWait is the longest wait that is accepted between two tries; 0: 30 s. If the
	// server asks for more, the call fails at once.
	MaxWait time.Duration
	// MaxBytes is the size of the largest answer that is read; 0: 64 MiB.
	MaxBytes  int64
	UserAgent string // empty: empire-client
}

// Client speaks to one server. It may be used from several goroutines at once.
type Client struct {
	base string
	c    Config
}

// New returns a client. It fails if the address cannot be one of a server.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not the address of a server, such as http://127.0.0.1:8080", c.BaseURL)
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: defaultTimeout}
	}
	if c.MaxWait == 0 {
		c.MaxWait = defaultTimeout
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.UserAgent == "" {
		c.UserAgent = "empire-client"
	}
	base := strings.TrimSuffix(strings.TrimSuffix(c.BaseURL, "/"), "/api/v1")
	return &Client{base: base, c: c}, nil
}

// BaseURL returns the address of the server, without /api/v1 and without a slash at
// the end.
func (c *Client) BaseURL() string { return c.base }

// Listing is one window of a list.
type Listing[T any] struct {
	Items []T
	Total int // how many there are in all
	// next is the query of the next window; nil after the last one.
	next url.Values
}

// Error is a failure that the server explains.
type Error struct {
	Problem
	// RetryAfter is how long the server asks to wait; zero if it does not say.
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%d %s: %s", e.Status, http.StatusText(int(e.Status)), e.Title)
	}
	return e.Detail
}

// Code returns what programs branch on: not_found, conflict, …; empty if the problem
// does not come from an empire server but from something before it.
func (e *Error) Code() string {
	code, ok := strings.CutPrefix(e.Type, "urn:empire:error:")
	if !ok {
		return ""
	}
	return code
}

// AnswerError is an answer that is not one of the API: the address leads to another
// server, or the server is of another version.
type AnswerError struct {
	Status string // 200 OK
	Err    error
}

// Error implements error.
func (e *AnswerError) Error() string { return fmt.Sprintf("answer %s: %v", e.Status, e.Err) }

// Unwrap returns what is wrong with the answer.
func (e *AnswerError) Unwrap() error { return e.Err }

// What can be wrong with an answer.
var (
	ErrNotJSON  = errors.New("it is not JSON")
	ErrTooLarge = errors.New("it is too large")
)

type keyOfContext struct{}

// WithIdempotencyKey returns a context in which unsafe requests carry a key of the
// caller, so that a repeat after a crash is known as such. Without one every call
// makes its own, which covers the retries of that call.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfContext{}, key)
}

func idempotencyKey(ctx context.Context) string {
	if key, ok := ctx.Value(keyOfContext{}).(string); ok && key != "" {
		return key
	}
	return rand.Text()
}
