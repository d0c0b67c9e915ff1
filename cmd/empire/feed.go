package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func feedCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "feed", Short: "Withdraw product feeds; how prices changed",
		Example: "  empire feed delete old-shop.csv.gz\n  empire feed history feed_… 1001",
	}
	c.AddCommand(feedDeleteCommand(g), feedHistoryCommand(g))
	return c
}

func feedDeleteCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME|ID", Short: "Withdraw a feed with its products",
		Long: `Withdraw a feed with its products. The search forgets them and what websites cite of
them. Pages that rest on the feed stay until their website is built again.`,
		Example: "  empire feed delete old-shop.csv.gz\n  empire feed delete feed_01k2ja --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				feeds, err := a.Catalogue.Feeds(ctx)
				if err != nil {
					return err
				}
				for i := range feeds {
					f := &feeds[i]
					if string(f.ID) != args[0] && f.Name != args[0] {
						continue
					}
					if err := a.Catalogue.DeleteFeed(ctx, f.ID); err != nil {
						return err
					}
					if g.json {
						return printJSON(g.io.out, map[string]any{"feed_id": f.ID, "name": f.Name, "rows": f.Rows})
					}
					_, err := fmt.Fprintf(g.io.out, "Feed %s (%s) with %d rows is withdrawn.\n", f.Name, f.ID, f.Rows)
					return err
				}
				return domain.Errorf(domain.CodeNotFound, "Feed %s does not exist.", args[0])
			})
		},
	}
}
