package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"empire/internal/app"
)

func serveCommand(g *globals) *cobra.Command {
	var role, api, edge string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve API, dashboard and sites, and work through runs",
		Long: `Serve API and dashboard (127.0.0.1:8080), the sites by host name (127.0.0.1:8081)
and work through runs. The first start creates an administrator and prints the
password once. Several processes may share PostgreSQL, each with a role.`,
		Example: `  empire serve
  empire serve --pg postgres://empire@db/empire --role worker`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			a, cfg, err := g.open(ctx, app.Serve, map[string]string{"role": role, "listen.api": api, "listen.edge": edge})
			if err != nil {
				return err
			}
			if err := a.Start(ctx); err != nil {
				return errors.Join(err, a.Close())
			}
			m := newMeter(os.Stderr)
			if c := a.NewCredentials(); c != nil {
				m.line("%s", credentialsLine(c))
			}
			m.line("dashboard and API at %s, sites at http://NAME.localhost:PORT of %s; Ctrl-C stops", a.URL(), cfg.Listen.Edge)
			<-ctx.Done()
			return stopApp(ctx, a, cfg.Shutdown.Timeout)
		},
	}
	c.Flags().StringVar(&role, "role", "", "all, gateway, worker or edge (default all)")
	c.Flags().StringVar(&api, "listen", "", "address of API and dashboard")
	c.Flags().StringVar(&edge, "listen-edge", "", "address of the edge")
	return c
}

func versionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  empire version --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, revision := "devel", ""
			if info, ok := debug.ReadBuildInfo(); ok {
				if v := info.Main.Version; v != "" && v != "(devel)" {
					version = v
				}
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			if g.json {
				return printJSON(cmd, map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
			}
			cmd.Printf("empire %s %s %s\n", version, revision, runtime.Version())
			return nil
		},
	}
}

func configCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Show the configuration"}
	c.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Print every setting with its value and where it comes from; secrets are masked",
		Example: `  empire config show
  EMPIRE_LISTEN_API=127.0.0.1:9000 empire config show --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, settings, err := g.load(nil)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(cmd, settings)
			}
			rows := make([][]string, 0, len(settings))
			for _, s := range settings {
				rows = append(rows, []string{s.Key, s.Value, s.Source})
			}
			return table(cmd.OutOrStdout(), []string{"SETTING", "VALUE", "FROM"}, rows)
		},
	})
	return c
}
