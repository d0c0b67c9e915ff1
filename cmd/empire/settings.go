package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"empire/internal/app"
)

func configCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Show the configuration", Example: "  empire config show"}
	c.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Print every setting with its value and where it comes from; secrets are masked",
		Example: `  empire config show
  EMPIRE_LISTEN_API=127.0.0.1:9000 empire config show --json`,
		RunE: func(*cobra.Command, []string) error {
			_, settings, err := g.load(nil)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(g.io.out, settings)
			}
			rows := make([][]string, 0, len(settings))
			for _, s := range settings {
				rows = append(rows, []string{s.Key, s.Value, s.Source})
			}
			return table(g.io.out, []string{"SETTING", "VALUE", "FROM"}, rows)
		},
	})
	return c
}

func versionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  empire version --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, revision := "devel", "unknown"
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
				return printJSON(g.io.out, map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
			}
			cmd.Printf("empire %s (revision %s, %s)\n", version, revision, runtime.Version())
			return nil
		},
	}
}

func migrateCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date, or show where it stands",
		Example: "  empire migrate status\n  empire migrate up",
	}
	c.AddCommand(
		&cobra.Command{
			Use: "up", Short: "Apply open migrations", Example: "  empire migrate up\n  empire migrate up --pg postgres://empire@db/empire",
			Long: "Apply open migrations. Every command that opens the database does so, too; this one does nothing else.",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return g.with(cmd, func(context.Context, *app.App) error { // opening migrates
					return g.migrations(cmd)
				})
			},
		},
		&cobra.Command{
			Use: "status", Short: "List migrations and whether they were applied", Example: "  empire migrate status --json",
			RunE: func(cmd *cobra.Command, _ []string) error {
				if err := g.needData(cmd); err != nil {
					return err
				}
				return g.migrations(cmd)
			},
		},
	)
	return c
}

type migrationView struct {
	Version   int64   `json:"version"`
	Name      string  `json:"name"`
	AppliedAt *string `json:"applied_at"`
}

func (g *globals) migrations(cmd *cobra.Command) error {
	cfg, _, err := g.quietly(nil)
	if err != nil {
		return err
	}
	state, err := app.LookAtDatabase(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	out := []migrationView{}
	rows := [][]string{}
	if !state.Missing {
		list, err := app.MigrationStatus(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		for _, m := range list {
			v, applied := migrationView{Version: m.Version, Name: m.Name}, "open"
			if m.AppliedAt != nil {
				applied = m.AppliedAt.Format("2006-01-02T15:04:05Z07:00")
				v.AppliedAt = &applied
			}
			out, rows = append(out, v), append(rows, []string{m.Name, applied})
		}
	}
	if g.json {
		return printJSON(g.io.out, out)
	}
	if state.Missing {
		cmd.Printf("There is no database in %s yet; the first start makes it.\n", cfg.Data)
		return nil
	}
	return table(g.io.out, []string{"MIGRATION", "APPLIED"}, rows)
}
