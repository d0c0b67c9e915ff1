package store

import (
	"context"
	"strings"

	"empire/internal/domain"
)

// Users are the people who may sign in.
type Users struct{ db *DB }

const userColumns = `id, email, name, password_hash, permissions, created_at, updated_at`

func scanUser(r row) (u domain.User, err error) {
	err = r.Scan(&u.ID, &u.Email, &u.Name, &u.PasswordHash, jsonValue{&u.Permissions}, asTime(&u.CreatedAt), asTime(&u.UpdatedAt))
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

// GetByEmail returns the user with this address in any case, or CodeNotFound.
func (s *Users) GetByEmail(ctx context.Context, email string) (*domain.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users WHERE email_lower = $1`
	u, err := getOne(ctx, s.db, noUser(email), scanUser, query, strings.ToLower(email))
	return u, s.db.fail(err, "get user by e-mail")
}

// List returns users ordered by id, and how many there are.
func (s *Users) List(ctx context.Context, w domain.Window) ([]domain.User, int, error) {
	const query = `SELECT ` + userColumns + ` FROM users ORDER BY id LIMIT $1 OFFSET $2`
	total, err := s.Count(ctx)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	users, err := getAll(ctx, s.db, scanUser, query, limit, offset)
	return users, total, s.db.fail(err, "list users")
}

// Insert stores a new user. An address that is taken is CodeConflict.
func (s *Users) Insert(ctx context.Context, u *domain.User) error {
	const query = `INSERT INTO users (id, email, email_lower, name, password_hash, permissions, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	_, err := s.db.exec(ctx, query, u.ID, u.Email, strings.ToLower(u.Email), u.Name, u.PasswordHash, jsonValue{u.Permissions},
		s.db.time(u.CreatedAt), s.db.time(u.UpdatedAt))
	return s.db.fail(emailTaken(err, u), "insert user %s", u.ID)
}

// Update stores all fields of a user except CreatedAt.
func (s *Users) Update(ctx context.Context, u *domain.User) error {
	const query = `UPDATE users SET email = $2, email_lower = $3, name = $4, password_hash = $5, permissions = $6, updated_at = $7 WHERE id = $1`
	err := s.db.execOne(ctx, noUser(string(u.ID)), query, u.ID, u.Email, strings.ToLower(u.Email), u.Name, u.PasswordHash,
		jsonValue{u.Permissions}, s.db.time(u.UpdatedAt))
	return s.db.fail(emailTaken(err, u), "update user %s", u.ID)
}

// Delete removes a user. What the user made stays.
func (s *Users) Delete(ctx context.Context, id domain.UserID) error {
	err := s.db.execOne(ctx, noUser(string(id)), `DELETE FROM users WHERE id = $1`, id)
	return s.db.fail(err, "delete user %s", id)
}

// Count returns how many users there are.
func (s *Users) Count(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM users`)
}
