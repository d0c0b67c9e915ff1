package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// Session is a successful sign-in.
type Session = domain.Session

// AdminEmail is the account that the first start creates.
const AdminEmail = "admin@localhost"

type userReader interface {
	Get(ctx context.Context, id domain.UserID) (*domain.User, error)
	GetByEmail(ctx context.Context, email string) (*domain.User, error) // regardless of case
	List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.User, int, error)
}

type userWriter interface {
	Insert(ctx context.Context, u *domain.User) error
	Update(ctx context.Context, u *domain.User) error
	Delete(ctx context.Context, id domain.UserID) error
}

// userLocks keep others from changing what they return until the transaction ends.
type userLocks interface {
	Lock(ctx context.Context, id domain.UserID) (*domain.User, error)
	LockAdmins(ctx context.Context, tenant domain.TenantID) ([]domain.UserID, error)
}

type userStore interface {
	userReader
	userWriter
	userLocks
	secondFactorStore
}

// UsersConfig is what Users needs.
type UsersConfig struct {
	Store     userStore
	Sessions  sessionStore
	Audit     auditStore
	Tx        transactor
	Passwords passwords
	TOTP      secondFactor
	Vault     vault
	Tokens    tokenIssuer
	Guard     loginGuard
	// Changed is told after the rights, sign-ins or keys of a user have changed, so
	// that nothing older is used; nil: nobody wants to know.
	Changed func(ctx context.Context, id domain.UserID)
	Now     func() time.Time
}

// Users signs people in and keeps their accounts. Everyone sees the accounts of the
// own tenant only; without admin.full, the own one.
type Users struct {
	c       UsersConfig
	journal journal
}

// NewUsers returns the service.
func NewUsers(c UsersConfig) *Users { return &Users{c, journal{c.Audit, c.Now}} }

// signedIn returns who acts in ctx, or CodeUnauthenticated.
func signedIn(ctx context.Context) (*domain.Principal, error) {
	p := domain.PrincipalFrom(ctx)
	if p == nil {
		return nil, domain.Errorf(domain.CodeUnauthenticated, "Sign in first.")
	}
	return p, nil
}

// person returns who acts in ctx if that is a person and not a program with a key.
func person(ctx context.Context) (*domain.Principal, error) {
	p, err := signedIn(ctx)
	if err == nil && !p.Human {
		return nil, domain.Errorf(domain.CodeForbidden, "An API key may not do this; a person who signed in may.")
	}
	return p, err
}

// changedUser tells once it is certain that something of a user has changed.
func changedUser(ctx context.Context, tell func(context.Context, domain.UserID), id domain.UserID) {
	if tell != nil {
		sqltx.AfterCommit(ctx, func() { tell(context.WithoutCancel(ctx), id) })
	}
}

func (s *Users) changed(ctx context.Context, id domain.UserID) { changedUser(ctx, s.c.Changed, id) }

// Me returns the user who acts in ctx, with the permissions that this credential
// has: those of an API key may be fewer than the user's.
func (s *Users) Me(ctx context.Context) (*domain.User, error) {
	p, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.c.Store.Get(ctx, p.UserID)
	if domain.CodeOf(err) == domain.CodeNotFound { // since the request came in
		return nil, domain.Errorf(domain.CodeUnauthenticated, "This account does not exist any more.")
	}
	if err != nil {
		return nil, err
	}
	if p.Key != "" {
		u.Permissions = p.Permissions
	}
	return u, nil
}

// Get returns an account: one's own, or with admin.full any of the tenant. All
// others do not exist.
func (s *Users) Get(ctx context.Context, id domain.UserID) (*domain.User, error) {
	p, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	missing := domain.Errorf(domain.CodeNotFound, "User %s does not exist.", id)
	if p.UserID != id && !p.Can(domain.AdminFull) || !domain.ValidID(string(id), "user") {
		return nil, missing
	}
	u, err := s.c.Store.Get(ctx, id)
	if err == nil && u.Tenant.OrDefault() != p.Tenant.OrDefault() {
		return nil, missing
	}
	return u, err
}

// List returns the accounts of the tenant and how many there are. It needs
// admin.full.
func (s *Users) List(ctx context.Context, w domain.Window) ([]domain.User, int, error) {
	p, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return nil, 0, err
	}
	return s.c.Store.List(ctx, p.Tenant.OrDefault(), w)
}

// EnsureAdmin creates the first account if there is none yet, and returns its
// random password: the only time that it can be seen.
func (s *Users) EnsureAdmin(ctx context.Context) (email, password string, created bool, err error) {
	_, total, err := s.c.Store.List(ctx, "", domain.Window{Limit: 1})
	if err != nil {
		return "", "", false, fmt.Errorf("count users: %w", err)
	}
	if total > 0 {
		return "", "", false, nil
	}
	password = s.c.Passwords.Generate()
	admin := &domain.User{
		Tenant: domain.DefaultTenant, Email: AdminEmail, Name: "Administrator", Permissions: []domain.Permission{domain.AdminFull},
	}
	if err := s.insert(ctx, admin, password); err != nil {
		return "", "", false, fmt.Errorf("create the first user: %w", err)
	}
	return AdminEmail, password, true, nil
}

// Create adds an account to the tenant of who asks. It needs admin.full.
func (s *Users) Create(ctx context.Context, p domain.UserParams) (*domain.User, error) {
	actor, err := domain.Require(ctx, domain.AdminFull)
	if err != nil {
		return nil, err
	}
	if err := checkNewPassword(p.Password); err != nil {
		return nil, err
	}
	u := &domain.User{
		Tenant: actor.Tenant.OrDefault(), Email: strings.TrimSpace(p.Email), Name: strings.TrimSpace(p.Name), Permissions: unique(p.Permissions),
	}
	if err := s.insert(ctx, u, p.Password); err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	return u, nil
}

// insert stores a checked account and its audit entry in one transaction.
func (s *Users) insert(ctx context.Context, u *domain.User, password string) error {
	if err := u.Validate(); err != nil {
		return err
	}
	hash, err := s.c.Passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	now := s.journal.stamp()
	u.ID, u.PasswordHash, u.CreatedAt, u.UpdatedAt = domain.UserID(domain.NewID("user")), hash, now, now
	return s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.c.Store.Insert(ctx, u); err != nil {
			return err
		}
		return s.journal.changed(ctx, "user.created", string(u.ID), "", nil, u)
	})
}

// Delete removes an account with its sign-ins and API keys; what it made stays. It
// needs admin.full, and the last administrator of a tenant cannot be removed.
func (s *Users) Delete(ctx context.Context, id domain.UserID) error {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return err
	}
	u, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	err = s.c.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.keepAnAdmin(ctx, u); err != nil {
			return err
		}
		u, err := s.c.Store.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := s.c.Store.Delete(ctx, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, "user.deleted", string(id), "", u, nil)
	})
	if err != nil {
		return fmt.Errorf("delete user %s: %w", id, err)
	}
	s.changed(ctx, id)
	return nil
}

// keepAnAdmin refuses to let go of the last administrator of a tenant.
func (s *Users) keepAnAdmin(ctx context.Context, u *domain.User) error {
	admins, err := s.c.Store.LockAdmins(ctx, u.Tenant.OrDefault())
	if err != nil {
		return err
	}
	if len(admins) == 1 && admins[0] == u.ID {
		return domain.Errorf(domain.CodeConflict, "%s is the last administrator; make another one first.", u.Email)
	}
	return nil
}

// unique returns the values in their order, each once.
func unique[T comparable](list []T) []T {
	seen := map[T]bool{}
	out := make([]T, 0, len(list))
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
