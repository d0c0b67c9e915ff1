package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/spf13/cobra"

	"empire/internal/app"
)

func benchSitesCommand(g *globals) *cobra.Command {
	cfg := app.SitesBench{}
	var profile string
	c := &cobra.Command{
		Use:   "sites",
		Short: "Measure what is done to all websites: building, publishing, rolling back",
		Long: `Measure what is done to all websites of a portfolio, in a directory of its own, which is
removed afterwards: building the pages of all, a change of one price and of a whole feed until
the new release of one website is live, and rolling all back and publishing them again as site bulk does.

A website is launched from the bundled data (44 pages); the others have the same texts, each
with its own look. With --built less than --websites the pages of that many are built, and the
others share their files, so that moving all of them can be measured in a short time.`,
		Example: "  empire bench sites\n  empire bench sites --websites 1500 --built 100 --json",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if cfg.Websites < 2 || cfg.Websites > 20_000 {
				return usagef("--websites must be between 2 and 20000, not %d", cfg.Websites)
			}
			if cfg.Built == 0 {
				cfg.Built = cfg.Websites
			}
			if cfg.Built < 1 || cfg.Built > cfg.Websites {
				return usagef("--built must be between 1 and --websites, not %d", cfg.Built)
			}
			return g.benchWebsites(cmd, cfg, profile)
		},
	}
	flags := c.Flags()
	flags.IntVar(&cfg.Websites, "websites", 1500, "websites of the portfolio")
	flags.IntVar(&cfg.Built, "built", 0, "websites whose pages are built (default all)")
	flags.StringVar(&profile, "cpuprofile", "", "write a CPU profile to this file")
	return c
}

func (g *globals) benchWebsites(cmd *cobra.Command, cfg app.SitesBench, profile string) (err error) {
	ctx := cmd.Context()
	dir, err := os.MkdirTemp("", "empire-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	own, err := g.benchSites(ctx, dir, func(context.Context, *app.App) error { return nil })
	if err != nil {
		return err
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return fmt.Errorf("write a profile: %w", err)
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("write a profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	m := newMeter(g.io.err)
	cfg.Progress = func(what string, done, total int) { m.update(what, int64(done), int64(total), "websites") }
	var r *app.SitesResult
	err = own.working(cmd, func(ctx context.Context, a *app.App) (err error) {
		r, err = a.BenchSites(ctx, cfg)
		return err
	})
	m.end()
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, r)
	}
	rate := func(seconds float64) float64 { return float64(r.Pages) / max(seconds, 1e-9) }
	return table(g.io.out, []string{"WORK", "SECONDS", ""}, [][]string{
		{fmt.Sprintf("render %d pages of %d websites", r.Pages, min(r.Built, r.Websites-1)), fmt.Sprintf("%.2f", r.Render), fmt.Sprintf("%.0f pages/s", rate(r.Render))},
		{"build them: render, compress, keep", fmt.Sprintf("%.2f", r.Build), fmt.Sprintf("%.0f pages/s", rate(r.Build))},
		{"build them again, nothing changed", fmt.Sprintf("%.2f", r.Again), fmt.Sprintf("%.0f pages/s", rate(r.Again))},
		{"one price of a feed until live", fmt.Sprintf("%.2f", r.Change), fmt.Sprintf("import %.2f s of it, %d new files", r.Import, r.Changed)},
		{"all rows of a feed until live", fmt.Sprintf("%.2f", r.ChangeAll), fmt.Sprintf("%d new files", r.ChangedAll)},
		{fmt.Sprintf("dry run over %d websites", r.Websites), fmt.Sprintf("%.2f", r.DryRun), ""},
		{fmt.Sprintf("roll back %d websites", r.Websites), fmt.Sprintf("%.2f", r.Rollback), fmt.Sprintf("%.1f ms each", 1000*r.Rollback/float64(r.Websites))},
		{fmt.Sprintf("publish %d websites", r.Websites), fmt.Sprintf("%.2f", r.Publish), fmt.Sprintf("%d moves failed", r.Failed)},
	})
}
