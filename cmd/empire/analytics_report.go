package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// maxGoalsFile bounds a file of goals.
const maxGoalsFile = 1 << 20

// periodFlag adds --period to a command, which refuses other periods.
func periodFlag(c *cobra.Command, period *string) {
	c.Flags().StringVar(period, "period", domain.DefaultTrafficPeriod, "the time until now: 24h, 7d, 30d, 90d or 12m")
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(domain.TrafficPeriods(), *period) {
			return usagef("--period must be 24h, 7d, 30d, 90d or 12m, not %q", *period)
		}
		return run(cmd, args)
	}
}

// text says how much a figure is above that of the time before.
func (c changeView) text() string {
	if c.Absolute == nil {
		return "–"
	}
	text := fmt.Sprintf("%+d", *c.Absolute)
	if c.Share != nil {
		text += fmt.Sprintf(" (%+.0f %%)", 100**c.Share)
	}
	return text
}

func analyticsPortfolioCommand(g *globals) *cobra.Command {
	var period string
	c := &cobra.Command{
		Use: "portfolio", Short: "Show visits and clicks of all websites", Example: "  empire analytics portfolio --period 30d", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				r, err := p.PortfolioTraffic(ctx, period)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, r)
				}
				return g.showPortfolio(cmd, r)
			})
		},
	}
	periodFlag(c, &period)
	return c
}

func (g *globals) showPortfolio(cmd *cobra.Command, r *portfolioTrafficView) error {
	cmd.Printf("%d websites, %d of them visited, %s: %d views, %d visitors, %d sessions, %d clicks\n", r.Websites, r.Visited, r.Period, r.Views, r.Visitors, r.Sessions, r.Clicks)
	cmd.Printf("against the time before: views %s, visitors %s, sessions %s, clicks %s\n",
		r.Comparison.Views.text(), r.Comparison.Visitors.text(), r.Comparison.Sessions.text(), r.Comparison.Clicks.text())
	cmd.Printf("apart: bots %d views, %d clicks; own %d views, %d clicks\n", r.Excluded.Bots.Views, r.Excluded.Bots.Clicks, r.Excluded.Own.Views, r.Excluded.Own.Clicks)
	for _, part := range []struct {
		title string
		list  []websiteTrafficView
	}{{"Most views", r.Top}, {"Lost the most views", r.Falling}} {
		if len(part.list) == 0 {
			continue
		}
		cmd.Printf("\n%s:\n", part.title)
		if err := table(g.io.out, websiteTrafficHead, websiteTrafficRows(part.list)); err != nil {
			return err
		}
	}
	return nil
}

var websiteTrafficHead = []string{"WEBSITE", "VIEWS", "CHANGE", "VISITORS", "SESSIONS", "CLICKS"}

func websiteTrafficRows(list []websiteTrafficView) [][]string {
	rows := make([][]string, 0, len(list))
	for _, w := range list {
		rows = append(rows, []string{w.Domain, strconv.Itoa(w.Views), w.Comparison.Views.text(), strconv.Itoa(w.Visitors), strconv.Itoa(w.Sessions), strconv.Itoa(w.Clicks)})
	}
	return rows
}

func analyticsWebsitesCommand(g *globals) *cobra.Command {
	var period, by string
	var w domain.Window
	c := &cobra.Command{
		Use: "websites", Short: "List the websites with their visits and clicks", Example: "  empire analytics websites --sort falling --period 30d", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if !domain.TrafficSort(by).Valid() {
				return usagef("--sort must be views, visitors, sessions, clicks or falling, not %q", by)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.WebsiteTraffics(ctx, period, domain.TrafficSort(by), w)
				if err != nil {
					return err
				}
				return g.printList(cmd, list, w, total, "There are no websites.", websiteTrafficHead, websiteTrafficRows(list))
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&by, "sort", string(domain.SortViews), "the order: views, visitors, sessions, clicks or falling")
	periodFlag(c, &period)
	return c
}

func analyticsProgramsCommand(g *globals) *cobra.Command {
	var period string
	var w domain.Window
	c := &cobra.Command{
		Use: "programs", Short: "List affiliate programs by the clicks on their links", Example: "  empire analytics programs --period 30d", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.ProgramTraffics(ctx, period, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, t := range list {
					rows = append(rows, []string{t.Network, t.AdvertiserID, orDash(&t.Name), strconv.Itoa(t.Clicks), t.Comparison.text(), strconv.Itoa(t.Websites)})
				}
				return g.printList(cmd, list, w, total, "Nobody followed a link of a program that is known.", []string{"NETWORK", "ADVERTISER", "NAME", "CLICKS", "CHANGE", "WEBSITES"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	periodFlag(c, &period)
	return c
}

func analyticsGoalsCommand(g *globals) *cobra.Command {
	var period, file string
	c := siteArgs(g, "goals", "Show how often the goals of a website were reached", "  empire analytics goals keyboards.example\n  empire analytics goals keyboards.example --set goals.json",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			if file != "" {
				set, err := readGoals(file)
				if err != nil {
					return err
				}
				set.WebsiteID = s.ID
				if _, err := p.SetGoals(ctx, set); err != nil {
					return err
				}
			}
			r, err := p.Conversions(ctx, s.ID, period)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, r)
			}
			return g.showGoals(cmd, r)
		})
	c.Long = `Show how often the goals of a website were reached, and how many sessions came how far
in its funnels. SITE is an id, a name or a domain. --set replaces goals and funnels by
those of a JSON file:

  {"goals": [{"name": "Guide", "kind": "path", "target": "/guide/"},
             {"name": "Offer", "kind": "click", "target": ""}],
   "funnels": [{"name": "Guide to offer", "steps": ["Guide", "Offer"]}]}`
	c.Flags().StringVar(&file, "set", "", "a JSON file with goals and funnels")
	periodFlag(c, &period)
	return c
}

func readGoals(name string) (*domain.GoalSet, error) {
	f, _, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	d := json.NewDecoder(io.LimitReader(f, maxGoalsFile))
	d.DisallowUnknownFields()
	set := domain.GoalSet{Goals: []domain.Goal{}, Funnels: []domain.Funnel{}}
	if err := d.Decode(&set); err != nil {
		return nil, domain.Invalid("file", "%s is no JSON with goals and funnels.", name)
	}
	return &set, nil
}

func (g *globals) showGoals(cmd *cobra.Command, r *goalReportView) error {
	if len(r.Goals) == 0 {
		cmd.Println("It has no goals. empire analytics goals SITE --set FILE sets some.")
		return nil
	}
	rows := make([][]string, 0, len(r.Goals))
	for _, goal := range r.Goals {
		rows = append(rows, []string{goal.Name, string(goal.Kind), orDash(&goal.Target), strconv.Itoa(goal.Completions), strconv.Itoa(goal.Sessions)})
	}
	if err := table(g.io.out, []string{"GOAL", "KIND", "TARGET", "REACHED", "SESSIONS"}, rows); err != nil {
		return err
	}
	for _, f := range r.Funnels {
		cmd.Printf("\n%s:", f.Name)
		for _, s := range f.Steps {
			cmd.Printf("  %s %d", s.Goal, s.Sessions)
		}
		cmd.Println()
	}
	return nil
}
