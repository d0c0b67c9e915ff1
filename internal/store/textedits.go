package store

import (
	"context"
	"encoding/json"
	"fmt"

	"empire/internal/domain"
)

// TextEdits are what people changed in texts of candidates that wait for approval.
type TextEdits struct{ db *DB }

func scanTextEdit(r row) (e domain.TextEdit, err error) {
	var doc string
	if err = r.Scan(&doc); err == nil {
		err = json.Unmarshal([]byte(doc), &e)
	}
	return e, err
}

// Insert stores an edit; an empty Tenant is DefaultTenant. A second one with the same
// number of its run is CodeConflict.
func (s *TextEdits) Insert(ctx context.Context, e *domain.TextEdit) error {
	const query = `INSERT INTO text_edits (run_id, number, id, tenant, state, doc) VALUES ($1, $2, $3, $4, $5, $6)`
	stored := *e
	stored.Tenant, stored.At = e.Tenant.OrDefault(), precise(e.At)
	doc, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("encode edit %s: %w", e.ID, err)
	}
	_, err = s.db.exec(ctx, query, e.RunID, e.Number, e.ID, stored.Tenant, e.State, string(doc))
	return s.db.fail(err, "insert edit %s", e.ID)
}

// List returns the edits of a run, the first one first.
func (s *TextEdits) List(ctx context.Context, run domain.RunID) ([]domain.TextEdit, error) {
	const query = `SELECT doc FROM text_edits WHERE run_id = $1 ORDER BY number`
	list, err := getAll(ctx, s.db, scanTextEdit, query, run)
	return list, s.db.fail(err, "list edits of run %s", run)
}

// Settle stores what became of an edit that was checked. One that was settled before stays
// as it is.
func (s *TextEdits) Settle(ctx context.Context, e *domain.TextEdit) error {
	const query = `UPDATE text_edits SET state = $3, doc = $4 WHERE run_id = $1 AND number = $2 AND state = 'checking'`
	doc, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode edit %s: %w", e.ID, err)
	}
	_, err = s.db.exec(ctx, query, e.RunID, e.Number, e.State, string(doc))
	return s.db.fail(err, "settle edit %s", e.ID)
}
