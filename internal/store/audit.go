package store

import (
	"context"
	"strconv"

	"empire/internal/domain"
)

// Audit is the log of changes of state. It only grows.
type Audit struct{ db *DB }

const auditColumns = `seq, at, tenant, actor_id, action, object, detail, before_hash, after_hash, request_id`

func scanAudit(r row) (e domain.AuditEntry, err error) {
	err = r.Scan(&e.Seq, asTime(&e.At), &e.Tenant, &e.ActorID, &e.Action, &e.Object, &e.Detail, &e.Before, &e.After, &e.RequestID)
	return e, err
}

// Append adds an entry; e.Seq is ignored, and an empty Tenant is DefaultTenant.
func (s *Audit) Append(ctx context.Context, e domain.AuditEntry) error {
	const query = `INSERT INTO audit (at, tenant, actor_id, action, object, detail, before_hash, after_hash, request_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := s.db.exec(ctx, query, s.db.time(e.At), e.Tenant.OrDefault(), e.ActorID, e.Action, e.Object, e.Detail, e.Before, e.After, e.RequestID)
	return s.db.fail(err, "append audit entry %s", e.Action)
}

// filter turns the fields of f into conditions, each of which an index serves
// together with the tenant.
func (s *Audit) filter(af domain.AuditFilter) filter {
	var f filter
	arg := func(v any) string {
		f.args = append(f.args, v)
		return "$" + strconv.Itoa(len(f.args))
	}
	f.eq("tenant", string(af.Tenant))
	f.eq("actor_id", string(af.Actor))
	f.eq("object", af.Object)
	if af.Action != "" {
		// Everything from "website" to before "website/" that is "website" itself or
		// begins with "website."; the dot is the character before the slash.
		f.conds = append(f.conds, "action >= "+arg(af.Action), "action < "+arg(af.Action+"/"),
			"(action = "+arg(af.Action)+" OR action >= "+arg(af.Action+".")+")")
	}
	if !af.Since.IsZero() {
		f.conds = append(f.conds, "at >= "+arg(s.db.time(af.Since)))
	}
	if !af.Until.IsZero() {
		f.conds = append(f.conds, "at < "+arg(s.db.time(af.Until)))
	}
	return f
}

// List returns entries, the newest first, and how many there are.
func (s *Audit) List(ctx context.Context, af domain.AuditFilter, w domain.Window) ([]domain.AuditEntry, int, error) {
	f := s.filter(af)
	total, err := s.db.count(ctx, `SELECT count(*) FROM audit`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanAudit, `SELECT `+auditColumns+` FROM audit`+f.where()+` ORDER BY seq DESC`+page, args...)
	return list, total, s.db.fail(err, "list audit entries")
}

// Before returns up to limit entries with a Seq less than seq, the newest first;
// with 0 as seq the newest of all. Zero as limit means 50. It counts nothing, so
// that each step of a walk costs the same however long the log is.
func (s *Audit) Before(ctx context.Context, af domain.AuditFilter, seq int64, limit int) ([]domain.AuditEntry, error) {
	f := s.filter(af)
	if seq > 0 {
		f.args = append(f.args, seq)
		f.conds = append(f.conds, "seq < $"+strconv.Itoa(len(f.args)))
	}
	page, args := f.page(domain.Window{Limit: limit})
	list, err := getAll(ctx, s.db, scanAudit, `SELECT `+auditColumns+` FROM audit`+f.where()+` ORDER BY seq DESC`+page, args...)
	return list, s.db.fail(err, "list audit entries before %d", seq)
}
