package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func importCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "import", Short: "Import feeds, programs, keywords, search interest, and what other tools hold",
		Example: "  empire import feed products.csv.gz\n  empire import programs programs.csv\n  empire import keywords keywords.csv --language de",
	}
	c.AddCommand(importFeedCommand(g), importProgramsCommand(g), importKeywordsCommand(g), importTrendsCommand(g), importGraphCommand(g), importChromaCommand(g))
	return c
}

func importFeedCommand(g *globals) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "feed FILE",
		Short: "Import a product feed in the AWIN layout",
		Long: `Import a product feed in the AWIN layout: plain, gzip or zip, with any of the usual
delimiters and encodings. Good rows are kept, each bad row is counted with its reason
and line. The same name again updates the feed.

The import is complete (every row was read), partial (the file breaks off, or rows are
damaged beyond repair) or refused (nothing was imported). The exit code is 0 for
complete and partial and 1 for refused.`,
		Example: `  empire import feed products.csv.gz
  empire import feed products.csv.gz --name shop-de --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error { return g.importFeed(ctx, a, name, args[0]) })
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the feed (default the file's name)")
	return c
}

func (g *globals) importFeed(ctx context.Context, a *app.App, name, file string) error {
	if name == "" {
		name = filepath.Base(file)
	}
	f, size, err := openFile(file)
	if err != nil {
		if g.json { // a script reads one shape, whatever went wrong
			refused := domain.ImportReport{Status: domain.ImportRefused, Feed: name, Reasons: map[string]int{}, Error: message(err)}
			_, _ = fmt.Fprintln(g.io.err, "empire: "+message(err))
			return errors.Join(printJSON(g.io.out, refused), &reportedError{err})
		}
		return err
	}
	defer func() { _ = f.Close() }()
	m := newMeter(g.io.err)
	began := time.Now()
	r, err := a.Catalogue.ImportFeed(ctx, name, filepath.Base(file), f, size, func(read, total int64, rows int) {
		m.update("import", read, total, fmt.Sprintf("%d rows, %.0f a second", rows, float64(rows)/time.Since(began).Seconds()))
	})
	m.end()
	if err != nil {
		return err
	}
	if g.json {
		if err := printJSON(g.io.out, r); err != nil {
			return err
		}
	} else {
		g.printReport(r)
	}
	if r.Status == domain.ImportRefused {
		return &reportedError{errors.New(r.Error)}
	}
	return nil
}

// openFile opens a file to import and returns its size.
func openFile(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return nil, 0, domain.Errorf(domain.CodeInvalid, "File %s cannot be read: %v.", name, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = domain.Errorf(domain.CodeInvalid, "%s is a directory; name the file to import.", name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func (g *globals) printReport(r domain.ImportReport) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(g.io.out, format+"\n", args...) }
	say("feed %s: %s in %.1f s", r.Feed, r.Status, float64(r.DurationMS)/1000)
	if r.Error != "" {
		say("  %s", r.Error)
	}
	if r.Status == domain.ImportRefused && r.RowsRead == 0 {
		return
	}
	say("  %d rows read: %d new, %d changed, %d unchanged, %d rejected, %d removed", r.RowsRead, r.Imported, r.Updated, r.Unchanged, r.Rejected, r.Removed)
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		say("  %6d × %s", r.Reasons[reason], reason)
	}
	for _, s := range r.Samples {
		say("  line %d: %s %s", s.Line, s.Reason, s.Detail)
	}
}

func importProgramsCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "programs FILE",
		Short: "Import affiliate programs with their commissions from CSV or JSON",
		Long: `Import affiliate programs. CSV columns: network, advertiser_id, name, joined, open,
commission_percent, commission_fixed, currency, cookie_days, deep_links, domains,
traffic_requirements (low, medium, high), sectors.
JSON: an array of objects. A program is known by network and advertiser_id.

The exit code is 1 if the file cannot be read or no row of it is good.`,
		Example: "  empire import programs programs.csv\n  empire import programs programs.json --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.importList(cmd, args[0], func(ctx context.Context, a *app.App, f *os.File) (int, []domain.RowProblem, error) {
				return a.ImportPrograms(ctx, f)
			})
		},
	}
}

func importKeywordsCommand(g *globals) *cobra.Command {
	var language string
	c := &cobra.Command{
		Use:   "keywords FILE",
		Short: "Import search phrases with their monthly demand from CSV",
		Long: `Import search phrases with their monthly demand from CSV, as keyword tools export it.
The same phrase again updates its demand. An export of Google's Keyword Planner also
brings the searches of single months, for trends; a range counts with its low end.

The exit code is 1 if the file cannot be read or no row of it is good.`,
		Example: "  empire import keywords keywords.csv\n  empire import keywords suchbegriffe.csv --language de --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if language != "en" && language != "de" {
				return usagef("--language must be en or de, not %q", language)
			}
			return g.importList(cmd, args[0], func(ctx context.Context, a *app.App, f *os.File) (int, []domain.RowProblem, error) {
				return a.ImportKeywords(ctx, f, language)
			})
		},
	}
	c.Flags().StringVar(&language, "language", "en", "language of the phrases, en or de")
	return c
}

// listReport is what --json prints about an import of programs or keywords.
type listReport struct {
	Status   string              `json:"status"` // complete, partial, refused
	Imported int                 `json:"imported"`
	Rejected int                 `json:"rejected"`
	Problems []domain.RowProblem `json:"problems"`
}

// importList runs an import of a small file and prints what it did.
func (g *globals) importList(cmd *cobra.Command, file string, read func(context.Context, *app.App, *os.File) (int, []domain.RowProblem, error)) error {
	return g.with(cmd, func(ctx context.Context, a *app.App) error {
		f, _, err := openFile(file)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		n, problems, err := read(ctx, a, f)
		if err != nil {
			return err
		}
		r := listReport{domain.ImportComplete, n, len(problems), orEmpty(problems)}
		switch {
		case n == 0:
			r.Status = domain.ImportRefused
		case len(problems) > 0:
			r.Status = domain.ImportPartial
		}
		if g.json {
			err = printJSON(g.io.out, r)
		} else {
			cmd.Printf("%s: %s, %d imported, %d rejected\n", filepath.Base(file), r.Status, n, len(problems))
			for _, p := range problems {
				cmd.Printf("  line %d: %s %s\n", p.Line, p.Reason, p.Detail)
			}
		}
		if err == nil && r.Status == domain.ImportRefused {
			err = &reportedError{fmt.Errorf("no row of %s is good", file)}
		}
		return err
	})
}
