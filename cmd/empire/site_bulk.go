package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// siteFilter selects websites; all that is set must fit.
type siteFilter struct {
	domain.WebsiteFilter
	state, feed      string
	minimum, maximum float64 // scores; negative: any
}

func (f *siteFilter) flags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.Niche, "niche", "", "websites whose niche holds this text")
	flags.StringVar(&f.Text, "text", "", "websites whose domain, name, title or niche holds this text")
	flags.StringVar(&f.Language, "language", "", "websites in this language: en or de")
	flags.StringVar(&f.state, "state", "", "websites in this state: draft, live or archived")
	flags.StringVar(&f.Tag, "tag", "", "websites with this tag; see site tag")
	flags.StringVar(&f.feed, "feed", "", "websites that name this feed")
	flags.StringVar(&f.Built.Theme, "theme", "", "websites whose live release was built with this version of the theme; see site show --json")
	flags.StringVar(&f.Built.Rules, "rules", "", "websites whose live release was checked with this version of the rules")
	flags.StringVar(&f.Built.Prompts, "prompts", "", "websites whose live release was written with this version of the prompts")
	flags.StringVar(&f.Built.Program, "program", "", "websites whose live release was built by this version of the program")
	flags.Float64Var(&f.minimum, "min-score", -1, "websites whose live release has at least this SEO score")
	flags.Float64Var(&f.maximum, "below-score", -1, "websites whose live release has a lower SEO score")
}

// filter checks what was given.
func (f *siteFilter) filter() (domain.WebsiteFilter, error) {
	out := f.WebsiteFilter
	out.State, out.Feed = domain.WebsiteState(f.state), domain.FeedID(f.feed)
	if f.Language != "" && f.Language != "en" && f.Language != "de" {
		return out, usagef("--language must be en or de, not %q", f.Language)
	}
	if f.state != "" && !slices.Contains([]domain.WebsiteState{domain.WebsiteDraft, domain.WebsiteLive, domain.WebsiteArchived}, out.State) {
		return out, usagef("--state must be draft, live or archived, not %q", f.state)
	}
	if f.minimum >= 0 {
		out.MinScore = &f.minimum
	}
	if f.maximum >= 0 {
		out.BelowScore = &f.maximum
	}
	return out, nil
}

func siteBulkCommand(g *globals) *cobra.Command {
	var f siteFilter
	var p domain.BatchParams
	var detach bool
	actions := []string{string(domain.BulkPublish), string(domain.BulkRollback), string(domain.BulkArchive), string(domain.BulkRebuild)}
	c := &cobra.Command{
		Use: "bulk ACTION", Short: "Do one thing to all websites that fit a filter", Args: cobra.ExactArgs(1),
		Long: `Do one thing to all websites that fit a filter: publish (the newest approved release),
rollback (to the release before the live one), archive or rebuild (start a run, which asks
for approval as always). Each website is changed whole or not at all. With --dry-run
nothing is changed: the websites are listed with what would be done, or why it would not.

It is a batch, which the server does in the background and which survives its death: with
--detach the command only starts it, and empire fleet batch follows it. The exit code is 1
if one of the websites could not be changed.`,
		Example: "  empire site bulk rollback --theme 9a1f0c72be45 --dry-run\n  empire site bulk rebuild --language de --state live --below-score 90\n  empire site bulk publish --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(actions, args[0]) {
				return usagef("the action is one of %s, not %q", strings.Join(actions, ", "), args[0])
			}
			var err error
			if p.Filter, err = f.filter(); err != nil {
				return err
			}
			if p.Filter.Empty() != p.All {
				return usagef("%s needs a filter, or --all without one", cmd.CommandPath())
			}
			p.Action = domain.BulkAction(args[0])
			return g.onPortfolio(cmd, func(ctx context.Context, at portfolio) error {
				began := time.Now()
				d, err := at.StartBatch(ctx, p)
				if err != nil {
					return err
				}
				if p.DryRun || detach {
					return g.printBatch(cmd, d, 0)
				}
				if d, err = g.followBatch(ctx, at, domain.BatchID(*d.Batch.ID)); err != nil {
					return err
				}
				return g.printBatch(cmd, d, time.Since(began))
			})
		},
	}
	f.flags(c)
	flags := c.Flags()
	flags.BoolVar(&p.All, "all", false, "all websites, without a filter")
	flags.StringVar(&p.Reason, "reason", "", "why, for the audit log")
	flags.BoolVar(&p.DryRun, "dry-run", false, "list what would be done and do nothing")
	flags.BoolVar(&detach, "detach", false, "do not wait until it is done")
	return c
}

