package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func runCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "run", Short: "List, show, cancel and retry runs of pipelines"}
	list := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Example: "  empire run list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error { return listRuns(ctx, cmd, g, a) })
		},
	}
	c.AddCommand(
		list,
		runArgs(g, "show", "Show a run with its steps", "  empire run show run_…", func(ctx context.Context, cmd *cobra.Command, a *app.App, id domain.RunID) error {
			return showRun(ctx, cmd, g, a, id)
		}),
		runArgs(g, "cancel", "Cancel a run that has not ended", "  empire run cancel run_…", func(ctx context.Context, cmd *cobra.Command, a *app.App, id domain.RunID) error {
			run, err := a.Runs.Cancel(ctx, id)
			return printState(cmd, g, run, err)
		}),
		runArgs(g, "retry", "Continue a failed or cancelled run at its first open step", "  empire run retry run_…", func(ctx context.Context, cmd *cobra.Command, a *app.App, id domain.RunID) error {
			run, err := a.Runs.Retry(ctx, id)
			return printState(cmd, g, run, err)
		}),
	)
	return c
}

func runArgs(g *globals, use, short, example string, fn func(ctx context.Context, cmd *cobra.Command, a *app.App, id domain.RunID) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " RUN", Short: short, Example: example, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error { return fn(ctx, cmd, a, domain.RunID(args[0])) })
		},
	}
}

func listRuns(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App) error {
	list, total, err := a.Runs.List(ctx, "", "", domain.Window{Limit: 50})
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, list)
	}
	if total == 0 {
		cmd.Println("There is no run yet.")
		return nil
	}
	rows := make([][]string, 0, len(list))
	for _, r := range list {
		done := 0
		for _, s := range r.Steps {
			if s.State == domain.StateCompleted {
				done++
			}
		}
		rows = append(rows, []string{string(r.ID), r.Pipeline, string(r.State), fmt.Sprintf("%d/%d", done, len(r.Steps)), string(r.WebsiteID), ago(r.CreatedAt)})
	}
	return table(cmd.OutOrStdout(), []string{"ID", "PIPELINE", "STATE", "STEPS", "WEBSITE", "CREATED"}, rows)
}

func showRun(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App, id domain.RunID) error {
	run, err := a.Runs.Get(ctx, id)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, run)
	}
	cmd.Printf("%s  %s version %d: %s\n", run.ID, run.Pipeline, run.Version, run.State)
	if run.Error != nil {
		cmd.Printf("  failed at %s: %s\n", run.Error.Step, run.Error.Message)
	}
	rows := make([][]string, 0, len(run.Steps))
	for _, s := range run.Steps {
		took := ""
		if s.StartedAt != nil && s.FinishedAt != nil {
			took = fmt.Sprintf("%.2f s", s.FinishedAt.Sub(*s.StartedAt).Seconds())
		}
		rows = append(rows, []string{s.Name, string(s.State), fmt.Sprint(s.Attempt), took, string(s.Agent)})
	}
	return table(cmd.OutOrStdout(), []string{"STEP", "STATE", "ATTEMPT", "TOOK", "AGENT"}, rows)
}

func printState(cmd *cobra.Command, g *globals, run *domain.Run, err error) error {
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, run)
	}
	cmd.Printf("run %s is %s\n", run.ID, run.State)
	return nil
}
