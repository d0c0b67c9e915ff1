// Command empire operates a portfolio of affiliate websites: one program that scans
// niches, builds sites from product feeds, checks them, asks a person, publishes and
// serves them. See empire --help.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // what a shell reports for Ctrl-C
)

func main() {
	ctx, stop := untilSignal(context.Background())
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}

// streams are what a command line has besides its arguments.
type streams struct {
	out, err io.Writer
	environ  []string
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, io streams) int {
	root, g := newRoot(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = asInterrupted(err)
	}
	if err == nil {
		return exitDone
	}
	g.report(err, args)
	return exitCode(err)
}

// signalError is the cause of a context that a signal ended.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string { return "received " + e.signal.String() }

// untilSignal returns a context that the first SIGINT or SIGTERM ends. The second
// one ends the program at once.
func untilSignal(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(&signalError{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// pressedCtrlC reports whether a person at the terminal ended ctx, and now waits.
func pressedCtrlC(ctx context.Context) bool {
	e, ok := errors.AsType[*signalError](context.Cause(ctx))
	return ok && e.signal == os.Interrupt
}
