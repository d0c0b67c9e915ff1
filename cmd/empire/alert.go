package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func alertsCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "alerts", Short: "See what is wrong, and decide whom it is told",
		Example: "  empire alerts list\n  empire alerts ack alert_… --note 'I look at it'\n  empire alerts test mail",
	}
	c.AddCommand(alertListCommand(g), alertShowCommand(g), alertAckCommand(g), alertRulesCommand(g), alertDeliveriesCommand(g), alertTestCommand(g))
	return c
}

func alertListCommand(g *globals) *cobra.Command {
	var w domain.Window
	var state, severity, rule, website string
	c := &cobra.Command{
		Use: "list", Short: "List alerts, the newest first", Args: cobra.NoArgs,
		Example: "  empire alerts list\n  empire alerts list --state cleared --severity critical",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if !slices.Contains([]string{"all", "open", "firing", "acknowledged", "cleared"}, state) {
				return usagef("--state must be open, firing, acknowledged, cleared or all, not %q", state)
			}
			f := domain.AlertFilter{Severity: domain.AlertSeverity(severity), RuleID: domain.AlertRuleID(rule), WebsiteID: domain.WebsiteID(website)}
			if severity != "" && f.Severity.Rank() == 0 {
				return usagef("--severity must be critical, warning or info, not %q", severity)
			}
			if f.Open = state == "open"; !f.Open && state != "all" {
				f.State = domain.AlertState(state)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Alerts(ctx, f, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, v := range list {
					rows = append(rows, []string{string(v.ID), string(v.State), string(v.Severity), v.Title, v.measured(), v.Since.Format(time.RFC3339)})
				}
				return g.printList(cmd, list, w, total, "There is no such alert.", []string{"ID", "STATE", "SEVERITY", "ALERT", "VALUE", "SINCE"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&state, "state", "open", "open (firing and acknowledged), firing, acknowledged, cleared or all")
	c.Flags().StringVar(&severity, "severity", "", "only critical, warning or info")
	c.Flags().StringVar(&rule, "rule", "", "only of this rule")
	c.Flags().StringVar(&website, "website", "", "only about the website with this id")
	return c
}

// measured is the value of an alert with its unit.
func (v *alertView) measured() string { return amountOf(v.Value, v.Unit) }

func amountOf(value float64, unit string) string {
	n := strconv.FormatFloat(value, 'f', -1, 64)
	switch unit {
	case "percent":
		return n + " %"
	case "count", "level":
		return n
	}
	return n + " " + unit
}

func alertShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show ALERT", Short: "Show an alert with what to do", Example: "  empire alerts show alert_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.Alert(ctx, domain.AlertID(args[0]))
				if err != nil {
					return err
				}
				return g.showAlert(cmd, v)
			})
		},
	}
}

func (g *globals) showAlert(cmd *cobra.Command, v *alertView) error {
	if g.json {
		return printJSON(g.io.out, v)
	}
	cmd.Printf("%s  %s\n  state      %s, %s\n  measured   %s, threshold %s\n  what       %s\n  what to do %s\n  since      %s, began %d times\n",
		v.ID, v.Title, v.State, v.Severity, v.measured(), amountOf(v.Threshold, v.Unit), v.Text, v.Action, v.Since.Format(time.RFC3339), v.Count)
	if v.ClearedAt != nil {
		cmd.Printf("  over since %s\n", v.ClearedAt.Format(time.RFC3339))
	}
	if v.AcknowledgedAt != nil {
		cmd.Printf("  seen       %s by %s %s\n", v.AcknowledgedAt.Format(time.RFC3339), orDash(v.AcknowledgedBy), v.Note)
	}
	return nil
}

func alertAckCommand(g *globals) *cobra.Command {
	var note string
	c := &cobra.Command{
		Use: "ack ALERT", Short: "Say that you care about an alert", Args: cobra.ExactArgs(1), Example: "  empire alerts ack alert_… --note 'The shop moves its feed today'",
		Long: "Say that you care about an alert. It stays open until it is over, but nothing more is\ndelivered until then.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.AcknowledgeAlert(ctx, domain.AlertID(args[0]), note)
				if err != nil {
					return err
				}
				return g.showAlert(cmd, v)
			})
		},
	}
	c.Flags().StringVar(&note, "note", "", "what the others should know")
	return c
}

func alertDeliveriesCommand(g *globals) *cobra.Command {
	var w domain.Window
	var state, channel string
	c := &cobra.Command{
		Use: "deliveries", Short: "List messages about alerts, and what became of them", Args: cobra.NoArgs, Example: "  empire alerts deliveries --state failed",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			f := domain.DeliveryFilter{Channel: domain.AlertChannel(channel), State: domain.DeliveryState(state)}
			if state != "" && !f.State.Valid() {
				return usagef("--state must be pending, sent or failed, not %q", state)
			}
			if channel != "" && !f.Channel.Valid() {
				return usagef("--channel must be mail or webhook, not %q", channel)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.AlertDeliveries(ctx, f, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, v := range list {
					rows = append(rows, []string{
						string(v.ID), string(v.Channel), string(v.State), strconv.Itoa(v.Attempts), strconv.Itoa(len(v.Fired)), strconv.Itoa(len(v.Cleared)), v.CreatedAt.Format(time.RFC3339), v.Error,
					})
				}
				return g.printList(cmd, list, w, total, "Nothing was delivered.", []string{"ID", "CHANNEL", "STATE", "TRIES", "FIRED", "OVER", "AT", "ERROR"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&state, "state", "", "only pending, sent or failed")
	c.Flags().StringVar(&channel, "channel", "", "only mail or webhook")
	return c
}

var errNotDelivered = errors.New("the test message was not delivered")

func alertTestCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "test CHANNEL", Short: "Send a test message by mail or webhook", Args: cobra.ExactArgs(1), Example: "  empire alerts test mail\n  empire alerts test webhook",
		RunE: func(cmd *cobra.Command, args []string) error {
			channel := domain.AlertChannel(args[0])
			if !channel.Valid() {
				return usagef("the channel must be mail or webhook, not %q", args[0])
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.TestAlerts(ctx, channel)
				if err != nil {
					return err
				}
				if g.json {
					if err := printJSON(g.io.out, v); err != nil {
						return err
					}
				} else {
					cmd.Printf("%s  %s %s %s\n", v.ID, v.Channel, v.State, v.Error)
				}
				if v.State != domain.DeliverySent {
					return errNotDelivered
				}
				return nil
			})
		},
	}
}
