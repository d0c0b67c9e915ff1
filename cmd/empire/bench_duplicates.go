package main

import (
	"github.com/spf13/cobra"

	"empire/internal/app"
)

func benchDuplicatesCommand(g *globals) *cobra.Command {
	cfg := app.DuplicatesBench{}
	c := &cobra.Command{
		Use:   "duplicates",
		Short: "Measure the comparison of the pages of all websites, and how many copies it finds",
		Long: `Measure the comparison of the pages of all websites of a portfolio in a database of its
own, which is removed afterwards: signing and storing the pages, holding one website
against all others as a release does, and the look at the whole portfolio. Every
twentieth page has a changed copy on another website; those at the threshold by the exact
similarity of their texts must be found.`,
		Example: `  empire bench duplicates
  empire bench duplicates --websites 200 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case cfg.Websites < 2 || cfg.Websites > 50_000:
				return usagef("--websites must be between 2 and 50000, not %d", cfg.Websites)
			case cfg.Pages < 1 || cfg.Pages > 1000:
				return usagef("--pages must be between 1 and 1000, not %d", cfg.Pages)
			case cfg.Words < 50 || cfg.Words > 5000:
				return usagef("--words must be between 50 and 5000, not %d", cfg.Words)
			}
			m := newMeter(g.io.err)
			cfg.Progress = func(done, total int) { m.update("duplicates", int64(done), int64(total), "websites") }
			r, err := app.BenchDuplicates(cmd.Context(), cfg)
			m.end()
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, r)
			}
			cmd.Printf("%d pages of %d words on %d websites, %.0f MB in the database\n", r.Pages, cfg.Words, r.Websites, r.DatabaseMB)
			cmd.Printf("signing %.1f s, storing %.1f s, one website against all others %.0f ms, the whole portfolio %.1f s\n", r.SignSeconds, r.StoreSeconds, r.CheckMS, r.ListSeconds)
			cmd.Printf("%d of %d planted pairs at %.2f found (recall %.4f); %d pairs of %d held against each other are near-duplicates\n", r.Found, r.Planted, r.Threshold, r.Recall, r.Pairs, r.Compared)
			return nil
		},
	}
	flags := c.Flags()
	flags.IntVar(&cfg.Websites, "websites", 1500, "websites of the portfolio")
	flags.IntVar(&cfg.Pages, "pages", 40, "pages of each")
	flags.IntVar(&cfg.Words, "words", 600, "words of a page")
	return c
}
