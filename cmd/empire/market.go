package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func scanCommand(g *globals) *cobra.Command {
	q := domain.ScanRequest{}
	var traffic string
	var feeds []string
	c := &cobra.Command{
		Use: "scan [TOPIC]", Short: "Scan a market, or rank the niches of the feeds",
		Long: `Scan a market for an opportunity: what the feeds, keywords, programs and trends that
were imported say about a topic, a score whose parts add up to it, what would change it,
and what to do next. Without a topic the categories of the feeds are ranked as niches,
with how stable that order is. The answer is kept, see empire opportunity.`,
		Example: "  empire scan 'mechanical keyboards'\n  empire scan --limit 5 --json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if q.Topic = strings.TrimSpace(args[0]); q.Topic == "" {
					return usagef("the topic is empty; leave it out to rank the niches of the feeds")
				}
			}
			q.Traffic, q.Feeds = domain.TrafficLevel(traffic), nil
			for _, f := range feeds {
				q.Feeds = append(q.Feeds, domain.FeedID(f))
			}
			if err := q.Complete(); err != nil {
				return usagef("%s", message(err))
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				m := newMeter(g.io.err)
				v, err := p.Scan(ctx, q, func(done, total int, text string) { m.update("scan", int64(done), int64(total), text) })
				m.end()
				if err != nil {
					return err
				}
				return g.showScan(cmd, v)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&q.Language, "language", "en", "language of the market, en or de")
	f.Float64Var(&q.MinCommission, "min-commission", domain.DefaultMinCommission, "least commission of programs in percent")
	f.StringVar(&traffic, "traffic", string(domain.TrafficLow), "most visitors that a program may ask for: low, medium, high")
	f.StringSliceVar(&feeds, "feed", nil, "id of a feed; may be given more than once (default all)")
	f.IntVar(&q.Limit, "limit", domain.DefaultNiches, "niches of a ranking")
	return c
}

func (g *globals) showScan(cmd *cobra.Command, v *scanView) error {
	if g.json {
		return printJSON(g.io.out, v)
	}
	if v.Ranking != nil {
		if err := g.showRanking(cmd, v.Ranking); err != nil {
			return err
		}
		cmd.Println()
	}
	cmd.Printf("%s  %s  confidence %.2f, %s\n", v.ID, v.Topic, v.ConfidenceScore, v.Calibration)
	if v.Insufficient != "" {
		cmd.Printf("  too little evidence: %s\n", v.Insufficient)
	}
	if s := v.Score; s != nil {
		cmd.Printf("  score %.3f (%.3f to %.3f with the unknown parts): %s\n", s.Value, s.Low, s.High, s.Decision)
		for _, p := range s.Parts {
			if p.Value == nil {
				cmd.Printf("    %-14s –      %s\n", p.Name, p.Reason)
				continue
			}
			cmd.Printf("    %-14s %.3f  = %.3f × %.3f\n", p.Name, p.Contribution, p.Share, *p.Value)
		}
		for _, b := range s.Blocked {
			cmd.Printf("    hold: %s\n", b)
		}
		if s.Flip != nil {
			cmd.Printf("    would turn it to %s: %s\n", s.Flip.Decision, s.Flip.Note)
		}
	}
	if v.Viral.Value != nil {
		cmd.Printf("  viral potential %.2f (%.2f to %.2f)\n", *v.Viral.Value, *v.Viral.Low, *v.Viral.High)
	} else {
		cmd.Printf("  viral potential unknown: %s\n", v.Viral.Reason)
	}
	if r := v.Revenue; r != nil {
		cmd.Printf("  revenue a month %s (%s to %s)\n", r.Mid.Format("en"), r.Low.Format("en"), r.High.Format("en"))
	} else {
		cmd.Printf("  revenue unknown: %s\n", v.RevenueReason)
	}
	if p := v.Programs; p != nil {
		cmd.Printf("  programs %d of %d fit%s\n", len(p.Programs), p.Searched, staleNote(p.Freshness))
	}
	for _, a := range v.Recommended {
		cmd.Printf("  → %s: %s\n", a.Action, a.Reason)
	}
	return nil
}

func staleNote(f domain.Freshness) string {
	if f.Stale {
		return ", stale: " + f.Reason
	}
	return ""
}

func (g *globals) showRanking(cmd *cobra.Command, r *domain.NicheRanking) error {
	rows := make([][]string, len(r.Niches))
	for i, n := range r.Niches {
		rows[i] = []string{
			fmt.Sprint(n.Rank), n.Niche, fmt.Sprintf("%.3f", n.Score.Value), fmt.Sprintf("%.3f–%.3f", n.ScoreLow, n.ScoreHigh), fmt.Sprintf("%d–%d", n.RankLow, n.RankHigh),
			fmt.Sprint(n.Products), n.Score.Decision,
		}
	}
	if err := table(g.io.out, []string{"RANK", "NICHE", "SCORE", "90 %", "RANKS", "PRODUCTS", "DECISION"}, rows); err != nil {
		return err
	}
	if s := r.Stability; s.Reason != "" {
		cmd.Printf("stability unknown: %s\n", s.Reason)
	} else {
		cmd.Printf("stability: rank correlation %.3f (Spearman), %.3f (Kendall) over %d resamples\n", s.Spearman, s.Kendall, s.Resamples)
	}
	return nil
}

