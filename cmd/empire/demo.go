package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

type demoFlags struct {
	once    bool
	params  app.DemoParams
	apiAddr string
	edge    string
}

func demoCommand(g *globals) *cobra.Command {
	f := &demoFlags{}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole main job on sample data, then serve the site",
		Long: `Run the whole main job: import a product feed, scan a niche, plan, write, build,
optimize, monetize, check, approve, release; then serve the site.

Without flags it uses a sample catalog that is part of the program. With --feed,
--niche and --domain it runs on your own feed. The legal pages show sample operator
data unless operator.* is configured. Starting it again continues with the same data.`,
		Example: `  empire demo
  empire demo --once --json
  empire demo --feed products.csv.gz --niche "mechanical keyboards" --domain keyboards.example`,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, g) },
	}
	fl := c.Flags()
	fl.BoolVar(&f.once, "once", false, "exit after the run instead of serving")
	fl.StringVar(&f.params.Feed, "feed", "", "product feed in the AWIN layout, plain, gzip or zip")
	fl.StringVar(&f.params.Niche, "niche", "", "what the site is about")
	fl.StringVar(&f.params.Domain, "domain", "", "domain of the site")
	fl.StringVar(&f.params.Language, "language", "", "language of the site, en or de (default: that of the feed)")
	fl.BoolVar(&f.params.Rebuild, "rebuild", false, "build a new release even if nothing changed")
	fl.BoolVar(&f.params.Ask, "ask", false, "wait for your decision on the approval instead of approving")
	fl.StringVar(&f.apiAddr, "listen", "", "address of API and dashboard (default 127.0.0.1:8080)")
	fl.StringVar(&f.edge, "listen-edge", "", "address of the edge (default 127.0.0.1:8081)")
	return c
}

func (f *demoFlags) run(cmd *cobra.Command, g *globals) error {
	if f.params.Feed != "" && (f.params.Niche == "" || f.params.Domain == "") {
		return &usageError{errors.New("with --feed, --niche and --domain are needed, too")}
	}
	extra := map[string]string{"listen.api": f.apiAddr, "listen.edge": f.edge, "log.level": g.quiet()}
	if f.once { // a run for a script must not fail because a server is listening already
		for _, key := range []string{"listen.api", "listen.edge"} {
			if extra[key] == "" {
				extra[key] = "127.0.0.1:0"
			}
		}
	}
	ctx := cmd.Context()
	started := time.Now()
	a, cfg, err := g.open(ctx, app.Serve, extra)
	if err != nil {
		return err
	}
	a.UseSampleOperator()
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	err = f.follow(ctx, cmd, g, a, started)
	return errors.Join(err, stopApp(ctx, a, cfg.Shutdown.Timeout))
}

func (f *demoFlags) follow(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App, started time.Time) error {
	m := newMeter(os.Stderr)
	m.line("empire demo: from a product feed to a reviewed website")
	if f.params.Ask {
		m.line("  decide the approval at %s", a.URL())
		printCredentials(m, a)
	}
	f.params.Report = func(p app.DemoProgress) { showProgress(m, p) }
	s, err := a.Demo(ctx, f.params)
	if err != nil {
		if ctx.Err() != nil {
			m.line("stopped; start the demo again to go on")
			return nil
		}
		return err
	}
	if g.json {
		if err := printJSON(cmd, s); err != nil {
			return err
		}
	}
	if s.Status != app.DemoCompleted {
		why := errors.New(s.Status)
		if s.Error != nil {
			why = errors.New(s.Error.Message)
		}
		m.line("  %s", why)
		return &reportedError{why}
	}
	if !g.json {
		printSummary(m, a, s, started)
	}
	if f.once {
		return nil
	}
	m.line("\nCtrl-C stops.")
	<-ctx.Done()
	m.line("stopping")
	return nil
}

func showProgress(m *meter, p app.DemoProgress) {
	if p.State == domain.StateRunning {
		m.update(p.Step, int64(p.Done), int64(p.Total), p.Message)
		return
	}
	mark := map[domain.RunState]string{domain.StateCompleted: "✓", domain.StateFailed: "✗", domain.StateWaiting: "?"}[p.State]
	if mark == "" {
		mark = "–"
	}
	if p.State == domain.StateWaiting {
		p.Message = "waits for a person's decision"
	}
	m.line("%s %-9s %6.2f s  %s", mark, p.Step, p.Elapsed.Seconds(), p.Message)
}

func printSummary(m *meter, a *app.App, s *app.DemoSummary, started time.Time) {
	m.line("")
	m.line("%s is live: release %d, %d pages about %s, %d of %d claims grounded, %.1f s from start.",
		s.Domain, s.ReleaseNumber, s.Pages, s.Niche, s.Grounded, s.Claims, time.Since(started).Seconds())
	for _, w := range s.Warnings {
		m.line("  note: %s", w)
	}
	m.line("")
	m.line("Where to look")
	m.line("  the site       %s", s.BaseURL)
	m.line("  the dashboard  %s", a.URL())
	m.line("  the API        %sdocs", a.URL())
	m.line("  files          %s", s.SiteDir)
	m.line("  evidence       %s", s.EvidenceFile)
	printCredentials(m, a)
}

// printCredentials shows the administrator's password: it is known only at the
// first start.
func printCredentials(m *meter, a *app.App) {
	c := a.NewCredentials()
	if c == nil {
		m.line("  sign in        %s with the password shown at the first start (empire user password sets a new one)", app.AdminEmail)
		return
	}
	m.line("  sign in        %s  password %s  (shown once)", c.Email, c.Password)
}

func credentialsLine(c *app.Credentials) string {
	return fmt.Sprintf("administrator %s was created with password %s (shown once)", c.Email, c.Password)
}
