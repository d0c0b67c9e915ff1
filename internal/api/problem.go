package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"empire/internal/domain"
)

// Problem is the body of every failure: an RFC 9457 problem document.
type Problem struct {
	Type      string  `json:"type" doc:"urn:empire:error: and a code that programs can branch on" pattern:"^urn:empire:error:[a-z_]+$" example:"urn:empire:error:not_found"`
	Title     string  `json:"title" doc:"The status in words" example:"Not Found"`
	Status    int     `json:"status" doc:"HTTP status" example:"404"`
	Detail    string  `json:"detail" doc:"What went wrong, for a person" example:"Website site_x does not exist."`
	RequestID string  `json:"request_id" doc:"Names this request in the log" example:"req_01k2"`
	Errors    []Fault `json:"errors,omitempty" doc:"The single faults of the input"`

	retryAfter time.Duration
}

// Fault is one fault of the input.
type Fault struct {
	Location string `json:"location" doc:"Where: body.niche, query.limit, path.website_id" example:"body.niche"`
	Message  string `json:"message" doc:"What is wrong there" example:"expected length >= 1"`
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError: what RFC 9110 wants beside the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch {
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge)
	case p.Status == http.StatusTooManyRequests, p.Status == http.StatusServiceUnavailable, p.retryAfter > 0:
		seconds := max(1, int((p.retryAfter+time.Second-1)/time.Second))
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	return h
}

// challenge says how to sign in (RFC 6750 §3).
const challenge = `Bearer realm="empire"`

// Codes of faults that only HTTP knows.
const (
	codeMethodNotAllowed domain.Code = "method_not_allowed"
	codeUnsupportedMedia domain.Code = "unsupported_media_type"
	codeHeaderTooLarge   domain.Code = "header_too_large"
)

// problemType is the type of all problem documents.
var problemType = reflect.TypeFor[Problem]()

var statusOf = map[domain.Code]int{
	domain.CodeInvalid:             http.StatusUnprocessableEntity,
	domain.CodeMalformed:           http.StatusBadRequest,
	domain.CodeUnauthenticated:     http.StatusUnauthorized,
	domain.CodeForbidden:           http.StatusForbidden,
	domain.CodeNotFound:            http.StatusNotFound,
	domain.CodeConflict:            http.StatusConflict,
	domain.CodePrecondition:        http.StatusPreconditionFailed,
	domain.CodeUnsupportedTaskType: http.StatusUnprocessableEntity,
	domain.CodeNotEnoughData:       http.StatusUnprocessableEntity,
	domain.CodeGateRed:             http.StatusConflict,
	domain.CodeAgentNotFound:       http.StatusNotFound,
	domain.CodeBudgetExhausted:     http.StatusConflict,
	domain.CodeRateLimited:         http.StatusTooManyRequests,
	domain.CodeUnavailable:         http.StatusServiceUnavailable,
	domain.CodeTimeout:             http.StatusGatewayTimeout,
	domain.CodeCancelled:           http.StatusServiceUnavailable,
	domain.CodeTooLarge:            http.StatusRequestEntityTooLarge,
	domain.CodeInternal:            http.StatusInternalServerError,
}

// StatusOf returns the HTTP status for an error: 500 for an unknown code.
func StatusOf(err error) int {
	if status, ok := statusOf[codeOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// codeOf is domain.CodeOf that also knows the ends of a context and of a body.
func codeOf(err error) domain.Code {
	code := domain.CodeOf(err)
	if code != domain.CodeInternal {
		return code
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return domain.CodeTooLarge
	}
	switch {
	case errors.Is(err, context.Canceled):
		return domain.CodeCancelled
	case errors.Is(err, context.DeadlineExceeded):
		return domain.CodeTimeout
	}
	return code
}

// problem turns an error of a service into a problem document. A field of the
// error is a place in the request's body.
func problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return withRequestID(ctx, p)
	}
	code := codeOf(err)
	p := newProblem(StatusOf(err), code, domain.MessageOf(err))
	switch e, coded := errors.AsType[*domain.Error](err); {
	case coded:
		p.retryAfter = e.RetryAfter
		if all, several := errors.AsType[domain.Faults](e.Err); several {
			for _, one := range all {
				p.Errors = append(p.Errors, Fault{Location: "body." + one.Field, Message: one.Message})
			}
		} else if e.Field != "" {
			p.Errors = []Fault{{Location: "body." + e.Field, Message: e.Message}}
		}
		if len(e.Faults) > 0 {
			p.Errors = nil
			for _, f := range e.Faults {
				fault := toFault(e.Field, f)
				if code == domain.CodeUnavailable || code == domain.CodeBudgetExhausted { // parts of the program, not of the input
					fault.Location = f.Path
				}
				p.Errors = append(p.Errors, fault)
			}
		}
	case code != domain.CodeInternal:
		p.Detail = sentences[p.Status]
	}
	return withRequestID(ctx, p)
}

