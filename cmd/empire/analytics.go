package main

import (
	"context"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func analyticsCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "analytics", Short: "Visits and clicks of websites, and access logs of other servers",
		Example: "  empire analytics portfolio --period 30d\n  empire analytics goals keyboards.example\n  empire analytics import access.log.gz --site keyboards.example",
	}
	c.AddCommand(analyticsPortfolioCommand(g), analyticsWebsitesCommand(g), analyticsProgramsCommand(g), analyticsGoalsCommand(g), analyticsImportCommand(g))
	return c
}

func analyticsImportCommand(g *globals) *cobra.Command {
	var site string
	var dryRun bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Count the pages in an access log in the combined format of Apache or nginx",
		Long: `Count the pages that another server sent, from its access log in the combined log
format, plain or gzip, and add them to the report of a website. A page is GET, answered
with 200 or 304, and no part of a page such as an image or a script. Bots and the
networks of the operator count apart. Addresses are not stored.

The same content is imported once: again, it is refused. Pages that are older than
analytics.keep are counted and shown, but not stored. --dry-run stores nothing.`,
		Example: `  empire analytics import access.log.gz --site keyboards.example
  empire analytics import access.log --site keyboards.example --dry-run --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if site == "" {
				return usagef("--site says to which website the log belongs: an id, a name or a domain")
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error { return g.importLog(ctx, a, site, args[0], !dryRun) })
		},
	}
	c.Flags().StringVar(&site, "site", "", "the website: id, name or domain")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "count, but store nothing")
	return c
}

// logView is what became of an access log.
type logView struct {
	WebsiteID domain.WebsiteID    `json:"website_id"`
	Name      string              `json:"name"`
	SHA256    string              `json:"sha256"`
	From      time.Time           `json:"from"`
	To        time.Time           `json:"to"`
	Lines     int                 `json:"lines"`
	Malformed int                 `json:"malformed"`
	Requests  int                 `json:"requests"`
	Bots      int                 `json:"bot_requests"`
	Own       int                 `json:"own_requests"`
	Errors    int                 `json:"errors"`
	Bytes     int64               `json:"bytes"`
	Statuses  map[int]int         `json:"statuses"`
	Views     trafficSentView     `json:"views"`
	TooOld    int                 `json:"too_old"`
	Pages     []logPageView       `json:"pages"`
	Samples   []domain.RowProblem `json:"samples"`
	Stored    bool                `json:"stored"`
}

type logPageView struct {
	Path  string `json:"path"`
	Views int    `json:"views"`
}

func (g *globals) importLog(ctx context.Context, a *app.App, site, file string, keep bool) error {
	w, err := a.Websites.Find(ctx, site)
	if err != nil {
		return err
	}
	f, _, err := openFile(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r, err := a.Traffic.ImportLog(ctx, w.ID, filepath.Base(file), f, keep)
	if err != nil {
		return err
	}
	if g.json {
		v := logView{
			r.WebsiteID, r.Name, r.SHA256, r.From, r.To, r.Lines, r.Malformed, r.Requests, r.Bots, r.Own, r.Errors, r.Bytes, r.Statuses,
			trafficSentView(r.Views), r.TooOld, []logPageView{}, r.Samples, r.Stored,
		}
		for _, p := range r.Pages {
			v.Pages = append(v.Pages, logPageView(p))
		}
		return printJSON(g.io.out, v)
	}
	return g.showLog(w, r)
}

func (g *globals) showLog(w *domain.Website, r *domain.AccessImport) error {
	m := newMeter(g.io.out)
	m.line("%s for %s: %d lines, %d requests from %s to %s", r.Name, w.Domain, r.Lines, r.Requests, r.From.Format(time.DateOnly), r.To.Format(time.DateOnly))
	m.line("pages: %d to people, %d to bots, %d own; %d requests answered with an error", r.Views.People, r.Views.Bots, r.Views.Own, r.Errors)
	if r.Malformed > 0 {
		m.line("%d lines are no requests, the first is line %d", r.Malformed, r.Samples[0].Line)
	}
	if r.TooOld > 0 {
		m.line("%d pages are older than analytics.keep and were not stored", r.TooOld)
	}
	if !r.Stored {
		m.line("nothing was stored")
	}
	rows := [][]string{}
	for _, p := range r.Pages[:min(len(r.Pages), 20)] {
		rows = append(rows, []string{p.Path, strconv.Itoa(p.Views)})
	}
	return table(g.io.out, []string{"PAGE", "VIEWS"}, rows)
}
