package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"empire/internal/domain"
)

// Approvals are questions that only a person answers. Whatever happens to one is an
// entry of a log, in which each has a number and the hash of everything before it,
// so that a changed, missing or inserted one is found by VerifyLog.
//
//	pending ─Decide▶ approved │ rejected
//	        ─Expire▶ expired
//	        ─Void, VoidByRun▶ void
type Approvals struct{ db *DB }

const approvalColumns = `id, tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id, reason, requester_id, four_eyes,
	created_at, expires_at, decided_at, hash`

func approvalFields(a *domain.Approval) []any {
	return []any{
		&a.ID, &a.Tenant, &a.RunID, &a.Step, &a.WebsiteID, &a.Kind, &a.Title, rawScan{&a.Payload}, &a.PayloadHash, &a.State, &a.ActorID, &a.Reason,
		&a.RequesterID, &a.FourEyes, asTime(&a.CreatedAt), asTimePtr(&a.ExpiresAt), asTimePtr(&a.DecidedAt), &a.Hash,
	}
}

func scanApproval(r row) (a domain.Approval, err error) {
	err = r.Scan(approvalFields(&a)...)
	return a, err
}

func noApproval(id domain.ApprovalID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Approval %s does not exist.", id)
}

func payloadHash(payload json.RawMessage) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// Insert stores a pending approval and adds it to the log; an empty Tenant is
// DefaultTenant. An empty PayloadHash is set; another than that of the payload is
// CodeInvalid.
func (s *Approvals) Insert(ctx context.Context, a *domain.Approval) error {
	sum := payloadHash(a.Payload)
	if a.PayloadHash != "" && a.PayloadHash != sum {
		return domain.Invalid("payload_hash", "The hash does not belong to the payload.")
	}
	if a.State != domain.ApprovalPending {
		return domain.Invalid("state", "A new approval is pending, not %q.", a.State)
	}
	stored := *a
	stored.Tenant, stored.PayloadHash = a.Tenant.OrDefault(), sum
	stored.ActorID, stored.Reason, stored.DecidedAt, stored.Hash = "", "", nil, ""
	stored.CreatedAt, stored.ExpiresAt = precise(a.CreatedAt), precisePtr(a.ExpiresAt)
	err := s.db.InTx(ctx, func(ctx context.Context) error { return s.insert(ctx, &stored) })
	if err != nil {
		return s.db.fail(err, "insert approval %s", a.ID)
	}
	a.PayloadHash = sum
	return nil
}

