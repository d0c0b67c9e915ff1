package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func approvalCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "approval", Short: "List and decide what needs a person",
		Example: "  empire approval list\n  empire approval approve appr_…",
	}
	c.AddCommand(approvalListCommand(g), approvalShowCommand(g), approvalDecideCommand(g, true), approvalDecideCommand(g, false),
		approvalLogCommand(g), approvalVerifyCommand(g))
	return c
}

func approvalListCommand(g *globals) *cobra.Command {
	var all bool
	var site, state, run, kind string
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List approvals that wait for a decision", Example: "  empire approval list\n  empire approval list --all --json\n  empire approval list --state expired --site keyboards.example",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			f := domain.ApprovalFilter{State: domain.ApprovalState(state), Kind: kind, RunID: domain.RunID(run)}
			if !slices.Contains(domain.ApprovalStates(), f.State) {
				return usagef("--state must be one of %s, not %q", join(domain.ApprovalStates()), state)
			}
			if all && cmd.Flags().Changed("state") {
				return usagef("give --all or --state, not both")
			}
			if all {
				f.State = ""
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if site != "" {
					s, err := p.Site(ctx, site)
					if err != nil {
						return err
					}
					f.WebsiteID = s.ID
				}
				return g.listApprovals(ctx, cmd, p, f, w)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "in every state")
	c.Flags().StringVar(&state, "state", string(domain.ApprovalPending), "only approvals in this state: "+join(domain.ApprovalStates()))
	c.Flags().StringVar(&site, "site", "", "only about this website: an id, a name or a domain")
	c.Flags().StringVar(&run, "run", "", "only of this run")
	c.Flags().StringVar(&kind, "kind", "", "only of this kind: publish_release, approve_step, raise_budget, swap_link")
	windowFlags(c, &w)
	return c
}

func (g *globals) listApprovals(ctx context.Context, cmd *cobra.Command, p portfolio, f domain.ApprovalFilter, w domain.Window) error {
	list, total, err := p.Approvals(ctx, f, w)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, list)
	}
	if total == 0 && f == (domain.ApprovalFilter{State: domain.ApprovalPending}) {
		cmd.Println("Nothing waits for a decision.")
		return nil
	}
	if total == 0 {
		cmd.Println("There is no such approval.")
		return nil
	}
	rows := make([][]string, 0, len(list))
	for _, a := range list {
		expires := "–"
		if a.ExpiresAt != nil {
			expires = a.ExpiresAt.UTC().Format(time.RFC3339)
		}
		rows = append(rows, []string{string(a.ID), string(a.State), a.Title, ago(a.CreatedAt), expires})
	}
	if err := table(g.io.out, []string{"ID", "STATE", "WHAT", "SINCE", "EXPIRES"}, rows); err != nil {
		return err
	}
	cmd.PrintErr(more(w, len(list), total))
	return nil
}

func approvalShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show APPROVAL", Short: "Show exactly what is to be approved", Example: "  empire approval show appr_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				a, err := p.Approval(ctx, domain.ApprovalID(args[0]))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, a)
				}
				return showApproval(cmd, a)
			})
		},
	}
}

func showApproval(cmd *cobra.Command, a *approvalView) error {
	cmd.Printf("%s\n  id            %s\n  state         %s\n  run           %s\n  since         %s\n", a.Title, a.ID, a.State, a.RunID, ago(a.CreatedAt))
	if a.ExpiresAt != nil {
		cmd.Printf("  expires       %s\n", a.ExpiresAt.UTC().Format(time.RFC3339))
	}
	if a.FourEyes {
		cmd.Printf("  four eyes     anybody but %s, who started the run\n", orDash(a.RequesterID))
	}
	if a.DecidedAt != nil {
		cmd.Printf("  decided       %s by %s %s\n", ago(*a.DecidedAt), orDash(a.ActorID), a.Reason)
	}
	var p struct {
		Pages    int     `json:"pages"`
		Products int     `json:"products"`
		Claims   int     `json:"claims"`
		Grounded int     `json:"grounded_claims"`
		SEOScore float64 `json:"seo_score"`
		Gates    []struct {
			Name    string           `json:"name"`
			State   domain.GateState `json:"state"`
			Summary string           `json:"summary"`
		} `json:"gates"`
	}
	if err := json.Unmarshal(a.Payload, &p); err != nil {
		return fmt.Errorf("read payload of approval %s: %w", a.ID, err)
	}
	if a.Kind == domain.ApprovePublish {
		cmd.Printf("  pages         %d about %d products\n  grounded      %d of %d claims\n  search score  %.1f\n", p.Pages, p.Products, p.Grounded, p.Claims, p.SEOScore)
		for _, gate := range p.Gates {
			cmd.Printf("  %-5s %-12s %s\n", gate.State, gate.Name, gate.Summary)
		}
	}
	cmd.Printf("  payload hash  %s (--json shows the payload)\n", a.PayloadHash)
	return nil
}

// approvalDecideCommand is approve or reject.
func approvalDecideCommand(g *globals, approve bool) *cobra.Command {
	d := domain.Decision{Approve: approve}
	c := &cobra.Command{
		Use: "reject APPROVAL", Short: "Reject an approval; its run ends", Args: cobra.ExactArgs(1),
		Example: `  empire approval reject appr_… --reason "prices look wrong"`,
	}
	if approve {
		c.Use, c.Short, c.Example = "approve APPROVAL", "Approve; the run goes on", "  empire approval approve appr_…"
		c.Long = `Approve, and follow the run until it has ended. Without --payload-hash you approve what
is asked at this moment; with it, only what you have seen.`
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !approve && d.Reason == "" {
			return usagef("%s needs --reason", cmd.CommandPath())
		}
		return g.onWorkingPortfolio(cmd, func(ctx context.Context, p portfolio) error {
			return g.decide(ctx, cmd, p, domain.ApprovalID(args[0]), d)
		})
	}
	reason := "why (needed)"
	if approve {
		reason = "why"
	}
	c.Flags().StringVar(&d.Reason, "reason", "", reason)
	c.Flags().StringVar(&d.PayloadHash, "payload-hash", "", "decide only if this is what is asked, as approval show prints it")
	return c
}

func (g *globals) decide(ctx context.Context, cmd *cobra.Command, p portfolio, id domain.ApprovalID, d domain.Decision) error {
	asked, err := p.Approval(ctx, id)
	if err != nil {
		return err
	}
	site := domain.WebsiteID("")
	if asked.WebsiteID != nil {
		site = *asked.WebsiteID
	}
	if d.Approve && asked.State == domain.ApprovalApproved { // this command was stopped before
		if run, err := p.Run(ctx, asked.RunID); err == nil && !run.Status.Ended() {
			return g.rejoin(ctx, p, run.ID, site)
		}
	}
	if d.PayloadHash == "" {
		d.PayloadHash = asked.PayloadHash
	}
	a, err := p.Decide(ctx, id, d)
	if err != nil {
		return err
	}
	if d.Approve {
		return g.follow(ctx, p, a.RunID, site)
	}
	if g.json {
		return printJSON(g.io.out, a)
	}
	cmd.Printf("%s is %s\n", a.ID, a.State)
	return nil
}
