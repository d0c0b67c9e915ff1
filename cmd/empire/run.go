package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func runCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "run", Short: "List, show, cancel and retry runs of pipelines",
		Example: "  empire run list\n  empire run show run_…",
	}
	c.AddCommand(runListCommand(g), runShowCommand(g), runTimelineCommand(g), runCancelCommand(g), runRetryCommand(g))
	return c
}

var runStates = []domain.RunState{
	domain.StateQueued, domain.StateRunning, domain.StateWaiting, domain.StateCompleted, domain.StateFailed, domain.StateCancelled,
}

func runListCommand(g *globals) *cobra.Command {
	var w domain.Window
	var state, site string
	c := &cobra.Command{
		Use: "list", Short: "List runs, newest first",
		Example: "  empire run list\n  empire run list --state failed --site keyboards.example",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			f := domain.RunFilter{State: domain.RunState(state)}
			if state != "" && !slices.Contains(runStates, f.State) {
				return usagef("--state must be one of %s, not %q", join(runStates), state)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if site != "" {
					s, err := p.Site(ctx, site)
					if err != nil {
						return err
					}
					f.WebsiteID = s.ID
				}
				return g.listRuns(ctx, cmd, p, f, w)
			})
		},
	}
	c.Flags().StringVar(&state, "state", "", "only runs in this state: "+join(runStates))
	c.Flags().StringVar(&site, "site", "", "only runs of this website: an id, a name or a domain")
	windowFlags(c, &w)
	return c
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

func (g *globals) listRuns(ctx context.Context, cmd *cobra.Command, p portfolio, f domain.RunFilter, w domain.Window) error {
	list, total, err := p.Runs(ctx, f, w)
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(list))
	for _, r := range list {
		rows = append(rows, []string{string(r.ID), r.Pipeline, string(r.Status), stepsDone(r.Steps), orDash(r.WebsiteID), ago(r.CreatedAt)})
	}
	return g.printList(cmd, list, w, total, "There is no such run.", []string{"ID", "PIPELINE", "STATE", "STEPS", "WEBSITE", "CREATED"}, rows)
}

func stepsDone(steps []stepView) string {
	if len(steps) == 0 {
		return "–"
	}
	done := 0
	for _, s := range steps {
		if s.Status == domain.StateCompleted {
			done++
		}
	}
	return fmt.Sprintf("%d/%d", done, len(steps))
}

func runShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show RUN", Short: "Show a run with its steps", Example: "  empire run show run_…\n  empire run show run_… --json", Args: cobra.ExactArgs(1),
		Long: "Show a run with its steps. With --json the results of the steps are shown, too.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				run, err := p.Run(ctx, domain.RunID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, run)
				}
				return g.showRun(cmd, run)
			})
		},
	}
}

func (g *globals) showRun(cmd *cobra.Command, run *runView) error {
	cmd.Printf("%s  %s version %d: %s\n", run.ID, run.Pipeline, run.Version, run.Status)
	if run.WebsiteID != nil {
		cmd.Printf("  website  %s\n", *run.WebsiteID)
	}
	if run.Error != "" {
		cmd.Printf("  failed at %s (%s): %s\n", run.FailedStage, run.ErrorCode, run.Error)
	}
	cmd.Println()
	rows := make([][]string, 0, len(run.Steps))
	for _, s := range run.Steps {
		rows = append(rows, []string{s.Name, string(s.Status), fmt.Sprint(s.Attempt), took(s.StartedAt, s.FinishedAt), string(s.Agent)})
	}
	return table(g.io.out, []string{"STEP", "STATE", "ATTEMPT", "TOOK", "AGENT"}, rows)
}

func runCancelCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "cancel RUN", Short: "Cancel a run that has not ended", Example: "  empire run cancel run_…", Args: cobra.ExactArgs(1),
		Long: "Cancel a run that has not ended. Its open approval is void; run retry goes on where it stood.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				run, err := p.CancelRun(ctx, domain.RunID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, run)
				}
				cmd.Printf("run %s is %s\n", run.ID, run.Status)
				return nil
			})
		},
	}
}

func runRetryCommand(g *globals) *cobra.Command {
	from := ""
	c := &cobra.Command{
		Use: "retry RUN", Short: "Continue a run that has ended", Args: cobra.ExactArgs(1),
		Example: "  empire run retry run_…\n  empire run retry run_… --from write",
		Long: `Continue a failed or cancelled run with what did not complete, and follow it until it
waits for approval or has ended. Completed steps are not repeated, unless --from names
a step: that one and all that come after it run again, of a completed run, too.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onWorkingPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				run, err := p.RetryRun(ctx, domain.RunID(args[0]), from)
				if err != nil {
					return err
				}
				site := domain.WebsiteID("")
				if run.WebsiteID != nil {
					site = *run.WebsiteID
				}
				return g.follow(ctx, p, run.ID, site)
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "step from which the run is repeated")
	return c
}
