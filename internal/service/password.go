package service

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

const (
	minPassword = 12   // characters, of a password that a person chose
	maxPassword = 1024 // bytes; more is an attack on the hash
)

type passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, hash, password string) (bool, error) // an empty hash costs the same and is never right
	Generate() string
}

// loginGuard counts failed checks of a password by account name.
type loginGuard interface {
	Begin(account string) (locked time.Duration)
	Succeeded(account string)
}

func checkNewPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < minPassword || len(password) > maxPassword {
		return domain.Invalid("password", "A password needs %d characters or more, and at most %d bytes.", minPassword, maxPassword)
	}
	return nil
}

// guarded counts an attempt on an account, or refuses it after too many. It is
// counted as failed until s.c.Guard.Succeeded is called.
func (s *Users) guarded(account string) error {
	if wait := s.c.Guard.Begin(account); wait > 0 {
		return &domain.Error{Code: domain.CodeRateLimited, Message: "Too many failed sign-ins. Try again later.", RetryAfter: wait}
	}
	return nil
}

// accountName is how the guard and the database know an address.
func accountName(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// verify checks a password against a hash; an empty hash costs the same.
func (s *Users) verify(ctx context.Context, hash, password string) (bool, error) {
	ok, err := s.c.Passwords.Verify(ctx, hash, password[:min(len(password), maxPassword+1)])
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return ok, nil
}

// confirmPassword makes sure that who acts knows the password of the account. It
// counts like a sign-in, so that a stolen token does not help to guess it.
func (s *Users) confirmPassword(ctx context.Context, u *domain.User, password, field string) error {
	account := accountName(u.Email)
	if err := s.guarded(account); err != nil {
		return err
	}
	ok, err := s.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok {
		return domain.Invalid(field, "The current password is wrong.")
	}
	s.c.Guard.Succeeded(account)
	return nil
}

// setPassword stores an account with a new password and ends its sign-ins, except
// the one that asks if the account is its own. It joins the transaction of ctx.
func (s *Users) setPassword(ctx context.Context, before, u *domain.User, hash string) error {
	u.PasswordHash = hash
	if err := s.c.Store.Update(ctx, u); err != nil {
		return err
	}
	var keep domain.SessionID
	if p := domain.PrincipalFrom(ctx); p != nil && p.UserID == u.ID {
		keep = p.Session
	}
	if _, err := s.c.Sessions.RevokeAll(ctx, u.ID, keep, s.c.Now().UTC()); err != nil {
		return err
	}
	return s.journal.changed(ctx, "user.password_changed", string(u.ID), "", before, u)
}

// ResetPassword gives an account of the tenant a new random password and returns it:
// the only time that it can be seen. Its sign-ins end. It needs admin.full.
func (s *Users) ResetPassword(ctx context.Context, email string) (string, error) {
	u, err := s.byEmail(ctx, email)
	if err != nil {
		return "", err
	}
	password := s.c.Passwords.Generate()
	hash, err := s.c.Passwords.Hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.c.Store.Lock(ctx, u.ID)
		if err != nil {
			return err
		}
		after := *before
		after.UpdatedAt = s.journal.stamp()
		return s.setPassword(ctx, before, &after, hash)
	})
	if err != nil {
		return "", fmt.Errorf("reset password of %s: %w", u.ID, err)
	}
	s.changed(ctx, u.ID)
	return password, nil
}

// byEmail returns an account of the tenant by its address. It needs admin.full.
func (s *Users) byEmail(ctx context.Context, email string) (*domain.User, error) {
	actor, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return nil, err
	}
	u, err := s.c.Store.GetByEmail(ctx, strings.TrimSpace(email))
	if err == nil && u.Tenant.OrDefault() != actor.Tenant.OrDefault() {
		return nil, domain.Errorf(domain.CodeNotFound, "User %s does not exist.", strings.TrimSpace(email))
	}
	return u, err
}
