package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/bench"
)

func benchEventsCommand(g *globals) *cobra.Command {
	c := bench.EventsConfig{}
	var hosts int
	var profile string
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Measure how many views and clicks of visitors are taken and stored",
		Long: `Measure the count of visits: views and clicks of 2,000 browsers are reported to the edge
over HTTP, as pages report them, in a closed loop and at an even rate. At the end the
server is stopped, and the events in its database are counted.

Everything is on this machine and is removed at the end. With --pg the server uses that
database, which must be empty and keeps what was stored.`,
		Example: "  empire bench events\n  empire bench events --duration 5s --pg postgres://empire@127.0.0.1/bench --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case hosts < 1 || hosts > 10_000:
				return usagef("--hosts must be between 1 and 10000, not %d", hosts)
			case c.Duration < 100*time.Millisecond || c.Duration > time.Hour:
				return usagef("--duration must be between 100ms and 1h, not %s", c.Duration)
			case c.Connections < 1 || c.Connections > 10_000:
				return usagef("--connections must be between 1 and 10000, not %d", c.Connections)
			case c.Rate < 0 || c.Rate > 1_000_000:
				return usagef("--rate must be between 0 and 1000000, not %d", c.Rate)
			}
			return g.benchEvents(cmd.Context(), c, hosts, profile)
		},
	}
	f := cmd.Flags()
	f.IntVar(&hosts, "hosts", 50, "websites")
	f.IntVar(&c.Connections, "connections", 100, "connections that are open at a time")
	f.IntVar(&c.Rate, "rate", 8000, "reports per second of the open loop; 0 leaves it out")
	f.DurationVar(&c.Duration, "duration", 10*time.Second, "how long each load is measured, after a fifth of it to warm up")
	f.StringVar(&profile, "cpuprofile", "", "write a CPU profile of the server to this file")
	return cmd
}

func (g *globals) benchEvents(ctx context.Context, c bench.EventsConfig, hosts int, profile string) (err error) {
	const pages = 40
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m := newMeter(g.io.err)
	c.Progress = func(text string) { m.line("%s", text) }
	c.Dir, c.Env, c.Database = dir, g.benchEnv(), "SQLite"
	if g.postgres != "" {
		c.Database = "PostgreSQL"
	}
	if c.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	own, err := g.benchSites(ctx, dir, func(ctx context.Context, a *app.App) (err error) {
		c.Progress(fmt.Sprintf("publish %d websites with %d pages", hosts, pages))
		c.Sites, err = a.AddBenchSites(ctx, hosts, pages, "")
		return err
	})
	if err != nil {
		return err
	}
	if c.Serve, err = own.benchServe(profile); err != nil {
		return err
	}
	c.Count = own.benchEventsStored
	report, err := bench.Events(ctx, c)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, report)
	}
	return report.Write(g.io.out)
}

// benchEventsStored counts what the server has stored, once it has ended.
func (g *globals) benchEventsStored(ctx context.Context) (int, error) {
	cfg, _, err := g.quietly(nil)
	if err != nil {
		return 0, err
	}
	a, err := g.open(ctx, cfg, app.Tool)
	if err != nil {
		return 0, err
	}
	n, err := a.CountBenchEvents(ctx)
	return n, errors.Join(err, a.Close())
}
