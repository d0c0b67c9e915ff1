package main

import (
	"context"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func siteVerifyCommand(g *globals) *cobra.Command {
	var number int
	c := &cobra.Command{
		Use: "verify SITE", Short: "Build a release again and check that the same bytes come out", Example: "  empire site verify keyboards.example --release 2",
		Long: `Build a release of a website again from the draft that it was built from, and check that
the same bytes come out, compressed forms included. The exit code is 1 if they do not: then
another version of this program built it. SITE is an id, a name or a domain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onRelease(cmd, args[0], number, func(ctx context.Context, a *app.App, s *domain.Website, id domain.ReleaseID) error {
				r, rebuilt, err := a.VerifyRelease(ctx, s, id)
				if err != nil {
					return err
				}
				return g.printVerified(cmd, s, r, rebuilt)
			})
		},
	}
	c.Flags().IntVar(&number, "release", 0, "number of the release (default the live one)")
	return c
}

func (g *globals) printVerified(cmd *cobra.Command, s *domain.Website, r *domain.Release, rebuilt string) error {
	same := r.Manifest == rebuilt
	if g.json {
		if err := printJSON(g.io.out, map[string]any{"release_id": r.ID, "number": r.Number, "manifest": r.Manifest, "rebuilt": rebuilt, "same": same}); err != nil {
			return err
		}
	}
	if !same {
		return domain.Errorf(domain.CodeConflict, "Release %d of %s is %s; built again it is %s.", r.Number, s.Domain, r.Manifest, rebuilt)
	}
	if !g.json {
		cmd.Printf("release %d of %s, built again, is the same: %s\n", r.Number, s.Domain, rebuilt)
	}
	return nil
}
