package store

import (
	"context"
	"strings"

	"empire/internal/domain"
)

// Users are the people who may sign in.
type Users struct{ db *DB }

const userColumns = `id, tenant, email, name, password_hash, permissions, totp, totp_pending, totp_step, created_at, updated_at`

func scanUser(r row) (u domain.User, err error) {
	err = r.Scan(&u.ID, &u.Tenant, &u.Email, &u.Name, &u.PasswordHash, jsonValue{&u.Permissions}, &u.TOTP, &u.TOTPPending, &u.TOTPStep,
		asTime(&u.CreatedAt), asTime(&u.UpdatedAt))
	return u, err
}

func noUser(name string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "User %s does not exist.", name)
}

func emailTaken(err error, u *domain.User) error {
	return taken(err, "email_lower", "email", "E-mail address %s already belongs to a user.", u.Email)
}

// Get returns one user, or CodeNotFound.
func (s *Users) Get(ctx context.Context, id domain.UserID) (*domain.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users WHERE id = $1`
	u, err := getOne(ctx, s.db, noUser(string(id)), scanUser, query, id)
	return u, s.db.fail(err, "get user %s", id)
}

// Lock is Get that keeps others from changing the user until the transaction of
// ctx ends.
func (s *Users) Lock(ctx context.Context, id domain.UserID) (*domain.User, error) {
	if err := s.db.lock(ctx, noUser(string(id)), `SELECT id FROM users WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "lock user %s", id)
	}
	return s.Get(ctx, id)
}

// GetByEmail returns the user with this address in any case, or CodeNotFound.
func (s *Users) GetByEmail(ctx context.Context, email string) (*domain.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users WHERE email_lower = $1`
	u, err := getOne(ctx, s.db, noUser(email), scanUser, query, strings.ToLower(email))
	return u, s.db.fail(err, "get user by e-mail")
}

// List returns the users of a tenant, or of all if it is empty, ordered by id, and
// how many there are.
func (s *Users) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.User, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	total, err := s.db.count(ctx, `SELECT count(*) FROM users`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	users, err := getAll(ctx, s.db, scanUser, `SELECT `+userColumns+` FROM users`+f.where()+` ORDER BY id`+page, args...)
	return users, total, s.db.fail(err, "list users")
}

// LockAdmins returns the administrators of a tenant and keeps others from changing
// any of them until the transaction of ctx ends: two who take each other's right
// away at the same time cannot both succeed.
func (s *Users) LockAdmins(ctx context.Context, tenant domain.TenantID) ([]domain.UserID, error) {
	query := `SELECT id FROM users WHERE tenant = $1 AND permissions LIKE $2 ORDER BY id` + s.db.d.lockRow()
	ids, err := getAll(ctx, s.db, scanOne[domain.UserID], query, tenant, `%"`+string(domain.AdminFull)+`"%`)
	return ids, s.db.fail(err, "lock administrators")
}

// Insert stores a new user. An address that is taken is CodeConflict.
func (s *Users) Insert(ctx context.Context, u *domain.User) error {
	const query = `INSERT INTO users (id, tenant, email, email_lower, name, password_hash, permissions, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := s.db.exec(ctx, query, u.ID, u.Tenant.OrDefault(), u.Email, strings.ToLower(u.Email), u.Name, u.PasswordHash, jsonValue{u.Permissions},
		s.db.time(u.CreatedAt), s.db.time(u.UpdatedAt))
	return s.db.fail(emailTaken(err, u), "insert user %s", u.ID)
}

// Update stores all fields of a user except Tenant, CreatedAt and the second
// factor, which SetTOTP and UseTOTP store.
func (s *Users) Update(ctx context.Context, u *domain.User) error {
	const query = `UPDATE users SET email = $2, email_lower = $3, name = $4, password_hash = $5, permissions = $6, updated_at = $7 WHERE id = $1`
	err := s.db.execOne(ctx, noUser(string(u.ID)), query, u.ID, u.Email, strings.ToLower(u.Email), u.Name, u.PasswordHash,
		jsonValue{u.Permissions}, s.db.time(u.UpdatedAt))
	return s.db.fail(emailTaken(err, u), "update user %s", u.ID)
}

// SetTOTP stores the second factor of a user: the fields TOTP, TOTPPending and
// TOTPStep, and UpdatedAt.
func (s *Users) SetTOTP(ctx context.Context, u *domain.User) error {
	const query = `UPDATE users SET totp = $2, totp_pending = $3, totp_step = $4, updated_at = $5 WHERE id = $1`
	err := s.db.execOne(ctx, noUser(string(u.ID)), query, u.ID, bytesArg(u.TOTP), bytesArg(u.TOTPPending), u.TOTPStep, s.db.time(u.UpdatedAt))
	return s.db.fail(err, "set second factor of user %s", u.ID)
}

// UseTOTP notes that the code of a time step was used. It reports whether this was
// the first use of it and of every later one.
func (s *Users) UseTOTP(ctx context.Context, id domain.UserID, step int64) (first bool, err error) {
	n, err := s.db.exec(ctx, `UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, id, step)
	return n == 1, s.db.fail(err, "use second factor of user %s", id)
}

// Delete removes a user with its sign-ins and API keys. What the user made stays.
func (s *Users) Delete(ctx context.Context, id domain.UserID) error {
	err := s.db.execOne(ctx, noUser(string(id)), `DELETE FROM users WHERE id = $1`, id)
	return s.db.fail(err, "delete user %s", id)
}

// Count returns how many users there are.
func (s *Users) Count(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM users`)
}

// bytesArg stores no bytes as an empty value, not as NULL.
func bytesArg(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// ownerColumns are what a user with alias u may do, to be read beside a sign-in or
// an API key. Password and second factor stay where they are.
const ownerColumns = `u.id, u.tenant, u.email, u.name, u.permissions`

func ownerFields(u *domain.User) []any {
	return []any{&u.ID, &u.Tenant, &u.Email, &u.Name, jsonValue{&u.Permissions}}
}
