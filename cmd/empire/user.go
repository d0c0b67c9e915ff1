package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

func userCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "Manage who may sign in",
		Example: "  empire user list\n  empire user add editor@shop.example --permission websites.manage",
	}
	c.AddCommand(userListCommand(g), userAddCommand(g), userPasswordCommand(g), userTokenCommand(g))
	return c
}

func userListCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List accounts with their permissions", Example: "  empire user list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				list, _, err := a.Users.List(ctx, domain.Window{Limit: 1000})
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, list)
				}
				rows := make([][]string, 0, len(list))
				for _, u := range list {
					rows = append(rows, []string{string(u.ID), u.Email, u.Name, join(u.Permissions)})
				}
				return table(g.io.out, []string{"ID", "EMAIL", "NAME", "PERMISSIONS"}, rows)
			})
		},
	}
}

func userAddCommand(g *globals) *cobra.Command {
	var name string
	var permissions []string
	c := &cobra.Command{
		Use: "add EMAIL", Short: "Add an account with a random password and print it once",
		Example: "  empire user add editor@shop.example --name Editor --permission websites.read --permission websites.manage",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var list []domain.Permission
			for _, p := range permissions {
				if !slices.Contains(domain.Permissions(), domain.Permission(p)) {
					return usagef("there is no permission %q; there are %s", p, join(domain.Permissions()))
				}
				list = append(list, domain.Permission(p))
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				u, password, err := a.AddUser(ctx, "", domain.UserParams{Email: args[0], Name: name, Permissions: list})
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]any{"id": u.ID, "email": u.Email, "permissions": u.Permissions, "password": password})
				}
				cmd.Printf("%s was added with password %s (shown once)\n", u.Email, password)
				return nil
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the person")
	c.Flags().StringSliceVar(&permissions, "permission", []string{string(domain.AgentsRead), string(domain.WebsitesRead)},
		"what the person may do; repeat for several: "+join(domain.Permissions()))
	return c
}

func userPasswordCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "password EMAIL", Short: "Set a new random password and print it once", Example: "  empire user password admin@localhost",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				password, err := a.Users.ResetPassword(ctx, args[0])
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"email": args[0], "password": password})
				}
				cmd.Printf("the new password of %s is %s (shown once)\n", args[0], password)
				return nil
			})
		},
	}
}

func userTokenCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "token EMAIL", Short: "Print a token for the API, as a sign-in returns it",
		Long: `Print a token for the API that lasts 24 hours, as a sign-in returns it. Whoever may read
the data directory may do so; the audit log says it. EMPIRE_TOKEN takes it.`,
		Example: `  export EMPIRE_TOKEN=$(empire user token admin@localhost --data ./empire-data)
  export EMPIRE_URL=http://127.0.0.1:8080
  curl -H "Authorization: Bearer $EMPIRE_TOKEN" $EMPIRE_URL/api/v1/websites`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				token, ends, err := a.Token(ctx, args[0])
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"access_token": token, "token_type": "bearer", "expires_at": ends.UTC().Format(time.RFC3339)})
				}
				cmd.Println(token)
				return nil
			})
		},
	}
}
