package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"empire/internal/domain"
)

// Idempotency holds the idempotency keys of callers with the answers that they
// repeat.
type Idempotency struct{ db *DB }

const idempotencyColumns = `owner, key, request_hash, status, header, body, created_at, lease_until, expires_at`

func scanIdempotency(r row) (i domain.Idempotency, err error) {
	var status sql.NullInt64
	var res domain.StoredResponse
	err = r.Scan(&i.Owner, &i.Key, &i.RequestHash, &status, jsonValue{&res.Header}, &res.Body,
		asTime(&i.CreatedAt), asTime(&i.LeaseUntil), asTime(&i.ExpiresAt))
	if status.Valid {
		res.Status = int(status.Int64)
		i.Response = &res
	}
	return i, err
}

// Claim takes a key for a request, or returns the record of whoever has it. Taken
// are keys that nobody has, that have expired by claim.CreatedAt, and those of the
// same request whose lease is over without an answer: its process died.
func (s *Idempotency) Claim(ctx context.Context, claim domain.Idempotency) (held *domain.Idempotency, claimed bool, err error) {
	const take = `
INSERT INTO idempotency (owner, key, request_hash, created_at, lease_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (owner, key) DO UPDATE SET request_hash = excluded.request_hash, status = NULL, header = NULL, body = NULL,
	created_at = excluded.created_at, lease_until = excluded.lease_until, expires_at = excluded.expires_at
WHERE idempotency.expires_at <= excluded.created_at
	OR idempotency.status IS NULL AND idempotency.lease_until <= excluded.created_at AND idempotency.request_hash = excluded.request_hash`
	const find = `SELECT ` + idempotencyColumns + ` FROM idempotency WHERE owner = $1 AND key = $2`
	for { // until the key is ours or somebody's: it may be released between the two statements
		n, err := s.db.exec(ctx, take, claim.Owner, claim.Key, claim.RequestHash,
			s.db.time(claim.CreatedAt), s.db.time(claim.LeaseUntil), s.db.time(claim.ExpiresAt))
		if err != nil || n > 0 {
			return nil, n > 0, s.db.fail(err, "claim idempotency key")
		}
		i, err := scanIdempotency(s.db.r(ctx).QueryRowContext(ctx, find, claim.Owner, claim.Key))
		if !errors.Is(err, sql.ErrNoRows) {
			return &i, false, s.db.fail(err, "find idempotency key")
		}
	}
}

// Complete stores claim.Response until claim.ExpiresAt. It returns CodeConflict if
// the claim is not held any more: it was completed or released, or somebody took
// the key when the lease was over.
func (s *Idempotency) Complete(ctx context.Context, claim domain.Idempotency) error {
	const query = `UPDATE idempotency SET status = $1, header = $2, body = $3, expires_at = $4
WHERE owner = $5 AND key = $6 AND lease_until = $7 AND status IS NULL`
	lost := domain.Errorf(domain.CodeConflict, "The idempotency key is not held any more.")
	err := s.db.execOne(ctx, lost, query, claim.Response.Status, jsonValue{claim.Response.Header}, claim.Response.Body, s.db.time(claim.ExpiresAt),
		claim.Owner, claim.Key, s.db.time(claim.LeaseUntil))
	return s.db.fail(err, "complete idempotency key")
}

// Release gives up a claim. One that is not held any more is left alone.
func (s *Idempotency) Release(ctx context.Context, claim domain.Idempotency) error {
	const query = `DELETE FROM idempotency WHERE owner = $1 AND key = $2 AND lease_until = $3 AND status IS NULL`
	_, err := s.db.exec(ctx, query, claim.Owner, claim.Key, s.db.time(claim.LeaseUntil))
	return s.db.fail(err, "release idempotency key")
}

// Sweep removes records that have expired and returns how many those were.
func (s *Idempotency) Sweep(ctx context.Context, now time.Time) (int, error) {
	n, err := s.db.exec(ctx, `DELETE FROM idempotency WHERE expires_at <= $1`, s.db.time(now))
	return int(n), s.db.fail(err, "sweep idempotency keys")
}
