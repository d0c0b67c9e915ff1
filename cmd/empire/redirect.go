package main

import (
	"context"

	"github.com/spf13/cobra"

	"empire/client"
	"empire/internal/domain"
)

type redirectKeeper interface {
	Redirects(ctx context.Context, id domain.WebsiteID) ([]domain.RedirectState, error)
	SetRedirect(ctx context.Context, id domain.WebsiteID, path, target string) (*domain.RedirectState, error)
	DeleteRedirect(ctx context.Context, id domain.WebsiteID, path string) error
}

// Redirects implements portfolio.
func (l local) Redirects(ctx context.Context, id domain.WebsiteID) ([]domain.RedirectState, error) {
	return l.a.Redirects.List(ctx, id)
}

// SetRedirect implements portfolio.
func (l local) SetRedirect(ctx context.Context, id domain.WebsiteID, path, target string) (*domain.RedirectState, error) {
	return l.a.Redirects.Set(ctx, id, path, target)
}

// DeleteRedirect implements portfolio.
func (l local) DeleteRedirect(ctx context.Context, id domain.WebsiteID, path string) error {
	return l.a.Redirects.Delete(ctx, id, path)
}

// Redirects implements portfolio.
func (r *remote) Redirects(ctx context.Context, id domain.WebsiteID) ([]domain.RedirectState, error) {
	answer, err := r.api.ListRedirects(ctx, string(id))
	list, err := shown[[]domain.RedirectState](r, &answer, err)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// SetRedirect implements portfolio.
func (r *remote) SetRedirect(ctx context.Context, id domain.WebsiteID, path, target string) (*domain.RedirectState, error) {
	answer, err := r.api.SetRedirect(ctx, string(id), client.SetRedirectInput{Path: path, Target: target})
	return shown[domain.RedirectState](r, answer, err)
}

// DeleteRedirect implements portfolio.
func (r *remote) DeleteRedirect(ctx context.Context, id domain.WebsiteID, path string) error {
	if err := r.api.DeleteRedirect(ctx, string(id), client.DeleteRedirectParams{Path: path}); err != nil {
		return r.fault(err)
	}
	return nil
}

func redirectCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "redirect", Short: "List, set and delete redirects of old addresses",
		Example: "  empire redirect list keyboards.example\n  empire redirect set keyboards.example /old-guide/ /guide/",
	}
	c.AddCommand(redirectListCommand(g), redirectSetCommand(g), redirectDeleteCommand(g))
	return c
}

func redirectListCommand(g *globals) *cobra.Command {
	return siteArgs(g, "list", "List the redirects of a website", "  empire redirect list keyboards.example",
		func(ctx context.Context, cmd *cobra.Command, p portfolio, s *siteView) error {
			list, err := p.Redirects(ctx, s.ID)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, orEmpty(list))
			}
			if len(list) == 0 {
				cmd.Println("It redirects nothing.")
				return nil
			}
			rows := make([][]string, 0, len(list))
			for i := range list {
				from := "page that went"
				if list[i].Own {
					from = "operator"
				}
				rows = append(rows, []string{list[i].Path, list[i].Target, from, orDash(&list[i].LiveTarget)})
			}
			return table(g.io.out, []string{"PATH", "LEADS TO", "BY", "NOW"}, rows)
		})
}

// redirectArgs is a command about one path of a website.
func redirectArgs(g *globals, use, short, example string, n int, fn func(ctx context.Context, cmd *cobra.Command, p portfolio, id domain.WebsiteID, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Example: example, Args: cobra.ExactArgs(n),
		Long: short + ". SITE is an id, a name or a domain. What changes goes live with the next release.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onPortfolio(cmd, func(ctx context.Context, p portfolio) error {
				s, err := p.Site(ctx, args[0])
				if err != nil {
					return err
				}
				return fn(ctx, cmd, p, s.ID, args[1:])
			})
		},
	}
}

func redirectSetCommand(g *globals) *cobra.Command {
	return redirectArgs(g, "set SITE PATH TARGET", "Lead visitors of an old path elsewhere", "  empire redirect set keyboards.example /old-guide/ /guide/", 3,
		func(ctx context.Context, cmd *cobra.Command, p portfolio, id domain.WebsiteID, args []string) error {
			r, err := p.SetRedirect(ctx, id, args[0], args[1])
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, r)
			}
			cmd.Printf("%s will lead to %s from the next release on\n", r.Path, r.Target)
			return nil
		})
}

func redirectDeleteCommand(g *globals) *cobra.Command {
	return redirectArgs(g, "delete SITE PATH", "Forget what was set for an old path", "  empire redirect delete keyboards.example /old-guide/", 2,
		func(ctx context.Context, cmd *cobra.Command, p portfolio, id domain.WebsiteID, args []string) error {
			if err := p.DeleteRedirect(ctx, id, args[0]); err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, map[string]string{"deleted": args[0]})
			}
			cmd.Printf("the redirect of %s is forgotten\n", args[0])
			return nil
		})
}
