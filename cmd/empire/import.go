package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func importCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "Import feeds, affiliate programs and keywords"}
	c.AddCommand(importFeedCommand(g), importProgramsCommand(g), importKeywordsCommand(g))
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

The exit code is 0 for a complete and a partial import and 1 for a refused one.`,
		Example: `  empire import feed products.csv.gz
  empire import feed products.csv.gz --name shop-de --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error { return importFeed(ctx, cmd, g, a, name, args[0]) })
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the feed (default: the file's name)")
	return c
}

func importFeed(ctx context.Context, cmd *cobra.Command, g *globals, a *app.App, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return domain.Errorf(domain.CodeInvalid, "Feed %s cannot be read: %v.", file, errors.Unwrap(err))
	}
	defer func() { _ = f.Close() }()
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	m := newMeter(os.Stderr)
	r, err := a.Catalogue.ImportFeed(ctx, name, filepath.Base(file), f, size, func(read, total int64, rows int) {
		m.update("import", read, total, fmt.Sprintf("%d rows", rows))
	})
	if err != nil {
		return err
	}
	if g.json {
		if err := printJSON(cmd, r); err != nil {
			return err
		}
	} else {
		printReport(m, r)
	}
	if r.Status == domain.ImportRefused {
		return &reportedError{errors.New(r.Error)}
	}
	return nil
}

func printReport(m *meter, r domain.ImportReport) {
	m.line("feed %s: %s in %.1f s", r.Feed, r.Status, float64(r.DurationMS)/1000)
	if r.Error != "" {
		m.line("  %s", r.Error)
	}
	m.line("  %d rows read: %d new, %d changed, %d unchanged, %d rejected, %d removed", r.RowsRead, r.Imported, r.Updated, r.Unchanged, r.Rejected, r.Removed)
	for _, reason := range sortedKeys(r.Reasons) {
		m.line("  %6d × %s", r.Reasons[reason], reason)
	}
	for _, s := range r.Samples {
		m.line("  line %d: %s %s", s.Line, s.Reason, s.Detail)
	}
}

func importProgramsCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "programs FILE",
		Short: "Import affiliate programs with their commissions from CSV or JSON",
		Long: `Import affiliate programs. CSV columns: network, advertiser_id, name, joined, open,
commission_percent, commission_fixed, currency, cookie_days, deep_links, domains.
JSON: an array of objects. A program is known by network and advertiser_id.`,
		Example: "  empire import programs programs.csv",
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
		Use:     "keywords FILE",
		Short:   "Import search phrases with their monthly demand from CSV",
		Example: "  empire import keywords keywords.csv --language en",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.importList(cmd, args[0], func(ctx context.Context, a *app.App, f *os.File) (int, []domain.RowProblem, error) {
				return a.ImportKeywords(ctx, f, language)
			})
		},
	}
	c.Flags().StringVar(&language, "language", "en", "language of the phrases, en or de")
	return c
}

// importList runs an import of a small file and prints what it did.
func (g *globals) importList(cmd *cobra.Command, file string, read func(context.Context, *app.App, *os.File) (int, []domain.RowProblem, error)) error {
	return g.with(cmd, func(ctx context.Context, a *app.App) error {
		f, err := os.Open(file)
		if err != nil {
			return domain.Errorf(domain.CodeInvalid, "File %s cannot be read: %v.", file, errors.Unwrap(err))
		}
		defer func() { _ = f.Close() }()
		n, problems, err := read(ctx, a, f)
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, map[string]any{"imported": n, "rejected": len(problems), "problems": problems})
		}
		cmd.Printf("%d imported, %d rejected\n", n, len(problems))
		for _, p := range problems {
			cmd.Printf("  line %d: %s %s\n", p.Line, p.Reason, p.Detail)
		}
		return nil
	})
}
