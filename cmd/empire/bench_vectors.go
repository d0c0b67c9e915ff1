package main

import (
	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/bench"
)

func benchVectorsCommand(g *globals) *cobra.Command {
	cfg := bench.VectorsConfig{}
	c := &cobra.Command{
		Use:   "vectors",
		Short: "Measure the search for nearest vectors, and how many of them it finds",
		Long: `Measure the search for the nearest vectors in memory: one query after another on a
full set of each of three kinds of data, and of the nearest vectors the share that is
found (recall), against comparing every vector.

Random directions are the hardest case; clustered ones lie as texts lie around topics;
names of products are what the embedder without a model makes of such names.`,
		Example: `  empire bench vectors
  empire bench vectors --count 20000 --dimension 768 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case cfg.Count < 100 || cfg.Count > 10_000_000:
				return usagef("--count must be between 100 and 10000000, not %d", cfg.Count)
			case cfg.Dimension < 8 || cfg.Dimension > 4096:
				return usagef("--dimension must be between 8 and 4096, not %d", cfg.Dimension)
			case cfg.Queries < 1 || cfg.Queries > 100_000:
				return usagef("--queries must be between 1 and 100000, not %d", cfg.Queries)
			case cfg.Limit < 1 || cfg.Limit > 1000:
				return usagef("--limit must be between 1 and 1000, not %d", cfg.Limit)
			}
			m := newMeter(g.io.err)
			cfg.Progress = func(kind string, done, total int) { m.update(kind, int64(done), int64(total), "queries") }
			report, err := app.BenchVectors(cmd.Context(), cfg)
			m.end()
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, report)
			}
			return report.Write(g.io.out)
		},
	}
	flags := c.Flags()
	flags.IntVar(&cfg.Count, "count", 100_000, "vectors of a set")
	flags.IntVar(&cfg.Dimension, "dimension", 384, "their dimension")
	flags.IntVar(&cfg.Queries, "queries", 1000, "queries to each set")
	flags.IntVar(&cfg.Limit, "limit", 10, "vectors that a query asks for")
	return c
}
