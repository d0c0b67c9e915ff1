package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

func fleetBatchCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "batch", Short: "Follow and cancel what site bulk started",
		Example: "  empire fleet batch list\n  empire fleet batch show bat_… --state failed",
	}
	c.AddCommand(fleetBatchListCommand(g), fleetBatchShowCommand(g), fleetBatchCancelCommand(g))
	return c
}

func fleetBatchListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List batches, the newest first", Example: "  empire fleet batch list --limit 10", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Batches(ctx, w)
				if err != nil {
					return err
				}
				rows := make([][]string, len(list))
				for i := range list {
					b := &list[i]
					rows[i] = []string{*b.ID, string(b.Action), string(b.State), fmt.Sprintf("%d/%d", b.Done, b.Total), fmt.Sprint(b.Skipped), fmt.Sprint(b.Failed), ago(b.CreatedAt), b.Reason}
				}
				return g.printList(cmd, list, w, total, "There is no batch.", []string{"ID", "ACTION", "STATE", "DONE", "SKIPPED", "FAILED", "STARTED", "REASON"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func fleetBatchShowCommand(g *globals) *cobra.Command {
	w := domain.Window{Limit: 1000}
	var state string
	c := &cobra.Command{
		Use: "show BATCH", Short: "Show how far a batch is, and what could not be changed", Example: "  empire fleet batch show bat_… --state failed", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			switch domain.BatchSiteState(state) {
			case "", domain.BatchSiteQueued, domain.BatchSiteDone, domain.BatchSiteSkipped, domain.BatchSiteFailed:
			default:
				return usagef("--state must be queued, done, skipped or failed, not %q", state)
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				d, err := p.Batch(ctx, domain.BatchID(args[0]), domain.BatchSiteState(state), w)
				if err != nil {
					return err
				}
				return g.printBatch(cmd, d, 0)
			})
		},
	}
	c.Flags().StringVar(&state, "state", "", "only websites in this state: queued, done, skipped or failed")
	c.Flags().IntVar(&w.Limit, "limit", 1000, "at most this many websites, up to 1000")
	c.Flags().IntVar(&w.Offset, "offset", 0, "leave out this many websites first")
	return c
}

func fleetBatchCancelCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "cancel BATCH", Short: "Cancel a batch: what was not changed yet stays as it is", Example: "  empire fleet batch cancel bat_…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return getAndPrint(g, cmd, func(ctx context.Context, p portfolio) (*client.Batch, error) {
				return p.CancelBatch(ctx, domain.BatchID(args[0]))
			}, func(b *client.Batch) error {
				cmd.Printf("batch %s is %s: %d of %d websites were changed\n", *b.ID, b.State, b.Done, b.Total)
				return nil
			})
		},
	}
}

func siteTagCommand(g *globals) *cobra.Command {
	var none bool
	c := &cobra.Command{
		Use: "tag SITE [TAG…]", Short: "Show the tags of a website, or give it others", Args: cobra.MinimumNArgs(1),
		Long: `Show the tags of a website, or give it others in the place of those that it has. Batches
select by them. A tag has small letters, digits and - _ . : within. SITE is an id, a name
or a domain.`,
		Example: "  empire site tag keyboards.example\n  empire site tag keyboards.example de winter-2026\n  empire site tag keyboards.example --none",
		RunE: func(cmd *cobra.Command, args []string) error {
			tags := args[1:]
			if none && len(tags) > 0 {
				return usagef("--none takes all tags away; name no others")
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				s, err := p.Site(ctx, args[0])
				if err != nil {
					return err
				}
				if none || len(tags) > 0 {
					tags, err = p.SetTags(ctx, s.ID, tags)
				} else {
					tags, err = p.Tags(ctx, s.ID)
				}
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string][]string{"tags": orEmpty(tags)})
				}
				if len(tags) == 0 {
					cmd.Printf("%s has no tags\n", s.Domain)
					return nil
				}
				cmd.Printf("%s: %s\n", s.Domain, strings.Join(tags, " "))
				return nil
			})
		},
	}
	c.Flags().BoolVar(&none, "none", false, "take all tags away")
	return c
}
