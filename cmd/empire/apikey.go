package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"empire/internal/app"
	"empire/internal/domain"
)

// apiKeyView is an API key as the REST API shows it. Secret is there once, when the
// key is new.
type apiKeyView struct {
	Secret     string              `json:"secret,omitempty"`
	ID         domain.APIKeyID     `json:"id"`
	UserID     domain.UserID       `json:"user_id"`
	Name       string              `json:"name"`
	Prefix     string              `json:"prefix"`
	Scope      []domain.Permission `json:"scope"`
	CreatedAt  time.Time           `json:"created_at"`
	ExpiresAt  time.Time           `json:"expires_at"`
	LastUsedAt *time.Time          `json:"last_used_at"`
	RevokedAt  *time.Time          `json:"revoked_at"`
	ReplacedBy *domain.APIKeyID    `json:"replaced_by"`
}

func viewAPIKey(k *domain.APIKey) apiKeyView {
	v := apiKeyView{
		ID: k.ID, UserID: k.UserID, Name: k.Name, Prefix: k.Prefix, Scope: orEmpty(k.Scope), CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt,
		LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
	if k.ReplacedBy != "" {
		v.ReplacedBy = &k.ReplacedBy
	}
	return v
}

func apiKeyCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "apikey", Short: "Manage the keys with which programs act for users",
		Example: "  empire apikey create --user editor@shop.example --name n8n --scope websites.read\n  empire apikey list --user editor@shop.example",
	}
	c.AddCommand(apiKeyCreateCommand(g), apiKeyListCommand(g), apiKeyRevokeCommand(g), apiKeyRotateCommand(g))
	return c
}

func apiKeyCreateCommand(g *globals) *cobra.Command {
	var user, name string
	var scope []string
	var expires time.Duration
	c := &cobra.Command{
		Use: "create", Short: "Make an API key for a user and print its secret once",
		Long: `Make an API key for a user and print its secret once. It can do what is in its scope and
what its user may do, whatever is less. EMPIRE_TOKEN takes it.`,
		Example: "  empire apikey create --user editor@shop.example --name n8n --scope websites.read --scope agents.read --expires 720h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" || len(scope) == 0 {
				return usagef("apikey create needs --name and --scope; see empire apikey create --help")
			}
			list, err := permissionList(scope)
			if err != nil {
				return err
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				u, ctx, err := a.Account(ctx, user)
				if err != nil {
					return err
				}
				return g.showNewKey(cmd)(a.APIKeys.Create(ctx, u.ID, domain.APIKeyParams{Name: name, Scope: list, Expires: expires}))
			})
		},
	}
	keyUserFlag(c, &user)
	c.Flags().StringVar(&name, "name", "", "what the key is for")
	c.Flags().StringSliceVar(&scope, "scope", nil, "what the key may do; repeat for several: "+join(domain.Permissions()))
	c.Flags().DurationVar(&expires, "expires", domain.APIKeyLifetime, "how long the key lasts, at most 8760h")
	return c
}

func keyUserFlag(c *cobra.Command, user *string) {
	c.Flags().StringVar(user, "user", app.AdminEmail, "`EMAIL` of the user for whom the key acts")
}

// showNewKey prints a key that was made.
func (g *globals) showNewKey(cmd *cobra.Command) func(*domain.NewAPIKey, error) error {
	return func(k *domain.NewAPIKey, err error) error {
		if err != nil {
			return err
		}
		if g.json {
			v := viewAPIKey(&k.APIKey)
			v.Secret = k.Secret
			return printJSON(g.io.out, v)
		}
		cmd.Println(k.Secret)
		cmd.PrintErrf("%s may do %s until %s; its secret is shown once\n", k.ID, join(k.Scope), k.ExpiresAt.Format(time.DateOnly))
		return nil
	}
}

func apiKeyListCommand(g *globals) *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List the API keys of a user, never their secrets", Example: "  empire apikey list --user editor@shop.example",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				u, ctx, err := a.Account(ctx, user)
				if err != nil {
					return err
				}
				list, total, err := a.APIKeys.List(ctx, u.ID, domain.Window{Limit: 1000})
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, views(list, viewAPIKey))
				}
				rows := make([][]string, 0, len(list))
				for i := range list {
					rows = append(rows, apiKeyRow(&list[i], time.Now()))
				}
				if err := table(g.io.out, []string{"ID", "NAME", "BEGINS", "SCOPE", "ENDS", "LAST USED"}, rows); err != nil {
					return err
				}
				if total > len(list) {
					cmd.PrintErrf("%d of %d keys\n", len(list), total)
				}
				return nil
			})
		},
	}
	keyUserFlag(c, &user)
	return c
}

func apiKeyRow(k *domain.APIKey, now time.Time) []string {
	ends, used := k.ExpiresAt.Format(time.DateOnly), "never"
	switch {
	case k.RevokedAt != nil:
		ends = "revoked"
	case !k.Valid(now):
		ends = "expired"
	}
	if k.LastUsedAt != nil {
		used = ago(*k.LastUsedAt)
	}
	return []string{string(k.ID), k.Name, k.Prefix, join(k.Scope), ends, used}
}

func apiKeyRevokeCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "revoke KEY", Short: "End an API key at once", Example: "  empire apikey revoke key_01k2ja4q9v8w7x6y5z4a3b2c1d", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				id := domain.APIKeyID(args[0])
				u, ctx, err := a.KeyOwner(ctx, id)
				if err != nil {
					return err
				}
				if err := a.APIKeys.Revoke(ctx, u.ID, id); err != nil {
					return err
				}
				if g.json {
					return printJSON(g.io.out, map[string]any{"id": id, "user_id": u.ID, "status": "done"})
				}
				cmd.Printf("%s of %s is revoked\n", id, u.Email)
				return nil
			})
		},
	}
}

func apiKeyRotateCommand(g *globals) *cobra.Command {
	var overlap time.Duration
	c := &cobra.Command{
		Use: "rotate KEY", Short: "Replace an API key by a new one and print its secret once",
		Long: `Replace an API key by a new one with the same name, scope and length of life, and print
its secret once. The old key goes on for the overlap, so that programs can change over.`,
		Example: "  empire apikey rotate key_01k2ja4q9v8w7x6y5z4a3b2c1d --overlap 1h", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if overlap < 0 || overlap > domain.MaxKeyOverlap {
				return usagef("--overlap %s is not between 0 and %s", overlap, domain.MaxKeyOverlap)
			}
			return g.with(cmd, func(ctx context.Context, a *app.App) error {
				id := domain.APIKeyID(args[0])
				u, ctx, err := a.KeyOwner(ctx, id)
				if err != nil {
					return err
				}
				return g.showNewKey(cmd)(a.APIKeys.Rotate(ctx, u.ID, id, overlap))
			})
		},
	}
	c.Flags().DurationVar(&overlap, "overlap", domain.DefaultKeyOverlap, "how long the old key goes on")
	return c
}
