package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

// revisionKeeper is the part of a portfolio that changes what websites consist of.
type revisionKeeper interface {
	Restore(ctx context.Context, id domain.WebsiteID, path string, from domain.ReleaseID) (domain.RunID, error)
	Retire(ctx context.Context, id domain.WebsiteID, path, target, reason string) (domain.RunID, error)
	Retirements(ctx context.Context, id domain.WebsiteID) ([]client.Retirement, error)
	TakeBack(ctx context.Context, id domain.WebsiteID, path string) error
	PlanRelease(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) (*client.Planned, error)
	PlannedReleases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]client.Planned, int, error)
	CancelPlanned(ctx context.Context, id domain.PlannedReleaseID) (*client.Planned, error)
}

func idOf(run *domain.Run, err error) (domain.RunID, error) {
	if err != nil {
		return "", err
	}
	return run.ID, nil
}

// Restore implements portfolio.
func (l local) Restore(ctx context.Context, id domain.WebsiteID, path string, from domain.ReleaseID) (domain.RunID, error) {
	return idOf(l.a.Revisions.Restore(ctx, id, path, from))
}

// Retire implements portfolio.
func (l local) Retire(ctx context.Context, id domain.WebsiteID, path, target, reason string) (domain.RunID, error) {
	return idOf(l.a.Revisions.Retire(ctx, id, path, target, reason))
}

// Retirements implements portfolio.
func (l local) Retirements(ctx context.Context, id domain.WebsiteID) ([]client.Retirement, error) {
	list, err := l.a.Revisions.List(ctx, id)
	return views(list, func(r *domain.Retirement) client.Retirement {
		return client.Retirement{Path: r.Path, Target: r.Target, Reason: r.Reason, ActorID: string(r.ActorID), At: r.At.UTC()}
	}), err
}

// TakeBack implements portfolio.
func (l local) TakeBack(ctx context.Context, id domain.WebsiteID, path string) error {
	return l.a.Revisions.TakeBack(ctx, id, path)
}

// PlanRelease implements portfolio.
func (l local) PlanRelease(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) (*client.Planned, error) {
	return view(viewPlanned)(l.a.Planned.Plan(ctx, id, release, at))
}

// PlannedReleases implements portfolio.
func (l local) PlannedReleases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]client.Planned, int, error) {
	list, total, err := l.a.Planned.List(ctx, id, nil, w)
	return views(list, viewPlanned), total, err
}

// CancelPlanned implements portfolio.
func (l local) CancelPlanned(ctx context.Context, id domain.PlannedReleaseID) (*client.Planned, error) {
	return view(viewPlanned)(l.a.Planned.Cancel(ctx, id))
}

func viewPlanned(p *domain.PlannedRelease) client.Planned {
	return client.Planned{
		ID: string(p.ID), WebsiteID: string(p.WebsiteID), ReleaseID: string(p.ReleaseID), At: p.At.UTC(), State: client.PlannedState(p.State), Detail: p.Detail,
		ActorID: string(p.ActorID), CreatedAt: p.CreatedAt.UTC(), EndedAt: utc(p.EndedAt),
	}
}

// Restore implements portfolio.
func (r *remote) Restore(ctx context.Context, id domain.WebsiteID, path string, from domain.ReleaseID) (domain.RunID, error) {
	return r.begun(r.api.RestorePage(ctx, string(id), client.RestoreInput{Path: path, ReleaseID: string(from)}))
}

// Retire implements portfolio.
func (r *remote) Retire(ctx context.Context, id domain.WebsiteID, path, target, reason string) (domain.RunID, error) {
	return r.begun(r.api.Retire(ctx, string(id), client.RetireInput{Path: path, Target: target, Reason: reason}))
}

func (r *remote) begun(run *client.Run, err error) (domain.RunID, error) {
	if err != nil {
		return "", r.fault(err)
	}
	return domain.RunID(run.ID), nil
}

// Retirements implements portfolio.
func (r *remote) Retirements(ctx context.Context, id domain.WebsiteID) ([]client.Retirement, error) {
	list, err := r.api.ListRetirements(ctx, string(id))
	if err != nil {
		return nil, r.fault(err)
	}
	return list, nil
}

