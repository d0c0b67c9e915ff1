package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

type bulkKeeper interface {
	// Bulk does one thing to websites, one after the other.
	Bulk(ctx context.Context, action domain.BulkAction, ids []domain.WebsiteID) ([]bulkView, error)
}

// bulkView is how a bulk action went for one website.
type bulkView struct {
	ID     domain.WebsiteID `json:"id"`
	Domain string           `json:"domain,omitempty"`
	RunID  *domain.RunID    `json:"run_id"`
	Error  *bulkFaultView   `json:"error,omitempty"`
}

type bulkFaultView struct {
	Code   domain.Code `json:"code"`
	Detail string      `json:"detail"`
}

// Bulk implements portfolio.
func (l local) Bulk(ctx context.Context, action domain.BulkAction, ids []domain.WebsiteID) ([]bulkView, error) {
	list, err := l.a.Websites.Bulk(ctx, action, ids)
	return views(list, func(r *domain.BulkResult) bulkView {
		v := bulkView{ID: r.ID, RunID: orNil(r.RunID)}
		if r.Err != nil {
			v.Error = &bulkFaultView{domain.CodeOf(r.Err), domain.MessageOf(r.Err)}
		}
		return v
	}), err
}

// Bulk implements portfolio.
func (r *remote) Bulk(ctx context.Context, action domain.BulkAction, ids []domain.WebsiteID) ([]bulkView, error) {
	in := client.BulkInput{Action: client.BulkInputAction(action)}
	for _, id := range ids {
		in.IDs = append(in.IDs, string(id))
	}
	answer, err := r.api.BulkWebsites(ctx, in)
	list, err := shown[[]bulkView](r, &answer, err)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// siteFilter selects websites; all that is set must fit.
type siteFilter struct {
	niche, language, state, feed string
	all                          bool
}

func (f *siteFilter) empty() bool {
	return f.niche == "" && f.language == "" && f.state == "" && f.feed == ""
}

func (f *siteFilter) fits(s *siteView) bool {
	return (f.niche == "" || strings.Contains(strings.ToLower(s.Niche), strings.ToLower(f.niche))) &&
		(f.language == "" || s.Language == f.language) && (f.state == "" || string(s.State) == f.state) &&
		(f.feed == "" || slices.Contains(s.FeedIDs, domain.FeedID(f.feed)))
}

// bulkChunk is how many websites one call is about.
const bulkChunk = 100

func siteBulkCommand(g *globals) *cobra.Command {
	var f siteFilter
	var dry bool
	actions := []string{string(domain.BulkPublish), string(domain.BulkRollback), string(domain.BulkArchive), string(domain.BulkRebuild)}
	c := &cobra.Command{
		Use: "bulk ACTION", Short: "Do one thing to all websites that fit a filter", Args: cobra.ExactArgs(1),
		Long: `Do one thing to all websites that fit a filter: publish (the newest approved release),
rollback (to the release before the live one), archive or rebuild. Each website is changed
whole or not at all. With --dry-run the websites are only listed. The exit code is 1 if one
of them could not be changed.`,
		Example: "  empire site bulk rollback --niche keyboards --dry-run\n  empire site bulk rebuild --language de --state live\n  empire site bulk publish --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(actions, args[0]) {
				return usagef("the action is one of %s, not %q", strings.Join(actions, ", "), args[0])
			}
			if f.empty() != f.all {
				return usagef("%s needs a filter, or --all without one", cmd.CommandPath())
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				sites, err := selectSites(ctx, p, &f)
				if err != nil {
					return err
				}
				if dry {
					return g.printSelected(cmd, args[0], sites)
				}
				return g.bulk(ctx, cmd, p, domain.BulkAction(args[0]), sites)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.niche, "niche", "", "websites whose niche holds this text")
	flags.StringVar(&f.language, "language", "", "websites in this language: en or de")
	flags.StringVar(&f.state, "state", "", "websites in this state: draft, live or archived")
	flags.StringVar(&f.feed, "feed", "", "websites that name this feed")
	flags.BoolVar(&f.all, "all", false, "all websites, without a filter")
	flags.BoolVar(&dry, "dry-run", false, "list what would be done and do nothing")
	return c
}

// selectSites returns all websites that fit.
func selectSites(ctx context.Context, p portfolio, f *siteFilter) ([]siteView, error) {
	var out []siteView
	for w := (domain.Window{Limit: 1000}); ; {
		list, total, err := p.Sites(ctx, w)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if f.fits(&list[i]) {
				out = append(out, list[i])
			}
		}
		if w.Offset += len(list); len(list) == 0 || w.Offset >= total {
			return out, nil
		}
	}
}

func (g *globals) printSelected(cmd *cobra.Command, action string, sites []siteView) error {
	if g.json {
		return printJSON(g.io.out, map[string]any{"action": action, "dry_run": true, "websites": orEmpty(sites)})
	}
	rows := make([][]string, 0, len(sites))
	for i := range sites {
		rows = append(rows, []string{sites[i].Domain, string(sites[i].State), sites[i].Niche, orDash(sites[i].LiveRelease)})
	}
	if err := table(g.io.out, []string{"DOMAIN", "STATE", "NICHE", "LIVE RELEASE"}, rows); err != nil {
		return err
	}
	cmd.Printf("%s would be done to %d websites; nothing was changed\n", action, len(sites))
	return nil
}

func (g *globals) bulk(ctx context.Context, cmd *cobra.Command, p portfolio, action domain.BulkAction, sites []siteView) error {
	began := time.Now()
	results := []bulkView{}
	failed := 0
	for chunk := range slices.Chunk(sites, bulkChunk) {
		ids := make([]domain.WebsiteID, len(chunk))
		for i := range chunk {
			ids[i] = chunk[i].ID
		}
		list, err := p.Bulk(ctx, action, ids)
		if err != nil {
			return err
		}
		for i := range list {
			list[i].Domain = chunk[i].Domain
			if list[i].Error != nil {
				failed++
			}
		}
		results = append(results, list...)
		cmd.PrintErrf("%d of %d\n", len(results), len(sites))
	}
	if g.json {
		if err := printJSON(g.io.out, results); err != nil {
			return err
		}
	} else {
		for i := range results {
			if e := results[i].Error; e != nil {
				cmd.Printf("%s: %s\n", results[i].Domain, e.Detail)
			}
		}
		cmd.Printf("%s: %s of %d websites in %.1f s\n", action, strconv.Itoa(len(results)-failed), len(results), time.Since(began).Seconds())
	}
	if failed > 0 {
		return domain.Errorf(domain.CodeConflict, "%d of %d websites could not be changed.", failed, len(results))
	}
	return nil
}
