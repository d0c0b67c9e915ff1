package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"empire/internal/domain"
)

// The log of approvals is a chain: each entry is a JSON list of texts that begins
// with the hash of the entry before, and is kept byte for byte as it was hashed. A
// list is unambiguous: no two different events look the same.
//
//	version 1 (kept in the approval's row, before migration 10):
//	    [previous, approval, state, payload hash, actor, reason, time]
//	version 2 (table approval_log):
//	    [previous, "v2", number, state, approval, tenant, run, step, website, kind, title, payload hash,
//	     requester, "four_eyes" or "", opened at, expires at, actor, reason, time]
//
// In version 2 every approval has two entries: one when it is opened, with state
// pending and nobody and no time at the end, and one when it ends.

// log adds what a says now to the end of the log. It holds the counter until the
// transaction ends, which gives the entries their order, and moves it at once: an
// error undoes both.
func (s *Approvals) log(ctx context.Context, a *domain.Approval) (seq int64, hash string, err error) {
	const insert = `INSERT INTO approval_log (seq, approval_id, tenant, entry, hash) VALUES ($1, $2, $3, $4, $5)`
	if seq, err = s.db.next(ctx, "approval"); err != nil {
		return 0, "", err
	}
	previous, err := s.hashAt(ctx, seq-1)
	if err != nil {
		return 0, "", err
	}
	entry := entryOf(previous, seq, a)
	hash = payloadHash([]byte(entry))
	_, err = s.db.exec(ctx, insert, seq, a.ID, a.Tenant, entry, hash)
	return seq, hash, err
}

// hashAt returns the hash of an entry: of the log, or of a decision from before it.
func (s *Approvals) hashAt(ctx context.Context, seq int64) (hash string, err error) {
	if seq == 0 {
		return "", nil
	}
	for _, query := range []string{`SELECT hash FROM approval_log WHERE seq = $1`, `SELECT hash FROM approvals WHERE chain_seq = $1`} {
		err = s.db.w(ctx).QueryRowContext(ctx, query, seq).Scan(&hash)
		if !errors.Is(err, sql.ErrNoRows) {
			return hash, err
		}
	}
	return "", domain.Errorf(domain.CodeConflict, "Entry %d is missing from the log of approvals; verify the log.", seq)
}

// entryOf returns the entry of an approval as it is.
func entryOf(previous string, seq int64, a *domain.Approval) string {
	eyes := ""
	if a.FourEyes {
		eyes = "four_eyes"
	}
	return listOf(previous, "v2", strconv.FormatInt(seq, 10), string(a.State), string(a.ID), string(a.Tenant), string(a.RunID), a.Step, string(a.WebsiteID),
		a.Kind, a.Title, a.PayloadHash, string(a.RequesterID), eyes, stampOf(&a.CreatedAt), stampOf(a.ExpiresAt), string(a.ActorID), a.Reason, stampOf(a.DecidedAt))
}

// openingOf returns the entry that opened an approval, whatever became of it.
func openingOf(previous string, seq int64, a *domain.Approval) string {
	opened := *a
	opened.State, opened.ActorID, opened.Reason, opened.DecidedAt = domain.ApprovalPending, "", "", nil
	return entryOf(previous, seq, &opened)
}

// decisionOf returns the entry of a decision from before the log.
func decisionOf(previous string, a *domain.Approval) string {
	return listOf(previous, string(a.ID), string(a.State), a.PayloadHash, string(a.ActorID), a.Reason, stampOf(a.DecidedAt))
}

func stampOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func listOf(fields ...string) string {
	b, err := json.Marshal(fields)
	if err != nil {
		panic("a list of strings is not JSON: " + err.Error())
	}
	return string(b)
}

// Log returns up to limit entries with a Seq greater than after, in their order.
func (s *Approvals) Log(ctx context.Context, after int64, limit int) ([]domain.ApprovalEntry, error) {
	const entries = `SELECT seq, approval_id, tenant, entry, hash FROM approval_log WHERE seq > $1 ORDER BY seq LIMIT $2`
	old, err := s.oldLog(ctx, after, limit)
	if err != nil || len(old) == limit {
		return old, err
	}
	list, err := getAll(ctx, s.db, scanEntry, entries, after, limit-len(old))
	return append(old, list...), s.db.fail(err, "read log of approvals")
}

func scanEntry(r row) (e domain.ApprovalEntry, err error) {
	err = r.Scan(&e.Seq, &e.ApprovalID, &e.Tenant, &e.Entry, &e.Hash)
	return e, err
}

// oldLog makes entries of the decisions from before the log.
func (s *Approvals) oldLog(ctx context.Context, after int64, limit int) ([]domain.ApprovalEntry, error) {
	const query = `SELECT ` + approvalColumns + `, chain_seq FROM approvals
		WHERE chain_seq > $1 AND chain_seq <= (SELECT value FROM counters WHERE name = 'approval_v1') ORDER BY chain_seq LIMIT $2`
	previous, err := s.oldHash(ctx, after)
	if err != nil {
		return nil, err
	}
	list, err := getAll(ctx, s.db, func(r row) (e domain.ApprovalEntry, err error) {
		var a domain.Approval
		err = r.Scan(append(approvalFields(&a), &e.Seq)...)
		e.ApprovalID, e.Tenant, e.Entry, e.Hash = a.ID, a.Tenant, decisionOf(previous, &a), a.Hash
		previous = a.Hash
		return e, err
	}, query, after, limit)
	return list, s.db.fail(err, "read log of approvals")
}

// oldHash is hashAt of a decision that may be gone.
func (s *Approvals) oldHash(ctx context.Context, seq int64) (hash string, err error) {
	err = s.db.r(ctx).QueryRowContext(ctx, `SELECT hash FROM approvals WHERE chain_seq = $1`, seq).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read decision %d: %w", seq, s.db.coded(err))
	}
	return hash, nil
}

// Intact reports whether a pending approval still says what was asked when it was
// opened: nobody changed its row behind the program's back.
func (s *Approvals) Intact(ctx context.Context, a *domain.Approval) (bool, error) {
	const query = `SELECT a.opened_seq, coalesce(l.entry, '') FROM approvals a LEFT JOIN approval_log l ON l.seq = a.opened_seq WHERE a.id = $1`
	if payloadHash(a.Payload) != a.PayloadHash {
		return false, nil
	}
	var seq int64
	var entry string
	if err := s.db.w(ctx).QueryRowContext(ctx, query, a.ID).Scan(&seq, &entry); err != nil {
		return false, s.db.fail(err, "read entry of approval %s", a.ID)
	}
	if seq == 0 {
		return true, nil // older than the log
	}
	previous, err := s.hashAt(ctx, seq-1)
	return err == nil && entry == openingOf(previous, seq, a), err
}
