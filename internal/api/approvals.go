package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type approvalService interface {
	List(ctx context.Context, f domain.ApprovalFilter, w domain.Window) ([]domain.Approval, int, error)
	Summary(ctx context.Context) (map[domain.ApprovalState]int, error)
	Get(ctx context.Context, id domain.ApprovalID) (*domain.Approval, error)
	Decide(ctx context.Context, id domain.ApprovalID, d domain.Decision) (*domain.Approval, error)
	Log(ctx context.Context, after int64, limit int) ([]domain.ApprovalEntry, error)
	VerifyLog(ctx context.Context) (*domain.ApprovalReport, error)
	Texts(ctx context.Context, id domain.ApprovalID, path string) ([]domain.PageText, error)
	Edits(ctx context.Context, id domain.ApprovalID) ([]domain.TextEdit, error)
	Edit(ctx context.Context, id domain.ApprovalID, r domain.EditRequest) (*domain.TextEdit, error)
}

type approvalBody struct {
	ID          domain.ApprovalID    `json:"id"`
	RunID       domain.RunID         `json:"run_id"`
	Step        string               `json:"step"`
	WebsiteID   *domain.WebsiteID    `json:"website_id"`
	Kind        string               `json:"kind" doc:"publish_release, approve_step, raise_budget, swap_link"`
	Title       string               `json:"title"`
	Payload     json.RawMessage      `json:"payload" doc:"Exactly what is approved"`
	PayloadHash string               `json:"payload_hash" doc:"SHA-256 of the payload; repeat it in the decision"`
	State       domain.ApprovalState `json:"state" enum:"pending,approved,rejected,void,expired"`
	ActorID     *domain.UserID       `json:"actor_id" doc:"Who decided"`
	Reason      string               `json:"reason"`
	RequesterID *domain.UserID       `json:"requester_id" doc:"Who started the run"`
	FourEyes    bool                 `json:"four_eyes" doc:"Somebody else than requester_id has to decide"`
	Hash        string               `json:"hash" doc:"Of the log's entry that ended it, which chains it to the one before; empty while pending"`
	PreviewURL  *string              `json:"preview_url" doc:"Where the site that is asked about can be looked at; null if there is no such place"`
	CreatedAt   time.Time            `json:"created_at"`
	ExpiresAt   *time.Time           `json:"expires_at" doc:"From then on it cannot be decided; null: never"`
	DecidedAt   *time.Time           `json:"decided_at" doc:"When it left the state pending"`
}

type approvalSummaryBody struct {
	Pending  int `json:"pending"`
	Approved int `json:"approved"`
	Rejected int `json:"rejected"`
	Void     int `json:"void"`
	Expired  int `json:"expired"`
}

type approvalEntryBody struct {
	Seq        int64              `json:"seq" doc:"From 1, without gaps"`
	ApprovalID *domain.ApprovalID `json:"approval_id"`
	Entry      *string            `json:"entry" doc:"A JSON list, byte for byte as it was hashed, that begins with the hash of the entry before; null if it belongs to another tenant"`
	Hash       string             `json:"hash" doc:"SHA-256 of entry, in hex"`
}

type approvalReportBody struct {
	OK        bool                   `json:"ok" doc:"No fault was found"`
	Entries   int64                  `json:"entries" doc:"How many entries of the log were checked"`
	Approvals int                    `json:"approvals" doc:"How many approvals were compared with the log"`
	Releases  int                    `json:"releases" doc:"How many published releases were traced to their approval"`
	Head      string                 `json:"head" doc:"Hash of the last entry; kept elsewhere, it proves later that nothing was rewritten"`
	Faults    []domain.ApprovalFault `json:"faults" doc:"The first 100"`
}

