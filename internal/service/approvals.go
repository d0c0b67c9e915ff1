package service

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/domain"
)

type approvalStore interface {
	Insert(ctx context.Context, a *domain.Approval) error
	Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error)
	List(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error)
	Decide(ctx context.Context, id domain.ApprovalID, state domain.ApprovalState, actor domain.UserID, reason string, at time.Time) (*domain.Approval, error)
	Intact(ctx context.Context, a *domain.Approval) (bool, error)
	Void(ctx context.Context, id domain.ApprovalID, reason string, at time.Time) (*domain.Approval, error)
	VoidByRun(ctx context.Context, run domain.RunID, at time.Time) ([]domain.Approval, error)
	Due(ctx context.Context, at time.Time, limit int) ([]domain.ApprovalID, error)
	Expire(ctx context.Context, id domain.ApprovalID, at time.Time) (*domain.Approval, error)
	Count(ctx context.Context, f domain.ApprovalFilter) (map[domain.ApprovalState]int, error)
	Log(ctx context.Context, after int64, limit int) ([]domain.ApprovalEntry, error)
	VerifyLog(ctx context.Context) (*domain.ApprovalReport, error)
}

// Effect is what a decision about one kind of approval does, in its transaction.
// When it does not handle the decision, the waiting step is told, as for kinds
// without an effect. approve is false for a rejection, and for an approval that
// expired or became void: its State says which.
type Effect func(ctx context.Context, a *domain.Approval, d domain.Decision, approve bool) (handled bool, err error)

// signaler ends the step of a run that waits for a decision.
type signaler interface {
	Signal(ctx context.Context, run domain.RunID, step string, result any, cause *domain.RunError) error
}

// ApprovalsConfig is what Approvals needs.
type ApprovalsConfig struct {
	Tx        transactor
	Approvals approvalStore
	Engine    signaler
	Audit     auditStore
	// Effects are by kind; kinds without one tell the waiting step alone.
	Effects map[string]Effect
	// ExpireAfter ends questions that do not say themselves how long they are open;
	// zero: those stay open.
	ExpireAfter time.Duration
	// FourEyes wants every decision from somebody else than who started the run.
	FourEyes bool
	// Emit tells who watches once the change is committed; it may be nil.
	Emit func(ctx context.Context, ev domain.Event)
	// Edits lets people change texts of candidates; without a store nothing can be changed.
	Edits EditConfig
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

// List returns a window of the approvals that a filter selects, newest first, and
// how many there are. The tenant is the caller's.
func (s *Approvals) List(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx)
	list, total, err := s.cfg.Approvals.List(ctx, f, w)
	for i := range list {
		s.addPreview(&list[i])
	}
	return list, total, err
}

// Summary returns how many approvals are in each state; every state is there.
func (s *Approvals) Summary(ctx context.Context) (map[domain.ApprovalState]int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, err
	}
	counts, err := s.cfg.Approvals.Count(ctx, domain.ApprovalFilter{Tenant: scope(ctx)})
	if err != nil {
		return nil, err
	}
	for _, state := range domain.ApprovalStates() {
		counts[state] += 0
	}
	return counts, nil
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
