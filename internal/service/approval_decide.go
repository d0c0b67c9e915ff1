package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
)

// maxReason bounds the reason of a decision, in bytes.
const maxReason = 2000

// Decide records a person's decision and lets the waiting run go on or end, in one
// transaction. Only a person who signed in may decide, and with four eyes not the
// one who started the run; a rejection needs a reason. An approval that was changed
// since it was opened becomes void instead, which is a CodeConflict.
func (s *Approvals) Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*domain.Approval, error) {
	p, err := domain.Require(ctx, domain.WebsitesManage)
	if err != nil {
		return nil, err
	}
	if !p.Human {
		return nil, domain.Errorf(domain.CodeForbidden, "Only a person who signed in with a password may decide an approval.")
	}
	d.Reason = strings.TrimSpace(d.Reason)
	if !d.Approve && d.Reason == "" {
		return nil, domain.Invalid("reason", "A rejection needs a reason.")
	}
	if len(d.Reason) > maxReason {
		return nil, domain.Invalid("reason", "The reason is longer than 2,000 characters.")
	}
	var decided *domain.Approval
	var refused error // after a change that is to stay
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		open, err := s.get(ctx, id)
		if err != nil {
			return err
		}
		if err := s.decidable(open, d, p); err != nil {
			return err
		}
		if err := s.notAuthor(ctx, open, p); err != nil {
			return err
		}
		intact, err := s.cfg.Approvals.Intact(ctx, open)
		if err != nil {
			return err
		}
		if !intact {
			refused = domain.Errorf(domain.CodeConflict, "Approval %s was changed after it was opened. It is void.", id)
			return s.void(ctx, open)
		}
		decided, err = s.decide(ctx, open, d, p)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	s.addPreview(decided)
	return decided, nil
}

// decidable checks what does not depend on the state of the run.
func (s *Approvals) decidable(open *domain.Approval, d domain.Decision, p *domain.Principal) error {
	if err := s.asked(open, d.PayloadHash); err != nil {
		return err
	}
	if (open.FourEyes || s.cfg.FourEyes) && p.UserID == open.RequesterID {
		return domain.Errorf(domain.CodeForbidden, "Approval %s needs a second person: whoever started the run may not decide about it.", open.ID)
	}
	return nil
}

// asked refuses an approval that is not open, or is not about what the person saw.
func (s *Approvals) asked(open *domain.Approval, hash string) error {
	if hash != "" && hash != open.PayloadHash {
		return domain.Errorf(domain.CodeConflict, "Approval %s is about something else than what you saw; look at it again.", open.ID)
	}
	if open.State != domain.ApprovalPending {
		return domain.Errorf(domain.CodeConflict, "Approval %s is %s and cannot be decided.", open.ID, open.State)
	}
	if open.ExpiresAt != nil && !s.cfg.Now().Before(*open.ExpiresAt) {
		return domain.Errorf(domain.CodeConflict, "Approval %s expired at %s and cannot be decided.", open.ID, open.ExpiresAt.UTC().Format(time.RFC3339))
	}
	return nil
}

func (s *Approvals) decide(ctx context.Context, open *domain.Approval, d domain.Decision, p *domain.Principal) (*domain.Approval, error) {
	state := domain.ApprovalRejected
	if d.Approve {
		state = domain.ApprovalApproved
	}
	a, err := s.cfg.Approvals.Decide(ctx, open.ID, state, p.UserID, d.Reason, s.journal.stamp())
	if err != nil {
		return nil, err
	}
	var cause *domain.RunError
	if !d.Approve {
		cause = &domain.RunError{Step: a.Step, Code: domain.CodeForbidden, Message: fmt.Sprintf("%s was rejected: %s", subject(a), d.Reason)}
	}
	if err := s.conclude(ctx, a, d, cause); err != nil {
		return nil, err
	}
	return a, s.changed(ctx, "approval."+string(state), d.Reason, open, a)
}