func (s *Approvals) insert(ctx context.Context, a *domain.Approval) error {
	const query = `INSERT INTO approvals (` + approvalColumns + `, opened_seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
	const run = `SELECT id FROM runs WHERE id = $1`
	noRun := domain.Errorf(domain.CodeConflict, "It refers to run %s, which does not exist.", a.RunID)
	if err := s.db.lock(ctx, noRun, run, a.RunID); err != nil {
		return err
	}
	seq, _, err := s.log(ctx, a)
	if err != nil {
		return err
	}
	_, err = s.db.exec(ctx, query, a.ID, a.Tenant, a.RunID, a.Step, a.WebsiteID, a.Kind, a.Title, rawArg(a.Payload), a.PayloadHash, a.State, "", "",
		a.RequesterID, a.FourEyes, s.db.time(a.CreatedAt), s.db.timePtr(a.ExpiresAt), nil, "", seq)
	return err
}

// precise is t with the precision of a database: what is hashed comes back so.
func precise(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func precisePtr(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	p := precise(*t)
	return &p
}

// Get returns one approval, or CodeNotFound.
func (s *Approvals) Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error) {
	const query = `SELECT ` + approvalColumns + ` FROM approvals WHERE id = $1`
	a, err := getOne(ctx, s.db, noApproval(id), scanApproval, query, id)
	return a, s.db.fail(err, "get approval %s", id)
}

func approvalFilter(af domain.ApprovalFilter) (f filter) {
	f.eq("tenant", string(af.Tenant))
	f.eq("state", string(af.State))
	f.eq("kind", af.Kind)
	f.eq("run_id", string(af.RunID))
	f.eq("website_id", string(af.WebsiteID))
	return f
}

// List returns approvals, the newest first, and how many there are.
func (s *Approvals) List(ctx context.Context, af domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error) {
	f := approvalFilter(af)
	total, err := s.db.count(ctx, `SELECT count(*) FROM approvals`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanApproval,
		`SELECT `+approvalColumns+` FROM approvals`+f.where()+` ORDER BY created_at DESC, id DESC`+page, args...)
	return list, total, s.db.fail(err, "list approvals")
}

// Count returns how many approvals a filter selects in each state, without those
// states that none is in.
func (s *Approvals) Count(ctx context.Context, af domain.ApprovalFilter) (map[domain.ApprovalState]int, error) {
	type group struct {
		state domain.ApprovalState
		n     int
	}
	f := approvalFilter(af)
	list, err := getAll(ctx, s.db, func(r row) (g group, err error) {
		err = r.Scan(&g.state, &g.n)
		return g, err
	}, `SELECT state, count(*) FROM approvals`+f.where()+` GROUP BY state`, f.args...)
	out := map[domain.ApprovalState]int{}
	for _, g := range list {
		out[g.state] = g.n
	}
	return out, s.db.fail(err, "count approvals")
}

// Due returns up to limit pending approvals whose time is over, the oldest first.
func (s *Approvals) Due(ctx context.Context, at time.Time, limit int) ([]domain.ApprovalID, error) {
	const query = `SELECT id FROM approvals WHERE state = 'pending' AND expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2`
	list, err := getAll(ctx, s.db, scanOne[domain.ApprovalID], query, s.db.time(at), limit)
	return list, s.db.fail(err, "list expired approvals")
}

// Decide answers a pending approval as approved or rejected and adds the decision
// to the log. An approval that is not pending is CodeConflict.
func (s *Approvals) Decide(ctx context.Context, id domain.ApprovalID, state domain.ApprovalState, actor domain.UserID, reason string, at time.Time) (*domain.Approval, error) {
	if state != domain.ApprovalApproved && state != domain.ApprovalRejected {
		return nil, domain.Invalid("state", "A decision is approved or rejected, not %q.", state)
	}
	if actor == "" {
		return nil, domain.Invalid("actor_id", "A decision needs a person.")
	}
	a, err := s.end(ctx, id, state, actor, reason, at)
	return a, s.db.fail(err, "decide approval %s", id)
}

// Expire ends a pending approval that nobody decided in time, and adds that to the
// log. An approval that is not pending is CodeConflict.
func (s *Approvals) Expire(ctx context.Context, id domain.ApprovalID, at time.Time) (*domain.Approval, error) {
	a, err := s.end(ctx, id, domain.ApprovalExpired, "", "", at)
	return a, s.db.fail(err, "expire approval %s", id)
}

// Void ends a pending approval that must not be decided any more, for a reason, and
// adds that to the log. An approval that is not pending is CodeConflict.
func (s *Approvals) Void(ctx context.Context, id domain.ApprovalID, reason string, at time.Time) (*domain.Approval, error) {
	a, err := s.end(ctx, id, domain.ApprovalVoid, "", reason, at)
	return a, s.db.fail(err, "void approval %s", id)
}

// end moves a pending approval to its last state. It holds the run, and then the
// log, which lets one change at a time through.
func (s *Approvals) end(ctx context.Context, id domain.ApprovalID, state domain.ApprovalState, actor domain.UserID, reason string, at time.Time) (a *domain.Approval, err error) {
	const run = `SELECT id FROM runs WHERE id = (SELECT run_id FROM approvals WHERE id = $1)`
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.db.lock(ctx, noApproval(id), run, id); err != nil {
			return err
		}
		if a, err = s.Get(ctx, id); err != nil {
			return err
		}
		return s.finish(ctx, a, state, actor, reason, at)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// finish changes an approval of a run that is held.
func (s *Approvals) finish(ctx context.Context, a *domain.Approval, state domain.ApprovalState, actor domain.UserID, reason string, at time.Time) error {
	const update = `UPDATE approvals SET state = $2, actor_id = $3, reason = $4, decided_at = $5, hash = $6, chain_seq = $7
		WHERE id = $1 AND state = 'pending'`
	conflict := domain.Errorf(domain.CodeConflict, "Approval %s is %s and cannot be decided.", a.ID, a.State)
	if a.State != domain.ApprovalPending {
		return conflict
	}
	at = precise(at)
	a.State, a.ActorID, a.Reason, a.DecidedAt = state, actor, reason, &at
	seq, hash, err := s.log(ctx, a)
	if err != nil {
		return err
	}
	a.Hash = hash
	return s.db.execOne(ctx, conflict, update, a.ID, state, actor, reason, s.db.time(at), hash, seq)
}

// VoidByRun voids the pending approvals of a run and returns them as they are then.
func (s *Approvals) VoidByRun(ctx context.Context, run domain.RunID, at time.Time) ([]domain.Approval, error) {
	const pending = `SELECT ` + approvalColumns + ` FROM approvals WHERE run_id = $1 AND state = 'pending' ORDER BY created_at, id`
	var voided []domain.Approval
	err := s.db.InTx(ctx, func(ctx context.Context) (err error) {
		if err := s.db.lock(ctx, noRun(run), `SELECT id FROM runs WHERE id = $1`, run); err != nil {
			return err
		}
		if voided, err = getAll(ctx, s.db, scanApproval, pending, run); err != nil {
			return err
		}
		for i := range voided {
			if err := s.finish(ctx, &voided[i], domain.ApprovalVoid, "", "The run ended.", at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.db.fail(err, "void approvals of run %s", run)
	}
	return voided, nil
}
