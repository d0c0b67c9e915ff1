package store

import (
	"context"
	"database/sql"
	"errors"

	"empire/internal/domain"
)

// Events are the histories of runs.
type Events struct{ db *DB }

func scanEvent(r row) (e domain.RunEvent, err error) {
	err = r.Scan(&e.RunID, &e.Seq, &e.Type, &e.Step, rawScan{&e.Data}, asTime(&e.At))
	return e, err
}

// Append adds an event to its run's history; e.Seq is ignored. The run's row
// counts its events, so that they become visible in their order without gaps.
func (s *Events) Append(ctx context.Context, e domain.RunEvent) error {
	const number = `UPDATE runs SET event_seq = event_seq + 1 WHERE id = $1 RETURNING event_seq`
	const insert = `INSERT INTO run_events (run_id, seq, type, step, data, at) VALUES ($1, $2, $3, $4, $5, $6)`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var seq int64
		err := s.db.w(ctx).QueryRowContext(ctx, number, e.RunID).Scan(&seq)
		if errors.Is(err, sql.ErrNoRows) {
			return noRun(e.RunID)
		}
		if err != nil {
			return err
		}
		_, err = s.db.exec(ctx, insert, e.RunID, seq, e.Type, e.Step, rawArg(e.Data), s.db.time(e.At))
		return err
	})
	return s.db.fail(err, "append event to run %s", e.RunID)
}

// List returns up to limit events of a run that come after afterSeq, in order.
// Zero as limit means 50.
func (s *Events) List(ctx context.Context, run domain.RunID, afterSeq int64, limit int) ([]domain.RunEvent, error) {
	const query = `SELECT run_id, seq, type, step, data, at FROM run_events WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`
	limit, _ = limitOffset(domain.Window{Limit: limit})
	list, err := getAll(ctx, s.db, scanEvent, query, run, afterSeq, limit)
	return list, s.db.fail(err, "list events of run %s", run)
}
