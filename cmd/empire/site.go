package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func siteCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "site", Short: "List, build, publish, roll back, export and check websites"}
	c.AddCommand(
		siteListCommand(g), siteShowCommand(g), siteBuildCommand(g), siteMoveCommand(g, true), siteMoveCommand(g, false),
		siteExportCommand(g), siteAuditCommand(g),
	)
	return c
}

func siteListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List websites", Example: "  empire site list --limit 100 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if w.Limit < 1 || w.Limit > 1000 || w.Offset < 0 {
				return &usageError{fmt.Errorf("--limit must be between 1 and 1000 and --offset not negative")}
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				list, total, err := a.Websites.List(ctx, w)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd, list)
				}
				if total == 0 {
					cmd.Println("There is no website yet. Launch one: empire launch --niche NICHE --domain DOMAIN")
					return nil
				}
				rows := make([][]string, 0, len(list))
				for _, s := range list {
					rows = append(rows, []string{string(s.ID), s.Domain, string(s.State), s.Niche, string(s.LiveRelease), ago(s.UpdatedAt)})
				}
				return table(cmd.OutOrStdout(), []string{"ID", "DOMAIN", "STATE", "NICHE", "LIVE RELEASE", "CHANGED"}, rows)
			})
		},
	}
	c.Flags().IntVar(&w.Limit, "limit", 50, "how many")
	c.Flags().IntVar(&w.Offset, "offset", 0, "how many to pass over")
	return c
}

// siteArgs is a command about one website, named by id, name or domain.
func siteArgs(g *globals, use, short, example string, fn func(ctx context.Context, cmd *cobra.Command, a *app.App, s *domain.Website) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " SITE", Short: short, Example: example, Args: cobra.ExactArgs(1),
		Long: short + ". SITE is an id, a name or a domain.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				s, err := a.Websites.Find(ctx, args[0])
				if err != nil {
					return err
				}
				return fn(ctx, cmd, a, s)
			})
		},
	}
}

func siteShowCommand(g *globals) *cobra.Command {
	return siteArgs(g, "show", "Show a website with its releases", "  empire site show keyboards.example",
		func(ctx context.Context, cmd *cobra.Command, a *app.App, s *domain.Website) error {
			list, _, err := a.Websites.Releases(ctx, s.ID, domain.Window{Limit: 50})
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(cmd, map[string]any{"website": s, "releases": list})
			}
			cmd.Printf("%s  %s\n  id        %s\n  niche     %s (%s)\n  state     %s\n\n", s.Domain, s.Title, s.ID, s.Niche, s.Language, s.State)
			rows := make([][]string, 0, len(list))
			for _, r := range list {
				live := ""
				if r.ID == s.LiveRelease {
					live = "live"
				}
				rows = append(rows, []string{strconv.Itoa(r.Number), string(r.ID), strconv.Itoa(r.Pages), fmt.Sprintf("%.1f", r.SEOScore), ago(r.CreatedAt), live})
			}
			return table(cmd.OutOrStdout(), []string{"RELEASE", "ID", "PAGES", "SEO", "CREATED", ""}, rows)
		})
}

func siteBuildCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "build SITE", Short: "Build a new release from what the feeds hold now", Example: "  empire site build keyboards.example",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.working(cmd, func(ctx context.Context, a *app.App) error {
				s, err := a.Websites.Find(ctx, args[0])
				if err != nil {
					return err
				}
				run, err := a.Websites.Rebuild(ctx, s.ID)
				if err != nil {
					return err
				}
				return followRun(ctx, cmd, g, a, run.ID, s.ID)
			})
		},
	}
}

// siteMoveCommand is publish or rollback.
func siteMoveCommand(g *globals, publish bool) *cobra.Command {
	var release string
	use, short, example := "rollback", "Make an earlier release live again", "  empire site rollback keyboards.example"
	if publish {
		use, short, example = "publish", "Make an approved release live", "  empire site publish keyboards.example --release rel_…"
	}
	c := siteArgs(g, use, short, example, func(ctx context.Context, cmd *cobra.Command, a *app.App, s *domain.Website) error {
		move := a.Websites.Rollback
		if publish {
			move = a.Websites.Publish
			if release == "" {
				return &usageError{fmt.Errorf("--release is needed; see empire site show %s", s.Domain)}
			}
		}
		moved, err := move(ctx, s.ID, domain.ReleaseID(release))
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, moved)
		}
		cmd.Printf("%s now serves release %s\n", moved.Domain, moved.LiveRelease)
		return nil
	})
	c.Flags().StringVar(&release, "release", "", "id of the release (rollback: default the one before)")
	return c
}

func siteExportCommand(g *globals) *cobra.Command {
	return siteArgs(g, "export", "Write the live release as plain files", "  empire site export keyboards.example",
		func(ctx context.Context, cmd *cobra.Command, a *app.App, s *domain.Website) error {
			dir, evidence, err := a.ExportLive(ctx, s)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(cmd, map[string]string{"site_dir": dir, "evidence_file": evidence})
			}
			cmd.Printf("%s\n%s\n", dir, evidence)
			return nil
		})
}

func siteAuditCommand(g *globals) *cobra.Command {
	return siteArgs(g, "audit", "Show what the gates found on the live release", "  empire site audit keyboards.example --json",
		func(ctx context.Context, cmd *cobra.Command, a *app.App, s *domain.Website) error {
			gates, err := a.Websites.Audit(ctx, s.ID)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(cmd, gates)
			}
			for _, gate := range gates {
				cmd.Printf("%-5s %-12s %s\n", gate.State, gate.Name, gate.Summary)
				for _, f := range gate.Findings {
					cmd.Printf("      %s %s %s\n", f.Rule, f.Page, f.Message)
				}
			}
			return nil
		})
}

func sortedKeys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
