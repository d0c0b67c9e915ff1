package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

// Kind says what went wrong with a request.
type Kind string

// The kinds.
const (
	Refused     Kind = "refused"     // the vendor answered with a status that is not 2xx
	Unreachable Kind = "unreachable" // there was no connection, so nothing was sent
	Broken      Kind = "broken"      // the connection ended before the answer began
	Cut         Kind = "cut"         // the answer ended too early
	Malformed   Kind = "malformed"   // the answer is not the JSON that was expected
	TooLarge    Kind = "too_large"   // the answer is longer than the limit
	TimedOut    Kind = "timed_out"
	Cancelled   Kind = "cancelled" // by the caller
)

// Error is a request that failed. It holds no secret of the configuration.
type Error struct {
	Vendor     string
	Kind       Kind
	Status     int           // of the answer; 0: there was none
	RetryAfter time.Duration // that the vendor asks for; 0: it does not say
	// Sent reports whether the vendor may have got the request. If not, nothing has
	// happened there.
	Sent      bool
	Body      []byte // the beginning of the answer
	RequestID string // that the vendor gave
	Header    http.Header
	Err       error
}

// Error says what happened, for logs.
func (e *Error) Error() string {
	s := e.Vendor + " request " + string(e.Kind)
	if e.Status != 0 {
		s += " with status " + strconv.Itoa(e.Status)
	}
	if len(e.Body) > 0 {
		s += ": " + strings.ToValidUTF8(string(e.Body[:min(len(e.Body), maxShown)]), "?")
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// passes reports whether the same request may succeed later.
func (e *Error) passes() bool {
	switch e.Kind {
	case Refused:
		return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
	case Unreachable, Broken, Cut, TimedOut:
		return true
	}
	return false
}

// domain gives the error a code and a sentence.
func (e *Error) domain() *domain.Error {
	out := &domain.Error{Code: domain.CodeUnavailable, RetryAfter: e.RetryAfter, Err: e}
	switch e.Kind {
	case Unreachable:
		out.Message = fmt.Sprintf("%s cannot be reached.", e.Vendor)
	case Broken, Cut:
		out.Message = fmt.Sprintf("The connection to %s broke.", e.Vendor)
	case Malformed:
		out.Message = fmt.Sprintf("%s answered with something that cannot be read.", e.Vendor)
	case TooLarge:
		out.Code, out.Message = domain.CodeTooLarge, fmt.Sprintf("%s answered with more than the limit.", e.Vendor)
	case TimedOut:
		out.Code, out.Message = domain.CodeTimeout, fmt.Sprintf("%s did not answer in time.", e.Vendor)
	case Cancelled:
		out.Code, out.Message = domain.CodeCancelled, fmt.Sprintf("The request to %s was cancelled.", e.Vendor)
	case Refused:
		e.refusal(out)
	}
	return out
}

func (e *Error) refusal(out *domain.Error) {
	switch {
	case e.Status == 0:
		out.Code, out.Message = domain.CodeInvalid, fmt.Sprintf("The request to %s cannot be made.", e.Vendor)
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		// Not "unauthenticated": it is our credential, not that of whoever asked us.
		out.Message = fmt.Sprintf("%s rejected the credential of this installation.", e.Vendor)
	case e.Status == http.StatusTooManyRequests:
		out.Code, out.Message = domain.CodeRateLimited, fmt.Sprintf("%s takes no more requests now.", e.Vendor)
	case e.Status == http.StatusRequestTimeout || e.Status == http.StatusGatewayTimeout:
		out.Code, out.Message = domain.CodeTimeout, fmt.Sprintf("%s did not answer in time.", e.Vendor)
	case e.Status == http.StatusNotFound:
		out.Code, out.Message = domain.CodeNotFound, fmt.Sprintf("%s does not know what was asked for.", e.Vendor)
	case e.Status == http.StatusConflict:
		out.Code, out.Message = domain.CodeConflict, fmt.Sprintf("%s is in a state that does not allow the request.", e.Vendor)
	case e.Status >= 500:
		out.Message = fmt.Sprintf("%s has a fault of its own (%d).", e.Vendor, e.Status)
	default:
		out.Code, out.Message = domain.CodeInvalid, fmt.Sprintf("%s refused the request (%d).", e.Vendor, e.Status)
	}
}

// transport is the error of a request that brought no whole answer.
func (c *Client) transport(ctx context.Context, err error, sent bool) *Error {
	e := &Error{Vendor: c.cfg.Vendor, Kind: Broken, Sent: sent}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the address, whose query may hold a secret
	}
	e.Err = errors.New(c.redact(err.Error()))
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled):
		e.Kind = Cancelled
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || isNet && timeout.Timeout():
		e.Kind = TimedOut
	case !sent:
		e.Kind = Unreachable
	}
	return e
}

// requestIDs are the headers in which vendors name a request.
var requestIDs = []string{"X-Request-Id", "Request-Id", "Cf-Ray"}

// RequestID returns the name that a vendor gave a request, or "".
func RequestID(h http.Header) string {
	for _, name := range requestIDs {
		if v := h.Get(name); v != "" {
			return v[:min(len(v), 200)]
		}
	}
	return ""
}

func (c *Client) refused(res *http.Response, body []byte) *Error {
	return &Error{
		Vendor: c.cfg.Vendor, Kind: Refused, Status: res.StatusCode, Sent: true, Body: c.excerpt(body), RequestID: RequestID(res.Header),
		RetryAfter: RetryAfter(res.Header, time.Now()), Header: res.Header,
	}
}

// RetryAfter reads how long a vendor asks to wait: retry-after-ms, or Retry-After in
// seconds or as a date. Zero: it does not say.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// excerpt returns the beginning of an answer without secrets.
func (c *Client) excerpt(body []byte) []byte {
	s := c.redact(string(body))
	if len(s) > maxExcerpt {
		s = s[:maxExcerpt]
		for !utf8.ValidString(s) && len(s) > maxExcerpt-utf8.UTFMax {
			s = s[:len(s)-1]
		}
	}
	return []byte(s)
}

func (c *Client) redact(s string) string {
	for _, secret := range c.cfg.Secrets {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	return s
}
