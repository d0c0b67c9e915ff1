package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

func graphSourcesCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "sources [SOURCE]", Short: "List who says what the graph holds, or show what rests on one", Args: cobra.MaximumNArgs(1),
		Example: "  empire graph sources\n  empire graph sources keywords:file --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			if len(args) == 1 {
				return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.GraphBlast, error) { return p.GraphSource(ctx, args[0]) }, func(b *client.GraphBlast) error {
					blastText(cmd, b)
					return nil
				})
			}
			total := 0
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (list []client.GraphSource, err error) {
				list, total, err = p.GraphSources(ctx, w)
				return orEmpty(list), err
			}, func(list []client.GraphSource) error {
				rows := make([][]string, 0, len(list))
				for _, s := range list {
					state := ""
					if s.WithdrawnAt != nil {
						state = "withdrawn"
					}
					rows = append(rows, []string{s.ID, s.Name, fmt.Sprint(s.Contributions), s.At.Format(time.DateTime), state})
				}
				if err := table(g.io.out, []string{"SOURCE", "NAME", "SAYS", "AT", ""}, rows); err != nil {
					return err
				}
				cmd.PrintErr(more(w, len(list), total))
				return nil
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func blastText(cmd *cobra.Command, b *client.GraphBlast) {
	cmd.Printf("%s (%s) says %d things\n", b.Source.ID, b.Source.Name, b.Contributions)
	cmd.Printf("  %d nodes, %d of them nobody else speaks of\n", b.Nodes, b.NodesAlone)
	cmd.Printf("  %d relations, %d of them nobody else\n", b.Relations, b.RelationsAlone)
	cmd.Printf("  %d pages rest on it with %d pieces of evidence\n", len(b.Pages), b.Evidence)
	for _, p := range b.Pages {
		cmd.Printf("    %s %s\n", p.WebsiteID, p.PageID)
	}
}

func graphForgetCommand(g *globals) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use: "forget SOURCE", Short: "Take back everything that a source says",
		Long: `Take back everything that a source says. The graph is then the one that never saw it,
and the pages that cite it are stale until their websites are published again. A feed
or an imported graph comes back when it is imported again.`,
		Example: "  empire graph forget import:old.graphml --dry-run\n  empire graph forget import:old.graphml", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.GraphBlast, error) {
				return p.WithdrawGraphSource(ctx, args[0], dryRun)
			}, func(b *client.GraphBlast) error {
				blastText(cmd, b)
				if b.Withdrawn {
					cmd.Println("It is withdrawn.")
				} else {
					cmd.Println("Nothing was changed: this was a dry run.")
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only tell what it would mean")
	return c
}

func graphStaleCommand(g *globals) *cobra.Command {
	var source string
	var w domain.Window
	c := &cobra.Command{
		Use: "stale", Short: "List pages whose grounds changed since they were published", Example: "  empire graph stale\n  empire graph stale --source import:old.graphml --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			total := 0
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (list []client.GraphStale, err error) {
				list, total, err = p.StalePages(ctx, source, w)
				return orEmpty(list), err
			}, func(list []client.GraphStale) error {
				if total == 0 {
					cmd.Println("No page is stale.")
					return nil
				}
				rows := make([][]string, 0, len(list))
				for _, s := range list {
					rows = append(rows, []string{s.WebsiteID, s.PageID, s.Source, string(s.Reason), s.At.Format(time.DateTime)})
				}
				if err := table(g.io.out, []string{"WEBSITE", "PAGE", "SOURCE", "REASON", "AT"}, rows); err != nil {
					return err
				}
				cmd.PrintErr(more(w, len(list), total))
				return nil
			})
		},
	}
	c.Flags().StringVar(&source, "source", "", "only pages that rest on this source")
	windowFlags(c, &w)
	return c
}
