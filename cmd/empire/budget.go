package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func budgetCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "budget", Short: "Limit what model calls may cost, and see what they did",
		Example: "  empire budget create --name articles --period day --limit 5.00 --pipeline launch_website\n  empire budget spending --by site",
	}
	c.AddCommand(budgetListCommand(g), budgetCreateCommand(g), budgetUpdateCommand(g), budgetDeleteCommand(g), budgetRaiseCommand(g), budgetSpendingCommand(g))
	return c
}

// findBudget returns a budget by its id or name.
func findBudget(ctx context.Context, p portfolio, key string) (*budgetView, error) {
	list, _, err := p.Budgets(ctx, domain.Window{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if string(list[i].ID) == key || list[i].Name == key {
			return &list[i], nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Budget %s does not exist.", key)
}

func budgetListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List budgets with what their current periods have counted", Example: "  empire budget list\n  empire budget list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Budgets(ctx, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for i := range list {
					rows = append(rows, budgetRow(&list[i]))
				}
				return g.printList(cmd, list, w, total, "There are no budgets; empire budget create makes one.", []string{"NAME", "COUNTS", "LIMIT", "PERIOD", "SPENT", "LEFT", "ON LIMIT", "ID"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func budgetRow(b *budgetView) []string {
	return []string{
		b.Name, scopeText(b.Scope), b.Limit.String(), string(b.Period), b.Current.SpentMicros.Amount(b.Limit.Currency),
		b.Current.LeftMicros.Amount(b.Limit.Currency), string(b.OnLimit), string(b.ID),
	}
}

// scopeText says what a budget counts.
func scopeText(s domain.BudgetScope) string {
	var parts []string
	for _, p := range []struct{ name, value string }{
		{"site", string(s.WebsiteID)}, {"pipeline", s.Pipeline}, {"agent", string(s.AgentID)}, {"model", s.Model},
	} {
		if p.value != "" {
			parts = append(parts, p.name+"="+p.value)
		}
	}
	if len(parts) == 0 {
		return "all calls"
	}
	return strings.Join(parts, " ")
}

// showBudget prints one budget after a change.
func (g *globals) showBudget(cmd *cobra.Command, b *budgetView, what string) error {
	if g.json {
		return printJSON(g.io.out, b)
	}
	cmd.Printf("budget %s (%s) %s: %s a %s for %s, %s left\n", b.Name, b.ID, what, b.Limit, b.Period, scopeText(b.Scope), b.Current.LeftMicros.Amount(b.Limit.Currency))
	return nil
}

var (
	budgetPeriods = []domain.BudgetPeriod{domain.PeriodDay, domain.PeriodMonth, domain.PeriodTotal}
	limitActions  = []domain.LimitAction{domain.LimitPause, domain.LimitAsk, domain.LimitFail}
)

// money reads an amount that a person wrote, in the currency of a flag or, without
// one, of the configuration.
func (g *globals) money(flag, amount, currency string) (domain.Money, error) {
	if currency == "" {
		cfg, _, err := g.quietly(nil)
		if err != nil {
			return domain.Money{}, err
		}
		currency = cfg.Models.Currency
	}
	m, err := domain.MoneyFromDecimal(amount, currency)
	if err != nil {
		return m, usagef("--%s: %s", flag, domain.MessageOf(err))
	}
	return m, nil
}

func budgetCreateCommand(g *globals) *cobra.Command {
	var b domain.Budget
	var limit, currency, site, agent, period, action string
	c := &cobra.Command{
		Use: "create", Short: "Limit what model calls may cost in a day, a month or in all",
		Long: `Limit what model calls may cost. A call is made only if the most that it can cost fits
into every budget that counts it: those whose flags all fit. Without --site, --pipeline,
--agent and --model a budget counts all calls that are made from now on.

From --degrade-at percent of the limit on, the cheaper model answers that the
configuration names as degrade_to. Work whose call is refused waits for the next period
(pause), waits and asks a person to raise the budget (ask), or fails (fail).`,
		Example: "  empire budget create --name articles --period day --limit 5.00 --pipeline launch_website --degrade-at 80 --on-limit ask",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if b.Name == "" || period == "" || limit == "" {
				return usagef("budget create needs --name, --period and --limit; see empire budget create --help")
			}
			b.Period, b.OnLimit = domain.BudgetPeriod(period), domain.LimitAction(action)
			if !slices.Contains(budgetPeriods, b.Period) {
				return usagef("--period must be one of %s", join(budgetPeriods))
			}
			if !slices.Contains(limitActions, b.OnLimit) {
				return usagef("--on-limit must be one of %s", join(limitActions))
			}
			var err error
			if b.Limit, err = g.money("limit", limit, currency); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if site != "" {
					s, err := p.Site(ctx, site)
					if err != nil {
						return err
					}
					b.Scope.WebsiteID = s.ID
				}
				b.Scope.AgentID = domain.AgentID(agent)
				made, err := p.CreateBudget(ctx, b)
				if err != nil {
					return err
				}
				return g.showBudget(cmd, made, "created")
			})
		},
	}
	f := c.Flags()
	f.StringVar(&b.Name, "name", "", "unique name")
	f.StringVar(&limit, "limit", "", "amount such as 5.00")
	f.StringVar(&currency, "currency", "", "of the limit (default: the setting models.currency)")
	f.StringVar(&period, "period", "", join(budgetPeriods))
	f.StringVar(&b.TimeZone, "time-zone", "", "in which days and months begin, such as Europe/Berlin (default UTC)")
	f.StringVar(&site, "site", "", "count only calls for this website: id, name or domain")
	f.StringVar(&b.Scope.Pipeline, "pipeline", "", "count only calls of runs of this pipeline")
	f.StringVar(&agent, "agent", "", "count only calls of this agent")
	f.StringVar(&b.Scope.Model, "model", "", "count only calls of this model: its name in the configuration or the vendor's")
	f.IntVar(&b.DegradeAt, "degrade-at", 0, "percentage of the limit from which on the cheaper model answers; 0: never")
	f.StringVar(&action, "on-limit", string(domain.LimitPause), "what becomes of work whose call is refused: "+join(limitActions))
	return c
}

func budgetUpdateCommand(g *globals) *cobra.Command {
	var name, limit, action string
	var degrade int
	c := &cobra.Command{
		Use: "update BUDGET", Short: "Change the name, limit, threshold or action of a budget",
		Example: "  empire budget update articles --limit 4.00 --on-limit pause", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			changed := cmd.Flags().Changed
			if !changed("name") && !changed("limit") && !changed("degrade-at") && !changed("on-limit") {
				return usagef("budget update needs --name, --limit, --degrade-at or --on-limit; see empire budget update --help")
			}
			var p domain.BudgetPatch
			if changed("name") {
				p.Name = &name
			}
			if changed("degrade-at") {
				p.DegradeAt = &degrade
			}
			if changed("on-limit") {
				p.OnLimit = new(domain.LimitAction(action))
				if !slices.Contains(limitActions, *p.OnLimit) {
					return usagef("--on-limit must be one of %s", join(limitActions))
				}
			}
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				b, err := findBudget(ctx, at, args[0])
				if err != nil {
					return err
				}
				if changed("limit") {
					m, err := g.money("limit", limit, b.Limit.Currency)
					if err != nil {
						return err
					}
					p.Limit = &m.Minor
				}
				after, err := at.UpdateBudget(ctx, b.ID, p)
				if err != nil {
					return err
				}
				return g.showBudget(cmd, after, "changed")
			})
		},
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "new name")
	f.StringVar(&limit, "limit", "", "amount such as 5.00, in the budget's currency")
	f.IntVar(&degrade, "degrade-at", 0, "percentage of the limit from which on the cheaper model answers; 0: never")
	f.StringVar(&action, "on-limit", "", join(limitActions))
	return c
}

func budgetDeleteCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete BUDGET", Short: "Delete a budget; what waits for it goes on", Example: "  empire budget delete articles", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				b, err := findBudget(ctx, p, args[0])
				if err != nil {
					return err
				}
				if err := p.DeleteBudget(ctx, b.ID); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]any{"id": b.ID, "name": b.Name, "status": "done"})
				}
				cmd.Printf("budget %s (%s) is deleted\n", b.Name, b.ID)
				return nil
			})
		},
	}
}

func budgetRaiseCommand(g *globals) *cobra.Command {
	var by string
	var permanent bool
	c := &cobra.Command{
		Use: "raise BUDGET", Short: "Raise a budget for its current period, or for good; what waits for it goes on",
		Example: "  empire budget raise articles --by 2.50\n  empire budget raise articles --by 10.00 --permanent", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if by == "" {
				return usagef("budget raise needs --by; see empire budget raise --help")
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				b, err := findBudget(ctx, p, args[0])
				if err != nil {
					return err
				}
				m, err := g.money("by", by, b.Limit.Currency)
				if err != nil {
					return err
				}
				after, err := p.RaiseBudget(ctx, b.ID, domain.RaiseParams{Minor: m.Minor, Permanent: permanent})
				if err != nil {
					return err
				}
				return g.showBudget(cmd, after, "raised by "+m.String())
			})
		},
	}
	c.Flags().StringVar(&by, "by", "", "amount such as 2.50, in the budget's currency")
	c.Flags().BoolVar(&permanent, "permanent", false, "raise the limit itself, not only that of the current period")
	return c
}

func budgetSpendingCommand(g *globals) *cobra.Command {
	var by, from, to string
	var w domain.Window
	c := &cobra.Command{
		Use: "spending", Short: "Report what model calls cost, by site, pipeline, agent, model, provider, day or run",
		Example: "  empire budget spending --by site --from 2026-03-01\n  empire budget spending --by day --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if !slices.Contains(domain.SpendingGroups(), domain.SpendingBy(by)) {
				return usagef("--by must be one of %s", join(domain.SpendingGroups()))
			}
			begin, err := timeFlag("from", from)
			if err != nil {
				return err
			}
			end, err := timeFlag("to", to)
			if err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Spending(ctx, domain.SpendingBy(by), begin, end, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, s := range list {
					if s.Key == "" {
						s.Key = "(none)"
					}
					rows = append(rows, []string{s.Key, s.SpentMicros.Amount(s.Currency), fmt.Sprint(s.Calls), fmt.Sprint(s.Lost), fmt.Sprint(s.InputTokens), fmt.Sprint(s.OutputTokens)})
				}
				return g.printList(cmd, list, w, total, "No model was called.", []string{strings.ToUpper(by), "SPENT", "CALLS", "LOST", "INPUT", "OUTPUT"}, rows)
			})
		},
	}
	c.Flags().StringVar(&by, "by", string(domain.ByDay), join(domain.SpendingGroups()))
	c.Flags().StringVar(&from, "from", "", "only calls from this day or RFC 3339 time on")
	c.Flags().StringVar(&to, "to", "", "only calls before this day or RFC 3339 time")
	windowFlags(c, &w)
	return c
}

// timeFlag reads a day, which begins at midnight UTC, or a time.
func timeFlag(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("--%s %q is neither a day such as 2026-03-01 nor a time such as 2026-03-01T12:00:00Z", name, value)
}
