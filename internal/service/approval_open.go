package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// maxQuestion bounds the title of an approval, in bytes.
const maxQuestion = 300

// Open asks a person on behalf of a step, in the transaction in which the step
// begins to wait. Several may be open for one run, each for its own step. The
// payload is hashed as it is stored: exactly that is approved.
func (s *Approvals) Open(ctx context.Context, run *domain.Run, step string, q domain.Question) error {
	if q.Kind == "" || q.ExpiresIn < 0 {
		return domain.Invalid("kind", "A question needs a kind, and a time to expire that is not negative.")
	}
	payload, hash, err := hashed(q.Payload)
	if err != nil {
		return err
	}
	a := &domain.Approval{
		ID: domain.ApprovalID(domain.NewID("appr")), Tenant: run.Tenant.OrDefault(), RunID: run.ID, Step: step, WebsiteID: run.WebsiteID,
		Kind: q.Kind, Title: titleOf(q, step), Payload: payload, PayloadHash: hash, State: domain.ApprovalPending, RequesterID: run.OwnerID,
		FourEyes: q.FourEyes || s.cfg.FourEyes, CreatedAt: s.journal.stamp(),
	}
	if q.ExpiresIn == 0 {
		q.ExpiresIn = s.cfg.ExpireAfter
	}
	if q.ExpiresIn > 0 {
		at := a.CreatedAt.Add(q.ExpiresIn).Truncate(time.Microsecond)
		a.ExpiresAt = &at
	}
	if err := s.cfg.Approvals.Insert(ctx, a); err != nil {
		return err
	}
	return s.changed(ctx, "approval.opened", "run "+string(run.ID), nil, a)
}

// titleOf returns the title of a question as one line that is not too long.
func titleOf(q domain.Question, step string) string {
	title := strings.Join(strings.Fields(strings.ToValidUTF8(q.Title, "?")), " ")
	if title == "" {
		title = fmt.Sprintf("Step %s asks to go on", step)
	}
	if len(title) > maxQuestion {
		title = strings.ToValidUTF8(title[:maxQuestion-len("…")], "") + "…"
	}
	return title
}

// hashed returns v as JSON and the SHA-256 of that in hex.
func hashed(v any) (payload json.RawMessage, hash string, err error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, "", fmt.Errorf("encode approval: %w", err)
	}
	sum := sha256.Sum256(raw)
	return raw, hex.EncodeToString(sum[:]), nil
}

// changed notes a change of an approval and tells who watches. before is nil for a
// new one.
func (s *Approvals) changed(ctx context.Context, action, detail string, before, after *domain.Approval) error {
	var old any
	if before != nil {
		old = before
	}
	if err := s.journal.changed(ctx, action, string(after.ID), detail, old, after); err != nil {
		return err
	}
	if s.cfg.Emit == nil {
		return nil
	}
	data, err := json.Marshal(map[string]any{
		"approval_id": after.ID, "run_id": after.RunID, "step": after.Step, "kind": after.Kind, "title": after.Title, "state": after.State,
	})
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	topic := domain.EventApproval + "." + string(after.State)
	if before == nil {
		topic = domain.EventApproval + ".opened"
	}
	ev := domain.Event{Topic: topic, Tenant: after.Tenant, Object: string(after.ID), Data: data, At: s.journal.stamp()}
	sqltx.AfterCommit(ctx, func() { s.cfg.Emit(context.WithoutCancel(ctx), ev) })
	return nil
}
