package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"

	"empire/internal/api"
	"empire/internal/auth"
	"empire/internal/cache"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/sample"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/telemetry"
	"empire/internal/webhook"
)

// AdminEmail is the account that the first start creates.
const AdminEmail = service.AdminEmail

// NewLogger returns the program's logger.
func NewLogger(w io.Writer, cfg *config.Config) (*slog.Logger, error) {
	format := cfg.Log.Format
	if format == "auto" {
		format = ""
	}
	return telemetry.NewLogger(w, telemetry.LogConfig{Level: cfg.Log.Level, Format: format, Batch: true})
}

// wireAdmin builds identity and makes sure that there is an administrator.
func (a *App) wireAdmin(ctx context.Context) error {
	secret := []byte(a.cfg.Auth.Secret)
	if len(secret) == 0 {
		var err error
		if secret, err = auth.LoadOrCreateSecret(filepath.Join(a.cfg.Data, "token.key")); err != nil {
			return err
		}
	}
	tokens, err := auth.NewTokens(secret, a.now)
	if err != nil {
		return err
	}
	vault, err := a.vault()
	if err != nil {
		return err
	}
	a.csrf = auth.NewCSRF(secret)
	a.authenticator = auth.NewAuthenticator(auth.AuthenticatorConfig{
		Tokens: tokens, Sessions: a.store.Sessions, Keys: a.store.APIKeys, Cache: cache.NewSessions(a.cache, principalAge, a.now).Seal(secret),
		Now: a.now, Logger: a.log,
	})
	a.Users = service.NewUsers(service.UsersConfig{
		Store: a.store.Users, Sessions: a.store.Sessions, Audit: a.store.Audit, Tx: a.store, Passwords: auth.NewPasswords(auth.PasswordConfig{}),
		TOTP: auth.TOTP{}, Vault: vault, Tokens: tokens, Guard: cache.NewAttempts(a.cache, a.now), Changed: a.identityChanged, Now: a.now,
	})
	a.APIKeys = service.NewAPIKeys(service.APIKeysConfig{
		Store: a.store.APIKeys, Users: a.store.Users, Audit: a.store.Audit, Tx: a.store, Secrets: auth.KeySecrets{},
		Changed: a.identityChanged, Now: a.now,
	})
	email, password, created, err := a.Users.EnsureAdmin(ctx)
	if err != nil {
		return err
	}
	if created {
		a.newAdmin = &Credentials{email, password}
	}
	return a.findAdmin(ctx)
}

// vault opens the key that seals secrets in the database: a configured one must be
// there.
func (a *App) vault() (*auth.Vault, error) {
	if a.cfg.Auth.KeyFile != "" {
		return auth.LoadVault(a.cfg.Auth.KeyFile)
	}
	return auth.LoadOrCreateVault(filepath.Join(a.cfg.Data, "seal.key"))
}

// identityChanged makes this process and others look at the rights, sign-ins and
// keys of a user again.
func (a *App) identityChanged(ctx context.Context, id domain.UserID) {
	a.authenticator.Forget(ctx, id)
	if a.bus == nil {
		return
	}
	if err := a.bus.Publish(ctx, "empire.identity."+string(id), map[string]string{"user_id": string(id)}); err != nil {
		a.log.WarnContext(ctx, "event not published", "user_id", id, "err", err)
	}
}

// identityHeard drops what is held of a user whose rights another process changed.
func (a *App) identityHeard(subject string, _ []byte) {
	a.authenticator.Forget(context.Background(), domain.UserID(strings.TrimPrefix(subject, "empire.identity.")))
}

// findAdmin sets the principal of local commands: whoever may read the data
// directory acts as the first administrator.
func (a *App) findAdmin(ctx context.Context) error {
	list, _, err := a.store.Users.List(ctx, domain.DefaultTenant, domain.Window{Limit: 1000})
	if err != nil {
		return err
	}
	for _, u := range list {
		p := &domain.Principal{UserID: u.ID, Tenant: u.Tenant, Email: u.Email, Permissions: u.Permissions, Human: true}
		if p.Can(domain.AdminFull) {
			a.admin = p
			return nil
		}
	}
	return domain.Errorf(domain.CodeForbidden, "No user has the permission %s.", domain.AdminFull)
}

