package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Sessions are the sign-ins of users.
type Sessions struct{ db *DB }

const sessionColumns = `s.id, s.user_id, s.created_at, s.expires_at, s.revoked_at, s.client`

func sessionFields(s *domain.LoginSession) []any {
	return []any{&s.ID, &s.UserID, asTime(&s.CreatedAt), asTime(&s.ExpiresAt), asTimePtr(&s.RevokedAt), &s.Client}
}

func scanSession(r row) (s domain.LoginSession, err error) {
	err = r.Scan(sessionFields(&s)...)
	return s, err
}

func noSession(id domain.SessionID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Sign-in %s does not exist.", id)
}

// Insert stores a new sign-in.
func (s *Sessions) Insert(ctx context.Context, v *domain.LoginSession) error {
	const query = `INSERT INTO sessions (id, user_id, created_at, expires_at, revoked_at, client) VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := s.db.exec(ctx, query, v.ID, v.UserID, s.db.time(v.CreatedAt), s.db.time(v.ExpiresAt), s.db.timePtr(v.RevokedAt), v.Client)
	return s.db.fail(err, "insert sign-in %s", v.ID)
}

// Get returns one sign-in, or CodeNotFound.
func (s *Sessions) Get(ctx context.Context, id domain.SessionID) (*domain.LoginSession, error) {
	const query = `SELECT ` + sessionColumns + ` FROM sessions s WHERE s.id = $1`
	v, err := getOne(ctx, s.db, noSession(id), scanSession, query, id)
	return v, s.db.fail(err, "get sign-in %s", id)
}

// signedIn is a row of a sign-in and its user.
type signedIn struct {
	session domain.LoginSession
	user    domain.User
}

// WithUser returns a sign-in and its user, or CodeNotFound. The user comes without
// password hash, second factor and times.
func (s *Sessions) WithUser(ctx context.Context, id domain.SessionID) (*domain.LoginSession, *domain.User, error) {
	const query = `SELECT ` + sessionColumns + `, ` + ownerColumns + ` FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`
	v, err := getOne(ctx, s.db, noSession(id), func(r row) (v signedIn, err error) {
		err = r.Scan(append(sessionFields(&v.session), ownerFields(&v.user)...)...)
		return v, err
	}, query, id)
	if err != nil {
		return nil, nil, s.db.fail(err, "get sign-in %s", id)
	}
	return &v.session, &v.user, nil
}

// List returns the sign-ins of a user that let in at a time, the newest first, and
// how many there are.
func (s *Sessions) List(ctx context.Context, user domain.UserID, now time.Time, w domain.Window) ([]domain.LoginSession, int, error) {
	const valid = ` FROM sessions s WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2`
	total, err := s.db.count(ctx, `SELECT count(*)`+valid, user, s.db.time(now))
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanSession, `SELECT `+sessionColumns+valid+` ORDER BY s.id DESC LIMIT $3 OFFSET $4`,
		user, s.db.time(now), limit, offset)
	return list, total, s.db.fail(err, "list sign-ins of user %s", user)
}

// Revoke ends a sign-in of a user. One that is another's, unknown or already
// revoked is CodeNotFound.
func (s *Sessions) Revoke(ctx context.Context, user domain.UserID, id domain.SessionID, at time.Time) error {
	const query = `UPDATE sessions SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`
	err := s.db.execOne(ctx, noSession(id), query, id, user, s.db.time(at))
	return s.db.fail(err, "revoke sign-in %s", id)
}

// RevokeAll ends all sign-ins of a user but one (which may be empty), and returns
// how many it ended.
func (s *Sessions) RevokeAll(ctx context.Context, user domain.UserID, but domain.SessionID, at time.Time) (int, error) {
	const query = `UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL`
	n, err := s.db.exec(ctx, query, user, but, s.db.time(at))
	return int(n), s.db.fail(err, "revoke sign-ins of user %s", user)
}

// DeleteExpired removes the sign-ins of a user that ended by themselves before a
// time, revoked ones, too.
func (s *Sessions) DeleteExpired(ctx context.Context, user domain.UserID, before time.Time) error {
	_, err := s.db.exec(ctx, `DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2`, user, s.db.time(before))
	return s.db.fail(err, "delete expired sign-ins of user %s", user)
}
