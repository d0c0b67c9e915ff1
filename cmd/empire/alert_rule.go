package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func alertRulesCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "rules", Short: "See and change what raises alerts",
		Example: "  empire alerts rules list\n  empire alerts rules set latency --threshold 800\n  empire alerts rules silence stale_feed --for 48h",
	}
	c.AddCommand(ruleListCommand(g), ruleShowCommand(g), ruleAddCommand(g), ruleSetCommand(g), ruleSilenceCommand(g), ruleResetCommand(g), ruleDeleteCommand(g))
	return c
}

func ruleListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List alert rules, the built-in ones first", Args: cobra.NoArgs, Example: "  empire alerts rules list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.AlertRules(ctx, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, v := range list {
					rows = append(rows, []string{string(v.ID), v.Name, v.limit(), v.Window, string(v.Severity), v.channels(), v.state()})
				}
				return g.printList(cmd, list, w, total, "There is no rule.", []string{"ID", "NAME", "THRESHOLD", "WINDOW", "SEVERITY", "CHANNELS", "STATE"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func (v *alertRuleView) limit() string {
	sign := "≥ "
	if v.Below {
		sign = "≤ "
	}
	return sign + amountOf(v.Threshold, v.Unit)
}

func (v *alertRuleView) channels() string {
	out := make([]string, len(v.Channels))
	for i, c := range v.Channels {
		out[i] = string(c)
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ",")
}

func (v *alertRuleView) state() string {
	switch {
	case !v.Enabled:
		return "disabled"
	case v.SilencedUntil != nil && v.SilencedUntil.After(time.Now()):
		return "silent until " + v.SilencedUntil.Format(time.RFC3339)
	}
	return "enabled"
}

func (g *globals) showRule(cmd *cobra.Command, v *alertRuleView, err error) error {
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, v)
	}
	cmd.Printf("%s  %s\n  watches    %s %s within %s, quiet for %s\n  severity   %s to %s\n  state      %s\n", v.ID, v.Name, v.Kind, v.limit(), v.Window, v.Quiet, v.Severity, v.channels(), v.state())
	if v.WebsiteID != nil {
		cmd.Printf("  website    %s\n", *v.WebsiteID)
	}
	return nil
}

func ruleShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show RULE", Short: "Show an alert rule", Args: cobra.ExactArgs(1), Example: "  empire alerts rules show latency",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.AlertRule(ctx, domain.AlertRuleID(args[0]))
				return g.showRule(cmd, v, err)
			})
		},
	}
}

// ruleFlags are those of add and set.
type ruleFlags struct {
	name, severity, channels string
	threshold                float64
	window, quiet            time.Duration
}

func (f *ruleFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.name, "name", "", "what people call it")
	c.Flags().Float64Var(&f.threshold, "threshold", 0, "in the unit of the kind")
	c.Flags().DurationVar(&f.window, "window", 0, "how far back is looked")
	c.Flags().DurationVar(&f.quiet, "quiet", 0, "how long nothing may be wrong until an alert is cleared")
	c.Flags().StringVar(&f.severity, "severity", "", "critical, warning or info")
	c.Flags().StringVar(&f.channels, "channels", "", "mail, webhook, both with a comma between them, or none")
}

// list returns the channels that were given; nil: the flag was not.
func (f *ruleFlags) list(cmd *cobra.Command) ([]domain.AlertChannel, error) {
	if !cmd.Flags().Changed("channels") {
		return nil, nil
	}
	out := []domain.AlertChannel{}
	if f.channels == "none" {
		return out, nil
	}
	for name := range strings.SplitSeq(f.channels, ",") {
		c := domain.AlertChannel(strings.TrimSpace(name))
		if !c.Valid() {
			return nil, usagef("--channels must be mail, webhook, both with a comma between them, or none, not %q", f.channels)
		}
		out = append(out, c)
	}
	return out, nil
}

func (f *ruleFlags) check(cmd *cobra.Command) ([]domain.AlertChannel, error) {
	if s := domain.AlertSeverity(f.severity); f.severity != "" && s.Rank() == 0 {
		return nil, usagef("--severity must be critical, warning or info, not %q", f.severity)
	}
	return f.list(cmd)
}

