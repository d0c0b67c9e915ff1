// Command empire operates a portfolio of affiliate websites: one program that scans
// niches, builds sites from product feeds, checks them, asks a person, publishes and
// serves them. See empire --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"empire/internal/config"
	"empire/internal/domain"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if _, silent := errors.AsType[*reportedError](err); !silent {
		fmt.Fprintln(os.Stderr, "empire: "+message(err))
	}
	return exitCode(err)
}

// message returns what a person should read: the sentence of a domain error, or the
// whole text of any other.
func message(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code != domain.CodeInternal {
		if e.Field != "" {
			return e.Field + ": " + e.Message
		}
		return e.Message
	}
	return err.Error()
}

func exitCode(err error) int {
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*config.FaultError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns what was wrong.
func (e *usageError) Unwrap() error { return e.err }

// reportedError ends the program with exit code 1 after the command itself has said
// why on its output.
type reportedError struct{ err error }

func (e *reportedError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *reportedError) Unwrap() error { return e.err }
