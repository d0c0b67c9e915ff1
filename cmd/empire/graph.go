package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

func graphCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "graph", Short: "See what is related to what, who says so, and what rests on it",
		Long: `The knowledge graph holds niches, products, brands, merchants, programs, keywords, pages
and sites and how they are related. Everything in it is the sum of what sources say:
feeds, programs, keywords, websites and imported graphs. A source can be taken back.

A node is written with its type and its id, such as niche:keyboard.`,
		Example: "  empire graph show\n  empire graph communities --limit 10\n  empire graph forget import:old.graphml --dry-run",
	}
	c.AddCommand(graphShowCommand(g), graphNodeCommand(g), graphPathCommand(g), graphRankCommand(g), graphTopicsCommand(g), graphSourcesCommand(g),
		graphForgetCommand(g), graphStaleCommand(g), graphExportCommand(g))
	return c
}

func graphShowCommand(g *globals) *cobra.Command {
	var at string
	c := &cobra.Command{
		Use: "show", Short: "Show the graph in figures", Example: "  empire graph show\n  empire graph show --at 2026-03-01 --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			when, err := timeFlag("at", at)
			if err != nil {
				return err
			}
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.Graph, error) { return p.Graph(ctx, when) }, func(v *client.Graph) error {
				cmd.Printf("%d nodes, %d relations; %d sources say %d things\n", v.Nodes, v.Relations, v.Sources, v.Contributions)
				cmd.Printf("%d components, the largest of %d nodes; density %.2g; %d stale pages\n", v.Components, v.LargestComponent, v.Density, v.StalePages)
				for _, kind := range slices.Sorted(maps.Keys(v.ByType)) {
					cmd.Printf("  %8d %s\n", v.ByType[kind], kind)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&at, "at", "", "only what is true at this day or RFC 3339 time")
	return c
}

func graphNodeCommand(g *globals) *cobra.Command {
	var at string
	c := &cobra.Command{
		Use: "node NODE", Short: "Show a node with its relations and who says so", Example: "  empire graph node niche:keyboard\n  empire graph node keyword:en:keyboard --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			when, err := timeFlag("at", at)
			if err != nil {
				return err
			}
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.GraphDetail, error) {
				return p.GraphNode(ctx, args[0], when)
			}, func(v *client.GraphDetail) error {
				cmd.Printf("%s %s\n", v.Node.ID, v.Node.Name)
				for _, name := range slices.Sorted(maps.Keys(v.Attributes)) {
					cmd.Printf("  %s: %s\n", name, v.Attributes[name])
				}
				rows := make([][]string, 0, len(v.Relations))
				for _, r := range v.Relations {
					rows = append(rows, []string{r.From, r.Relation, r.To, fmt.Sprintf("%.3g", r.Weight), fmt.Sprint(r.Sources)})
				}
				return table(g.io.out, []string{"FROM", "RELATION", "TO", "WEIGHT", "SOURCES"}, rows)
			})
		},
	}
	c.Flags().StringVar(&at, "at", "", "only what is true at this day or RFC 3339 time")
	return c
}

func graphPathCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "path FROM TO", Short: "Find a shortest way between two nodes", Example: "  empire graph path keyword:en:keyboard brand:keychron", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.GraphPath, error) {
				return p.GraphPath(ctx, args[0], args[1])
			}, func(v *client.GraphPath) error {
				for _, n := range v.Nodes {
					cmd.Printf("%s %s\n", n.ID, n.Name)
				}
				return nil
			})
		},
	}
}