func ruleAddCommand(g *globals) *cobra.Command {
	f := &ruleFlags{}
	var website string
	c := &cobra.Command{
		Use: "add KIND", Short: "Add an alert rule, such as one for a single website", Args: cobra.ExactArgs(1),
		Example: "  empire alerts rules add traffic_cliff --website site_… --threshold 30 --name 'Main site'",
		Long:    "Add an alert rule. What is not given is that of the built-in rule of the kind.",
		RunE: func(cmd *cobra.Command, args []string) error {
			channels, err := f.check(cmd)
			if err != nil {
				return err
			}
			p := domain.AlertRuleParams{
				Kind: domain.AlertKind(args[0]), Name: f.name, WebsiteID: domain.WebsiteID(website), Threshold: f.threshold, Window: f.window,
				Severity: domain.AlertSeverity(f.severity), Channels: channels,
			}
			if cmd.Flags().Changed("quiet") {
				p.Quiet = &f.quiet
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				v, err := at.CreateAlertRule(ctx, p)
				return g.showRule(cmd, v, err)
			})
		},
	}
	f.add(c)
	c.Flags().StringVar(&website, "website", "", "only about the website with this id")
	return c
}

func ruleSetCommand(g *globals) *cobra.Command {
	f := &ruleFlags{}
	enable, disable := false, false
	c := &cobra.Command{
		Use: "set RULE", Short: "Change, enable or disable an alert rule", Args: cobra.ExactArgs(1),
		Example: "  empire alerts rules set latency --threshold 800\n  empire alerts rules set stale_feed --disable",
		RunE: func(cmd *cobra.Command, args []string) error {
			channels, err := f.check(cmd)
			if err != nil {
				return err
			}
			if enable && disable {
				return usagef("give either --enable or --disable")
			}
			p := f.patch(cmd, channels)
			if enable || disable {
				p.Enabled = &enable
			}
			if p == (domain.AlertRulePatch{}) {
				return usagef("%s needs something to change", cmd.CommandPath())
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				v, err := at.UpdateAlertRule(ctx, domain.AlertRuleID(args[0]), p)
				return g.showRule(cmd, v, err)
			})
		},
	}
	f.add(c)
	c.Flags().BoolVar(&enable, "enable", false, "look at it again")
	c.Flags().BoolVar(&disable, "disable", false, "do not look at it; its alerts are cleared")
	return c
}

// patch is what the given flags change.
func (f *ruleFlags) patch(cmd *cobra.Command, channels []domain.AlertChannel) domain.AlertRulePatch {
	var p domain.AlertRulePatch
	given := cmd.Flags().Changed
	if given("name") {
		p.Name = &f.name
	}
	if given("threshold") {
		p.Threshold = &f.threshold
	}
	if given("window") {
		p.Window = &f.window
	}
	if given("quiet") {
		p.Quiet = &f.quiet
	}
	if given("severity") {
		p.Severity = (*domain.AlertSeverity)(&f.severity)
	}
	if channels != nil {
		p.Channels = &channels
	}
	return p
}

func ruleSilenceCommand(g *globals) *cobra.Command {
	var span time.Duration
	var end bool
	c := &cobra.Command{
		Use: "silence RULE", Short: "Deliver no alerts of a rule for a while", Args: cobra.ExactArgs(1),
		Example: "  empire alerts rules silence stale_feed --for 48h\n  empire alerts rules silence stale_feed --end",
		Long:    "Deliver no alerts of a rule for a while. They are raised and shown all the same; those that\nstill fire at the end are delivered then.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if end == (span > 0) {
				return usagef("give either --for with a duration such as 48h, or --end")
			}
			var until *time.Time
			if !end {
				at := time.Now().Add(span)
				until = &at
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.SilenceAlertRule(ctx, domain.AlertRuleID(args[0]), until)
				return g.showRule(cmd, v, err)
			})
		},
	}
	c.Flags().DurationVar(&span, "for", 0, "how long, up to 2160h")
	c.Flags().BoolVar(&end, "end", false, "deliver again")
	return c
}

func ruleResetCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "reset RULE", Short: "Make a built-in alert rule what it was at first", Args: cobra.ExactArgs(1), Example: "  empire alerts rules reset latency",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.ResetAlertRule(ctx, domain.AlertRuleID(args[0]))
				return g.showRule(cmd, v, err)
			})
		},
	}
}

func ruleDeleteCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete RULE", Short: "Delete an alert rule that was added", Args: cobra.ExactArgs(1), Example: "  empire alerts rules delete rule_…",
		Long: "Delete an alert rule that was added. Its open alerts are cleared. A built-in rule can only be\ndisabled.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if err := p.DeleteAlertRule(ctx, domain.AlertRuleID(args[0])); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"deleted": args[0]})
				}
				cmd.Printf("alert rule %s is deleted\n", args[0])
				return nil
			})
		},
	}
}
