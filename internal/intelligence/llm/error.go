package llm

import (
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

// Class says what went wrong with a call.
type Class string

// The classes.
const (
	RateLimited   Class = "rate_limited"       // too many requests or tokens in a time
	Overloaded    Class = "overloaded"         // the vendor takes no work now
	Quota         Class = "insufficient_quota" // the account has no credit: waiting does not help
	Blocked       Class = "blocked"            // the vendor or the model refused to answer
	BadRequest    Class = "bad_request"        // it will be refused again
	TooLong       Class = "context_too_long"   // more input than the model takes
	BadCredential Class = "bad_credential"
	Forbidden     Class = "forbidden"       // the credential may not do this
	NoModel       Class = "model_not_found" // the vendor does not know the model
	Unsupported   Class = "unsupported"     // the vendor does not have this; nothing was sent
	Unreachable   Class = "unreachable"     // nothing was sent
	ServerFault   Class = "server_fault"    // the vendor failed at work that it had taken
	Malformed     Class = "malformed"       // the answer cannot be read
	Oversize      Class = "oversize"        // the answer is longer than what was asked for can be
	Cut           Class = "cut"             // the answer or the connection ended too early
	Timeout       Class = "timeout"
	Cancelled     Class = "cancelled" // by the caller, after it was sent
	Unsent        Class = "unsent"    // the caller gave up before it was sent
)

// rule is what follows from a class.
type rule struct {
	// state is what the ledger makes of the call: released where the vendor certainly
	// billed nothing, lost where nobody knows. A refusal is an answer: it is billed.
	state domain.CallState
	// fallback says that another model may be asked, because the fault is not in the
	// request. What the failed call cost is settled before; the next one reserves
	// again, within the same budgets.
	fallback bool
	// trips says that the fault is the endpoint's, so that it counts for the breaker.
	trips   bool
	code    domain.Code
	message string // %s is the provider
}

// rules decide by what vendors document (facts on errors and billing): they bill
// answers, and refuse with 4xx, 503 and 529 before any work. After a 500, 502 or 504
// the work may be done, so those count as paid.
var rules = map[Class]rule{
	RateLimited:   {domain.CallReleased, true, false, domain.CodeRateLimited, "Provider %s takes no more requests now."},
	Overloaded:    {domain.CallReleased, true, true, domain.CodeUnavailable, "Provider %s is overloaded."},
	Quota:         {domain.CallReleased, true, true, domain.CodeUnavailable, "The account at provider %s has no credit left."},
	Blocked:       {domain.CallSettled, false, false, domain.CodeInvalid, "The model of provider %s refused to answer this request."},
	BadRequest:    {domain.CallReleased, false, false, domain.CodeInvalid, "Provider %s refused the request as wrong."},
	TooLong:       {domain.CallReleased, false, false, domain.CodeTooLarge, "The request is longer than the model of provider %s takes."},
	BadCredential: {domain.CallReleased, true, true, domain.CodeUnavailable, "Provider %s rejected the credential of this installation."},
	Forbidden:     {domain.CallReleased, true, false, domain.CodeUnavailable, "Provider %s does not let the credential of this installation do this."},
	NoModel:       {domain.CallReleased, true, false, domain.CodeUnavailable, "Provider %s does not know the model: correct models.list."},
	Unsupported:   {domain.CallReleased, true, false, domain.CodeInvalid, "Provider %s does not offer this."},
	Unreachable:   {domain.CallReleased, true, true, domain.CodeUnavailable, "Provider %s cannot be reached."},
	ServerFault:   {domain.CallLost, true, true, domain.CodeUnavailable, "Provider %s has a fault of its own."},
	Malformed:     {domain.CallLost, true, true, domain.CodeUnavailable, "Provider %s answered with something that cannot be read."},
	Oversize:      {domain.CallLost, true, true, domain.CodeUnavailable, "Provider %s answered with more than was asked for."},
	Cut:           {domain.CallLost, true, true, domain.CodeUnavailable, "The answer of provider %s was cut off."},
	Timeout:       {domain.CallLost, true, true, domain.CodeTimeout, "Provider %s did not answer in time."},
	Cancelled:     {domain.CallLost, false, false, domain.CodeCancelled, "The request to provider %s was cancelled."},
	Unsent:        {domain.CallReleased, false, false, domain.CodeCancelled, "The request to provider %s was cancelled before it was sent."},
}

// Error is the cause of the errors of providers.
type Error struct {
	Provider string
	Class    Class
	Status   int    // of the vendor's answer; 0: there was none
	Detail   string // the vendor's words, for logs
	Err      error
}

// Error says what happened, for logs.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Provider, e.Class)
	if e.Status != 0 {
		s += fmt.Sprintf(" (%d)", e.Status)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fail returns e as an error with the code and the sentence of its class.
func Fail(e *Error, retryAfter time.Duration) *domain.Error {
	r, ok := rules[e.Class]
	if !ok {
		r = rule{domain.CallLost, false, false, domain.CodeInternal, "The call of provider %s failed."}
	}
	return &domain.Error{Code: r.code, Message: fmt.Sprintf(r.message, e.Provider), RetryAfter: retryAfter, Err: e}
}

// ClassOf returns the class of an error of a provider; empty for another error.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ""
}

// Outcome returns what an error means for the ledger: an error without a class may
// have been paid.
func Outcome(err error) domain.CallState {
	if r, ok := rules[ClassOf(err)]; ok {
		return r.state
	}
	return domain.CallLost
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// fallsBack reports whether another model may be asked after an error.
func fallsBack(err error) bool { return rules[ClassOf(err)].fallback }
