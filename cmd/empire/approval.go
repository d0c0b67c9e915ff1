package main

import (
	"context"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func approvalCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "approval", Short: "List and decide what needs a person"}
	var all bool
	list := &cobra.Command{
		Use: "list", Short: "List approvals that wait for a decision", Example: "  empire approval list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				state := domain.ApprovalPending
				if all {
					state = ""
				}
				return listApprovals(ctx, cmd, g, a, state)
			})
		},
	}
	list.Flags().BoolVar(&all, "all", false, "also decided ones")
	c.AddCommand(list, approvalShowCommand(g), approvalDecideCommand(g, true), approvalDecideCommand(g, false))
	return c
}

func listApprovals(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App, state domain.ApprovalState) error {
	list, _, err := a.Approvals.List(ctx, state, domain.Window{Limit: 1000})
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, list)
	}
	if len(list) == 0 {
		cmd.Println("Nothing waits for a decision.")
		return nil
	}
	rows := make([][]string, 0, len(list))
	for _, p := range list {
		rows = append(rows, []string{string(p.ID), string(p.State), p.Title, ago(p.CreatedAt)})
	}
	return table(cmd.OutOrStdout(), []string{"ID", "STATE", "WHAT", "SINCE"}, rows)
}

func approvalShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show APPROVAL", Short: "Show exactly what is to be approved", Example: "  empire approval show appr_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				p, err := a.Approvals.Get(ctx, domain.ApprovalID(args[0]))
				if err != nil {
					return err
				}
				return printJSON(cmd, p)
			})
		},
	}
}

// approvalDecideCommand is approve or reject.
func approvalDecideCommand(g *globals, approve bool) *cobra.Command {
	var d domain.Decision
	use, short := "reject", "Reject an approval; its run ends"
	example := `  empire approval reject appr_… --reason "prices look wrong"`
	if approve {
		use, short, example = "approve", "Approve; the run goes on", "  empire approval approve appr_…"
	}
	c := &cobra.Command{
		Use: use + " APPROVAL", Short: short, Example: example, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.working(cmd, func(ctx context.Context, a *app.App) error {
				d.Approve = approve
				p, err := a.Approvals.Decide(ctx, domain.ApprovalID(args[0]), d)
				if err != nil {
					return err
				}
				if !approve {
					if g.json {
						return printJSON(cmd, p)
					}
					cmd.Printf("%s is %s\n", p.ID, p.State)
					return nil
				}
				return followRun(ctx, cmd, g, a, p.RunID, p.WebsiteID)
			})
		},
	}
	c.Flags().StringVar(&d.Reason, "reason", "", "why; a rejection needs one")
	c.Flags().StringVar(&d.PayloadHash, "payload-hash", "", "decide only if this is what is asked")
	return c
}
