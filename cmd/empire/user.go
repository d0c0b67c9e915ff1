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
	c.AddCommand(
		userListCommand(g), userAddCommand(g), userUpdateCommand(g), userDeleteCommand(g), userPasswordCommand(g), userTokenCommand(g), userTOTPCommand(g),
	)
	return c
}

func userListCommand(g *globals) *cobra.Command {
	var tenant string
	c := &cobra.Command{
		Use: "list", Short: "List accounts with their permissions", Example: "  empire user list\n  empire user list --tenant acme --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				list, total, err := a.Accounts(ctx, domain.TenantID(tenant), domain.Window{Limit: 1000})
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, list)
				}
				rows := make([][]string, 0, len(list))
				for _, u := range list {
					factor := "no"
					if len(u.TOTP) > 0 {
						factor = "yes"
					}
					rows = append(rows, []string{string(u.ID), string(u.Tenant), u.Email, u.Name, factor, join(u.Permissions)})
				}
				if err := table(g.io.out, []string{"ID", "TENANT", "EMAIL", "NAME", "2ND FACTOR", "PERMISSIONS"}, rows); err != nil {
					return err
				}
				if total > len(list) {
					cmd.PrintErrf("%d of %d accounts\n", len(list), total)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&tenant, "tenant", "", "only accounts of this `tenant`")
	return c
}

// permissionList checks the names of permissions.
func permissionList(names []string) ([]domain.Permission, error) {
	list := []domain.Permission{}
	for _, p := range names {
		if !slices.Contains(domain.Permissions(), domain.Permission(p)) {
			return nil, usagef("there is no permission %q; there are %s", p, join(domain.Permissions()))
		}
		list = append(list, domain.Permission(p))
	}
	return list, nil
}

func userAddCommand(g *globals) *cobra.Command {
	var name, tenant string
	var permissions []string
	c := &cobra.Command{
		Use: "add EMAIL", Short: "Add an account with a random password and print it once",
		Example: "  empire user add editor@shop.example --name Editor --permission websites.read --permission websites.manage\n" +
			"  empire user add boss@acme.example --tenant acme --permission admin.full",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := permissionList(permissions)
			if err != nil {
				return err
			}
			if tenant != "" && domain.TenantID(tenant).Validate() != nil {
				return usagef("--tenant: %s", domain.MessageOf(domain.TenantID(tenant).Validate()))
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				u, password, err := a.AddUser(ctx, domain.TenantID(tenant), domain.UserParams{Email: args[0], Name: name, Permissions: list})
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]any{
						"id": u.ID, "tenant": u.Tenant, "email": u.Email, "permissions": u.Permissions, "password": password,
					})
				}
				cmd.Printf("%s was added with password %s (shown once)\n", u.Email, password)
				return nil
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the person")
	c.Flags().StringVar(&tenant, "tenant", "", "`tenant` of the account, whose things alone it sees (default "+string(domain.DefaultTenant)+")")
	c.Flags().StringSliceVar(&permissions, "permission", []string{string(domain.AgentsRead), string(domain.WebsitesRead)},
		"what the person may do; repeat for several: "+join(domain.Permissions()))
	return c
}

func userUpdateCommand(g *globals) *cobra.Command {
	var name string
	var permissions []string
	c := &cobra.Command{
		Use: "update EMAIL", Short: "Change the name or the permissions of an account",
		Example: "  empire user update editor@shop.example --permission websites.manage --permission agents.read\n  empire user update editor@shop.example --name 'Chief editor'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var patch domain.UserPatch
			if cmd.Flags().Changed("name") {
				patch.Name = &name
			}
			if cmd.Flags().Changed("permission") {
				list, err := permissionList(permissions)
				if err != nil {
					return err
				}
				patch.Permissions = &list
			}
			if patch == (domain.UserPatch{}) {
				return usagef("user update needs --name or --permission; see empire user update --help")
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				u, ctx, err := a.Account(ctx, args[0])
				if err != nil {
					return err
				}
				if u, err = a.Users.Update(ctx, u.ID, patch); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, u)
				}
				cmd.Printf("%s may do %s\n", u.Email, join(u.Permissions))
				return nil
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the person")
	c.Flags().StringSliceVar(&permissions, "permission", nil, "all that the person may do from now on; repeat for several: "+join(domain.Permissions()))
	return c
}

func userDeleteCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete EMAIL", Short: "Remove an account with its sign-ins and API keys; what it made stays",
		Example: "  empire user delete editor@shop.example", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onAccount(cmd, args[0], "was removed", func(ctx context.Context, a *app.App, u *domain.User) error {
				return a.Users.Delete(ctx, u.ID)
			})
		},
	}
}

func userTOTPCommand(g *globals) *cobra.Command {
	c := &cobra.Command{Use: "totp", Short: "Manage second factors", Example: "  empire user totp off editor@shop.example"}
	c.AddCommand(&cobra.Command{
		Use: "off EMAIL", Short: "Remove the second factor of someone whose authenticator is lost",
		Example: "  empire user totp off editor@shop.example", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.onAccount(cmd, args[0], "has no second factor any more", func(ctx context.Context, a *app.App, u *domain.User) error {
				return a.Users.RemoveTOTP(ctx, u.ID)
			})
		},
	})
	return c
}

// onAccount does something to an account and says what became of it.
func (g *globals) onAccount(cmd *cobra.Command, email, done string, do func(context.Context, *app.App, *domain.User) error) error {
	return g.with(cmd, func(ctx context.Context, a *app.App) error {
		u, ctx, err := a.Account(ctx, email)
		if err != nil {
			return err
		}
		if err := do(ctx, a, u); err != nil {
			return err
		}
		if g.json {
			return printJSON(g.io.out, map[string]any{"id": u.ID, "email": u.Email, "status": "done"})
		}
		cmd.Printf("%s %s\n", u.Email, done)
		return nil
	})
}

func userPasswordCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "password EMAIL", Short: "Set a new random password, end all sign-ins and print it once", Example: "  empire user password admin@localhost",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				u, ctx, err := a.Account(ctx, args[0])
				if err != nil {
					return err
				}
				password, err := a.Users.ResetPassword(ctx, u.Email)
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]string{"email": u.Email, "password": password})
				}
				cmd.Printf("the new password of %s is %s (shown once)\n", u.Email, password)
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
