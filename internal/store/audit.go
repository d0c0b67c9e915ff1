package store

import (
	"context"

	"empire/internal/domain"
)

// Audit is the log of changes of state.
type Audit struct{ db *DB }

func scanAudit(r row) (e domain.AuditEntry, err error) {
	err = r.Scan(&e.Seq, asTime(&e.At), &e.ActorID, &e.Action, &e.Object, &e.Detail, &e.RequestID)
	return e, err
}

// Append adds an entry; e.Seq is ignored.
func (s *Audit) Append(ctx context.Context, e domain.AuditEntry) error {
	const query = `INSERT INTO audit (at, actor_id, action, object, detail, request_id) VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := s.db.exec(ctx, query, s.db.time(e.At), e.ActorID, e.Action, e.Object, e.Detail, e.RequestID)
	return s.db.fail(err, "append audit entry %s", e.Action)
}

// List returns entries, the newest first, and how many there are.
func (s *Audit) List(ctx context.Context, w domain.Window) ([]domain.AuditEntry, int, error) {
	const query = `SELECT seq, at, actor_id, action, object, detail, request_id FROM audit ORDER BY seq DESC LIMIT $1 OFFSET $2`
	total, err := s.db.count(ctx, `SELECT count(*) FROM audit`)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanAudit, query, limit, offset)
	return list, total, s.db.fail(err, "list audit entries")
}
