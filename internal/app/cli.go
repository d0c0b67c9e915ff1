package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"empire/internal/auth"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/store"
)

// Listening says where the server of a data directory listens.
type Listening struct {
	PID  int    `json:"pid"`
	API  string `json:"api"`  // host:port of API and dashboard, or ""
	Edge string `json:"edge"` // host:port of the edge, or ""
}

const listeningFile = "listening.json"

// Announce writes into the data directory where the started program listens, for
// commands beside it.
func (a *App) Announce() (Listening, error) {
	l := Listening{os.Getpid(), a.gateway.Addr(), a.gateway.EdgeAddr()}
	raw, err := json.Marshal(l)
	if err != nil {
		return l, fmt.Errorf("encode addresses: %w", err)
	}
	name := filepath.Join(a.cfg.Data, listeningFile)
	next := name + ".new" // a reader sees the whole of the old or the whole of the new
	if err := os.WriteFile(next, raw, 0o600); err != nil {
		return l, fmt.Errorf("write %s: %w", next, plain(err))
	}
	if err := os.Rename(next, name); err != nil {
		return l, fmt.Errorf("write %s: %w", name, plain(err))
	}
	return l, nil
}

// Announced returns where the process that holds a data directory listens. Without
// such a process it is the zero value; without addresses only the PID is set.
func Announced(dir string) (Listening, error) {
	pid, err := lockHolder(dir)
	if err != nil || pid == 0 {
		return Listening{}, err
	}
	var l Listening
	raw, err := os.ReadFile(filepath.Join(dir, listeningFile))
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Listening{PID: pid}, fmt.Errorf("read %s: %w", filepath.Join(dir, listeningFile), plain(err))
	}
	if l.PID != pid { // left by a process that is gone
		l = Listening{PID: pid}
	}
	return l, nil
}

// lockHolder returns the process that holds a data directory, or 0.
func lockHolder(dir string) (int, error) {
	f, err := os.Open(filepath.Join(dir, "empire.lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read lock of %s: %w", dir, plain(err))
	}
	defer func() { _ = f.Close() }()
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case err == nil:
		return 0, nil // closing the file gives the lock back
	case errors.Is(err, syscall.EWOULDBLOCK):
		return holder(f), nil
	default:
		return 0, fmt.Errorf("read lock of %s: %w", dir, err)
	}
}

// Token returns a token for an account and when it ends, as a sign-in does.
func (a *App) Token(ctx context.Context, email string) (string, time.Time, error) {
	_, ctx, err := a.Account(ctx, email)
	if err != nil {
		return "", time.Time{}, err
	}
	s, err := a.Users.TokenFor(ctx, email)
	return s.Token, s.ExpiresAt, err
}

// AddUser creates an account of a tenant (empty: the one of ctx) with a random
// password and returns it: the only time that it can be seen.
func (a *App) AddUser(ctx context.Context, tenant domain.TenantID, p domain.UserParams) (*domain.User, string, error) {
	if tenant != "" {
		if err := tenant.Validate(); err != nil {
			return nil, "", err
		}
		ctx = inTenant(ctx, tenant)
	}
	p.Password = auth.NewPasswords(auth.PasswordConfig{}).Generate()
	u, err := a.Users.Create(ctx, p)
	return u, p.Password, err
}

// Account returns an account of whatever tenant and a context in which the local
// administrator acts in that tenant: who may read the data directory may do so.
func (a *App) Account(ctx context.Context, email string) (*domain.User, context.Context, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, nil, err
	}
	u, err := a.store.Users.GetByEmail(ctx, strings.TrimSpace(email))
	if err != nil {
		return nil, nil, err
	}
	return u, inTenant(ctx, u.Tenant), nil
}

// Accounts lists the accounts of a tenant, or of all if it is empty.
func (a *App) Accounts(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.User, int, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, 0, err
	}
	return a.store.Users.List(ctx, tenant, w)
}

// KeyOwner is Account for the owner of an API key.
func (a *App) KeyOwner(ctx context.Context, id domain.APIKeyID) (*domain.User, context.Context, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, nil, err
	}
	key, err := a.store.APIKeys.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	u, err := a.store.Users.Get(ctx, key.UserID)
	if err != nil {
		return nil, nil, err
	}
	return u, inTenant(ctx, u.Tenant), nil
}

// inTenant returns a context in which the principal of ctx acts in a tenant.
func inTenant(ctx context.Context, tenant domain.TenantID) context.Context {
	p := *domain.PrincipalFrom(ctx)
	p.Tenant = tenant
	return domain.WithPrincipal(ctx, &p)
}

// MissingOperator names the operator settings without which no release of a new
// website is published.
func (a *App) MissingOperator() []string { return a.operator().Missing() }

// MissingOperator is App.MissingOperator for a configuration alone.
func MissingOperator(cfg *config.Config) []string { return (&App{cfg: cfg}).MissingOperator() }

// DatabaseState is what a look at the database finds without changing it.
type DatabaseState struct {
	Missing bool // SQLite only: there is no file yet; the first start makes it
	Pending int  // migrations to apply
	// Skew is how far the clock of a PostgreSQL server is ahead of ours.
	Skew time.Duration
}

// LookAtDatabase reports on the configured database. An error says why it cannot be
// used.
func LookAtDatabase(ctx context.Context, cfg *config.Config) (s DatabaseState, err error) {
	path := filepath.Join(cfg.Data, "empire.db")
	if cfg.Database.URL == "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return DatabaseState{Missing: true}, nil
		}
	}
	log, err := NewLogger(io.Discard, cfg)
	if err != nil {
		return s, err
	}
	db, err := store.Open(ctx, store.Config{Path: path, URL: string(cfg.Database.URL), Logger: log})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	list, err := db.MigrationStatus(ctx)
	if err != nil {
		return s, err
	}
	for _, m := range list {
		if m.AppliedAt == nil {
			s.Pending++
		}
	}
	if cfg.Database.URL == "" {
		return s, nil
	}
	var now time.Time
	if err := db.Writer().QueryRowContext(ctx, `SELECT now()`).Scan(&now); err != nil {
		return s, fmt.Errorf("read the clock of the database: %w", err)
	}
	s.Skew = time.Until(now)
	return s, nil
}
