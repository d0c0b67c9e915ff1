package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"empire/internal/app"
)

func importGraphCommand(g *globals) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "graph FILE",
		Short: "Import a graph of another program: node-link JSON of NetworkX, or GraphML",
		Long: `Import a graph of another program into the knowledge graph: node-link JSON, with the
edges under "links" or "edges", or GraphML. It is kept whole: attributes, keys and
weights that we have no word for too. What is reported as sha256 is over the canonical
rows of the file, stored_sha256 over those of what was stored; they are the same or
nothing is imported. The same file again changes nothing, another one under the same
name takes its place. A file that is cut off or holds a fault is refused whole, with
the byte or the record.

A node whose attribute type names one of our types gets it, others become entities; an
edge whose attribute relation fits its ends is that relation, others are related_to.`,
		Example: "  empire import graph portfolio.json\n  empire import graph portfolio.graphml --name portfolio --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if name == "" {
				name = filepath.Base(args[0])
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				f, _, err := openFile(args[0])
				if err != nil {
					return err
				}
				defer func() { _ = f.Close() }()
				r, err := a.Graph.Import(ctx, name, f)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, r)
				}
				what := "imported"
				if r.Unchanged {
					what = "unchanged"
				}
				cmd.Printf("%s: %s, %d nodes, %d edges, %d of them dangling\n  sha256 %s\n", r.Source, what, r.Nodes, r.Edges, r.Dangling, r.SHA256)
				return nil
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the source (default the file's name)")
	return c
}
