package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

type demoFlags struct {
	once   bool
	params app.DemoParams
	listen listenFlags
	told   bool // the administrator's password was shown
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
data unless operator.* is configured.

Ctrl-C stops it within three seconds: with exit code 0 once the site is served, with
130 before. Nothing is lost: starting it again goes on where it stopped. The exit code
is 1 if there is no site in the end, also because the feed does not hold the niche.`,
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
	fl.StringVar(&f.params.Language, "language", "", "language of the site, en or de (default that of the feed)")
	fl.BoolVar(&f.params.Rebuild, "rebuild", false, "build a new release even if nothing changed")
	fl.BoolVar(&f.params.Ask, "ask", false, "wait for your decision on the approval instead of approving")
	f.listen.register(c)
	return c
}

func (f *demoFlags) run(cmd *cobra.Command, g *globals) error {
	if f.params.Feed != "" && (f.params.Niche == "" || f.params.Domain == "") {
		return usagef("with --feed, --niche and --domain are needed, too")
	}
	if l := f.params.Language; l != "" && l != "en" && l != "de" {
		return usagef("--language must be en or de, not %q", l)
	}
	extra := f.listen.settings()
	if f.once { // a run for a script must not fail because a server is listening already
		for key, value := range extra {
			if value == "" {
				extra[key] = "127.0.0.1:0"
			}
		}
	}
	ctx := cmd.Context()
	started := time.Now()
	cfg, _, err := g.quietly(extra)
	if err != nil {
		return err
	}
	a, err := g.open(ctx, cfg, app.Serve)
	if err != nil {
		return err
	}
	a.UseSampleOperator()
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	if _, err := a.Announce(); err != nil {
		return errors.Join(err, stopApp(ctx, a, cfg))
	}
	err = f.follow(ctx, g, a, started)
	if !f.told {
		g.showAdmin(a)
	}
	return errors.Join(err, stopApp(ctx, a, cfg))
}

func (f *demoFlags) follow(ctx context.Context, g *globals, a *app.App, started time.Time) error {
	m := newMeter(g.io.err)
	m.line("empire demo: from a product feed to a reviewed website")
	f.params.Report = func(p app.DemoProgress) { f.progress(ctx, g, a, m, p) }
	s, err := a.Demo(ctx, f.params)
	m.end()
	if ctx.Err() != nil {
		return &interruptedError{"stopped; start the demo again to go on"}
	}
	if err != nil {
		return err
	}
	if g.json {
		if err := printJSON(g.io.out, s); err != nil {
			return err
		}
	}
	if s.Status != app.DemoCompleted {
		return f.ended(g, m, s)
	}
	if !g.json {
		f.printSummary(g, a, s, started)
	}
	if f.once {
		return nil
	}
	m.line("\nCtrl-C stops.")
	<-ctx.Done()
	m.line("stopping")
	return nil
}

// progress shows a step. When the run waits for the user, it says how to decide;
// when the demo decides itself, there is nothing to say.
func (f *demoFlags) progress(ctx context.Context, g *globals, a *app.App, m *meter, p app.DemoProgress) {
	if p.State != domain.StateWaiting {
		showProgress(m, p)
		return
	}
	if !f.params.Ask {
		return
	}
	showProgress(m, p)
	m.line("  decide at %s or with", a.URL())
	open, _, err := a.Approvals.List(a.AsAdmin(ctx), domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 1000})
	if err != nil || len(open) == 0 {
		m.line("    %s", g.again("approval list"))
	}
	for _, q := range open {
		m.line("    %s", g.again("approval approve "+string(q.ID)))
	}
	if c := a.NewCredentials(); c != nil {
		m.line("  sign in as %s with password %s", c.Email, c.Password)
		f.told = true
	}
}

// ended says why there is no site.
func (f *demoFlags) ended(g *globals, m *meter, s *app.DemoSummary) error {
	why := "the run ended as " + s.Status
	if s.Error != nil {
		why = s.Error.Message
	}
	if s.Status == app.DemoNotEnoughData {
		m.line("not enough data for a site about %s: %s", s.Niche, why)
	} else {
		m.line("no release: %s", why)
		m.line("  %s shows the run", g.again("run show "+string(s.RunID)))
	}
	return &reportedError{errors.New(why)}
}

func (f *demoFlags) printSummary(g *globals, a *app.App, s *app.DemoSummary, started time.Time) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(g.io.out, format+"\n", args...) }
	say("\n%s is live: release %d, %d pages about %s, %d of %d claims grounded, %.1f s from start.",
		s.Domain, s.ReleaseNumber, s.Pages, s.Niche, s.Grounded, s.Claims, time.Since(started).Seconds())
	if s.Reused {
		say("The feed has not changed since it was built; --rebuild builds a new release all the same.")
	}
	for _, w := range s.Warnings {
		say("  note: %s", w)
	}
	say("\nWhere to look")
	if !f.once {
		say("  the site       %s", s.BaseURL)
		say("  the dashboard  %s", a.URL())
		say("  the API        %sdocs", a.URL())
	}
	say("  files          %s", s.SiteDir)
	say("  evidence       %s", s.EvidenceFile)
	if c := a.NewCredentials(); c != nil { // known at the first start only
		say("  sign in        %s  password %s  (shown once)", c.Email, c.Password)
		f.told = true
	} else {
		say("  sign in        %s; %s sets a new password", app.AdminEmail, g.again("user password "+app.AdminEmail))
	}
	if f.once {
		say("  serve it       %s", g.again("serve"))
	}
}