func trendsCommand(g *globals) *cobra.Command {
	var period string
	c := &cobra.Command{
		Use: "trends INDUSTRY", Short: "Show what is known about an industry over time",
		Long: `Show what is known about an industry over time: imported search interest and volumes,
and what imports of feeds changed about prices and stock. Each series has its direction
with significance, seasonality, level shifts, gaps and a forecast with an interval.`,
		Example: "  empire trends 'mechanical keyboards' --period 90d", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := domain.PeriodOf(period); err != nil {
				return usagef("--period: %s", message(err))
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				t, err := p.Trends(ctx, args[0], period)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, t)
				}
				g.showTrends(cmd, t)
				return nil
			})
		},
	}
	c.Flags().StringVar(&period, "period", "30d", "days, weeks, months or years before the last value")
	return c
}

func (g *globals) showTrends(cmd *cobra.Command, t *domain.TrendData) {
	if t.Reason != "" {
		cmd.Println(t.Reason)
	}
	for _, s := range t.Series {
		cmd.Printf("%s (%s, %s)  %s to %s by %s\n", s.Name, s.Kind, s.Unit, s.From.Format("2006-01-02"), s.To.Format("2006-01-02"), s.Step)
		if d := s.Direction; d != nil {
			cmd.Printf("  direction %s, p %.3g\n", d.Direction, d.P)
			if d.Significant {
				cmd.Printf("  %.3g a step, %+.0f %% a year\n", d.Slope, 100*d.PerYear)
			}
		}
		for _, p := range s.Seasonality {
			cmd.Printf("  repeats every %d steps, strength %.2f\n", p.Steps, p.Strength)
		}
		for _, f := range s.Shifts {
			cmd.Printf("  level from %.4g to %.4g at %s\n", f.Before, f.After, f.At.Format("2006-01-02"))
		}
		if f := s.Forecast; f != nil && len(f.Points) > 0 {
			last := f.Points[len(f.Points)-1]
			cmd.Printf("  forecast %s %.4g (%.4g to %.4g), backtest error %.1f %%, naive %.1f %%\n", last.At.Format("2006-01-02"), last.Value, last.Low, last.High, f.SMAPE, f.Naive)
		}
		for _, n := range s.Notes {
			cmd.Printf("  note: %s\n", n)
		}
	}
}

func opportunityCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "opportunity", Short: "Look at the scans that were kept", Example: "  empire opportunity list\n  empire opportunity show opp_…",
	}
	var w domain.Window
	list := &cobra.Command{
		Use: "list", Short: "List scans, the newest first", Example: "  empire opportunity list --limit 10", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error { return g.listOpportunities(ctx, cmd, p, w) })
		},
	}
	windowFlags(list, &w)
	show := &cobra.Command{
		Use: "show OPPORTUNITY", Short: "Show a scan", Example: "  empire opportunity show opp_… --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				v, err := p.Opportunity(ctx, domain.OpportunityID(args[0]))
				if err != nil {
					return err
				}
				return g.showScan(cmd, v)
			})
		},
	}
	c.AddCommand(list, show)
	return c
}

func (g *globals) listOpportunities(ctx context.Context, cmd *cobra.Command, p portfolio, w domain.Window) error {
	list, total, err := p.Opportunities(ctx, w)
	if err != nil {
		return err
	}
	rows := make([][]string, len(list))
	for i, l := range list {
		rows[i] = []string{string(l.ID), l.Topic, fmt.Sprintf("%.3f", l.Score), fmt.Sprintf("%.2f", math.Round(100*l.Confidence)/100), l.Decision, l.CreatedAt.Format("2006-01-02 15:04")}
	}
	return g.printList(cmd, list, w, total, "There is no scan.", []string{"ID", "TOPIC", "SCORE", "CONFIDENCE", "DECISION", "AT"}, rows)
}

func importTrendsCommand(g *globals) *cobra.Command {
	var language string
	c := &cobra.Command{
		Use:   "trends FILE",
		Short: "Import search interest from an export of Google Trends",
		Long: `Import search interest over time or by region from an export of Google Trends, as it is:
with title rows, "<1", any of the usual dates, delimiters and encodings. The same keyword
and region again adds to the series; of two values for one time the later import counts.

The exit code is 1 if the file cannot be read.`,
		Example: "  empire import trends multiTimeline.csv\n  empire import trends interesse.csv --language de --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if language != "en" && language != "de" {
				return usagef("--language must be en or de, not %q", language)
			}
			return g.importList(cmd, args[0], func(ctx context.Context, a *app.App, f *os.File) (int, []domain.RowProblem, error) {
				return a.ImportTrends(ctx, f, filepath.Base(f.Name()), language)
			})
		},
	}
	c.Flags().StringVar(&language, "language", "en", "language of the keywords, en or de")
	return c
}
