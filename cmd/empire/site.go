package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func siteCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "site", Short: "List, build, publish, roll back, preview, export and check websites",
		Example: "  empire site list\n  empire site rollback keyboards.example",
	}
	c.AddCommand(
		siteListCommand(g), siteShowCommand(g), siteBuildCommand(g), sitePreviewCommand(g), sitePublishCommand(g), siteRollbackCommand(g),
		siteExportCommand(g), siteAuditCommand(g), siteStatsCommand(g), siteDiffCommand(g), siteVerifyCommand(g), siteBulkCommand(g), siteTagCommand(g),
		siteRestoreCommand(g), siteRetireCommand(g), siteRetirementsCommand(g), sitePlannedCommand(g), siteDeployCommand(g),
	)
	return c
}

func siteListCommand(g *globals) *cobra.Command {
	var w domain.Window
	c := &cobra.Command{
		Use: "list", Short: "List websites", Example: "  empire site list\n  empire site list --limit 1000 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				list, total, err := p.Sites(ctx, w)
				if err != nil {
					return err
				}
				rows := make([][]string, 0, len(list))
				for _, s := range list {
					rows = append(rows, []string{string(s.ID), s.Domain, string(s.State), s.Niche, orDash(s.LiveRelease), ago(s.UpdatedAt)})
				}
				none := fmt.Sprintf("There is no website in %s yet. Launch one: empire launch --niche NICHE --domain DOMAIN", p.Place())
				return g.printList(cmd, list, w, total, none, []string{"ID", "DOMAIN", "STATE", "NICHE", "LIVE RELEASE", "CHANGED"}, rows)
			})
		},
	}
	windowFlags(c, &w)
	return c
}

func windowFlags(c *cobra.Command, w *domain.Window) {
	c.Flags().IntVar(&w.Limit, "limit", 50, "at most this many, up to 1000")
	c.Flags().IntVar(&w.Offset, "offset", 0, "leave out this many first")
}

func orDash[T ~string](s *T) string {
	if s == nil || *s == "" {
		return "–"
	}
	return string(*s)
}

// siteArgs is a command about one website, named by id, name or domain.
func siteArgs(g *globals, use, short, example string, fn func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " SITE", Short: short, Example: example, Args: cobra.ExactArgs(1),
		Long: short + ". SITE is an id, a name or a domain.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				s, err := p.Site(ctx, args[0])
				if err != nil {
					return err
				}
				return fn(ctx, cmd, p, s)
			})
		},
	}
}

func siteShowCommand(g *globals) *cobra.Command {
	return siteArgs(g, "show", "Show a website with its releases", "  empire site show keyboards.example",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			w := domain.Window{Limit: 50}
			list, total, err := p.Releases(ctx, s.ID, w)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, map[string]any{"website": s, "releases": list})
			}
			cmd.Printf("%s  %s\n  id        %s\n  niche     %s (%s)\n  state     %s\n\n", s.Domain, s.Title, s.ID, s.Niche, s.Language, s.State)
			if len(list) == 0 {
				cmd.Println("It has no release yet. See its runs: empire run list --site " + s.Domain)
				return nil
			}
			rows := make([][]string, 0, len(list))
			for _, r := range list {
				live := ""
				if s.LiveRelease != nil && r.ID == *s.LiveRelease {
					live = "live"
				}
				rows = append(rows, []string{
					strconv.Itoa(r.Number), string(r.ID), strconv.Itoa(r.Pages), fmt.Sprintf("%.1f", r.SEOScore),
					string(domain.GateVerdict(r.Gates)), ago(r.CreatedAt), live,
				})
			}
			if err := table(g.io.out, []string{"RELEASE", "ID", "PAGES", "SEO", "GATES", "CREATED", ""}, rows); err != nil {
				return err
			}
			if total > len(list) {
				cmd.PrintErrf("the newest %d of %d releases\n", len(list), total)
			}
			return nil
		})
}

func siteBuildCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "build SITE", Short: "Build a new release from what the feeds hold now", Example: "  empire site build keyboards.example",
		Long: `Build a new release of a website from what the feeds hold now, and follow the run until
it waits for approval or has ended. If a run of the website is under way, that one is
followed. SITE is an id, a name or a domain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := g.needData(cmd); err != nil {
				return err
			}
			return g.working(cmd, func(ctx context.Context, a *app.App) error {
				s, err := a.Websites.Find(ctx, args[0])
				if err != nil {
					return err
				}
				p := g.local(a)
				run, err := a.Websites.Rebuild(ctx, s.ID)
				if domain.CodeOf(err) == domain.CodeConflict {
					if open := openRun(ctx, p, s.ID); open != "" {
						return g.rejoin(ctx, p, open, s.ID)
					}
				}
				if err != nil {
					return err
				}
				return g.follow(ctx, p, run.ID, s.ID)
			})
		},
	}
}

func sitePublishCommand(g *globals) *cobra.Command {
	var release, at string
	c := siteArgs(g, "publish", "Make an approved release live, now or at a time",
		"  empire site publish keyboards.example --release rel_…\n  empire site publish keyboards.example --release rel_… --at 2027-01-31T08:00:00+01:00",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			if at != "" {
				return g.planAt(ctx, cmd, p, s, release, at)
			}
			moved, err := p.Publish(ctx, s.ID, domain.ReleaseID(release))
			return g.printMoved(cmd, moved, err)
		})
	c.Flags().StringVar(&release, "release", "", "id of the release, as site show lists it (needed)")
	c.Flags().StringVar(&at, "at", "", "when, as RFC 3339 with a time zone; see site planned (default now)")
	find := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if release == "" {
			return usagef("%s needs --release; empire site show %s lists the releases", cmd.CommandPath(), args[0])
		}
		return find(cmd, args)
	}
	return c
}

func siteRollbackCommand(g *globals) *cobra.Command {
	var release string
	c := siteArgs(g, "rollback", "Make an earlier release live again",
		"  empire site rollback keyboards.example\n  empire site rollback keyboards.example --release rel_…",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			moved, err := p.Rollback(ctx, s.ID, domain.ReleaseID(release))
			return g.printMoved(cmd, moved, err)
		})
	c.Flags().StringVar(&release, "release", "", "id of the release (default the one before the live one)")
	return c
}

func (g *globals) printMoved(cmd *cobra.Command, s *siteView, err error) error {
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, s)
	}
	cmd.Printf("%s now serves release %s\n", s.Domain, orDash(s.LiveRelease))
	return nil
}

func siteExportCommand(g *globals) *cobra.Command {
	var hugo string
	c := &cobra.Command{
		Use: "export SITE", Short: "Write the live release as plain files, or as a project of Hugo",
		Example: "  empire site export keyboards.example\n  empire site export keyboards.example --hugo ./keyboards && hugo --source ./keyboards",
		Long: `Write the live release of a website as plain files below the data directory, with a file
of every claim and its evidence beside it, and print where. With --hugo it is written as a
project of the site generator Hugo into a new directory: pages as Markdown, menus, templates,
old addresses as aliases; Hugo builds the same pages from it. SITE is an id, a name or a
domain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				s, err := a.Websites.Find(ctx, args[0])
				if err != nil {
					return err
				}
				if hugo != "" {
					return g.exportHugo(ctx, cmd, a, s, hugo)
				}
				dir, evidence, err := a.ExportLive(ctx, s)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"site_dir": dir, "evidence_file": evidence})
				}
				cmd.Printf("files     %s\nevidence  %s\n", dir, evidence)
				return nil
			})
		},
	}
	c.Flags().StringVar(&hugo, "hugo", "", "new directory for a project of Hugo")
	return c
}

func (g *globals) exportHugo(ctx context.Context, cmd *cobra.Command, a *app.App, s *domain.Website, dir string) error {
	if err := a.ExportHugo(ctx, s.ID, dir); err != nil {
		return err
	}
	if g.json {
		return printJSON(g.io.out, map[string]string{"hugo_dir": dir})
	}
	cmd.Printf("project   %s\n", dir)
	return nil
}