func graphRankCommand(g *globals) *cobra.Command {
	var by, kind, query string
	var w domain.Window
	c := &cobra.Command{
		Use: "rank", Short: "List nodes in the order of a measure", Example: "  empire graph rank --by pagerank --type niche\n  empire graph rank --by betweenness --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if !slices.Contains(domain.GraphMeasures(), domain.GraphMeasure(by)) {
				return usagef("--by must be one of %s", join(domain.GraphMeasures()))
			}
			if kind != "" && !slices.Contains(domain.NodeTypes(), domain.NodeType(kind)) {
				return usagef("--type must be one of %s", join(domain.NodeTypes()))
			}
			f := domain.GraphNodeFilter{Type: domain.NodeType(kind), Query: query}
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.GraphRank, error) {
				return p.GraphRank(ctx, domain.GraphMeasure(by), f, w)
			}, func(v *client.GraphRank) error {
				rows := make([][]string, 0, len(v.Nodes))
				for _, n := range v.Nodes {
					rows = append(rows, []string{n.Node.ID, n.Node.Name, fmt.Sprintf("%.6g", n.Value)})
				}
				if err := table(g.io.out, []string{"NODE", "NAME", strings.ToUpper(v.By)}, rows); err != nil {
					return err
				}
				if v.Samples > 0 {
					cmd.PrintErrf("The values are estimated from %d samples.\n", v.Samples)
				}
				cmd.PrintErr(more(w, len(v.Nodes), int(v.Total)))
				return nil
			})
		},
	}
	c.Flags().StringVar(&by, "by", string(domain.MeasurePageRank), join(domain.GraphMeasures()))
	c.Flags().StringVar(&kind, "type", "", "only nodes of this type: "+join(domain.NodeTypes()))
	c.Flags().StringVar(&query, "query", "", "only nodes with this in their id or name")
	windowFlags(c, &w)
	return c
}

func graphTopicsCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "communities", Short: "Show the topical map: communities, gaps, and websites that compete with each other",
		Example: "  empire graph communities\n  empire graph communities --limit 5 --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.GraphTopics, error) { return p.GraphTopics(ctx, w) }, func(v *client.GraphTopics) error {
				cmd.Printf("%d communities, modularity %.3f, %d without a page\n", v.Total, v.Modularity, v.Gaps)
				rows := make([][]string, 0, len(v.Communities))
				for _, c := range v.Communities {
					gap := ""
					if c.Gap {
						gap = "gap"
					}
					rows = append(rows, []string{
						c.Label, fmt.Sprint(c.ByType["keyword"]), fmt.Sprint(c.ByType["product"]), fmt.Sprint(c.ByType["page"]), fmt.Sprint(len(c.Sites)),
						fmt.Sprint(c.MonthlySearches), gap,
					})
				}
				if err := table(g.io.out, []string{"COMMUNITY", "KEYWORDS", "PRODUCTS", "PAGES", "SITES", "SEARCHES", ""}, rows); err != nil {
					return err
				}
				for _, c := range v.Conflicts {
					cmd.Printf("%q: pages of %s compete\n", c.Keyword, strings.Join(c.Sites, ", "))
				}
				cmd.PrintErr(more(w, len(v.Communities), int(v.Total)))
				return nil
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func graphExportCommand(g *globals) *cobra.Command {
	var format, out string
	c := &cobra.Command{
		Use: "export", Short: "Write the graph as node-link JSON, which NetworkX reads, or GraphML",
		Example: "  empire graph export > graph.json\n  empire graph export --format graphml --out graph.graphml", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f := domain.GraphFormat(format); f != domain.FormatNodeLink && f != domain.FormatGraphML {
				return usagef("--format must be %s or %s", domain.FormatNodeLink, domain.FormatGraphML)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				b, err := p.ExportGraph(ctx, domain.GraphFormat(format))
				if err != nil {
					return err
				}
				if out == "" {
					_, err = g.io.out.Write(b)
					return err
				}
				if err := os.WriteFile(out, b, 0o600); err != nil {
					return domain.Errorf(domain.CodeInvalid, "File %s cannot be written.", out)
				}
				if g.json {
					return printJSON(g.io.out, map[string]any{"file": out, "bytes": len(b)})
				}
				cmd.Printf("%d bytes are in %s\n", len(b), out)
				return nil
			})
		},
	}
	c.Flags().StringVar(&format, "format", string(domain.FormatNodeLink), string(domain.FormatNodeLink)+" or "+string(domain.FormatGraphML))
	c.Flags().StringVar(&out, "out", "", "file to write (default standard output)")
	return c
}
