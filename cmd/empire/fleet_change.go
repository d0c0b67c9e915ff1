package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

func fleetChangeCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "change", Short: "Change many websites, a few of them first",
		Long: `A change builds live websites anew after a theme, a prompt or a rule changed. It begins
with a canary group from all over the portfolio. When all of it is published with no red
gate the change waits for a person; a failed run, a red gate or a freeze in the group
stops it. Each website is approved as always.`,
		Example: "  empire fleet change start --reason 'theme 2' --filter niche=keyboards --canary 5\n  empire fleet change continue chg_…",
	}
	c.AddCommand(fleetChangeStartCommand(g), fleetChangeListCommand(g), fleetChangeShowCommand(g), fleetChangeContinueCommand(g), fleetChangeStopCommand(g))
	return c
}

func fleetChangeStartCommand(g *globals) *cobra.Command {
	p := domain.FleetChangeParams{}
	var action string
	var filters []string
	c := &cobra.Command{
		Use: "start", Short: "Begin a change with its canary group", Example: "  empire fleet change start --action rebuild --reason 'theme 2' --filter niche=keyboards --filter language=de --canary 5", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.Action, p.Filter = domain.FleetAction(action), domain.FleetFilter{}
			if p.Action != domain.FleetRebuild {
				return usagef("--action must be %s", domain.FleetRebuild)
			}
			if strings.TrimSpace(p.Reason) == "" {
				return usagef("--reason is needed: what changed")
			}
			if p.Canary < 1 || p.Canary > 100 {
				return usagef("--canary must be between 1 and 100")
			}
			for _, f := range filters {
				if err := fleetFilter(&p.Filter, f); err != nil {
					return err
				}
			}
			return g.onFleetChange(cmd, func(ctx context.Context, at portfolio) (*client.FleetChange, error) {
				return at.StartFleetChange(ctx, p)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&action, "action", string(domain.FleetRebuild), "what is done to each website: rebuild")
	f.StringVar(&p.Reason, "reason", "", "what changed: a theme, a prompt, a rule")
	f.StringArrayVar(&filters, "filter", nil, "which live websites: niche=TEXT, language=en or de, feed=ID; may be given more than once (default all)")
	f.IntVar(&p.Canary, "canary", 5, "websites that it begins with, 1 to 100")
	return c
}

// fleetFilter reads one part of a filter.
func fleetFilter(f *domain.FleetFilter, text string) error {
	key, value, ok := strings.Cut(text, "=")
	switch {
	case !ok || value == "":
		return usagef("--filter must be like niche=keyboards, not %q", text)
	case key == "niche":
		f.Niche = value
	case key == "language" && (value == "en" || value == "de"):
		f.Language = value
	case key == "feed":
		f.Feed = domain.FeedID(value)
	default:
		return usagef("--filter takes niche=TEXT, language=en or de, and feed=ID, not %q", text)
	}
	return nil
}

// onFleetChange does something with a change and shows it.
func (g *globals) onFleetChange(cmd *cobra.Command, do func(ctx context.Context, p portfolio) (*client.FleetChange, error)) error {
	return getAndPrint(g, cmd, do, func(c *client.FleetChange) error {
		cmd.Printf("%s: %s, %d of %d websites published, %d failed\n", c.ID, c.State, c.Published, c.Total, c.Failed)
		if c.Detail != "" {
			cmd.Println(c.Detail)
		}
		return nil
	})
}

func (g *globals) listFleetChanges(list []client.FleetChange) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]string, len(list))
	for i, c := range list {
		rows[i] = []string{c.ID, string(c.State), c.Reason, fmt.Sprint(c.Canary), fmt.Sprintf("%d/%d", c.Published, c.Total), fmt.Sprint(c.Failed), c.Detail}
	}
	return table(g.io.out, []string{"ID", "STATE", "REASON", "CANARY", "PUBLISHED", "FAILED", "DETAIL"}, rows)
}

func fleetChangeListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List changes, the newest first", Example: "  empire fleet change list --limit 10", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.FleetChanges(ctx, w)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, list)
				}
				if total == 0 {
					cmd.Println("There is no change.")
				}
				cmd.PrintErr(more(w, len(list), total))
				return g.listFleetChanges(list)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func fleetChangeShowCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "show CHANGE", Short: "Show a change with its websites", Example: "  empire fleet change show chg_… --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.FleetChangeDetail, error) {
				return p.FleetChange(ctx, domain.FleetChangeID(args[0]), w)
			}, func(d *client.FleetChangeDetail) error {
				if err := g.listFleetChanges([]client.FleetChange{d.Change}); err != nil {
					return err
				}
				rows := make([][]string, len(d.Websites))
				for i, s := range d.Websites {
					group, run := "", ""
					if s.Canary {
						group = "canary"
					}
					if s.RunID != nil {
						run = *s.RunID
					}
					rows[i] = []string{s.WebsiteID, group, string(s.State), run, s.Detail}
				}
				cmd.PrintErr(more(w, len(d.Websites), int(d.Change.Total)))
				return table(g.io.out, []string{"WEBSITE", "GROUP", "STATE", "RUN", "DETAIL"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func fleetChangeContinueCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "continue CHANGE", Short: "Go on with all other websites once the canary group is published", Example: "  empire fleet change continue chg_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onFleetChange(cmd, func(ctx context.Context, p portfolio) (*client.FleetChange, error) {
				return p.ContinueFleetChange(ctx, domain.FleetChangeID(args[0]))
			})
		},
	}
}

func fleetChangeStopCommand(g *globals) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "stop CHANGE", Short: "Stop a change: no further website is begun", Example: "  empire fleet change stop chg_… --reason 'tables are too wide'", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onFleetChange(cmd, func(ctx context.Context, p portfolio) (*client.FleetChange, error) {
				return p.StopFleetChange(ctx, domain.FleetChangeID(args[0]), reason)
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "Stopped by a person.", "why")
	return c
}
