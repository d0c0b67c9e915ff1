package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

func duplicatesCommand(g *globals) *cobra.Command {
	var threshold float64
	var w domain.Window
	c := &cobra.Command{
		Use: "duplicates", Short: "Find pages of different websites that say much the same",
		Long: `Find live pages of different websites that say much the same, with what to do: the page
that rests on more evidence, or is older, stays; others are merged into it; a website of
which most pages are said elsewhere is to be retired. Websites that lead the same visitors
to the same targets with the same outline are listed, too.

The similarity is that of the sets of five-word shingles of main texts (Jaccard).`,
		Example: "  empire duplicates\n  empire duplicates --threshold 0.8 --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if threshold != 0 && (threshold < domain.MinDuplicateThreshold || threshold > 1) {
				return usagef("--threshold must be between %.2f and 1", domain.MinDuplicateThreshold)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				d, err := p.Duplicates(ctx, threshold, w)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, d)
				}
				return g.showDuplicates(cmd, d, w)
			})
		},
	}
	c.Flags().Float64Var(&threshold, "threshold", 0, "similarity from which on pages are near-duplicates, 0.45 to 1 (default that of fleet.duplicates)")
	windowFlags(c, &w)
	return c
}

func (g *globals) showDuplicates(cmd *cobra.Command, d *client.Duplicates, w domain.Window) error {
	cmd.Printf("%d pages of %d websites; %d pairs of %d are near-duplicates at %.2f, in %d clusters\n", d.Pages, d.Websites, d.Pairs, d.Compared, d.Threshold, d.Total)
	cmd.Printf("median similarity of pages of one kind: %.3f (%d pairs)\n", d.MedianSimilarity, d.Sampled)
	if d.Pending > 0 {
		cmd.Printf("%d websites are not read yet\n", d.Pending)
	}
	var rows [][]string
	for i, c := range d.Clusters {
		for _, m := range c.Members {
			rows = append(rows, []string{
				fmt.Sprint(i + 1 + w.Offset), string(m.Proposal), "https://" + m.Domain + m.Path, fmt.Sprintf("%.2f", m.Similarity), fmt.Sprint(m.Evidence), m.Since.Format("2006-01-02"),
			})
		}
	}
	if len(rows) > 0 {
		if err := table(g.io.out, []string{"CLUSTER", "PROPOSAL", "PAGE", "SIMILARITY", "EVIDENCE", "SINCE"}, rows); err != nil {
			return err
		}
	}
	for _, p := range d.Doorways {
		cmd.Printf("%s and %s lead to the same targets (%.0f %%) about one niche (%.0f %%) with one outline (%.0f %%)\n", p.Domain, p.OtherDomain, 100*p.Targets, 100*p.Niche, 100*p.Outline)
	}
	cmd.PrintErr(more(w, len(d.Clusters), int(d.Total)))
	return nil
}
