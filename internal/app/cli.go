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
	"syscall"
	"time"

	"empire/internal/auth"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/service"
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
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return "", time.Time{}, err
	}
	u, err := a.store.Users.GetByEmail(ctx, email)
	if err != nil {
		return "", time.Time{}, err
	}
	secret := []byte(a.cfg.Auth.Secret)
	if len(secret) == 0 {
		if secret, err = auth.LoadOrCreateSecret(filepath.Join(a.cfg.Data, "token.key")); err != nil {
			return "", time.Time{}, err
		}
	}
	tokens, err := auth.NewTokens(secret, a.now)
	if err != nil {
		return "", time.Time{}, err
	}
	token, ends, err := tokens.Issue(u)
	if err != nil {
		return "", time.Time{}, err
	}
	return token, ends, a.store.Audit.Append(ctx, domain.AuditEntry{
		At: a.now().UTC(), ActorID: domain.PrincipalFrom(ctx).UserID, Action: "user.token_issued", Object: string(u.ID),
	})
}

// AddUser creates an account with a random password and returns it: the only time
// that it can be seen.
func (a *App) AddUser(ctx context.Context, email, name string, permissions []domain.Permission) (*domain.User, string, error) {
	password := auth.NewPasswords(auth.PasswordConfig{}).Generate()
	u, err := a.Users.Create(ctx, service.UserParams{Email: email, Name: name, Password: password, Permissions: permissions})
	return u, password, err
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
