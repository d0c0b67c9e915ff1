package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// DeadLetters are messages and tasks that nobody will handle any more.
type DeadLetters struct{ db *DB }

const deadLetterColumns = `id, tenant, kind, agent_id, sender, reason, detail, payload, created_at, replayed_at, replayed_by`

func scanDeadLetter(r row) (d domain.DeadLetter, err error) {
	err = r.Scan(&d.ID, &d.Tenant, &d.Kind, &d.AgentID, &d.From, &d.Reason, &d.Detail, rawScan{&d.Payload}, asTime(&d.CreatedAt), asTimePtr(&d.ReplayedAt), &d.ReplayedBy)
	return d, err
}

func noDeadLetter(id domain.DeadLetterID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Dead letter %s does not exist.", id)
}

// Insert stores a dead letter; an empty Tenant is DefaultTenant.
func (s *DeadLetters) Insert(ctx context.Context, d *domain.DeadLetter) error {
	const query = `INSERT INTO dead_letters (` + deadLetterColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	_, err := s.db.exec(ctx, query, d.ID, d.Tenant.OrDefault(), d.Kind, d.AgentID, d.From, d.Reason, d.Detail, string(d.Payload), s.db.time(d.CreatedAt),
		s.db.timePtr(d.ReplayedAt), d.ReplayedBy)
	return s.db.fail(err, "insert dead letter %s", d.ID)
}

// Get returns one dead letter, or CodeNotFound.
func (s *DeadLetters) Get(ctx context.Context, id domain.DeadLetterID) (*domain.DeadLetter, error) {
	d, err := getOne(ctx, s.db, noDeadLetter(id), scanDeadLetter, `SELECT `+deadLetterColumns+` FROM dead_letters WHERE id = $1`, id)
	return d, s.db.fail(err, "get dead letter %s", id)
}

// List returns dead letters, the newest first, and how many there are.
func (s *DeadLetters) List(ctx context.Context, df domain.DeadLetterFilter, w domain.Window) ([]domain.DeadLetter, int, error) {
	var f filter
	f.eq("tenant", string(df.Tenant))
	f.eq("kind", df.Kind)
	f.eq("agent_id", string(df.AgentID))
	f.eq("reason", df.Reason)
	if df.Replayed != nil {
		cond := "replayed_at IS NULL"
		if *df.Replayed {
			cond = "replayed_at IS NOT NULL"
		}
		f.conds = append(f.conds, cond)
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM dead_letters`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanDeadLetter, `SELECT `+deadLetterColumns+` FROM dead_letters`+f.where()+` ORDER BY created_at DESC, id DESC`+page, args...)
	return list, total, s.db.fail(err, "list dead letters")
}

// MarkReplayed notes who replayed a dead letter and when. It reports false if
// somebody did before; within a transaction nobody else can until that ends.
func (s *DeadLetters) MarkReplayed(ctx context.Context, id domain.DeadLetterID, by domain.UserID, at time.Time) (bool, error) {
	const query = `UPDATE dead_letters SET replayed_at = $2, replayed_by = $3 WHERE id = $1 AND replayed_at IS NULL`
	n, err := s.db.exec(ctx, query, id, s.db.time(at), by)
	return n > 0, s.db.fail(err, "mark dead letter %s", id)
}
