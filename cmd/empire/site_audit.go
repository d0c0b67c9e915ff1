package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

// auditFlags choose what site audit shows.
type auditFlags struct {
	release string
	history bool
	window  domain.Window
}

func siteAuditCommand(g *globals) *cobra.Command {
	f := &auditFlags{}
	c := siteArgs(g, "audit", "Show what gates and the search audit found on a release",
		"  empire site audit keyboards.example --json\n  empire site audit keyboards.example --history\n  empire site audit keyboards.example --release rel_…",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			if f.history && f.release != "" {
				return usagef("--history and --release are not for each other")
			}
			if err := checkWindow(f.window); err != nil {
				return err
			}
			switch {
			case f.history:
				return g.auditHistory(ctx, cmd, p, s, f.window)
			case f.release != "":
				a, err := p.SEOAudit(ctx, s.ID, domain.ReleaseID(f.release))
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, a)
				}
				return g.showSEOAudit(cmd, a)
			}
			return g.auditLive(ctx, cmd, p, s)
		})
	c.Long = `Show what the gates and the search audit found on the live release, or without one on the
newest. SITE is an id, a name or a domain.

The search audit says since which release each issue is open, what is new (regressions)
and what was fixed since the release before. With --release it is that of another
release, with --history one line for each release that was audited.`
	c.Flags().StringVar(&f.release, "release", "", "show the search audit of this release")
	c.Flags().BoolVar(&f.history, "history", false, "list the search audits of all releases")
	windowFlags(c, &f.window)
	return c
}

// auditLive shows gates and search audit of the live release.
func (g *globals) auditLive(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
	a, err := p.Audit(ctx, s.ID)
	if err != nil {
		return err
	}
	full := auditFull{auditView: a}
	if len(a.Gates) > 0 {
		if full.SEO, err = p.SEOAudit(ctx, s.ID, ""); err != nil {
			return err
		}
	}
	if g.json {
		return printJSON(g.io.out, full)
	}
	if len(a.Gates) == 0 {
		cmd.Println("It has no release yet, so no gate has looked at it.")
		return nil
	}
	cmd.Printf("%s: %s\n\n", s.Domain, a.Verdict)
	for _, gate := range a.Gates {
		cmd.Printf("%-5s %-12s %s\n", gate.State, gate.Name, gate.Summary)
		if gate.Name == "seo" {
			continue // below
		}
		for _, f := range gate.Findings {
			cmd.Printf("      %s %s %s\n", f.Rule, f.Page, f.Message)
		}
	}
	cmd.Println()
	return g.showSEOAudit(cmd, full.SEO)
}

// showSEOAudit prints an audit for a person.
func (g *globals) showSEOAudit(cmd *cobra.Command, a *domain.SEOAudit) error {
	cmd.Printf("search audit of release %d by %s: score %.2f%s, %d pages (%d indexable), %d failures, %d warnings\n",
		a.Number, a.Version, a.Score, changeText(a.Change), a.Pages, a.Indexable, a.Fails, a.Warnings)
	if a.Against > 0 {
		cmd.Printf("against release %d: %d new, %d fixed\n", a.Against, a.New, a.Fixed)
	}
	rows := make([][]string, 0, len(a.Issues)+len(a.Gone))
	for _, i := range a.Issues {
		state := fmt.Sprintf("since %d", i.Since)
		if slices.Contains(a.Regressions, i.Fingerprint) {
			state = "new"
		}
		rows = append(rows, []string{string(i.Severity), state, i.Rule, i.Page, i.Message, i.Fix})
	}
	for _, i := range a.Gone {
		rows = append(rows, []string{string(i.Severity), "fixed", i.Rule, i.Page, i.Message, ""})
	}
	if len(rows) == 0 {
		return nil
	}
	return table(g.io.out, []string{"SEVERITY", "STATE", "RULE", "PAGE", "FOUND", "FIX"}, rows)
}

func changeText(change *float64) string {
	if change == nil {
		return ""
	}
	return fmt.Sprintf(" (%+.2f)", *change)
}

func (g *globals) auditHistory(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView, w domain.Window) error {
	list, total, err := p.SEOAudits(ctx, s.ID, w)
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(list))
	for i := range list {
		a := &list[i]
		rows = append(rows, []string{
			fmt.Sprint(a.Number), fmt.Sprintf("%.2f%s", a.Score, changeText(a.Change)), fmt.Sprint(a.Fails), fmt.Sprint(a.Warnings), fmt.Sprint(a.New), fmt.Sprint(a.Fixed),
			a.Version, a.At.Format("2006-01-02 15:04"), string(a.ReleaseID),
		})
	}
	return g.printList(cmd, orEmpty(list), w, total, "No release of it was audited yet.", []string{"RELEASE", "SCORE", "FAILURES", "WARNINGS", "NEW", "FIXED", "RULES", "AT", "ID"}, rows)
}
