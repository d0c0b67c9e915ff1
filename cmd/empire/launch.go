package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func launchCommand(g *globals) *cobra.Command {
	var p domain.GenerateParams
	var feeds []string
	c := &cobra.Command{
		Use:   "launch",
		Short: "Launch a website about a niche and follow its run",
		Long: `Start the pipeline that builds a website about a niche from the imported feeds, and
follow it until it waits for approval or has ended. Without a running server the
command works the run itself.`,
		Example: `  empire launch --niche "espresso machines" --domain espresso.example`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.working(cmd, func(ctx context.Context, a *app.App) error {
				for _, f := range feeds {
					p.Feeds = append(p.Feeds, domain.FeedID(f))
				}
				site, run, err := a.Websites.Generate(ctx, p)
				if err != nil {
					return err
				}
				return followRun(ctx, cmd, g, a, run.ID, site.ID)
			})
		},
	}
	c.Flags().StringVar(&p.Niche, "niche", "", "what the site is about")
	c.Flags().StringVar(&p.Domain, "domain", "", "domain of the site")
	c.Flags().StringVar(&p.Language, "language", "en", "en or de")
	c.Flags().StringSliceVar(&feeds, "feed", nil, "id of a feed to use; repeat for several (default: all feeds)")
	return c
}

// working opens the program so that it works runs itself, or as a tool beside the
// server that holds the data directory and does.
func (g *globals) working(cmd *cobra.Command, fn func(ctx context.Context, a *app.App) error) error {
	extra := map[string]string{"log.level": g.quiet()}
	a, cfg, err := g.open(cmd.Context(), app.Work, extra)
	if _, locked := errors.AsType[*app.LockedError](err); locked {
		return g.with(cmd, fn)
	}
	if err != nil {
		return err
	}
	if err := a.Start(cmd.Context()); err != nil {
		return errors.Join(err, a.Close())
	}
	err = fn(a.AsAdmin(cmd.Context()), a)
	return errors.Join(err, stopApp(cmd.Context(), a, cfg.Shutdown.Timeout))
}

func followRun(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App, id domain.RunID, site domain.WebsiteID) error {
	m := newMeter(os.Stderr)
	run, err := a.Follow(ctx, id, func(p app.DemoProgress) { showProgress(m, p) })
	if err != nil {
		return err
	}
	if g.json {
		if err := printJSON(cmd, map[string]any{"website_id": site, "run_id": run.ID, "state": run.State, "error": run.Error}); err != nil {
			return err
		}
	}
	switch run.State {
	case domain.StateWaiting:
		m.line("run %s waits for a decision: empire approval list", run.ID)
	case domain.StateFailed:
		m.line("run %s failed at %s: %s", run.ID, run.Error.Step, run.Error.Message)
		return &reportedError{errors.New(run.Error.Message)}
	default:
		m.line("run %s %s", run.ID, run.State)
	}
	return nil
}