// subject names what was asked, as the beginning of a sentence.
func subject(a *domain.Approval) string {
	switch a.Kind {
	case domain.ApprovePublish:
		return "Publishing"
	case domain.ApproveBudget:
		return "Raising the budget"
	default:
		return fmt.Sprintf("%q", a.Title)
	}
}

// conclude lets happen what an ended approval means for its run.
func (s *Approvals) conclude(ctx context.Context, a *domain.Approval, d domain.Decision, cause *domain.RunError) error {
	if effect := s.cfg.Effects[a.Kind]; effect != nil {
		if handled, err := effect(ctx, a, d, cause == nil); handled || err != nil {
			return err
		}
	}
	return s.cfg.Engine.Signal(ctx, a.RunID, a.Step, approvalResult{a.ID, a.PayloadHash, a.ActorID}, cause)
}

// void ends an approval whose row is not what was asked; its step fails.
func (s *Approvals) void(ctx context.Context, open *domain.Approval) error {
	const reason = "It was changed after it was opened."
	a, err := s.cfg.Approvals.Void(ctx, open.ID, reason, s.journal.stamp())
	if err != nil {
		return err
	}
	cause := &domain.RunError{Step: a.Step, Code: domain.CodeConflict, Message: fmt.Sprintf("Approval %s became void: %s", a.ID, reason)}
	if err := s.abandon(ctx, a, cause); err != nil {
		return err
	}
	return s.changed(ctx, "approval.voided", reason, open, a)
}

// abandon fails the step that waits for an approval which nobody will decide any
// more. A run that does not wait for it has nothing to lose.
func (s *Approvals) abandon(ctx context.Context, a *domain.Approval, cause *domain.RunError) error {
	err := s.conclude(ctx, a, domain.Decision{}, cause)
	if code := domain.CodeOf(err); code == domain.CodeConflict || code == domain.CodeNotFound {
		return nil
	}
	return err
}

// expireBatch is how many approvals are looked for at a time.
const expireBatch = 100

// Expire ends the approvals whose time is over and fails the steps that wait for
// them, each in a transaction of its own. Several processes may do so at once: one
// of them succeeds. It returns how many it ended.
func (s *Approvals) Expire(ctx context.Context) (n int, err error) {
	for {
		due, err := s.cfg.Approvals.Due(ctx, s.cfg.Now().UTC(), expireBatch)
		if err != nil {
			return n, err
		}
		for _, id := range due {
			done, err := s.expire(ctx, id)
			if err != nil {
				return n, fmt.Errorf("expire approval %s: %w", id, err)
			}
			if done {
				n++
			}
		}
		if len(due) < expireBatch {
			return n, nil
		}
	}
}

func (s *Approvals) expire(ctx context.Context, id domain.ApprovalID) (done bool, err error) {
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		open, err := s.cfg.Approvals.Get(ctx, id)
		if err != nil {
			return err
		}
		a, err := s.cfg.Approvals.Expire(ctx, id, s.journal.stamp())
		if domain.CodeOf(err) == domain.CodeConflict {
			return nil // another process or a person was faster
		}
		if err != nil {
			return err
		}
		done = true
		cause := &domain.RunError{
			Step: a.Step, Code: domain.CodeTimeout,
			Message: fmt.Sprintf("Nobody decided approval %s (%s) before %s.", a.ID, a.Title, a.ExpiresAt.UTC().Format(time.RFC3339)),
		}
		if err := s.abandon(ctx, a, cause); err != nil {
			return err
		}
		return s.changed(ctx, "approval.expired", "", open, a)
	})
	return done && err == nil, err
}

// RunEnded voids the open approvals of a run, in the transaction that ends it.
func (s *Approvals) RunEnded(ctx context.Context, run domain.RunID) error {
	voided, err := s.cfg.Approvals.VoidByRun(ctx, run, s.journal.stamp())
	if err != nil {
		return err
	}
	for i := range voided {
		before := voided[i]
		before.State, before.Reason, before.DecidedAt, before.Hash = domain.ApprovalPending, "", nil, ""
		if err := s.changed(ctx, "approval.voided", "run "+string(run), &before, &voided[i]); err != nil {
			return err
		}
	}
	return nil
}
