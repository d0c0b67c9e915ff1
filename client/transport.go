package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is one call of an operation.
type request struct {
	method string
	path   string   // template: /websites/{website_id}
	ids    []string // for the places in path, in order
	query  url.Values
	header http.Header
	body   any
	keyed  bool // takes an idempotency key
}

// optional keeps a body that is not there from being sent as null.
func optional[T any](in *T) any {
	if in == nil {
		return nil
	}
	return in
}

func one[T any](ctx context.Context, c *Client, r request) (*T, error) {
	out := new(T)
	if _, err := c.do(ctx, r, out); err != nil {
		return nil, err
	}
	return out, nil
}

func array[T any](ctx context.Context, c *Client, r request) ([]T, error) {
	var out []T
	_, err := c.do(ctx, r, &out)
	return out, err
}

func (c *Client) nothing(ctx context.Context, r request) error {
	_, err := c.do(ctx, r, nil)
	return err
}

func (c *Client) bytes(ctx context.Context, r request) ([]byte, error) {
	var out []byte
	_, err := c.do(ctx, r, &out)
	return out, err
}

func list[T any](ctx context.Context, c *Client, r request) (*Listing[T], error) {
	out := &Listing[T]{}
	header, err := c.do(ctx, r, &out.Items)
	if err != nil {
		return nil, err
	}
	offset, _ := strconv.Atoi(r.query.Get("offset")) // ours, or empty
	end := offset + len(out.Items)
	if out.Total, err = strconv.Atoi(header.Get("X-Total-Count")); err != nil {
		out.Total = end
	}
	if out.next = nextLink(header.Values("Link")); out.next == nil && len(out.Items) > 0 && end < out.Total {
		out.next = url.Values{}
		for name, values := range r.query {
			out.next[name] = slices.Clone(values)
		}
		out.next.Set("offset", strconv.Itoa(end))
	}
	return out, nil
}

// nextLink returns the query of the link to the next window (RFC 8288), or nil.
func nextLink(values []string) url.Values {
	for _, value := range values {
		for link := range strings.SplitSeq(value, ", ") {
			target, params, ok := strings.Cut(strings.TrimPrefix(link, "<"), ">")
			if !ok || !strings.Contains(params, `rel="next"`) {
				continue
			}
			if u, err := url.Parse(target); err == nil {
				return u.Query()
			}
		}
	}
	return nil
}

func walk[T any](ctx context.Context, c *Client, r request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := list[T](ctx, c, r)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.next == nil || len(page.Items) == 0 {
				return
			}
			r.query = page.next
		}
	}
}

// do sends a request until it is answered for good, and decodes the answer: into a
// *[]byte as it is, into nil not at all.
func (c *Client) do(ctx context.Context, r request, out any) (http.Header, error) {
	target, err := c.target(r)
	if err != nil {
		return nil, err
	}
	var body []byte
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	header := c.header(body, out)
	maps.Copy(header, r.header)
	if r.keyed {
		header.Set("Idempotency-Key", idempotencyKey(ctx))
	}
	safe := r.keyed || r.method != http.MethodPost && r.method != http.MethodPatch
	for try := 0; ; try++ {
		answer, err := c.send(ctx, r.method, target, header, body, out)
		if err == nil || !safe || try >= c.c.Retries || !passing(err) {
			return answer, err
		}
		if err := c.wait(ctx, try, err); err != nil {
			return nil, err
		}
	}
}

// target returns the address of a request. An id that would lead elsewhere is
// refused here: the server would see another path.
func (c *Client) target(r request) (string, error) {
	parts := strings.Split(r.path, "/")
	n := 0
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		id := r.ids[n]
		if n++; id == "" || id == "." || id == ".." {
			return "", fmt.Errorf("%q is not a %s", id, strings.Trim(part, "{}"))
		}
		parts[i] = url.PathEscape(id)
	}
	target := c.base + "/api/v1" + strings.Join(parts, "/")
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	return target, nil
}

func (c *Client) header(body []byte, out any) http.Header {
	h := http.Header{"User-Agent": {c.c.UserAgent}, "Accept": {"application/json"}}
	if _, raw := out.(*[]byte); raw {
		h.Set("Accept", "*/*")
	}
	if c.c.Token != "" {
		h.Set("Authorization", "Bearer "+c.c.Token)
	}
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// send sends a request once.
func (c *Client) send(ctx context.Context, method, target string, header http.Header, body []byte, out any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header = header.Clone()
	res, err := c.c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, c.c.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if int64(len(raw)) > c.c.MaxBytes {
		return nil, &AnswerError{res.Status, ErrTooLarge}
	}
	return res.Header, decode(res, raw, out)
}

func decode(res *http.Response, raw []byte, out any) error {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")) // none is as bad as a wrong one
	isJSON := kind == "application/json" || kind == "application/problem+json"
	switch {
	case res.StatusCode >= 300 && isJSON:
		return problem(res, raw)
	case res.StatusCode >= 300:
		return &AnswerError{res.Status, ErrNotJSON}
	case out == nil:
		return nil
	}
	if b, ok := out.(*[]byte); ok {
		*b = raw
		return nil
	}
	if !isJSON {
		return &AnswerError{res.Status, ErrNotJSON}
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return &AnswerError{res.Status, fmt.Errorf("decode: %w", err)}
	}
	return nil
}

// problem turns an RFC 9457 document into an error.
func problem(res *http.Response, raw []byte) error {
	e := &Error{}
	if err := json.Unmarshal(raw, &e.Problem); err != nil {
		return &AnswerError{res.Status, fmt.Errorf("decode problem: %w", err)}
	}
	e.Status = int64(res.StatusCode)
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// passing reports whether a failure may pass by itself.
func passing(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return passingStatus(int(e.Status))
	}
	if e, ok := errors.AsType[*AnswerError](err); ok {
		code, _, _ := strings.Cut(e.Status, " ")
		status, _ := strconv.Atoi(code)
		return passingStatus(status)
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

func passingStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// wait waits before the next try, or returns why there will be none.
func (c *Client) wait(ctx context.Context, try int, cause error) error {
	grown := 100 * time.Millisecond << min(try, 8)
	d := grown/2 + rand.N(grown) // spreads the clients
	if e, ok := errors.AsType[*Error](cause); ok && e.RetryAfter > 0 {
		d = e.RetryAfter + rand.N(grown)
		if e.RetryAfter > c.c.MaxWait {
			return cause
		}
	}
	timer := time.NewTimer(min(d, c.c.MaxWait+grown))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return errors.Join(ctx.Err(), cause)
	case <-timer.C:
		return nil
	}
}
