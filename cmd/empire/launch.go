package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

type launchFlags struct {
	params domain.GenerateParams
	feeds  []string
}

func launchCommand(g *globals) *cobra.Command {
	f := &launchFlags{}
	c := &cobra.Command{
		Use:   "launch",
		Short: "Launch a website about a niche and follow its run",
		Long: `Start the pipeline that builds a website about a niche from the imported feeds, and
follow it until it waits for approval or has ended. Without a running server the
command works the run itself.

Ctrl-C stops the command, not the run: started again with the same niche and domain,
it follows the run that is under way; a server continues it, too. The exit code is
then 130, and 1 if the run failed.`,
		Example: `  empire launch --niche "espresso machines" --domain espresso.example
  empire launch --niche kaffeemühlen --domain muehlen.example --language de --feed products.csv.gz`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.params.Niche == "" || f.params.Domain == "" {
				return usagef("%s needs --niche and --domain; see %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return g.onWorkingPortfolio(cmd, func(ctx context.Context, p portfolio) error { return g.launch(ctx, p, f) })
		},
	}
	c.Flags().StringVar(&f.params.Niche, "niche", "", "what the site is about, in the words of a buyer (needed)")
	c.Flags().StringVar(&f.params.Domain, "domain", "", "domain of the site (needed)")
	c.Flags().StringVar(&f.params.Language, "language", "en", "en or de")
	c.Flags().StringSliceVar(&f.feeds, "feed", nil, "name or id of a feed to use; repeat for several (default all feeds)")
	c.Flags().BoolVar(&f.params.ForceKeywords, "force-keywords", false, "plan pages also for keywords that other websites are for")
	return c
}

func (g *globals) launch(ctx context.Context, p portfolio, f *launchFlags) error {
	params := f.params
	if missing := p.MissingOperator(); len(missing) > 0 {
		newMeter(g.io.err).line("note: the legal notice lacks %s; set operator.*, or the release will be refused", strings.Join(missing, ", "))
	}
	var err error
	if params.Feeds, err = chooseFeeds(ctx, p, f.feeds); err != nil {
		return err
	}
	site, run, err := p.Generate(ctx, params)
	if domain.CodeOf(err) == domain.CodeConflict {
		return g.relaunch(ctx, p, params, err)
	}
	if err != nil {
		return err
	}
	return g.follow(ctx, p, run, site.ID)
}

// chooseFeeds returns the ids of the feeds with these names or ids; none without
// names, which means all.
func chooseFeeds(ctx context.Context, p portfolio, names []string) ([]domain.FeedID, error) {
	held, err := p.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	held = slices.DeleteFunc(held, func(f feedView) bool { return f.Rows == 0 }) // refused ones
	if len(held) == 0 {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "No product feed was imported yet. Import one first: empire import feed FILE")
	}
	var out []domain.FeedID
	for _, name := range names {
		id := domain.FeedID("")
		var known []string
		for _, f := range held {
			known = append(known, f.Name)
			if f.Name == name || string(f.ID) == name {
				id = f.ID
			}
		}
		if id == "" {
			return nil, domain.Errorf(domain.CodeNotFound, "There is no feed %q; there are %s.", name, strings.Join(known, ", "))
		}
		out = append(out, id)
	}
	return out, nil
}

// relaunch follows the run that builds just what was asked for, or returns the
// conflict with what to do instead.
func (g *globals) relaunch(ctx context.Context, p portfolio, params domain.GenerateParams, conflict error) error {
	site, err := p.Site(ctx, params.Domain)
	if err != nil {
		return conflict
	}
	if site.State == domain.WebsiteLive {
		return domain.Errorf(domain.CodeConflict, "%s A new release of it: empire site build %s", domain.MessageOf(conflict), site.Domain)
	}
	run := openRun(ctx, p, site.ID)
	if run == "" || !strings.EqualFold(site.Niche, strings.Join(strings.Fields(params.Niche), " ")) {
		return conflict
	}
	return g.rejoin(ctx, p, run, site.ID)
}

// openRun returns the newest run of a website if it has not ended, else "".
func openRun(ctx context.Context, p portfolio, site domain.WebsiteID) domain.RunID {
	runs, _, err := p.Runs(ctx, domain.RunFilter{WebsiteID: site}, domain.Window{Limit: 1})
	if err != nil || len(runs) == 0 || runs[0].Status.Ended() {
		return ""
	}
	return runs[0].ID
}

