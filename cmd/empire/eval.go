package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"empire/internal/eval"
)

func evalCommand(g *globals) *cobra.Command {
	names, texts := eval.Tasks()
	var list strings.Builder
	for i := range names {
		fmt.Fprintf(&list, "  %-18s %s\n", names[i], texts[i])
	}
	var dir string
	c := &cobra.Command{
		Use:   "eval TASK",
		Short: "Measure how good the intelligence of this program is, on data sets",
		Long: `Measure one ability on every data set of its kind in a directory. The directory has
folders by kind (trends, text, pages, products, analytics, reference); whatever files
of a kind are there are used. docs/intelligence.md describes their layouts.

Tasks:
` + list.String(),
		Example:   "  empire eval forecast --data ./data\n  empire eval graph --data ./data --json",
		Args:      cobra.ExactArgs(1),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(names, args[0]) {
				return usagef("there is no task %q; there are %s", args[0], strings.Join(names, ", "))
			}
			if dir == "" {
				return usagef("--data must name the directory with the data sets")
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return usagef("--data %s is not a directory", dir)
			}
			m := newMeter(g.io.err)
			report, err := eval.Run(cmd.Context(), args[0], dir, func(text string) { m.line("%s", text) })
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, report)
			}
			w := tabwriter.NewWriter(g.io.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "DATA SET\tN\tMETRIC\tVALUE\tSECONDS")
			for _, d := range report.Datasets {
				for _, metric := range slices.Sorted(maps.Keys(d.Metrics)) {
					fmt.Fprintf(w, "%s\t%d\t%s\t%.4f\t%.2f\n", d.Name, d.N, metric, d.Metrics[metric], d.Seconds)
				}
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&dir, "data", "", "directory with the data sets")
	return c
}
