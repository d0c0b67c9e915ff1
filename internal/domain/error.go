package domain

import (
	"errors"
	"fmt"
	"time"
)

// Code says, for programs, what kind of failure an error is. The list is part of
// the API: adding a code is an API change.
type Code string

// The codes. Every error that leaves a service carries one of them.
const (
	CodeInvalid             Code = "invalid"               // well-formed input that breaks a rule
	CodeMalformed           Code = "malformed"             // input that cannot be parsed
	CodeUnauthenticated     Code = "unauthenticated"       // no credential, or a bad one
	CodeForbidden           Code = "forbidden"             // known identity without the right
	CodeNotFound            Code = "not_found"             // no such thing, or none the caller may see
	CodeConflict            Code = "conflict"              // the state does not allow it
	CodePrecondition        Code = "precondition_failed"   // it is not any more what the caller saw
	CodeUnsupportedTaskType Code = "unsupported_task_type" // the agent does not take this task type
	CodeNotEnoughData       Code = "not_enough_data"       // the evidence does not carry what was asked
	CodeGateRed             Code = "gate_red"              // a gate refused the release
	CodeAgentNotFound       Code = "agent_not_found"       // a message names an agent that does not exist
	CodeBudgetExhausted     Code = "budget_exhausted"      // the money for it is spent; the cause is an *Exhausted
	CodeRateLimited         Code = "rate_limited"          // too many requests; see RetryAfter
	CodeUnavailable         Code = "unavailable"           // something this needs is down; try again
	CodeTimeout             Code = "timeout"               // it took longer than it may
	CodeCancelled           Code = "cancelled"             // a person or a shutdown stopped it
	CodeTooLarge            Code = "too_large"             // more bytes than the limit
	CodeInternal            Code = "internal"              // a fault of this program
)

// Error is a failure with a code. Message is a full sentence that is safe to show
// to a user; Err is the private cause and never leaves the process.
type Error struct {
	Code    Code
	Message string
	Field   string // where in the input, as a dotted path; empty if it is not about one field
	// RetryAfter is how long to wait before trying again; zero means unknown.
	RetryAfter time.Duration
	// Faults are all faults of an input that was checked as a whole; Message names
	// the first.
	Faults []Fault
	Err    error
}

// Fault is one fault of an input.
type Fault struct {
	Path    string // where, as a dotted path; empty for the whole
	Line    int    // of a text, from 1; 0 if unknown
	Column  int    // from 1
	Message string // a full sentence
}

// Error returns the message and, for logs, the private cause.
func (e *Error) Error() string {
	s := e.Message
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a code and a message for the user.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns a CodeInvalid error about one field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of err: empty for nil, CodeInternal for an error
// without a code.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// MessageOf returns the sentence to show to a user for err. An error without a
// code yields a fixed sentence, because its text may hold private detail.
func MessageOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return "An internal error occurred."
}