type (
	listApprovalsInput struct {
		Window
		State     domain.ApprovalState `query:"state" enum:"pending,approved,rejected,void,expired" doc:"Only approvals in this state"`
		Kind      string               `query:"kind" maxLength:"100" doc:"Only approvals of this kind"`
		RunID     domain.RunID         `query:"run_id" maxLength:"100" doc:"Only approvals of this run"`
		WebsiteID domain.WebsiteID     `query:"website_id" maxLength:"100" doc:"Only approvals about this website"`
	}
	approvalLogInput struct {
		After int64 `query:"after" minimum:"0" default:"0" doc:"Only entries with a greater seq"`
		Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"At most this many"`
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
	approvalOutput        struct{ Body approvalBody }
	approvalSummaryOutput struct{ Body approvalSummaryBody }
	approvalLogOutput     struct{ Body []approvalEntryBody }
	approvalReportOutput  struct{ Body approvalReportBody }
)

const exampleEntryHash = "2362e485cb4d5c11e17dc2b1819be632b4049c7861170c2189a01466145bcee4"

const exampleHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// exampleEntry is the first of a log, and exampleEntryHash its real SHA-256.
var exampleEntry = `["","v2","1","pending","appr_01k2ja","main","run_01k2ja","approve","site_01k2ja","publish_release","Publish keyboards.example","` +
	exampleHash + `","user_01k2ja","","2026-03-01T12:00:00Z","","","",""]`

var exampleApproval = approvalBody{
	ID: "appr_01k2ja", RunID: exampleRun, Step: "approve", WebsiteID: &exampleSite, Kind: "publish_release",
	Title: "Publish keyboards.example", Payload: json.RawMessage(`{"pages":31,"claims":1204}`), PayloadHash: exampleHash,
	State: domain.ApprovalPending, RequesterID: &exampleUser.ID, CreatedAt: exampleTime,
}

func registerApprovals(a *API, approvals approvalService) {
	handle(a, operation{
		id: "list-approvals", method: http.MethodGet, path: "/approvals", tag: "approvals", permission: domain.WebsitesRead,
		summary: "List approvals", text: "Newest first.", response: []approvalBody{exampleApproval},
	}, func(ctx context.Context, in *listApprovalsInput) (*listOutput[approvalBody], error) {
		f := domain.ApprovalFilter{State: in.State, Kind: in.Kind, RunID: in.RunID, WebsiteID: in.WebsiteID}
		items, total, err := approvals.List(ctx, f, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toApproval), nil
	})
	registerApprovalLog(a, approvals)
	registerApprovalEdits(a, approvals)
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
		summary: "Approve or reject", text: "Only a person who signed in with a password may decide, and with four_eyes not the one who started the run. " +
			"Another payload_hash than the stored one is a conflict, and so is an approval that expired.",
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

// registerApprovalLog adds what shows all approvals at once.
func registerApprovalLog(a *API, approvals approvalService) {
	handle(a, operation{
		id: "summarize-approvals", method: http.MethodGet, path: "/approvals/summary", tag: "approvals", permission: domain.WebsitesRead,
		summary: "Count approvals by state", response: approvalSummaryBody{Pending: 2, Approved: 31, Rejected: 4, Expired: 1},
	}, func(ctx context.Context, _ *struct{}) (*approvalSummaryOutput, error) {
		n, err := approvals.Summary(ctx)
		if err != nil {
			return nil, err
		}
		return &approvalSummaryOutput{approvalSummaryBody{
			n[domain.ApprovalPending], n[domain.ApprovalApproved], n[domain.ApprovalRejected], n[domain.ApprovalVoid], n[domain.ApprovalExpired],
		}}, nil
	})
	handle(a, operation{
		id: "list-approval-log", method: http.MethodGet, path: "/approvals/log", tag: "approvals", permission: domain.AdminFull,
		summary: "Read the log of approvals",
		text: "Oldest first. Everything that happens to an approval is an entry. The hash of each is the SHA-256 of its entry, and each entry begins with the hash of the one before: " +
			"`printf %s \"$entry\" | sha256sum` gives the hash. There is one log for all tenants; of the entries of others only the hash is shown.",
		response: []approvalEntryBody{{
			Seq: 1, ApprovalID: &exampleApproval.ID, Entry: &exampleEntry, Hash: exampleEntryHash,
		}},
	}, func(ctx context.Context, in *approvalLogInput) (*approvalLogOutput, error) {
		list, err := approvals.Log(ctx, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		out := &approvalLogOutput{Body: make([]approvalEntryBody, len(list))}
		for i := range list {
			e := &list[i]
			out.Body[i] = approvalEntryBody{Seq: e.Seq, Hash: e.Hash}
			if e.Entry != "" {
				out.Body[i].ApprovalID, out.Body[i].Entry = &e.ApprovalID, &e.Entry
			}
		}
		return out, nil
	})
	handle(a, operation{
		id: "verify-approval-log", method: http.MethodGet, path: "/approvals/log/verify", tag: "approvals", permission: domain.AdminFull,
		summary: "Check the log of approvals",
		text:    "Computes all hashes again, compares each approval with its entries and each payload with its hash, and traces every release that was published to the approval of its manifest.",
		response: approvalReportBody{
			Entries: 74, Approvals: 38, Releases: 31, Head: exampleHash,
			Faults: []domain.ApprovalFault{{Seq: 12, ApprovalID: exampleApproval.ID, Problem: "Entry 12 was changed after it was made."}},
		},
	}, func(ctx context.Context, _ *struct{}) (*approvalReportOutput, error) {
		r, err := approvals.VerifyLog(ctx)
		if err != nil {
			return nil, err
		}
		return &approvalReportOutput{approvalReportBody{len(r.Faults) == 0, r.Entries, r.Approvals, r.Releases, r.Head, append([]domain.ApprovalFault{}, r.Faults...)}}, nil
	})
}

func toApproval(a *domain.Approval) approvalBody {
	b := approvalBody{
		ID: a.ID, RunID: a.RunID, Step: a.Step, Kind: a.Kind, Title: a.Title, Payload: a.Payload, PayloadHash: a.PayloadHash, State: a.State,
		Reason: a.Reason, FourEyes: a.FourEyes, Hash: a.Hash, CreatedAt: a.CreatedAt.UTC(), ExpiresAt: utc(a.ExpiresAt), DecidedAt: utc(a.DecidedAt),
	}
	if a.RequesterID != "" {
		b.RequesterID = &a.RequesterID
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
