package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/config"
	"empire/internal/domain"
)

const (
	requestTimeout = 30 * time.Second
	retries        = 2        // of requests that are safe to repeat
	maxAnswer      = 64 << 20 // bytes of one answer
	pollRun        = 500 * time.Millisecond
)

// remote is the portfolio of a server, reached through its API.
type remote struct {
	api  *client.Client
	wait time.Duration // between two looks at something that is under way
}

// remote returns the server that EMPIRE_URL names, or nil if the data directory is
// meant: no EMPIRE_URL, or --data or --pg beside it.
func (g *globals) remote(cmd *cobra.Command) (*remote, error) {
	address := g.env("EMPIRE_URL")
	if address == "" || cmd.Flags().Changed("data") || cmd.Flags().Changed("pg") {
		return nil, nil
	}
	token := strings.TrimSpace(g.env("EMPIRE_TOKEN"))
	api, err := client.New(client.Config{
		BaseURL: address, Token: token, HTTP: &http.Client{Timeout: requestTimeout}, Retries: retries, MaxWait: requestTimeout, MaxBytes: maxAnswer,
		UserAgent: "empire-cli",
	})
	if err != nil {
		return nil, &config.FaultError{Faults: []string{"EMPIRE_URL: " + err.Error()}}
	}
	if token == "" {
		return nil, &config.FaultError{Faults: []string{"EMPIRE_TOKEN: with EMPIRE_URL a token is needed; on the server, empire user token EMAIL prints one"}}
	}
	return &remote{api: api, wait: pollRun}, nil
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

// shown gives an answer of the API the form of a view: the fields of views have the
// names that the API has.
func shown[V, M any](r *remote, answer *M, err error) (*V, error) {
	if err != nil {
		return nil, r.fault(err)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	v := new(V)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", r.api.BaseURL(), err)
	}
	return v, nil
}

// window is shown for one window of a list, with how many there are in all.
func window[V, M any](r *remote, list *client.Listing[M], err error) ([]V, int, error) {
	if err != nil {
		return nil, 0, r.fault(err)
	}
	views, err := shown[[]V](r, &list.Items, nil)
	if err != nil {
		return nil, 0, err
	}
	return *views, list.Total, nil
}

// fault turns an error of the client into one of the domain that says what a person
// can do.
func (r *remote) fault(err error) error {
	if e, ok := errors.AsType[*client.Error](err); ok && !errors.Is(err, context.Canceled) {
		return r.problem(e)
	}
	e, ok := errors.AsType[*client.AnswerError](err)
	switch base := r.api.BaseURL(); {
	case !ok:
		return r.unreachable(err)
	case errors.Is(e, client.ErrTooLarge):
		return domain.Errorf(domain.CodeTooLarge, "Server %s answered with more than %d MB.", base, maxAnswer>>20)
	case errors.Is(e, client.ErrNotJSON):
		return domain.Errorf(domain.CodeUnavailable, "%s answered %s without JSON: it is not the address of an empire server.", base, e.Status)
	default:
		return fmt.Errorf("read the answer of %s: %w", base, err)
	}
}

// problem turns an RFC 9457 document into the domain error that the server had.
func (r *remote) problem(p *client.Error) error {
	base := r.api.BaseURL()
	if p.Code() == "" {
		return domain.Errorf(domain.CodeUnavailable, "%s answered %d %s: %s", base, p.Status, http.StatusText(int(p.Status)), p.Title)
	}
	e := &domain.Error{Code: domain.Code(p.Code()), Message: p.Detail, RetryAfter: p.RetryAfter}
	if len(p.Errors) > 0 {
		e.Field = strings.TrimPrefix(p.Errors[0].Location, "body.")
		if m := p.Errors[0].Message; m != p.Detail {
			e.Message = strings.TrimSuffix(p.Detail, ".") + ": " + m + "."
		}
	}
	switch e.Code {
	case domain.CodeUnauthenticated:
		e.Message = fmt.Sprintf("Server %s refused the token of EMPIRE_TOKEN: %s On the server, empire user token EMAIL prints a new one.", base, p.Detail)
	case domain.CodeInternal:
		e.Code = domain.CodeUnavailable // ours is well; the sentence of the server must be shown
		e.Message = fmt.Sprintf("Server %s failed: %s (request %s)", base, p.Detail, p.RequestID)
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
	return domain.Errorf(code, "Server %s of EMPIRE_URL does not answer: %v. Unset EMPIRE_URL to work on the data directory.", r.api.BaseURL(), err)
}