// TakeBack implements portfolio.
func (r *remote) TakeBack(ctx context.Context, id domain.WebsiteID, path string) error {
	if err := r.api.TakeBackRetirement(ctx, string(id), client.TakeBackRetirementParams{Path: path}); err != nil {
		return r.fault(err)
	}
	return nil
}

// PlanRelease implements portfolio.
func (r *remote) PlanRelease(ctx context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) (*client.Planned, error) {
	p, err := r.api.PlanRelease(ctx, string(id), client.PlanReleaseInput{ReleaseID: string(release), At: at})
	return answered(r, p, err)
}

// PlannedReleases implements portfolio.
func (r *remote) PlannedReleases(ctx context.Context, id domain.WebsiteID, w domain.Window) ([]client.Planned, int, error) {
	list, err := r.api.ListPlannedReleases(ctx, client.ListPlannedReleasesParams{WebsiteID: string(id), Limit: w.Limit, Offset: w.Offset})
	return listed(r, list, err)
}

// CancelPlanned implements portfolio.
func (r *remote) CancelPlanned(ctx context.Context, id domain.PlannedReleaseID) (*client.Planned, error) {
	p, err := r.api.CancelPlannedRelease(ctx, string(id))
	return answered(r, p, err)
}

// siteRun starts a run that is about a website and follows it.
func (g *globals) siteRun(cmd *cobra.Command, key string, start func(ctx context.Context, p portfolio, s *siteView) (domain.RunID, error)) error {
	return g.onWorkingPortfolio(cmd, func(ctx context.Context, p portfolio) error {
		s, err := p.Site(ctx, key)
		if err != nil {
			return err
		}
		run, err := start(ctx, p, s)
		if err != nil {
			return err
		}
		return g.follow(ctx, p, run, s.ID)
	})
}

func siteRestoreCommand(g *globals) *cobra.Command {
	var from int
	c := &cobra.Command{
		Use: "restore SITE PATH", Short: "Bring one page back from an earlier release", Args: cobra.ExactArgs(2),
		Long: `Make a release of the live one with one page as it was in an earlier release. Nothing else
differs but what names the page, such as the sitemap. It passes the gates, which refuse a
page whose facts are not those of today's feeds any more, and is approved as always. SITE is
an id, a name or a domain; PATH is that of the page, such as /guide/.`,
		Example: "  empire site restore keyboards.example /guide/ --from 3",
		RunE: func(cmd *cobra.Command, args []string) error {
			if from < 1 {
				return usagef("--from is needed: the number of a release, from 1, as empire site show lists them")
			}
			return g.siteRun(cmd, args[0], func(ctx context.Context, p portfolio, s *siteView) (domain.RunID, error) {
				r, err := releaseNumbered(ctx, p, s.ID, from)
				if err != nil {
					return "", err
				}
				return p.Restore(ctx, s.ID, args[1], r)
			})
		},
	}
	c.Flags().IntVar(&from, "from", 0, "number of the release that the page comes from (needed)")
	return c
}

func siteRetireCommand(g *globals) *cobra.Command {
	var into, reason string
	var undo bool
	c := &cobra.Command{
		Use: "retire SITE [PATH]", Short: "Retire a page or a website, or merge it into another", Args: cobra.RangeArgs(1, 2),
		Long: `Take a page or a website away for good. A page of a product, a comparison or a best-for
page goes with the build that is started; its address leads to --into, another page, or
answers 410, and later builds do not bring it back. Without PATH it is the website: its
release leads every address to the pages of --into, another website, or answers 410. It is
approved as always; a rollback brings a website back. SITE is an id, a name or a domain.`,
		Example: "  empire site retire keyboards.example /old-board/ --into /new-board/ --reason 'sold out for good'\n  empire site retire weak.example --into keyboards.example --reason 'merged'\n  empire site retire keyboards.example /old-board/ --undo",
		RunE: func(cmd *cobra.Command, args []string) error {
			path := strings.Join(args[1:], "")
			if undo {
				return g.takeBack(cmd, args[0], path)
			}
			if strings.TrimSpace(reason) == "" {
				return usagef("--reason is needed: who meets it later must know why")
			}
			return g.siteRun(cmd, args[0], func(ctx context.Context, p portfolio, s *siteView) (domain.RunID, error) {
				target := into
				if path == "" && into != "" {
					other, err := p.Site(ctx, into)
					if err != nil {
						return "", err
					}
					target = string(other.ID)
				}
				return p.Retire(ctx, s.ID, path, target, reason)
			})
		},
	}
	c.Flags().StringVar(&into, "into", "", "where visitors are led: a path for a page, another website for a website (default: 410)")
	c.Flags().StringVar(&reason, "reason", "", "why (needed)")
	c.Flags().BoolVar(&undo, "undo", false, "forget that it was retired: the next build may bring it back")
	return c
}

