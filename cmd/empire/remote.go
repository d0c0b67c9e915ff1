package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/config"
	"empire/internal/domain"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 64 << 20 // bytes of one answer
	pollRun        = 500 * time.Millisecond
)

// remote is the portfolio of a server, reached through its API.
type remote struct {
	base  string // scheme://host, maybe with a path; no slash at the end
	token string
	http  *http.Client
	wait  time.Duration // between two looks at something that is under way
}

// remote returns the server that EMPIRE_URL names, or nil if the data directory is
// meant: no EMPIRE_URL, or --data or --pg beside it.
func (g *globals) remote(cmd *cobra.Command) (*remote, error) {
	address := g.env("EMPIRE_URL")
	if address == "" || cmd.Flags().Changed("data") || cmd.Flags().Changed("pg") {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, &config.FaultError{Faults: []string{fmt.Sprintf("EMPIRE_URL: %q is not the address of a server, such as http://127.0.0.1:8080", address)}}
	}
	token := strings.TrimSpace(g.env("EMPIRE_TOKEN"))
	if token == "" {
		return nil, &config.FaultError{Faults: []string{"EMPIRE_TOKEN: with EMPIRE_URL a token is needed; on the server, empire user token EMAIL prints one"}}
	}
	base := strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/api/v1")
	return &remote{base: base, token: token, http: &http.Client{Timeout: requestTimeout}, wait: pollRun}, nil
}

func (g *globals) env(name string) string {
	value := ""
	for _, e := range g.io.environ { // the last one counts, as in a process
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// get reads what is at a path of the API.
func (r *remote) get(ctx context.Context, path string, out any) error {
	_, err := r.do(ctx, http.MethodGet, path, nil, out)
	return err
}

func (r *remote) post(ctx context.Context, path string, in, out any) error {
	_, err := r.do(ctx, http.MethodPost, path, in, out)
	return err
}

// page reads a window of a list and how many there are in all.
func page[T any](ctx context.Context, r *remote, path string, query url.Values, w domain.Window) ([]T, int, error) {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", strconv.Itoa(w.Limit))
	query.Set("offset", strconv.Itoa(w.Offset))
	var list []T
	head, err := r.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &list)
	if err != nil {
		return nil, 0, err
	}
	total, err := strconv.Atoi(head.Get("X-Total-Count"))
	if err != nil {
		total = w.Offset + len(list)
	}
	return list, total, nil
}

// do sends a request and decodes the answer. A problem document becomes the domain
// error that the server had.
func (r *remote) do(ctx context.Context, method, path string, in, out any) (http.Header, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+"/api/v1"+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", r.base, err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.http.Do(req)
	if err != nil {
		return nil, r.unreachable(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, r.unreachable(err)
	}
	if len(raw) > maxAnswer {
		return nil, domain.Errorf(domain.CodeTooLarge, "Server %s answered with more than %d MB.", r.base, maxAnswer>>20)
	}
	return res.Header, r.decode(res, raw, out)
}

func (r *remote) decode(res *http.Response, raw []byte, out any) error {
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	isJSON := err == nil && (kind == "application/json" || kind == "application/problem+json")
	switch {
	case !isJSON:
		return domain.Errorf(domain.CodeUnavailable, "%s answered %s without JSON: it is not the address of an empire server.", r.base, res.Status)
	case res.StatusCode >= 300:
		return r.problem(res, raw)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.base, err)
	}
	return nil
}

// problem turns an RFC 9457 document into an error.
func (r *remote) problem(res *http.Response, raw []byte) error {
	var p struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
		Errors    []struct {
			Location string `json:"location"`
			Message  string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("read the problem that %s answered with %s: %w", r.base, res.Status, err)
	}
	code, ok := strings.CutPrefix(p.Type, "urn:empire:error:")
	if !ok {
		return domain.Errorf(domain.CodeUnavailable, "%s answered %s: %s", r.base, res.Status, p.Title)
	}
	e := &domain.Error{Code: domain.Code(code), Message: p.Detail}
	if len(p.Errors) > 0 {
		e.Field = strings.TrimPrefix(p.Errors[0].Location, "body.")
		if m := p.Errors[0].Message; m != p.Detail {
			e.Message = strings.TrimSuffix(p.Detail, ".") + ": " + m + "."
		}
	}
	switch e.Code {
	case domain.CodeUnauthenticated:
		e.Message = fmt.Sprintf("Server %s refused the token of EMPIRE_TOKEN: %s On the server, empire user token EMAIL prints a new one.", r.base, p.Detail)
	case domain.CodeInternal:
		e.Code = domain.CodeUnavailable // ours is well; the sentence of the server must be shown
		e.Message = fmt.Sprintf("Server %s failed: %s (request %s)", r.base, p.Detail, p.RequestID)
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// unreachable says that the server did not answer, without the noise of the layers
// below.
func (r *remote) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	code := domain.CodeUnavailable
	if errors.Is(err, context.DeadlineExceeded) {
		code = domain.CodeTimeout
	}
	return domain.Errorf(code, "Server %s of EMPIRE_URL does not answer: %v. Unset EMPIRE_URL to work on the data directory.", r.base, err)
}