// toFault says where in a field of the body a fault is: body.definition:3:5 steps[0].
func toFault(field string, f domain.Fault) Fault {
	at := "body"
	if field != "" {
		at += "." + field
	}
	if f.Line > 0 {
		at += fmt.Sprintf(":%d:%d", f.Line, f.Column)
	}
	return Fault{Location: strings.TrimSpace(at + " " + f.Path), Message: f.Message}
}

func newProblem(status int, code domain.Code, detail string) *Problem {
	return &Problem{Type: "urn:empire:error:" + string(code), Title: http.StatusText(status), Status: status, Detail: detail}
}

func withRequestID(ctx context.Context, p *Problem) *Problem {
	p.RequestID = domain.RequestIDFrom(ctx)
	return p
}

// notFound is the answer to an address that leads nowhere.
func notFound() error {
	return domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
}

// sentences say what a fault found by the framework means.
var sentences = map[int]string{
	http.StatusBadRequest:            "The request cannot be read.",
	http.StatusRequestTimeout:        "The request body did not arrive in time.",
	http.StatusRequestEntityTooLarge: "The request body is too large.",
	http.StatusUnsupportedMediaType:  "The request body must be application/json.",
	http.StatusUnprocessableEntity:   "The request does not have the form that this operation takes.",
	http.StatusServiceUnavailable:    "The request was interrupted. Try again.",
	http.StatusGatewayTimeout:        "The request took too long.",
	http.StatusInternalServerError:   "An internal error occurred.",
}

// frameworkCodes name the faults that the framework finds.
var frameworkCodes = map[int]domain.Code{
	http.StatusBadRequest:            domain.CodeMalformed,
	http.StatusUnauthorized:          domain.CodeUnauthenticated,
	http.StatusForbidden:             domain.CodeForbidden,
	http.StatusNotFound:              domain.CodeNotFound,
	http.StatusMethodNotAllowed:      codeMethodNotAllowed,
	http.StatusRequestTimeout:        domain.CodeTimeout,
	http.StatusConflict:              domain.CodeConflict,
	http.StatusRequestEntityTooLarge: domain.CodeTooLarge,
	http.StatusUnsupportedMediaType:  codeUnsupportedMedia,
	http.StatusUnprocessableEntity:   domain.CodeInvalid,
}

// newFrameworkProblem turns a fault found by the framework into a problem. It
// never repeats a value of the input: it may be a password.
func newFrameworkProblem(status int, msg string, errs ...error) *Problem {
	if status == http.StatusInternalServerError && msg == "cannot read request body" {
		status = http.StatusBadRequest // the client's connection, not our fault
		for _, err := range errs {
			if codeOf(err) == domain.CodeTooLarge {
				status = http.StatusRequestEntityTooLarge
			}
		}
		errs = nil
	}
	code, ok := frameworkCodes[status]
	if !ok {
		code = domain.CodeInternal
	}
	detail, ok := sentences[status]
	if !ok || status == http.StatusBadRequest && len(errs) == 0 && msg != "cannot read request body" {
		detail = sentence(msg)
	}
	p := newProblem(status, code, detail)
	for _, err := range errs {
		switch e, ok := errors.AsType[*huma.ErrorDetail](err); {
		case ok:
			p.Errors = append(p.Errors, Fault{Location: e.Location, Message: e.Message})
		case err != nil && status < 500:
			p.Errors = append(p.Errors, Fault{Location: "body", Message: err.Error()})
		}
	}
	return p
}

// sentence gives a fragment a capital letter and a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + strings.TrimSuffix(s[n:], ".") + "."
}

// WriteProblem answers a request with the problem document for err.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, r, problem(r.Context(), err))
}

func writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	h := w.Header()
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	h.Set("Content-Type", p.ContentType(""))
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Length")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(withRequestID(r.Context(), p)) // the client is gone if this fails
}