// batchPause is how long the command waits between two looks.
const batchPause = 200 * time.Millisecond

// followBatch waits for the end of a batch and returns it with all its websites.
func (g *globals) followBatch(ctx context.Context, p portfolio, id domain.BatchID) (*client.BatchDetail, error) {
	if err := p.FinishBatch(ctx, id); err != nil {
		return nil, err
	}
	m := newMeter(g.io.err)
	defer m.end()
	for {
		d, err := p.Batch(ctx, id, "", domain.Window{Limit: 1})
		if err != nil {
			return nil, err
		}
		b := &d.Batch
		m.update(string(b.Action), b.Total-b.Queued, b.Total, fmt.Sprintf("%d done, %d skipped, %d failed", b.Done, b.Skipped, b.Failed))
		if b.State != client.BatchStateRunning {
			return wholeBatch(ctx, p, id)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(batchPause):
		}
	}
}

// wholeBatch returns a batch with all its websites.
func wholeBatch(ctx context.Context, p portfolio, id domain.BatchID) (*client.BatchDetail, error) {
	var out *client.BatchDetail
	for w := (domain.Window{Limit: 1000}); ; w.Offset += w.Limit {
		d, err := p.Batch(ctx, id, "", w)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = d
		} else {
			out.Websites = append(out.Websites, d.Websites...)
		}
		if len(d.Websites) < w.Limit {
			return out, nil
		}
	}
}

// printBatch shows a batch. If it took any time it has ended: then what was not done is
// a failure of the command.
func (g *globals) printBatch(cmd *cobra.Command, d *client.BatchDetail, took time.Duration) error {
	b := &d.Batch
	if g.json {
		if err := printJSON(g.io.out, d); err != nil {
			return err
		}
	} else if err := g.tellBatch(cmd, d, took); err != nil {
		return err
	}
	if took > 0 && b.Failed+b.Skipped > 0 {
		return domain.Errorf(domain.CodeConflict, "%d of %d websites could not be changed.", b.Failed+b.Skipped, b.Total)
	}
	return nil
}

func (g *globals) tellBatch(cmd *cobra.Command, d *client.BatchDetail, took time.Duration) error {
	b := &d.Batch
	if b.State == client.BatchStatePlanned {
		rows := make([][]string, len(d.Websites))
		for i := range d.Websites {
			w := &d.Websites[i]
			what := string(b.Action)
			if w.ReleaseID != nil {
				what += " to " + *w.ReleaseID
			}
			if w.State != client.BatchSiteStateQueued {
				what = "nothing: " + w.Detail
			}
			rows[i] = []string{w.Domain, what}
		}
		if err := table(g.io.out, []string{"DOMAIN", "WOULD BE DONE"}, rows); err != nil {
			return err
		}
		cmd.Printf("%s would be done to %d of %d websites; nothing was changed\n", b.Action, b.Queued, b.Total)
		return nil
	}
	for i := range d.Websites {
		if w := &d.Websites[i]; w.State == client.BatchSiteStateFailed || w.State == client.BatchSiteStateSkipped {
			cmd.Printf("%s: %s\n", cmp.Or(w.Domain, w.WebsiteID), w.Detail)
		}
	}
	if took == 0 {
		cmd.Printf("batch %s is %s: %d of %d websites done, %d skipped, %d failed\n", *b.ID, b.State, b.Done, b.Total, b.Skipped, b.Failed)
		return nil
	}
	cmd.Printf("%s: %d of %d websites in %.1f s\n", b.Action, b.Done, b.Total, took.Seconds())
	return nil
}