func (g *globals) takeBack(cmd *cobra.Command, key, path string) error {
	return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
		s, err := p.Site(ctx, key)
		if err != nil {
			return err
		}
		if err := p.TakeBack(ctx, s.ID, path); err != nil {
			return err
		}
		if g.json {
			return printJSON(g.io.out, map[string]any{"website_id": s.ID, "path": path})
		}
		cmd.Printf("%s%s is not retired any more; build the website to bring it back\n", s.Domain, path)
		return nil
	})
}

func siteRetirementsCommand(g *globals) *cobra.Command {
	return siteArgs(g, "retirements", "List what of a website was retired", "  empire site retirements keyboards.example",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			list, err := p.Retirements(ctx, s.ID)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, orEmpty(list))
			}
			if len(list) == 0 {
				cmd.Printf("Nothing of %s was retired.\n", s.Domain)
				return nil
			}
			rows := make([][]string, len(list))
			for i, r := range list {
				rows[i] = []string{cmp.Or(r.Path, "(the website)"), cmp.Or(r.Target, "410"), ago(r.At), r.Reason}
			}
			return table(g.io.out, []string{"PATH", "LEADS TO", "SINCE", "REASON"}, rows)
		})
}

// planAt has a release go live later.
func (g *globals) planAt(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView, release, at string) error {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return usagef("--at must be a time like 2027-01-31T08:00:00+01:00, not %q", at)
	}
	plan, err := p.PlanRelease(ctx, s.ID, domain.ReleaseID(release), when)
	if err != nil {
		return err
	}
	return g.printPlan(cmd, plan)
}

func (g *globals) printPlan(cmd *cobra.Command, p *client.Planned) error {
	if g.json {
		return printJSON(g.io.out, p)
	}
	cmd.Printf("%s: release %s at %s is %s\n", p.ID, p.ReleaseID, p.At.Format(time.RFC3339), p.State)
	return nil
}

func sitePlannedCommand(g *globals) *cobra.Command {
	var w domain.Window
	var cancel string
	c := &cobra.Command{
		Use: "planned [SITE]", Short: "List releases that go live later, and what became of them", Args: cobra.MaximumNArgs(1),
		Example: "  empire site planned\n  empire site planned keyboards.example\n  empire site planned --cancel plan_…",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWindow(w); err != nil {
				return err
			}
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				if cancel != "" {
					plan, err := p.CancelPlanned(ctx, domain.PlannedReleaseID(cancel))
					if err != nil {
						return err
					}
					return g.printPlan(cmd, plan)
				}
				var id domain.WebsiteID
				if len(args) > 0 {
					s, err := p.Site(ctx, args[0])
					if err != nil {
						return err
					}
					id = s.ID
				}
				return g.listPlanned(ctx, cmd, p, id, w)
			})
		},
	}
	windowFlags(c, &w)
	c.Flags().StringVar(&cancel, "cancel", "", "keep this planned release from going live")
	return c
}

func (g *globals) listPlanned(ctx context.Context, cmd *cobra.Command, p portfolio, id domain.WebsiteID, w domain.Window) error {
	list, total, err := p.PlannedReleases(ctx, id, w)
	if err != nil {
		return err
	}
	rows := make([][]string, len(list))
	for i := range list {
		r := &list[i]
		rows[i] = []string{r.ID, r.WebsiteID, r.ReleaseID, r.At.Format(time.RFC3339), string(r.State), r.Detail}
	}
	return g.printList(cmd, orEmpty(list), w, total, "No release is planned.", []string{"ID", "WEBSITE", "RELEASE", "AT", "STATE", "DETAIL"}, rows)
}
