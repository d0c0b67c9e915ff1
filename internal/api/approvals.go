package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type approvalService interface {
	List(ctx context.Context, state domain.ApprovalState, w domain.Window) ([]domain.Approval, int, error)
	Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error)
	Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*domain.Approval, error)
}

type approvalBody struct {
	ID          domain.ApprovalID    `json:"id"`
	RunID       domain.RunID         `json:"run_id"`
	Step        string               `json:"step"`
	WebsiteID   *domain.WebsiteID    `json:"website_id"`
	Kind        string               `json:"kind"`
	Title       string               `json:"title"`
	Payload     json.RawMessage      `json:"payload" doc:"Exactly what is approved"`
	PayloadHash string               `json:"payload_hash" doc:"SHA-256 of the payload; repeat it in the decision"`
	State       domain.ApprovalState `json:"state" enum:"pending,approved,rejected,void"`
	ActorID     *domain.UserID       `json:"actor_id" doc:"Who decided"`
	Reason      string               `json:"reason"`
	Hash        string               `json:"hash" doc:"Chains this decision to the one before; empty while pending"`
	PreviewURL  *string              `json:"preview_url" doc:"Where the site that is asked about can be looked at; null if there is no such place"`
	CreatedAt   time.Time            `json:"created_at"`
	DecidedAt   *time.Time           `json:"decided_at"`
}

type (
	listApprovalsInput struct {
		Window
		State domain.ApprovalState `query:"state" enum:"pending,approved,rejected,void" doc:"Only approvals in this state"`
	}
	approvalInput struct {
		ID domain.ApprovalID `path:"approval_id"`
	}
	decisionInput struct {
		ID   domain.ApprovalID `path:"approval_id"`
		Body struct {
			Decision    string `json:"decision" enum:"approve,reject"`
			Reason      string `json:"reason,omitempty" maxLength:"2000" doc:"A rejection needs one"`
			PayloadHash string `json:"payload_hash" pattern:"^[0-9a-f]{64}$" doc:"The payload_hash of what you looked at"`
		}
	}
	approvalOutput struct{ Body approvalBody }
)

const exampleHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

var exampleApproval = approvalBody{
	ID: "appr_01k2ja", RunID: exampleRun, Step: "approve", WebsiteID: &exampleSite, Kind: "publish_release",
	Title: "Publish keyboards.example", Payload: json.RawMessage(`{"pages":31,"claims":1204}`), PayloadHash: exampleHash,
	State: domain.ApprovalPending, CreatedAt: exampleTime,
}

func registerApprovals(a *API, approvals approvalService) {
	handle(a, operation{
		id: "list-approvals", method: http.MethodGet, path: "/approvals", tag: "approvals", permission: domain.WebsitesRead,
		summary: "List approvals", response: []approvalBody{exampleApproval},
	}, func(ctx context.Context, in *listApprovalsInput) (*listOutput[approvalBody], error) {
		items, total, err := approvals.List(ctx, in.State, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toApproval), nil
	})
	handle(a, operation{
		id: "get-approval", method: http.MethodGet, path: "/approvals/{approval_id}", tag: "approvals", permission: domain.WebsitesRead,
		summary: "Show an approval", response: exampleApproval,
	}, func(ctx context.Context, in *approvalInput) (*approvalOutput, error) {
		ap, err := approvals.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &approvalOutput{toApproval(ap)}, nil
	})
	handle(a, operation{
		id: "decide-approval", method: http.MethodPost, path: "/approvals/{approval_id}/decision", tag: "approvals", permission: domain.WebsitesManage,
		summary: "Approve or reject", text: "Only a person who signed in with a password may decide. Another payload_hash than the stored one is a conflict.",
		problems: []int{http.StatusConflict}, response: exampleApproval,
		request: map[string]any{"decision": "approve", "reason": "Checked on a phone.", "payload_hash": exampleHash},
	}, func(ctx context.Context, in *decisionInput) (*approvalOutput, error) {
		b := in.Body
		ap, err := approvals.Decide(ctx, in.ID, domain.Decision{Approve: b.Decision == "approve", Reason: b.Reason, PayloadHash: b.PayloadHash})
		if err != nil {
			return nil, err
		}
		return &approvalOutput{toApproval(ap)}, nil
	})
}

func toApproval(a *domain.Approval) approvalBody {
	b := approvalBody{
		ID: a.ID, RunID: a.RunID, Step: a.Step, Kind: a.Kind, Title: a.Title, Payload: a.Payload, PayloadHash: a.PayloadHash, State: a.State,
		Reason: a.Reason, Hash: a.Hash, CreatedAt: a.CreatedAt.UTC(), DecidedAt: utc(a.DecidedAt),
	}
	if len(b.Payload) == 0 {
		b.Payload = json.RawMessage("{}")
	}
	if a.WebsiteID != "" {
		b.WebsiteID = &a.WebsiteID
	}
	if a.ActorID != "" {
		b.ActorID = &a.ActorID
	}
	if a.PreviewURL != "" {
		b.PreviewURL = &a.PreviewURL
	}
	return b
}
