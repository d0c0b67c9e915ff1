package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/bench"
)

// dashboardBench are the flags of bench dashboard.
type dashboardBench struct {
	estate   app.EstateBench
	requests int
	rate     int
	only     string
	profile  string
	keep     string
}

func benchDashboardCommand(g *globals) *cobra.Command {
	var d dashboardBench
	c := &cobra.Command{
		Use:   "dashboard",
		Short: "Measure how fast every page of the dashboard comes with a large portfolio",
		Long: `Measure the dashboard: a portfolio is made with websites, pages, releases, runs, approvals,
alerts, links, and visits of 400 days; the server is started, and every page that it has
is asked for many times, by somebody who has signed in, at an even rate and in the order of
chance. Times are until the first byte and count from when a request was due. Then come the
first live update after opening the connection that pages open, and the bytes of a first
visit.

One website is launched from the bundled data; the others have its pages and texts, and work
and visits of their own. Which pages there are is asked of the dashboard itself; the report
names those that are left out.

Everything is on this machine, in a temporary directory, and is removed at the end. With
--keep the estate is made in that directory and stays; if it holds one, that is measured
again. 10 million events take about 4 GB. With --pg the server uses that database, which must
be empty and keeps the estate.`,
		Example: `  empire bench dashboard
  empire bench dashboard --websites 1500 --pages 40 --events 10000000 --keep /tmp/estate
  empire bench dashboard --keep /tmp/estate --page /sites --cpuprofile cpu.out --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case d.estate.Websites < 5 || d.estate.Websites > 20_000:
				return usagef("--websites must be between 5 and 20000, not %d", d.estate.Websites)
			case d.estate.Pages < 1 || d.estate.Pages > app.MaxEstatePages:
				return usagef("--pages must be between 1 and %d, not %d", app.MaxEstatePages, d.estate.Pages)
			case d.estate.Events < 0 || d.estate.Events > 100_000_000:
				return usagef("--events must be between 0 and 100000000, not %d", d.estate.Events)
			case d.requests < 1 || d.requests > 10_000:
				return usagef("--requests must be between 1 and 10000, not %d", d.requests)
			case d.rate < 1 || d.rate > 1000:
				return usagef("--rate must be between 1 and 1000, not %d", d.rate)
			}
			return g.benchDashboard(cmd, &d)
		},
	}
	f := c.Flags()
	f.IntVar(&d.estate.Websites, "websites", 100, "websites of the portfolio")
	f.IntVar(&d.estate.Pages, "pages", 40, "pages of each")
	f.IntVar(&d.estate.Events, "events", 100_000, "views and clicks of all websites in the last 400 days")
	f.IntVar(&d.requests, "requests", 40, "requests of each page")
	f.IntVar(&d.rate, "rate", 15, "requests per second, of all pages together")
	f.StringVar(&d.only, "page", "", "measure only pages with this in their path")
	f.StringVar(&d.keep, "keep", "", "directory that keeps the estate, or holds one")
	f.StringVar(&d.profile, "cpuprofile", "", "write a CPU profile of the server to this file")
	return c
}

func (g *globals) benchDashboard(cmd *cobra.Command, d *dashboardBench) (err error) {
	ctx := cmd.Context()
	dir := d.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "empire-bench-"); err != nil {
			return fmt.Errorf("make a temporary directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	} else if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("find the directory: %w", err)
	}
	m := newMeter(g.io.err)
	progress := func(what string, done, total int) { m.update(what, int64(done), int64(total), "") }
	own, estate, err := g.benchEstate(cmd, dir, d, progress)
	if err != nil {
		m.end()
		return err
	}
	c := bench.DashboardConfig{
		Env: g.benchEnv(), Dir: dir, Estate: estate, Requests: d.requests, Rate: d.rate, Only: d.only, Database: "SQLite", Progress: progress,
	}
	if g.postgres != "" {
		c.Database = "PostgreSQL"
	}
	if c.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if c.Serve, err = own.benchServe(d.profile); err != nil {
		return err
	}
	report, err := bench.Dashboard(ctx, c)
	m.end()
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, report)
	}
	return report.Write(g.io.out)
}

// estateFile says in a kept directory who signs in.
const estateFile = "estate.json"

// benchEstate makes an estate in a directory, or finds the one that it holds.
func (g *globals) benchEstate(cmd *cobra.Command, dir string, d *dashboardBench, progress func(string, int, int)) (*globals, *bench.Estate, error) {
	file := filepath.Join(dir, estateFile)
	raw, err := os.ReadFile(file) //nolint:gosec // in the directory that the user named
	var who app.Credentials
	own := &globals{configFile: filepath.Join(dir, "empire.yaml"), data: filepath.Join(dir, "data"), postgres: g.postgres, io: streams{g.io.out, g.io.err, nil}}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, nil, fmt.Errorf("make the directory: %w", err)
		}
		if err := g.fillEstate(cmd, dir, own, d, progress, &who); err != nil {
			return nil, nil, err
		}
		if raw, err = json.Marshal(who); err == nil {
			err = os.WriteFile(file, raw, 0o600)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("note the estate: %w", err)
		}
	case err != nil:
		return nil, nil, fmt.Errorf("read the estate: %w", err)
	default:
		if err := json.Unmarshal(raw, &who); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	cfg, _, err := own.quietly(nil)
	if err != nil {
		return nil, nil, err
	}
	a, err := own.open(cmd.Context(), cfg, app.Tool)
	if err != nil {
		return nil, nil, err
	}
	estate, err := a.BenchEstate(cmd.Context())
	if err = errors.Join(err, a.Close()); err != nil {
		return nil, nil, err
	}
	estate.Email, estate.Password = who.Email, who.Password
	return own, estate, nil
}

// fillEstate makes an estate in an empty directory.
func (g *globals) fillEstate(cmd *cobra.Command, dir string, own *globals, d *dashboardBench, progress func(string, int, int), who *app.Credentials) error {
	_, err := g.benchSites(cmd.Context(), dir, func(_ context.Context, a *app.App) error {
		*who = *a.NewCredentials()
		return nil
	})
	if err != nil {
		return err
	}
	// Single hits stay as long as the estate is old.
	if err := os.WriteFile(own.configFile, []byte(benchConfig+"analytics:\n  keep_events: 9600h\n"), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	estate := d.estate
	estate.Progress = progress
	return own.working(cmd, func(ctx context.Context, a *app.App) error { return a.AddBenchEstate(ctx, estate) })
}
