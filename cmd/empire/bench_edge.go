package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/bench"
)

func benchEdgeCommand(g *globals) *cobra.Command {
	c := bench.EdgeConfig{}
	var hosts, pages int
	var profile string
	cmd := &cobra.Command{
		Use:   "edge",
		Short: "Measure how many websites are served how fast, beside nginx with the same files",
		Long: `Measure the edge: how long the program takes to start with many published websites, what
memory it needs, the first request to every host, looking up hosts, and requests over
all hosts and pages in a closed loop. If nginx is installed it serves the same files,
compressed in the same way, in turns with the edge; so does a handler of the standard
library that does nothing else, which shows what net/http costs.

The websites share their pages, so that making them is quick; each has its own manifest.
Everything is on this machine, in a temporary directory, and is removed at the end.`,
		Example: "  empire bench edge\n  empire bench edge --hosts 50 --duration 2s --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case hosts < 1 || hosts > 10_000:
				return usagef("--hosts must be between 1 and 10000, not %d", hosts)
			case pages < 1 || pages > 100:
				return usagef("--pages must be between 1 and 100, not %d", pages)
			case c.Duration < 100*time.Millisecond || c.Duration > time.Hour:
				return usagef("--duration must be between 100ms and 1h, not %s", c.Duration)
			case c.Rounds < 1 || c.Rounds > 100:
				return usagef("--rounds must be between 1 and 100, not %d", c.Rounds)
			case c.Connections < 1 || c.Connections > 10_000:
				return usagef("--connections must be between 1 and 10000, not %d", c.Connections)
			}
			return g.benchEdge(cmd.Context(), c, hosts, pages, profile)
		},
	}
	f := cmd.Flags()
	f.IntVar(&hosts, "hosts", 1500, "websites")
	f.IntVar(&pages, "pages", 40, "pages of each")
	f.IntVar(&c.Connections, "connections", 64, "connections that are open at a time")
	f.DurationVar(&c.Duration, "duration", 5*time.Second, "how long each round is measured, after a fifth of it to warm up")
	f.IntVar(&c.Rounds, "rounds", 3, "rounds of each server, in turns")
	f.StringVar(&profile, "cpuprofile", "", "write a CPU profile of the server to this file")
	return cmd
}

func (g *globals) benchEdge(ctx context.Context, c bench.EdgeConfig, hosts, pages int, profile string) (err error) {
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the workers of nginx belong to another user
		return fmt.Errorf("open the temporary directory: %w", err)
	}
	m := newMeter(g.io.err)
	c.Progress = func(text string) { m.line("%s", text) }
	c.Dir, c.Files, c.Nginx, c.Env = dir, filepath.Join(dir, "files"), bench.FindNginx(), g.benchEnv()
	c.Bare = []string{"bench", "bare"}
	if c.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	own, err := g.benchSites(ctx, dir, func(ctx context.Context, a *app.App) (err error) {
		c.Progress(fmt.Sprintf("publish %d websites with %d pages", hosts, pages))
		c.Sites, err = a.AddBenchSites(ctx, hosts, pages, c.Files)
		return err
	})
	if err != nil {
		return err
	}
	if c.Serve, err = own.benchServe(profile); err != nil {
		return err
	}
	report, err := bench.Edge(ctx, c)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, report)
	}
	return report.Write(g.io.out)
}

// benchSites makes a data directory, or an empty database of --pg ready to be measured.
func (g *globals) benchSites(ctx context.Context, dir string, fill func(ctx context.Context, a *app.App) error) (*globals, error) {
	config := filepath.Join(dir, "empire.yaml")
	if err := os.WriteFile(config, []byte(benchConfig), 0o600); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	own := &globals{configFile: config, data: filepath.Join(dir, "data"), postgres: g.postgres, io: streams{g.io.out, g.io.err, nil}}
	cfg, _, err := own.quietly(nil)
	if err != nil {
		return nil, err
	}
	a, err := own.open(ctx, cfg, app.Tool)
	if err != nil {
		return nil, err
	}
	if a.NewCredentials() == nil {
		err = usagef("the database of --pg has users already; bench needs an empty one")
	} else {
		err = fill(ctx, a)
	}
	return own, errors.Join(err, a.Close())
}

// benchServe are the arguments that serve what benchSites made, and write a profile if
// there is a name for it.
func (g *globals) benchServe(profile string) ([]string, error) {
	args := []string{"serve"}
	if profile != "" {
		name, err := filepath.Abs(profile)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", profile, err)
		}
		args = []string{"bench", "serve", "--cpuprofile", name}
	}
	args = append(args, "--json", "--config", g.configFile, "--data", g.data)
	if g.postgres != "" {
		args = append(args, "--pg", g.postgres)
	}
	return args, nil
}
