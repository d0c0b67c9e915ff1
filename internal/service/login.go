package service

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// maxClient bounds what is kept of how a client calls itself, in bytes.
const maxClient = 200

type sessionStore interface {
	Insert(ctx context.Context, v *domain.LoginSession) error
	List(ctx context.Context, user domain.UserID, now time.Time, w domain.Window) ([]domain.LoginSession, int, error)
	Revoke(ctx context.Context, user domain.UserID, id domain.SessionID, at time.Time) error
	RevokeAll(ctx context.Context, user domain.UserID, but domain.SessionID, at time.Time) (int, error)
	DeleteExpired(ctx context.Context, user domain.UserID, before time.Time) error
}

type tokenIssuer interface {
	Issue(u *domain.User, session *domain.LoginSession) (string, error)
}

func wrongLogin() *domain.Error {
	return domain.Errorf(domain.CodeUnauthenticated, "E-mail address or password is wrong.")
}

// Login returns a session for the right password, and the right code if the account
// has a second factor. An unknown user and a wrong password cannot be told apart,
// neither by the answer nor by the time it takes; the code is spoken of only after
// the password was right.
func (s *Users) Login(ctx context.Context, p domain.LoginParams) (Session, error) {
	account := accountName(p.Email)
	if err := s.guarded(account); err != nil {
		return Session{}, err
	}
	u, err := s.find(ctx, account)
	if err != nil {
		return Session{}, err
	}
	ok, err := s.verify(ctx, u.PasswordHash, p.Password)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, wrongLogin()
	}
	out, err := s.signIn(ctx, u, p, "")
	if err == nil {
		s.c.Guard.Succeeded(account)
	}
	return out, err
}

// find returns an account by its name, or an empty one whose hash no password fits.
func (s *Users) find(ctx context.Context, account string) (*domain.User, error) {
	if !utf8.ValidString(account) || strings.ContainsRune(account, 0) {
		return &domain.User{}, nil // PostgreSQL has no such text
	}
	u, err := s.c.Store.GetByEmail(ctx, account)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return &domain.User{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

// signIn stores a sign-in of a user whose password was checked, and only then makes
// the token that stands for it. Sign-ins that have ended are swept out on the way.
// detail says how one came in without password and code; empty for all others.
func (s *Users) signIn(ctx context.Context, checked *domain.User, p domain.LoginParams, detail string) (Session, error) {
	now := s.c.Now().UTC().Truncate(time.Second) // as in the token
	session := &domain.LoginSession{
		ID: domain.SessionID(domain.NewID("sess")), UserID: checked.ID, CreatedAt: now, ExpiresAt: now.Add(domain.SessionLifetime),
		Client: clientName(p.Client),
	}
	var u *domain.User
	err := s.c.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		u, err = s.admit(ctx, checked, p.OTP, detail)
		if err != nil {
			return err
		}
		if err := s.c.Sessions.DeleteExpired(ctx, u.ID, now); err != nil {
			return err
		}
		if err := s.c.Sessions.Insert(ctx, session); err != nil {
			return err
		}
		if detail == "" { // nobody else acts
			ctx = domain.WithPrincipal(ctx, &domain.Principal{UserID: u.ID, Tenant: u.Tenant, Session: session.ID})
		}
		return s.journal.record(ctx, "user.signed_in", string(u.ID), strings.TrimSpace(string(session.ID)+" "+detail))
	})
	if err != nil {
		return Session{}, err
	}
	token, err := s.c.Tokens.Issue(u, session)
	if err != nil {
		return Session{}, fmt.Errorf("sign in %s: %w", u.ID, err)
	}
	return Session{Token: token, ExpiresAt: session.ExpiresAt, User: u}, nil
}

// admit locks the account that was checked and checks what is left: that it is still
// the same, and the second factor, unless detail says why none is needed.
func (s *Users) admit(ctx context.Context, checked *domain.User, otp, detail string) (*domain.User, error) {
	u, err := s.c.Store.Lock(ctx, checked.ID)
	if domain.CodeOf(err) == domain.CodeNotFound || err == nil && u.PasswordHash != checked.PasswordHash {
		return nil, wrongLogin() // changed since it was checked
	}
	if err != nil || detail != "" {
		return u, err
	}
	return u, s.checkCode(ctx, u, otp)
}

// clientName is what is kept of how a client calls itself.
func clientName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.ToValidUTF8(s[:min(len(s), maxClient)], "")
}

// TokenFor signs in an account of the tenant without its password, for commands of
// whoever may read the data directory. It needs admin.full.
func (s *Users) TokenFor(ctx context.Context, email string) (Session, error) {
	u, err := s.byEmail(ctx, email)
	if err != nil {
		return Session{}, err
	}
	return s.signIn(ctx, u, domain.LoginParams{Client: "command line"}, "on the command line")
}

// Logout ends the sign-in that acts in ctx, or all sign-ins of its user.
func (s *Users) Logout(ctx context.Context, all bool) error {
	p, err := signedIn(ctx)
	if err != nil {
		return err
	}
	if p.Session == "" {
		return domain.Errorf(domain.CodeConflict, "An API key has no sign-in to end; revoke the key instead.")
	}
	now := s.c.Now().UTC()
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		object := string(p.Session)
		if all {
			if _, err := s.c.Sessions.RevokeAll(ctx, p.UserID, "", now); err != nil {
				return err
			}
			return s.journal.record(ctx, "session.revoked", string(p.UserID), "all sign-ins")
		}
		if err := s.c.Sessions.Revoke(ctx, p.UserID, p.Session, now); err != nil {
			return err
		}
		return s.journal.record(ctx, "session.revoked", object, "signed out")
	})
	if domain.CodeOf(err) == domain.CodeNotFound { // by another request, just now
		return nil
	}
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	s.changed(ctx, p.UserID)
	return nil
}

// Sessions returns the sign-ins of who acts in ctx that still count, the newest
// first, and how many there are.
func (s *Users) Sessions(ctx context.Context, w domain.Window) ([]domain.LoginSession, int, error) {
	p, err := signedIn(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.c.Sessions.List(ctx, p.UserID, s.c.Now().UTC(), w)
}

// RevokeSession ends one of the own sign-ins.
func (s *Users) RevokeSession(ctx context.Context, id domain.SessionID) error {
	p, err := signedIn(ctx)
	if err != nil {
		return err
	}
	if !p.Human {
		return domain.Errorf(domain.CodeConflict, "An API key cannot end sign-ins; a person who signed in can.")
	}
	if !domain.ValidID(string(id), "sess") {
		return domain.Errorf(domain.CodeNotFound, "Sign-in %s does not exist.", id)
	}
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Sessions.Revoke(ctx, p.UserID, id, s.c.Now().UTC()); err != nil {
			return err
		}
		return s.journal.record(ctx, "session.revoked", string(id), "")
	})
	if err != nil {
		return fmt.Errorf("revoke sign-in %s: %w", id, err)
	}
	s.changed(ctx, p.UserID)
	return nil
}
