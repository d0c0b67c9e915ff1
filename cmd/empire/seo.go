package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"empire/internal/domain"
)

func seoCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "seo", Short: "Look at what search engines see of all websites",
		Example: "  empire seo rules\n  empire seo keywords keyboards.example\n  empire seo conflicts\n  empire seo submissions",
	}
	c.AddCommand(seoRulesCommand(g), seoKeywordsCommand(g), seoConflictsCommand(g), seoSubmissionsCommand(g))
	return c
}

func seoRulesCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "rules", Short: "List what a search audit looks for", Example: "  empire seo rules --json", Args: cobra.NoArgs,
		Long: "List the rules of the search audit with severity, weight in the score, what a fault costs and how to mend it. With --json each has its source, too.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, err := p.SEORules(ctx)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, orEmpty(list))
				}
				rows := make([][]string, 0, len(list))
				for _, r := range list {
					rows = append(rows, []string{r.ID, r.Scope, string(r.Severity), fmt.Sprint(r.Weight), r.Why, r.Fix})
				}
				return table(g.io.out, []string{"RULE", "LOOKS AT", "SEVERITY", "WEIGHT", "WHY", "FIX"}, rows)
			})
		},
	}
}

func seoKeywordsCommand(g *globals) *cobra.Command {
	return siteArgs(g, "keywords", "Show what the pages of a website are for", "  empire seo keywords keyboards.example",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			m, err := p.KeywordMap(ctx, s.ID)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, domain.KeywordMap{Pages: orEmpty(m.Pages), Conflicts: orEmpty(m.Conflicts)})
			}
			rows := make([][]string, 0, len(m.Pages))
			for i := range m.Pages {
				k := &m.Pages[i]
				rows = append(rows, []string{k.Path, orDash(&k.Keyword), string(k.Intent), fmt.Sprint(k.Evidence), k.Title})
			}
			if err := table(g.io.out, []string{"PAGE", "KEYWORD", "INTENT", "EVIDENCE", "TITLE"}, rows); err != nil {
				return err
			}
			if len(m.Conflicts) > 0 {
				cmd.Println()
			}
			return g.showConflicts(m.Conflicts)
		})
}

func (g *globals) showConflicts(list []domain.KeywordConflict) error {
	var rows [][]string
	for i := range list {
		for j := range list[i].Pages {
			p := &list[i].Pages[j]
			keyword := ""
			if j == 0 {
				keyword = fmt.Sprintf("%s (%s)", list[i].Keyword, list[i].Reason)
			}
			rows = append(rows, []string{keyword, string(p.Proposal), "https://" + p.Domain + p.Path, p.Why})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return table(g.io.out, []string{"KEYWORD", "PROPOSAL", "PAGE", "WHY"}, rows)
}

func seoConflictsCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "conflicts", Short: "List keywords for which own pages compete", Example: "  empire seo conflicts --limit 20", Args: cobra.NoArgs,
		Long: `List keywords that several live pages are for, within a website and between websites, with
what to do: the page that rests on more evidence, or is older, stays; others are merged
into it or get a keyword of their own; a website that loses most of its keywords to
others is to be retired.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.KeywordConflicts(ctx, w)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, orEmpty(list))
				}
				if total == 0 {
					cmd.Println("No two live pages are for one keyword.")
					return nil
				}
				if err := g.showConflicts(list); err != nil {
					return err
				}
				cmd.PrintErr(more(w, len(list), total))
				return nil
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func seoSubmissionsCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "submissions [SITE]", Short: "List what search engines were told", Example: "  empire seo submissions\n  empire seo submissions keyboards.example", Args: cobra.MaximumNArgs(1),
		Long: "List what was submitted to search engines (IndexNow) after releases, and how that is getting on. SITE is an id, a name or a domain. Nothing is submitted unless seo.indexnow is set.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				var id domain.WebsiteID
				if len(args) > 0 {
					s, err := p.Site(ctx, args[0])
					if err != nil {
						return err
					}
					id = s.ID
				}
				list, total, err := p.Submissions(ctx, id, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for i := range list {
					v := &list[i]
					rows = append(rows, []string{v.CreatedAt.Format("2006-01-02 15:04"), v.Host, string(v.State), fmt.Sprintf("%d of %d", v.Sent, v.Total), fmt.Sprint(v.Attempts), fmt.Sprint(v.Status), v.Detail})
				}
				return g.printList(cmd, orEmpty(list), w, total, "Nothing was submitted.", []string{"AT", "HOST", "STATE", "TAKEN", "REQUESTS", "STATUS", "DETAIL"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}