// wireTransports builds the edge, the API, the dashboard and the listeners.
func (a *App) wireTransports(context.Context) error {
	if a.mode != Serve {
		return nil
	}
	if err := a.wireEdge(); err != nil {
		return err
	}
	if _, err := a.bus.Subscribe("empire.identity.*", a.identityHeard); err != nil {
		return err
	}
	rest := api.New(api.Config{
		Version: "1", Users: a.Users, APIKeys: a.APIKeys, Agents: a.Agents, Websites: a.Websites, Redirects: a.Redirects, Links: a.Links, Healing: a.Healing, Portfolio: a.portfolio(), Runs: a.Runs,
		Pipelines: a.Pipelines, Schedules: a.Schedules, Approvals: a.Approvals, Catalogue: a.Catalogue, Webhooks: a.Webhooks, Health: a.Health, Services: a.Services, Audit: a.Audit, Budgets: a.Budgets, Timelines: a.Timelines, Graph: a.Graph, Search: a.Search, Market: a.Market, Logger: a.log,
		Messages: a.Messages, DeadLetters: a.DeadLetters, Orchestrator: a.Orchestrator, Research: a.Research, Snapshots: a.Snapshots, Traffic: a.Traffic, Edge: service.NewEdge(a.edge), Duplicates: a.Duplicates, Fleet: a.Fleet, Batches: a.Batches, Revisions: a.Revisions, Planned: a.Planned, SEO: a.SEO, Submissions: a.Submissions, Alerts: a.Alerts,
	})
	routes := map[string]http.Handler{}
	if a.plays("gateway") || a.plays("worker") {
		hooks, err := a.wireWebhooks()
		if err != nil {
			return err
		}
		routes["/api/"], routes[webhook.Base] = rest, hooks
	}
	if a.plays("gateway") {
		pages, err := a.dashboard()
		if err != nil {
			return err
		}
		routes["/docs"], routes["/docs/"], routes["/"] = rest.Docs(), rest.Docs(), pages
		routes["/ws/"] = a.hub.Handler()
	}
	return a.wireGateway(routes, telemetry.MetricsHandler(a.metricsRegistry()))
}

// portfolio returns the websites in memory, as readers get them.
func (a *App) portfolio() *service.Portfolio {
	return service.NewPortfolio(service.PortfolioConfig{Store: store.NewPortfolio(a.db), Encode: api.EncodeWebsite})
}

// AsAdmin returns a context in which the local administrator acts.
func (a *App) AsAdmin(ctx context.Context) context.Context {
	return domain.WithPrincipal(ctx, a.admin)
}

// NewCredentials returns the administrator's credentials if this start created
// them, else nil.
func (a *App) NewCredentials() *Credentials { return a.newAdmin }

// URL returns the address of API and dashboard, with a slash at the end.
func (a *App) URL() string { return "http://" + a.gateway.Addr() + "/" }

// UseSampleOperator fills in marked sample data for the legal pages of new websites
// unless the configuration names an operator.
func (a *App) UseSampleOperator() {
	if o := a.operator(); len(o.Missing()) > 0 {
		a.Websites.SetOperator(sample.Operator())
	}
}

// MigrationStatus lists the migrations of the configured database without applying
// any.
func MigrationStatus(ctx context.Context, cfg *config.Config) ([]store.Migration, error) {
	log, err := NewLogger(io.Discard, cfg)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(cfg.Data, "empire.db"), URL: string(cfg.Database.URL), Logger: log})
	if err != nil {
		return nil, err
	}
	list, err := db.MigrationStatus(ctx)
	if closeErr := db.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("close database: %w", closeErr)
	}
	return list, err
}
