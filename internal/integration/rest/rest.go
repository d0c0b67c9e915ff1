// Package rest is the JSON client that the vendors' clients stand on: timeouts,
// bounded bodies, retries of what is safe to repeat, errors with domain codes and
// without secrets.
//
// A request is repeated only if the caller says that it may be: a paid call never
// is, not even by net/http, which repeats a request with an Idempotency-Key on a
// connection that broke.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultMaxBytes = 8 << 20
	defaultRetries  = 3
	maxWait         = 30 * time.Second // between two tries; a vendor that asks for more is not waited for
	maxExcerpt      = 4 << 10          // bytes of an answer that an error keeps
	maxShown        = 300              // and that it shows
)

// Config says which vendor is spoken to, and how.
type Config struct {
	Vendor  string // in messages: OpenAI
	BaseURL string // with the path that all calls share
	// HTTP sends the requests; nil: a client of its own. Redirects are not followed:
	// they would carry the credential elsewhere.
	HTTP    *http.Client
	Header  http.Header   // of every request
	Secrets []string      // which no error shows
	Timeout time.Duration // of one try; 0: 30 s
	// MaxBytes bounds answers; 0: 8 MB.
	MaxBytes int64
	// Retries is how often a call that may be repeated is tried again; 0: 3 times,
	// negative: never.
	Retries int
	// Sleep waits between two tries; nil: for real.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Client speaks to one vendor. It is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client
}

// New returns a client, or CodeInvalid for an address that is none.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.BaseURL, "/"))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, domain.Invalid("base_url", "The address of %s is not a URL that starts with https:// or http://.", cfg.Vendor)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	if cfg.Retries == 0 {
		cfg.Retries = defaultRetries
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	h := &http.Client{}
	if cfg.HTTP != nil {
		*h = *cfg.HTTP
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{cfg, base, h}, nil
}

// Call is one request.
type Call struct {
	Method string
	Path   string // below the base URL, escaped
	Query  url.Values
	Header http.Header
	In     any // sent as JSON; nil: no body
	Out    any // what the answer is read into; nil: it is not read as JSON
	// MaxBytes bounds the answer to this call; 0: what the client says.
	MaxBytes int64
	// Repeatable says that sending it twice does no harm. GET, HEAD, PUT and DELETE
	// are repeatable anyway.
	Repeatable bool
}

func (c *Call) repeatable() bool {
	switch c.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return c.Repeatable
}

// Answer is what the vendor sent with a 2xx status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON sends in and reads the answer into out; nil stands for no body.
func (c *Client) JSON(ctx context.Context, method, path string, in, out any) error {
	_, err := c.Do(ctx, Call{Method: method, Path: path, In: in, Out: out})
	return err
}

// Do sends a request and returns the answer. Everything but a 2xx status is a
// *domain.Error whose cause is an *Error.
func (c *Client) Do(ctx context.Context, call Call) (*Answer, error) {
	body, err := encode(c.cfg.Vendor, call.In)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		answer, err := c.once(ctx, &call, body)
		if err == nil {
			return answer, nil
		}
		if !call.repeatable() || !err.passes() || try >= c.cfg.Retries || ctx.Err() != nil {
			return nil, err.domain()
		}
		wait := backoff(try)
		if err.RetryAfter > wait {
			wait = err.RetryAfter
		}
		if wait > maxWait {
			return nil, err.domain()
		}
		if c.cfg.Sleep(ctx, wait) != nil {
			return nil, err.domain()
		}
	}
}

func encode(vendor string, in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode request to %s: %w", vendor, err)
	}
	return body, nil
}

// once sends a request one time.
func (c *Client) once(ctx context.Context, call *Call, body []byte) (*Answer, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := c.request(ctx, call, body)
	if err != nil {
		return nil, &Error{Vendor: c.cfg.Vendor, Kind: Refused, Err: err}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.transport(ctx, err, sent.Load())
	}
	defer func() { _ = res.Body.Close() }()
	most := c.limit(call)
	raw, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, c.refused(res, raw) // a cut text of a refusal is one all the same
	}
	if err != nil {
		e := c.transport(ctx, err, true)
		if e.Kind == Broken {
			e.Kind = Cut
		}
		e.Status = res.StatusCode
		return nil, e
	}
	answer := &Answer{res.StatusCode, res.Header, raw}
	if int64(len(raw)) > most {
		return nil, &Error{Vendor: c.cfg.Vendor, Kind: TooLarge, Status: res.StatusCode, Sent: true}
	}
	if call.Out != nil {
		if err := json.Unmarshal(raw, call.Out); err != nil {
			return nil, &Error{Vendor: c.cfg.Vendor, Kind: Malformed, Status: res.StatusCode, Sent: true, Body: c.excerpt(raw), Err: err}
		}
	}
	return answer, nil
}

func (c *Client) limit(call *Call) int64 {
	if call.MaxBytes > 0 {
		return call.MaxBytes
	}
	return c.cfg.MaxBytes
}

func (c *Client) request(ctx context.Context, call *Call, body []byte) (*http.Request, error) {
	u := *c.base
	u.RawPath = ""
	ref, err := url.Parse(strings.TrimPrefix(call.Path, "/"))
	if err != nil || ref.Host != "" || ref.Scheme != "" {
		return nil, fmt.Errorf("path %q is not one", call.Path)
	}
	joined := u.JoinPath(ref.EscapedPath())
	joined.RawQuery = call.Query.Encode()
	req, err := http.NewRequestWithContext(ctx, call.Method, joined.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.Header.Set("Content-Type", "application/json")
		if call.repeatable() { // without it net/http cannot send the body again
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		}
	}
	req.Header.Set("Accept", "application/json")
	for _, h := range []http.Header{c.cfg.Header, call.Header} {
		for name, values := range h {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return req, nil
}

// backoff is how long to wait after a try: half a second, doubled each time, minus
// up to half by chance, so that many clients do not come at once.
func backoff(try int) time.Duration {
	d := min(500*time.Millisecond<<min(try, 6), 8*time.Second)
	return d - rand.N(d/2) //nolint:gosec // nobody gains by guessing it
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
