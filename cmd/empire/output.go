package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// printJSON writes v, indented.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes rows in aligned columns under a head.
func table(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(t, strings.Join(head, "\t")); err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := fmt.Fprintln(t, strings.Join(r, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}

// ago says how long ago t was, in the largest fitting unit; long ago it is a date.
func ago(t time.Time) string {
	d := time.Since(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return t.UTC().Format(time.DateOnly)
	}
}

// took says how long something ran; "" while it has not ended.
func took(from, to *time.Time) string {
	if from == nil || to == nil {
		return ""
	}
	return fmt.Sprintf("%.2f s", to.Sub(*from).Seconds())
}

// checkWindow refuses what no list has.
func checkWindow(w domain.Window) error {
	if w.Limit < 1 || w.Limit > 1000 {
		return usagef("--limit must be between 1 and 1000, not %d", w.Limit)
	}
	if w.Offset < 0 {
		return usagef("--offset must not be negative")
	}
	return nil
}

// more says how to see the rest of a list; "" if nothing is left out.
func more(w domain.Window, shown, total int) string {
	if shown == total {
		return ""
	}
	return fmt.Sprintf("%d of %d shown, from number %d; --limit and --offset show others\n", shown, total, w.Offset+1)
}

// printList prints a window of a list with its rows under a head: as JSON, what none says
// if there are none at all, and how to see the others.
func (g *globals) printList(cmd *cobra.Command, list any, w domain.Window, total int, none string, head []string, rows [][]string) error {
	if g.json {
		return printJSON(g.io.out, list)
	}
	if total == 0 {
		cmd.Println(none)
		return nil
	}
	if err := table(g.io.out, head, rows); err != nil {
		return err
	}
	cmd.PrintErr(more(w, len(rows), total))
	return nil
}

// getAndPrint gets something of the portfolio and prints it as JSON or for a person.
func getAndPrint[V any](g *globals, cmd *cobra.Command, get func(ctx context.Context, p portfolio) (V, error), text func(V) error) error {
	return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
		v, err := get(ctx, p)
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(g.io.out, v)
		}
		return text(v)
	})
}
