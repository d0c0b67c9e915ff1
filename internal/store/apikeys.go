package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// APIKeys are the keys with which programs act for users.
type APIKeys struct{ db *DB }

const apiKeyColumns = `k.id, k.user_id, k.name, k.prefix, k.hash, k.scope, k.created_at, k.expires_at, k.last_used_at, k.revoked_at, k.replaced_by`

func apiKeyFields(k *domain.APIKey) []any {
	return []any{
		&k.ID, &k.UserID, &k.Name, &k.Prefix, &k.Hash, jsonValue{&k.Scope}, asTime(&k.CreatedAt), asTime(&k.ExpiresAt),
		asTimePtr(&k.LastUsedAt), asTimePtr(&k.RevokedAt), &k.ReplacedBy,
	}
}

func scanAPIKey(r row) (k domain.APIKey, err error) {
	err = r.Scan(apiKeyFields(&k)...)
	return k, err
}

func noAPIKey(id domain.APIKeyID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "API key %s does not exist.", id)
}

// Insert stores a new key. A hash that is taken is CodeConflict.
func (s *APIKeys) Insert(ctx context.Context, k *domain.APIKey) error {
	const query = `INSERT INTO api_keys (id, user_id, name, prefix, hash, scope, created_at, expires_at, last_used_at, revoked_at, replaced_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	_, err := s.db.exec(ctx, query, k.ID, k.UserID, k.Name, k.Prefix, k.Hash, jsonValue{k.Scope}, s.db.time(k.CreatedAt), s.db.time(k.ExpiresAt),
		s.db.timePtr(k.LastUsedAt), s.db.timePtr(k.RevokedAt), k.ReplacedBy)
	return s.db.fail(err, "insert API key %s", k.ID)
}

// Get returns one key, or CodeNotFound.
func (s *APIKeys) Get(ctx context.Context, id domain.APIKeyID) (*domain.APIKey, error) {
	const query = `SELECT ` + apiKeyColumns + ` FROM api_keys k WHERE k.id = $1`
	k, err := getOne(ctx, s.db, noAPIKey(id), scanAPIKey, query, id)
	return k, s.db.fail(err, "get API key %s", id)
}

// ownedKey is a row of a key and its user.
type ownedKey struct {
	key  domain.APIKey
	user domain.User
}

// WithUser returns the key with a hash and its user, or CodeNotFound. The user comes
// without password hash, second factor and times.
func (s *APIKeys) WithUser(ctx context.Context, hash string) (*domain.APIKey, *domain.User, error) {
	const query = `SELECT ` + apiKeyColumns + `, ` + ownerColumns + ` FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.hash = $1`
	v, err := getOne(ctx, s.db, domain.Errorf(domain.CodeNotFound, "This API key does not exist."), func(r row) (v ownedKey, err error) {
		err = r.Scan(append(apiKeyFields(&v.key), ownerFields(&v.user)...)...)
		return v, err
	}, query, hash)
	if err != nil {
		return nil, nil, s.db.fail(err, "get API key by hash")
	}
	return &v.key, &v.user, nil
}

// List returns the keys of a user, revoked and expired ones, too, the newest first,
// and how many there are.
func (s *APIKeys) List(ctx context.Context, user domain.UserID, w domain.Window) ([]domain.APIKey, int, error) {
	const query = `SELECT ` + apiKeyColumns + ` FROM api_keys k WHERE k.user_id = $1 ORDER BY k.id DESC LIMIT $2 OFFSET $3`
	total, err := s.db.count(ctx, `SELECT count(*) FROM api_keys WHERE user_id = $1`, user)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanAPIKey, query, user, limit, offset)
	return list, total, s.db.fail(err, "list API keys of user %s", user)
}

// Revoke ends a key. One that is unknown or already revoked is CodeNotFound.
func (s *APIKeys) Revoke(ctx context.Context, id domain.APIKeyID, at time.Time) error {
	err := s.db.execOne(ctx, noAPIKey(id), `UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, s.db.time(at))
	return s.db.fail(err, "revoke API key %s", id)
}

// Replace notes which key took the place of another, which then expires at a time.
// A key that is revoked or already replaced is CodeConflict.
func (s *APIKeys) Replace(ctx context.Context, id, by domain.APIKeyID, expires time.Time) error {
	const query = `UPDATE api_keys SET replaced_by = $2, expires_at = $3 WHERE id = $1 AND revoked_at IS NULL AND replaced_by = ''`
	done := domain.Errorf(domain.CodeConflict, "API key %s was already revoked or replaced.", id)
	err := s.db.execOne(ctx, done, query, id, by, s.db.time(expires))
	return s.db.fail(err, "replace API key %s", id)
}

// Touch notes that a key was used at a time, unless it is noted for a time after
// since. A key that is gone is no error.
func (s *APIKeys) Touch(ctx context.Context, id domain.APIKeyID, at, since time.Time) error {
	const query = `UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)`
	_, err := s.db.exec(ctx, query, id, s.db.time(at), s.db.time(since))
	return s.db.fail(err, "touch API key %s", id)
}
