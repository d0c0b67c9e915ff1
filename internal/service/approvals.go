package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
)

type approvalStore interface {
	Insert(ctx context.Context, a *domain.Approval) error
	Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error)
	List(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error)
	Decide(ctx context.Context, id domain.ApprovalID, state domain.ApprovalState, actor domain.UserID, reason string, at time.Time) (*domain.Approval, error)
}

// ApprovalsConfig is what Approvals needs.
type ApprovalsConfig struct {
	Tx        transactor
	Approvals approvalStore
	Engine    *pipeline.Engine
	Audit     auditStore
	// PreviewURL says where the release with a manifest can be looked at; nil: nowhere.
	PreviewURL func(manifest string) string
	Now        func() time.Time
}

// Approvals shows open questions to people and takes their decisions.
type Approvals struct {
	cfg     ApprovalsConfig
	journal journal
}

// NewApprovals returns the service.
func NewApprovals(cfg ApprovalsConfig) *Approvals {
	return &Approvals{cfg, journal{cfg.Audit, cfg.Now}}
}

// approvalResult is stored as the result of the step that waited.
type approvalResult struct {
	ApprovalID  domain.ApprovalID `json:"approval_id"`
	PayloadHash string            `json:"payload_hash"`
	ActorID     domain.UserID     `json:"actor_id"`
}

// List returns a window of the approvals in a state, oldest first; without a state
// all of them.
func (s *Approvals) List(ctx context.Context, state domain.ApprovalState, w domain.Window) ([]domain.Approval, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	list, total, err := s.cfg.Approvals.List(ctx, domain.ApprovalFilter{Tenant: scope(ctx), State: state}, w)
	for i := range list {
		s.addPreview(&list[i])
	}
	return list, total, err
}

// Get returns one approval.
func (s *Approvals) Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	a, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	s.addPreview(a)
	return a, nil
}

// get returns an approval that the principal in ctx sees.
func (s *Approvals) get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error) {
	a, err := s.cfg.Approvals.Get(ctx, id)
	return visible(ctx, a, err, "Approval", string(id))
}

// addPreview says where the site that is asked about can be looked at.
func (s *Approvals) addPreview(a *domain.Approval) {
	var p approvalPayload
	if s.cfg.PreviewURL == nil || json.Unmarshal(a.Payload, &p) != nil || p.Manifest == "" {
		return // not about a site
	}
	a.PreviewURL = s.cfg.PreviewURL(p.Manifest)
}

// Decide records a person's decision and lets the waiting run go on or end, in one
// transaction. Only a person who signed in may decide; a rejection needs a reason.
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
	if len(d.Reason) > 2000 {
		return nil, domain.Invalid("reason", "The reason is longer than 2,000 characters.")
	}
	var decided *domain.Approval
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		decided, err = s.decide(ctx, id, d, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.addPreview(decided)
	return decided, nil
}

func (s *Approvals) decide(ctx context.Context, id domain.ApprovalID, d domain.Decision, p *domain.Principal) (*domain.Approval, error) {
	open, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.PayloadHash != "" && d.PayloadHash != open.PayloadHash {
		return nil, domain.Errorf(domain.CodeConflict, "Approval %s is about something else than what you saw; look at it again.", id)
	}
	state := domain.ApprovalRejected
	if d.Approve {
		state = domain.ApprovalApproved
	}
	a, err := s.cfg.Approvals.Decide(ctx, id, state, p.UserID, d.Reason, s.journal.stamp())
	if err != nil {
		return nil, err
	}
	var cause *domain.RunError
	if !d.Approve {
		cause = &domain.RunError{Step: a.Step, Code: domain.CodeForbidden, Message: fmt.Sprintf("Publishing was rejected: %s", d.Reason)}
	}
	if err := s.cfg.Engine.Signal(ctx, a.RunID, a.Step, approvalResult{a.ID, a.PayloadHash, p.UserID}, cause); err != nil {
		return nil, err
	}
	return a, s.journal.changed(ctx, "approval."+string(state), string(id), d.Reason, open, a)
}
