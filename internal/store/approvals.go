package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

// Approvals are questions that only a person answers. Their decisions form a log:
// each has a number and the hash of everything decided so far, so that a changed,
// missing or inserted decision is found by VerifyLog.
type Approvals struct{ db *DB }

const approvalColumns = `id, tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id, reason, created_at, decided_at, hash`

func approvalFields(a *domain.Approval) []any {
	return []any{
		&a.ID, &a.Tenant, &a.RunID, &a.Step, &a.WebsiteID, &a.Kind, &a.Title, rawScan{&a.Payload}, &a.PayloadHash, &a.State, &a.ActorID, &a.Reason,
		asTime(&a.CreatedAt), asTimePtr(&a.DecidedAt), &a.Hash,
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

// Insert stores a pending approval; an empty Tenant is DefaultTenant. An empty PayloadHash is set; another than that
// of the payload is CodeInvalid.
func (s *Approvals) Insert(ctx context.Context, a *domain.Approval) error {
	const query = `INSERT INTO approvals (` + approvalColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	sum := payloadHash(a.Payload)
	if a.PayloadHash != "" && a.PayloadHash != sum {
		return domain.Invalid("payload_hash", "The hash does not belong to the payload.")
	}
	if a.State != domain.ApprovalPending {
		return domain.Invalid("state", "A new approval is pending, not %q.", a.State)
	}
	_, err := s.db.exec(ctx, query, a.ID, a.Tenant.OrDefault(), a.RunID, a.Step, a.WebsiteID, a.Kind, a.Title, rawArg(a.Payload), sum, a.State, "", "",
		s.db.time(a.CreatedAt), nil, "")
	if err != nil {
		return s.db.fail(err, "insert approval %s", a.ID)
	}
	a.PayloadHash = sum
	return nil
}

// Get returns one approval, or CodeNotFound.
func (s *Approvals) Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error) {
	const query = `SELECT ` + approvalColumns + ` FROM approvals WHERE id = $1`
	a, err := getOne(ctx, s.db, noApproval(id), scanApproval, query, id)
	return a, s.db.fail(err, "get approval %s", id)
}

// List returns approvals, the newest first, and how many there are.
func (s *Approvals) List(ctx context.Context, af domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error) {
	var f filter
	f.eq("tenant", string(af.Tenant))
	f.eq("state", string(af.State))
	total, err := s.db.count(ctx, `SELECT count(*) FROM approvals`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanApproval,
		`SELECT `+approvalColumns+` FROM approvals`+f.where()+` ORDER BY created_at DESC, id DESC`+page, args...)
	return list, total, s.db.fail(err, "list approvals")
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
	var decided *domain.Approval
	err := s.db.InTx(ctx, func(ctx context.Context) (err error) {
		decided, err = s.decide(ctx, id, state, actor, reason, at.UTC().Truncate(time.Microsecond))
		return err
	})
	if err != nil {
		return nil, s.db.fail(err, "decide approval %s", id)
	}
	return decided, nil
}

// decide holds the run, and the log's counter, which lets one decision at a time
// through. It moves the counter last: a refused decision leaves no gap.
func (s *Approvals) decide(ctx context.Context, id domain.ApprovalID, state domain.ApprovalState, actor domain.UserID, reason string, at time.Time) (*domain.Approval, error) {
	const update = `UPDATE approvals SET state = $2, actor_id = $3, reason = $4, decided_at = $5, hash = $6, chain_seq = $7
		WHERE id = $1 AND state = 'pending'`
	const run = `SELECT id FROM runs WHERE id = (SELECT run_id FROM approvals WHERE id = $1)`
	if err := s.db.lock(ctx, noApproval(id), run, id); err != nil {
		return nil, err
	}
	var last int64
	err := s.db.w(ctx).QueryRowContext(ctx, `SELECT value FROM counters WHERE name = 'approval'`+s.db.d.lockRow()).Scan(&last)
	if err != nil {
		return nil, err
	}
	var previous string
	err = s.db.w(ctx).QueryRowContext(ctx, `SELECT hash FROM approvals WHERE chain_seq = $1`, last).Scan(&previous)
	if err != nil && (last > 0 || !errors.Is(err, sql.ErrNoRows)) {
		return nil, fmt.Errorf("read decision %d: %w", last, err)
	}
	a, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	conflict := domain.Errorf(domain.CodeConflict, "Approval %s is %s and cannot be decided.", id, a.State)
	a.State, a.ActorID, a.Reason, a.DecidedAt = state, actor, reason, &at
	a.Hash = decisionHash(previous, a)
	if err := s.db.execOne(ctx, conflict, update, id, state, actor, reason, s.db.time(at), a.Hash, last+1); err != nil {
		return nil, err
	}
	_, err = s.db.next(ctx, "approval")
	return a, err
}

// decisionHash is over a JSON list, in which no two different decisions look the
// same.
func decisionHash(previous string, a *domain.Approval) string {
	b, err := json.Marshal([]string{
		previous, string(a.ID), string(a.State), a.PayloadHash, string(a.ActorID), a.Reason, a.DecidedAt.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		panic("a list of strings is not JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// VoidByRun voids the pending approvals of a run and returns them as they are then.
func (s *Approvals) VoidByRun(ctx context.Context, run domain.RunID, at time.Time) ([]domain.Approval, error) {
	const pending = `SELECT ` + approvalColumns + ` FROM approvals WHERE run_id = $1 AND state = 'pending' ORDER BY created_at, id`
	const update = `UPDATE approvals SET state = 'void', decided_at = $2 WHERE run_id = $1 AND state = 'pending'`
	at = at.UTC().Truncate(time.Microsecond)
	var voided []domain.Approval
	err := s.db.InTx(ctx, func(ctx context.Context) (err error) {
		if err := s.db.lock(ctx, noRun(run), `SELECT id FROM runs WHERE id = $1`, run); err != nil {
			return err
		}
		if voided, err = getAll(ctx, s.db, scanApproval, pending, run); err != nil {
			return err
		}
		_, err = s.db.exec(ctx, update, run, s.db.time(at))
		return err
	})
	if err != nil {
		return nil, s.db.fail(err, "void approvals of run %s", run)
	}
	for i := range voided {
		voided[i].State, voided[i].DecidedAt = domain.ApprovalVoid, &at
	}
	return voided, nil
}

// Log returns all decisions in their order.
func (s *Approvals) Log(ctx context.Context) ([]domain.Approval, error) {
	entries, err := s.log(ctx)
	out := make([]domain.Approval, len(entries))
	for i := range entries {
		out[i] = entries[i].approval
	}
	return out, err
}

type decision struct {
	seq      int64
	approval domain.Approval
}

func (s *Approvals) log(ctx context.Context) ([]decision, error) {
	const query = `SELECT ` + approvalColumns + `, chain_seq FROM approvals WHERE chain_seq IS NOT NULL ORDER BY chain_seq`
	list, err := getAll(ctx, s.db, func(r row) (d decision, err error) {
		err = r.Scan(append(approvalFields(&d.approval), &d.seq)...)
		return d, err
	}, query)
	return list, s.db.fail(err, "read log of decisions")
}

// VerifyLog computes all hashes again. It returns CodeConflict naming the first
// approval that was changed, or the number of a decision that is gone.
func (s *Approvals) VerifyLog(ctx context.Context) error {
	entries, err := s.log(ctx)
	if err != nil {
		return err
	}
	previous := ""
	for i, d := range entries {
		if d.seq != int64(i+1) {
			return domain.Errorf(domain.CodeConflict, "Decision %d is missing from the log of approvals.", i+1)
		}
		a := &d.approval
		if a.DecidedAt == nil || a.PayloadHash != payloadHash(a.Payload) || a.Hash != decisionHash(previous, a) {
			return domain.Errorf(domain.CodeConflict, "Decision %d, approval %s, was changed after it was made.", d.seq, a.ID)
		}
		previous = a.Hash
	}
	return s.verifyLength(ctx, len(entries))
}

func (s *Approvals) verifyLength(ctx context.Context, n int) error {
	made, err := s.db.count(ctx, `SELECT value FROM counters WHERE name = 'approval'`)
	if err != nil {
		return err
	}
	if made > n {
		return domain.Errorf(domain.CodeConflict, "Decision %d is missing from the log of approvals.", n+1)
	}
	return nil
}