// rejoin follows a run that an earlier command began.
func (g *globals) rejoin(ctx context.Context, p portfolio, run domain.RunID, site domain.WebsiteID) error {
	newMeter(g.io.err).line("run %s is under way", run)
	return g.follow(ctx, p, run, site)
}

// watch follows a run and shows the steps that end from now on.
func (g *globals) watch(ctx context.Context, p portfolio, id domain.RunID, m *meter) (*runView, error) {
	before, err := p.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	done := map[string]bool{}
	for _, s := range before.Steps {
		done[s.Name] = s.Status == domain.StateCompleted
	}
	return p.Follow(ctx, id, func(s app.DemoProgress) {
		if !done[s.Step] {
			showProgress(m, s)
		}
	})
}

// followed is what --json prints about a run that was followed.
type followed struct {
	WebsiteID   domain.WebsiteID  `json:"website_id"`
	RunID       domain.RunID      `json:"run_id"`
	Status      domain.RunState   `json:"status"`
	ApprovalID  domain.ApprovalID `json:"approval_id,omitempty"` // that a waiting run waits for
	FailedStage string            `json:"failed_stage,omitempty"`
	Error       *failure          `json:"error,omitempty"`
}

// follow shows a run until it waits for a person or has ended, and says what is next.
func (g *globals) follow(ctx context.Context, p portfolio, id domain.RunID, site domain.WebsiteID) error {
	m := newMeter(g.io.err)
	run, err := g.watch(ctx, p, id, m)
	m.end()
	if ctx.Err() != nil {
		return &interruptedError{fmt.Sprintf("stopped; run %s goes on when the command is given again, or a server runs", id)}
	}
	if err != nil {
		return err
	}
	out := followed{WebsiteID: site, RunID: run.ID, Status: run.Status, FailedStage: run.FailedStage}
	if run.Error != "" {
		out.Error = &failure{Code: run.ErrorCode, Message: run.Error}
	}
	if run.Status == domain.StateWaiting {
		if out.ApprovalID, err = pendingApproval(ctx, p, id); err != nil {
			return err
		}
	}
	if g.json {
		if err := printJSON(g.io.out, out); err != nil {
			return err
		}
	} else {
		g.printFollowed(out)
	}
	if run.Status != domain.StateCompleted && run.Status != domain.StateWaiting {
		return &reportedError{errors.New(run.Error)}
	}
	return nil
}

func (g *globals) printFollowed(f followed) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(g.io.out, format+"\n", args...) }
	switch {
	case f.Status == domain.StateWaiting && f.ApprovalID == "":
		say("run %s waits for a time, for money, or for an agent outside of the program; it goes on while a server runs", f.RunID)
	case f.Status == domain.StateWaiting:
		say("run %s waits for your decision:\n  %s\n  %s", f.RunID, g.again("approval show "+string(f.ApprovalID)), g.again("approval approve "+string(f.ApprovalID)))
	case f.Error != nil:
		say("run %s failed at %s: %s", f.RunID, f.FailedStage, f.Error.Message)
	default:
		say("run %s %s", f.RunID, f.Status)
	}
}

// pendingApproval returns what a run waits for, or "".
func pendingApproval(ctx context.Context, p portfolio, run domain.RunID) (domain.ApprovalID, error) {
	list, _, err := p.Approvals(ctx, domain.ApprovalFilter{State: domain.ApprovalPending, RunID: run}, domain.Window{Limit: 1})
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].ID, nil
}

// showProgress shows what a run does: running steps as a bar, ended ones as a line.
// What was not begun is not worth a line.
func showProgress(m *meter, p app.DemoProgress) {
	mark := ""
	switch p.State {
	case domain.StateRunning:
		m.update(p.Step, int64(p.Done), int64(p.Total), p.Message)
		return
	case domain.StateCompleted:
		mark = "✓"
	case domain.StateFailed:
		mark, p.Message = "✗", "failed"
	case domain.StateWaiting:
		mark, p.Message = "?", "waits for a person's decision"
	default:
		return
	}
	m.line("%s %-9s %6.2f s  %s", mark, p.Step, p.Elapsed.Seconds(), p.Message)
}
