package service

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

// Session is a successful sign-in.
type Session = domain.Session

// AdminEmail is the account that the first start creates.
const AdminEmail = "admin@localhost"

const (
	minPassword = 12   // characters, of a password that a person chose
	maxPassword = 1024 // bytes; more is an attack on the hash
)

type userStore interface {
	Get(ctx context.Context, id domain.UserID) (*domain.User, error)
	GetByEmail(ctx context.Context, email string) (*domain.User, error) // regardless of case
	Insert(ctx context.Context, u *domain.User) error
	Update(ctx context.Context, u *domain.User) error
	List(ctx context.Context, w domain.Window) ([]domain.User, int, error)
}

type userAudit interface {
	Append(ctx context.Context, e domain.AuditEntry) error
}

type userTx interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

type passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, hash, password string) (bool, error) // an empty hash costs the same and is never right
	Generate() string
}

type tokenIssuer interface {
	Issue(u *domain.User) (string, time.Time, error)
}

// loginGuard counts failed sign-ins by account name.
type loginGuard interface {
	Begin(account string) (locked time.Duration)
	Succeeded(account string)
}

// UsersConfig is what Users needs.
type UsersConfig struct {
	Store     userStore
	Audit     userAudit
	Tx        userTx
	Passwords passwords
	Tokens    tokenIssuer
	Guard     loginGuard
	Now       func() time.Time
}

// Users signs people in and keeps their accounts.
type Users struct {
	c UsersConfig
}

// NewUsers returns the service.
func NewUsers(c UsersConfig) *Users { return &Users{c} }

// Login returns a session for the right password. An unknown user and a wrong
// password cannot be told apart, neither by the answer nor by the time it takes.
func (s *Users) Login(ctx context.Context, email, password string) (Session, error) {
	account := strings.ToLower(strings.TrimSpace(email))
	if wait := s.c.Guard.Begin(account); wait > 0 {
		return Session{}, &domain.Error{
			Code:       domain.CodeRateLimited,
			Message:    "Too many failed sign-ins. Try again later.",
			RetryAfter: wait,
		}
	}
	u, err := s.c.Store.GetByEmail(ctx, account)
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return Session{}, fmt.Errorf("find user: %w", err)
	}
	hash := ""
	if err == nil {
		hash = u.PasswordHash
	}
	ok, err := s.c.Passwords.Verify(ctx, hash, password[:min(len(password), maxPassword+1)])
	if err != nil {
		return Session{}, fmt.Errorf("check password: %w", err)
	}
	if !ok {
		return Session{}, domain.Errorf(domain.CodeUnauthenticated, "E-mail address or password is wrong.")
	}
	s.c.Guard.Succeeded(account)
	token, expires, err := s.c.Tokens.Issue(u)
	if err != nil {
		return Session{}, fmt.Errorf("sign in %s: %w", u.ID, err)
	}
	return Session{Token: token, ExpiresAt: expires, User: u}, nil
}

// Me returns the user who acts in ctx.
func (s *Users) Me(ctx context.Context) (*domain.User, error) {
	p := domain.PrincipalFrom(ctx)
	if p == nil {
		return nil, domain.Errorf(domain.CodeUnauthenticated, "Sign in first.")
	}
	return s.c.Store.Get(ctx, p.UserID)
}

// EnsureAdmin creates the first account if there is none yet, and returns its
// random password: the only time that it can be seen.
func (s *Users) EnsureAdmin(ctx context.Context) (email, password string, created bool, err error) {
	_, total, err := s.c.Store.List(ctx, domain.Window{Limit: 1})
	if err != nil {
		return "", "", false, fmt.Errorf("count users: %w", err)
	}
	if total > 0 {
		return "", "", false, nil
	}
	password = s.c.Passwords.Generate()
	admin := &domain.User{Email: AdminEmail, Name: "Administrator", Permissions: []domain.Permission{domain.AdminFull}}
	if err := s.insert(ctx, admin, password, ""); err != nil {
		return "", "", false, fmt.Errorf("create the first user: %w", err)
	}
	return AdminEmail, password, true, nil
}

// UserParams asks for a new account.
type UserParams struct {
	Email       string
	Name        string
	Password    string
	Permissions []domain.Permission
}

// Create adds an account. It needs admin.full.
func (s *Users) Create(ctx context.Context, p UserParams) (*domain.User, error) {
	actor, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return nil, err
	}
	if n := utf8.RuneCountInString(p.Password); n < minPassword || len(p.Password) > maxPassword {
		return nil, domain.Invalid("password", "A password needs %d characters or more, and at most %d bytes.", minPassword, maxPassword)
	}
	u := &domain.User{Email: strings.TrimSpace(p.Email), Name: strings.TrimSpace(p.Name), Permissions: p.Permissions}
	if err := s.insert(ctx, u, p.Password, actor.UserID); err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	return u, nil
}

// Get returns an account: one's own, or any with admin.full.
func (s *Users) Get(ctx context.Context, id domain.UserID) (*domain.User, error) {
	if p := domain.PrincipalFrom(ctx); p != nil && p.UserID == id {
		return s.c.Store.Get(ctx, id)
	}
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	return s.c.Store.Get(ctx, id)
}

// List returns accounts and how many there are. It needs admin.full.
func (s *Users) List(ctx context.Context, w domain.Window) ([]domain.User, int, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, 0, err
	}
	return s.c.Store.List(ctx, w)
}

// insert stores a checked account and its audit entry in one transaction.
func (s *Users) insert(ctx context.Context, u *domain.User, password string, actor domain.UserID) error {
	if err := u.Validate(); err != nil {
		return err
	}
	hash, err := s.c.Passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	now := s.c.Now().UTC()
	u.ID, u.PasswordHash, u.CreatedAt, u.UpdatedAt = domain.UserID(domain.NewID("user")), hash, now, now
	return s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Store.Insert(ctx, u); err != nil {
			return err
		}
		return s.c.Audit.Append(ctx, domain.AuditEntry{
			At: now, ActorID: actor, Action: "user.created", Object: string(u.ID), RequestID: domain.RequestIDFrom(ctx),
		})
	})
}
