package main

import (
	"context"

	"github.com/spf13/cobra"

	"empire/internal/app"
)

func userCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Manage who may sign in"}
	c.AddCommand(&cobra.Command{
		Use: "password EMAIL", Short: "Set a new random password and print it once", Example: "  empire user password admin@localhost",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				password, err := a.Users.ResetPassword(ctx, args[0])
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd, map[string]string{"email": args[0], "password": password})
				}
				cmd.Printf("new password of %s: %s\n", args[0], password)
				return nil
			})
		},
	})
	return c
}

func migrateCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "migrate", Short: "Bring the database up to date, or show where it stands"}
	c.AddCommand(
		&cobra.Command{
			Use: "up", Short: "Apply open migrations", Example: "  empire migrate up",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return g.with(cmd, func(context.Context, *app.App) error { // opening migrates
					cmd.Println("the database is up to date")
					return nil
				})
			},
		},
		&cobra.Command{
			Use: "status", Short: "List migrations and whether they were applied", Example: "  empire migrate status",
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, _, err := g.load(map[string]string{"log.level": g.quiet()})
				if err != nil {
					return err
				}
				list, err := app.MigrationStatus(cmd.Context(), cfg)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd, list)
				}
				rows := make([][]string, 0, len(list))
				for _, m := range list {
					state := "open"
					if m.AppliedAt != nil {
						state = "applied"
					}
					rows = append(rows, []string{m.Name, state})
				}
				return table(cmd.OutOrStdout(), []string{"MIGRATION", "STATE"}, rows)
			},
		},
	)
	return c
}
