package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

func fleetCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "fleet", Short: "Brake the publishing of the whole portfolio",
		Long: `The fleet is all websites together. How fast it may publish is set by fleet.*; a freeze
keeps a website, or all, from publishing; a change of many websites begins with a few and
goes on only when those are published. A rollback is never braked.`,
		Example: "  empire fleet status\n  empire fleet freeze keyboards.example --reason 'visits fell by half'\n  empire fleet change start --reason 'theme 2' --canary 5",
	}
	c.AddCommand(fleetStatusCommand(g), fleetFreezeCommand(g), fleetUnfreezeCommand(g), fleetChangeCommand(g), fleetBatchCommand(g))
	return c
}

func fleetStatusCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show how the portfolio publishes, what is frozen, and changes under way", Example: "  empire fleet status\n  empire fleet status --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.Fleet, error) { return p.Fleet(ctx) }, func(v *client.Fleet) error {
				cmd.Printf("%d releases within 24 hours (%s); %s new pages a website and week\n", v.Releases, most(v.ReleasesPerDay), most(v.PagesPerWeek))
				for _, s := range v.Fastest {
					cmd.Printf("  %5d new pages  %s\n", s.NewPages, s.WebsiteID)
				}
				for _, f := range v.Freezes {
					cmd.Printf("frozen since %s (%s): %s, %s\n", f.At.Format("2006-01-02 15:04"), f.Cause, frozenWhat(f.WebsiteID), f.Reason)
				}
				return g.listFleetChanges(v.Changes)
			})
		},
	}
}

// most is an upper limit for a person.
func most(n int64) string {
	if n == 0 {
		return "any number"
	}
	return fmt.Sprintf("at most %d", n)
}

func frozenWhat(id *string) string {
	if id == nil {
		return "all websites"
	}
	return *id
}

// onSite calls fn with the id of the website that the first argument names; empty
// without one.
func (g *globals) onSite(cmd *cobra.Command, args []string, fn func(ctx context.Context, p portfolio, id domain.WebsiteID) error) error {
	return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
		if len(args) == 0 {
			return fn(ctx, p, "")
		}
		site, err := p.Site(ctx, args[0])
		if err != nil {
			return err
		}
		return fn(ctx, p, site.ID)
	})
}

func fleetFreezeCommand(g *globals) *cobra.Command {
	var reason string
	var notice bool
	c := &cobra.Command{
		Use: "freeze [SITE]", Short: "Keep a website, or all, from publishing and from being built anew",
		Long: `Keep a website, or all, from publishing and from being built anew, and stop changes that
began with it. --manual-action says that a search engine told of one: an alert is raised
until the freeze ends. A website whose visits fell is frozen by itself. SITE is an id, a
name or a domain.`,
		Example: "  empire fleet freeze keyboards.example --manual-action --reason 'scaled content abuse, told on 1 March'\n  empire fleet freeze keyboards.example --reason 'visits fell by half'", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return usagef("--reason is needed: who meets the freeze later must know why")
			}
			return g.onSite(cmd, args, func(ctx context.Context, p portfolio, id domain.WebsiteID) error {
				freeze := domain.FleetFreezeParams{WebsiteID: id, Cause: domain.FleetByPerson, Reason: reason}
				if notice {
					freeze.Cause = domain.FleetByNotice
				}
				f, err := p.FreezeFleet(ctx, freeze)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, f)
				}
				cmd.Printf("frozen: %s; a rollback stays possible\n", frozenWhat(f.WebsiteID))
				return nil
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why; shown to everybody who is refused")
	c.Flags().BoolVar(&notice, "manual-action", false, "a search engine told of a manual action")
	return c
}

func fleetUnfreezeCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "unfreeze [SITE]", Short: "End the freeze of a website, or that of all", Example: "  empire fleet unfreeze\n  empire fleet unfreeze keyboards.example", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onSite(cmd, args, func(ctx context.Context, p portfolio, id domain.WebsiteID) error {
				if err := p.UnfreezeFleet(ctx, id); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]bool{"frozen": false})
				}
				cmd.Println("not frozen any more")
				return nil
			})
		},
	}
}
