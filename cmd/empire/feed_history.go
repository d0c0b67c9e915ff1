package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// priceHistoryView is a price history as the API shows it.
type priceHistoryView struct {
	FeedID domain.FeedID    `json:"feed_id"`
	Key    string           `json:"key"`
	Since  time.Time        `json:"since"`
	Points []pricePointView `json:"points"`
}

type pricePointView struct {
	At      time.Time     `json:"at"`
	Price   *domain.Money `json:"price,omitempty"`
	InStock *bool         `json:"in_stock"`
	Gone    bool          `json:"gone"`
}

func feedHistoryCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "history FEED KEY", Short: "Show how price and stock of a product changed, as imports saw it",
		Long: `Show how price and stock of a product changed, as imports of its feed saw it. FEED is
the id of the feed, KEY that of the row in it. Nothing is known of the time before the
first line, or between two imports.`,
		Example: "  empire feed history feed_01k2ja 1001", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				h, err := p.PriceHistory(ctx, domain.FeedID(args[0]), args[1])
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, h)
				}
				rows := make([][]string, 0, len(h.Points))
				for _, q := range h.Points {
					price, stock := "–", "not said"
					if q.Price != nil {
						price = q.Price.String()
					}
					switch {
					case q.Gone:
						stock = "not in the feed"
					case q.InStock != nil && *q.InStock:
						stock = "in stock"
					case q.InStock != nil:
						stock = "out of stock"
					}
					rows = append(rows, []string{q.At.Format(time.DateTime), price, stock})
				}
				return table(g.io.out, []string{"FROM", "PRICE", "STOCK"}, rows)
			})
		},
	}
}
