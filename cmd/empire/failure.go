package main

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/domain"
)

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns what was wrong.
func (e *usageError) Unwrap() error { return e.err }

// reportedError ends the program with exit code 1 after the command itself has said
// why on its output.
type reportedError struct{ err error }

func (e *reportedError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *reportedError) Unwrap() error { return e.err }

// reportedUsageError is a reportedError with the exit code of wrong use.
type reportedUsageError struct{ err error }

func (e *reportedUsageError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *reportedUsageError) Unwrap() error { return e.err }

// interruptedError ends the program because a signal came before the work was done.
type interruptedError struct{ message string }

func (e *interruptedError) Error() string { return e.message }

// asInterrupted replaces what broke because a signal came by one plain sentence.
func asInterrupted(err error) error {
	if _, ok := errors.AsType[*interruptedError](err); ok {
		return err
	}
	return &interruptedError{"stopped before it was done"}
}

func exitCode(err error) int {
	if _, ok := errors.AsType[*interruptedError](err); ok {
		return exitInterrupted
	}
	switch failureOf(err).Code {
	case codeUsage, codeConfig:
		return exitUsage
	}
	return exitFailed
}

// Codes of failures that only a command line knows.
const (
	codeUsage  domain.Code = "usage"
	codeConfig domain.Code = "config"
)

// failure is what --json prints on standard output when a command fails.
type failure struct {
	Code    domain.Code `json:"code"`
	Message string      `json:"message"`
	Field   string      `json:"field,omitempty"`
}

func failureOf(err error) failure {
	f := failure{Code: domain.CodeOf(err), Message: message(err)}
	if _, ok := errors.AsType[*usageError](err); ok {
		f.Code = codeUsage
	}
	if _, ok := errors.AsType[*config.FaultError](err); ok {
		f.Code = codeConfig
	}
	if _, ok := errors.AsType[*interruptedError](err); ok {
		f.Code = domain.CodeCancelled
	}
	if _, ok := errors.AsType[*app.LockedError](err); ok {
		f.Code = domain.CodeConflict
	}
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == f.Code {
		f.Field = e.Field
	}
	return f
}

// message returns what a person should read: the sentence of a domain error, or the
// whole text of any other, with what to do where that is known.
func message(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code != domain.CodeInternal {
		if e.Field != "" {
			return e.Field + ": " + e.Message
		}
		return e.Message
	}
	if _, ok := errors.AsType[*app.LockedError](err); ok {
		return err.Error() + "; stop that process, or choose another directory with --data"
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return err.Error() + "; choose other addresses with --listen and --listen-edge"
	}
	return err.Error()
}

// report says why a command failed: on standard error, and with --json as JSON on
// standard output, too.
func (g *globals) report(err error, args []string) {
	if _, done := errors.AsType[*reportedError](err); done {
		return
	}
	if _, done := errors.AsType[*reportedUsageError](err); done {
		return
	}
	_, _ = fmt.Fprintln(g.io.err, "empire: "+message(err))
	if g.json || slices.Contains(args, "--json") { // a bad flag before it keeps it from being read
		_ = printJSON(g.io.out, map[string]any{"status": "failed", "error": failureOf(err)})
	}
}
