package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func siteDeployCommand(g *globals) *cobra.Command {
	var number int
	var to string
	c := &cobra.Command{
		Use: "deploy SITE --to folder:DIR", Short: "Bring a release to where another server serves it, and verify every file",
		Example: "  empire site deploy keyboards.example --to folder:/srv/sites\n  empire site deploy keyboards.example --to folder:/srv/sites --release 2 --json",
		Long: `Bring the live release of a website, or one that was live before, to a target, switch to
it in one step, and read every file back. If one is missing or differs, the target serves
what it served before, and the exit code is 1. The target folder:DIR has a directory for
each host:

  DIR/HOST/releases/SHA256/…    files, which never change
  DIR/HOST/current              a link to the release that is served

for a web server with, say, "root DIR/$host/current". SITE is an id, a name or a domain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return usagef("--to is needed: the target, like folder:/srv/sites")
			}
			return g.onRelease(cmd, args[0], number, func(ctx context.Context, a *app.App, s *domain.Website, id domain.ReleaseID) error {
				r, err := a.Websites.Deploy(ctx, s.ID, id, to)
				if err != nil {
					return err
				}
				return g.printDeployed(cmd, r)
			})
		},
	}
	c.Flags().StringVar(&to, "to", "", "target: folder:DIR")
	c.Flags().IntVar(&number, "release", 0, "number of a release that was live (default the live one)")
	return c
}

func (g *globals) printDeployed(cmd *cobra.Command, r *domain.DeployReport) error {
	if g.json {
		return printJSON(g.io.out, r)
	}
	cmd.Printf("release %d of %s is served by %s: %d files, %d bytes, %d verified, in %s\n", r.Number, r.Host, r.Target, r.Files, r.Bytes, r.Verified, r.Took.Round(time.Millisecond))
	return nil
}
