package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/bench"
	"empire/internal/domain"
)

// messageFlags are the flags of bench messages.
type messageFlags struct {
	agents, messages, requests, rate, tasks int
	cpuprofile                              string
}

func benchMessagesCommand(g *globals) *cobra.Command {
	var f messageFlags
	c := &cobra.Command{
		Use:   "messages",
		Short: "Measure how fast agents talk, and check that nothing is lost",
		Long: `Measure requests between agents and their answers, and messages through durable
mailboxes, while tasks run on the same database. Times count from when a message was
due. The command checks that no message is lost, that those of one sender keep their
order, and that high ones come before normal ones, of which one in ten has its turn.

Everything happens in this process on a temporary directory that is removed at the
end. With --pg that database is used, which keeps what was sent; with EMPIRE_BUS_URL
that NATS server.

The exit code is 1 if a check fails; a target that is missed is told in the report
only.`,
		Example: `  empire bench messages
  empire bench messages --agents 50 --messages 10000 --rate 1000 --json
  EMPIRE_BUS_URL=nats://127.0.0.1:4222 empire bench messages --pg postgres://localhost/bench`,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.benchMessages(cmd, &f) },
	}
	flags := c.Flags()
	flags.IntVar(&f.agents, "agents", 64, "agents that talk with each other")
	flags.IntVar(&f.messages, "messages", 10_000, "messages through the mailboxes")
	flags.IntVar(&f.requests, "requests", 10_000, "requests that are answered")
	flags.IntVar(&f.rate, "rate", 1000, "messages, and requests, per second")
	flags.IntVar(&f.tasks, "tasks", 20, "tasks per second that begin meanwhile")
	flags.StringVar(&f.cpuprofile, "cpuprofile", "", "write a CPU profile to this file")
	return c
}

func (f *messageFlags) check() error {
	switch {
	case f.agents < 2 || f.agents > 1000:
		return usagef("--agents must be between 2 and 1000, not %d", f.agents)
	case f.messages < 1 || f.messages > 10_000_000:
		return usagef("--messages must be between 1 and 10000000, not %d", f.messages)
	case f.requests < 1 || f.requests > 10_000_000:
		return usagef("--requests must be between 1 and 10000000, not %d", f.requests)
	case f.rate < 1 || f.rate > 1_000_000:
		return usagef("--rate must be between 1 and 1000000, not %d", f.rate)
	case f.tasks < 0 || f.tasks > 10_000:
		return usagef("--tasks must be between 0 and 10000, not %d", f.tasks)
	}
	return nil
}

func (g *globals) benchMessages(cmd *cobra.Command, f *messageFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "empire.yaml")
	if err := os.WriteFile(file, []byte(benchConfig), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	var environ []string
	if url := g.environ("EMPIRE_BUS_URL"); url != "" {
		environ = append(environ, "EMPIRE_BUS_URL="+url)
	}
	own := &globals{configFile: file, data: filepath.Join(dir, "data"), postgres: g.postgres, logLevel: g.logLevel, io: streams{g.io.out, g.io.err, environ}}
	cfg, _, err := own.quietly(nil)
	if err != nil {
		return err
	}
	a, err := own.open(cmd.Context(), cfg, app.Serve)
	if err != nil {
		return err
	}
	if err := a.Start(cmd.Context()); err != nil {
		return errors.Join(err, a.Close())
	}
	defer func() { err = errors.Join(err, stopApp(cmd.Context(), a, cfg)) }()
	stop, err := profileTo(f.cpuprofile)
	if err != nil {
		return err
	}
	report, err := g.measureMessages(cmd.Context(), a, f)
	if err = errors.Join(err, stop()); err != nil {
		return err
	}
	if g.json {
		err = printJSON(g.io.out, report)
	} else {
		err = report.Write(g.io.out)
	}
	if err == nil && !report.Passed() {
		err = domain.Errorf(domain.CodeInternal, "A check does not hold.")
		if g.json {
			err = &reportedError{err}
		}
	}
	return err
}

func (g *globals) measureMessages(ctx context.Context, a *app.App, f *messageFlags) (report *bench.MessageReport, err error) {
	system, err := a.StartBenchMessages(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, system.Stop(context.WithoutCancel(ctx))) }()
	m := newMeter(g.io.err)
	return bench.Messages(ctx, bench.MessagesConfig{
		System: system, Where: system.Where(), Agents: f.agents, Messages: f.messages, Requests: f.requests, Rate: f.rate, Tasks: f.tasks,
		Progress: func(text string) { m.line("%s", text) },
	})
}

// profileTo writes a CPU profile until stop is called; without a name it does
// nothing.
func profileTo(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(name) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, fmt.Errorf("make the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("start the profile: %w", err), file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
