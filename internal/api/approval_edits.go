package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

type pageTextBody struct {
	Ref     string           `json:"ref" doc:"Where it stands; repeat it in a change"`
	Kind    string           `json:"kind" doc:"title, description, heading, menu, summary, section heading, question or sentence"`
	Text    string           `json:"text"`
	Claims  []domain.ClaimID `json:"claims" doc:"Of the page, that the sentence states"`
	Opinion bool             `json:"opinion" doc:"It states no fact, so it must hold no figure"`
}

type textChangeBody struct {
	Page string `json:"page" minLength:"1" maxLength:"500" doc:"Path of the page"`
	Ref  string `json:"ref" minLength:"1" maxLength:"100" doc:"Which text of the page"`
	Old  string `json:"old,omitempty" maxLength:"2000" doc:"What stands there; in a request, another text is a conflict"`
	New  string `json:"new" minLength:"1" maxLength:"2000" doc:"What is to stand there"`
}

type textEditBody struct {
	ID         domain.TextEditID `json:"id"`
	RunID      domain.RunID      `json:"run_id"`
	Number     int               `json:"number" doc:"Within the run, from 1"`
	ApprovalID domain.ApprovalID `json:"approval_id" doc:"Which became void by it"`
	Base       string            `json:"base" doc:"SHA-256 of the pages before"`
	Draft      string            `json:"draft" doc:"SHA-256 of the pages with it"`
	Changes    []textChangeBody  `json:"changes"`
	ActorID    domain.UserID     `json:"actor_id"`
	At         time.Time         `json:"at"`
	State      domain.EditState  `json:"state" enum:"checking,accepted,refused"`
	Detail     string            `json:"detail" doc:"Why it was refused"`
}

type (
	approvalTextsInput struct {
		ID   domain.ApprovalID `path:"approval_id"`
		Page string            `query:"page" maxLength:"500" default:"/" doc:"Path of the page"`
	}
	editApprovalInput struct {
		ID   domain.ApprovalID `path:"approval_id"`
		Body struct {
			PayloadHash string           `json:"payload_hash" pattern:"^[0-9a-f]{64}$" doc:"The payload_hash of what you looked at"`
			Changes     []textChangeBody `json:"changes" minItems:"1" maxItems:"50"`
		}
	}
	approvalTextsOutput struct{ Body []pageTextBody }
	textEditsOutput     struct{ Body []textEditBody }
	textEditOutput      struct{ Body textEditBody }
)

var exampleTextEdit = textEditBody{
	ID: "edit_01k2je", RunID: exampleRun, Number: 1, ApprovalID: "appr_01k2ja", Base: exampleHash, Draft: exampleEntryHash, ActorID: exampleUser.ID, At: exampleTime,
	State: domain.EditChecking, Changes: []textChangeBody{{Page: "/", Ref: "blocks/2/paragraph/0", Old: "Seven keyboards cost less.", New: "Seven of them cost less."}},
}

// registerApprovalEdits adds what changes texts before they are approved.
func registerApprovalEdits(a *API, approvals approvalService) {
	handle(a, operation{
		id: "list-approval-texts", method: http.MethodGet, path: "/approvals/{approval_id}/texts", tag: "approvals", permission: domain.WebsitesRead,
		summary: "List the texts of a page that waits for approval", text: "What can be changed, in reading order. An approval that is not about pages is a conflict.",
		problems: []int{http.StatusConflict},
		response: []pageTextBody{{Ref: "blocks/2/paragraph/0", Kind: "sentence", Text: "Seven keyboards cost less.", Claims: []domain.ClaimID{"c7"}}},
	}, func(ctx context.Context, in *approvalTextsInput) (*approvalTextsOutput, error) {
		list, err := approvals.Texts(ctx, in.ID, in.Page)
		if err != nil {
			return nil, err
		}
		out := &approvalTextsOutput{Body: make([]pageTextBody, len(list))}
		for i, t := range list {
			out.Body[i] = pageTextBody{t.Ref, t.Kind, t.Text, append([]domain.ClaimID{}, t.Claims...), t.Opinion}
		}
		return out, nil
	})
	handle(a, operation{
		id: "list-approval-edits", method: http.MethodGet, path: "/approvals/{approval_id}/edits", tag: "approvals", permission: domain.WebsitesRead,
		summary: "List what people changed before an approval", text: "All edits of the approval's run, the oldest first: who, when, the texts before and after, and what became of them.",
		response: []textEditBody{exampleTextEdit},
	}, func(ctx context.Context, in *approvalInput) (*textEditsOutput, error) {
		list, err := approvals.Edits(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &textEditsOutput{Body: make([]textEditBody, len(list))}
		for i := range list {
			out.Body[i] = toTextEdit(&list[i])
		}
		return out, nil
	})
	handle(a, operation{
		id: "edit-approval", method: http.MethodPost, path: "/approvals/{approval_id}/edits", tag: "approvals", permission: domain.WebsitesManage,
		summary: "Change texts before they are approved",
		text: "The approval becomes void; the gates look at the pages with the new texts, and a new approval of the same run asks about them. A figure that no claim of the text " +
			"carries, a superlative and other words that need evidence are refused with 422. If a gate is red with the new texts, the edit is refused and the pages are as before.",
		problems: []int{http.StatusConflict}, status: http.StatusAccepted, response: exampleTextEdit,
		request: map[string]any{"payload_hash": exampleHash, "changes": exampleTextEdit.Changes},
	}, func(ctx context.Context, in *editApprovalInput) (*textEditOutput, error) {
		r := domain.EditRequest{PayloadHash: in.Body.PayloadHash}
		for _, c := range in.Body.Changes {
			r.Changes = append(r.Changes, domain.TextChange(c))
		}
		e, err := approvals.Edit(ctx, in.ID, r)
		if err != nil {
			return nil, err
		}
		return &textEditOutput{toTextEdit(e)}, nil
	})
}

func toTextEdit(e *domain.TextEdit) textEditBody {
	b := textEditBody{
		ID: e.ID, RunID: e.RunID, Number: e.Number, ApprovalID: e.ApprovalID, Base: e.Base, Draft: e.Draft, ActorID: e.ActorID, At: e.At.UTC(), State: e.State,
		Detail: e.Detail, Changes: make([]textChangeBody, len(e.Changes)),
	}
	for i, c := range e.Changes {
		b.Changes[i] = textChangeBody(c)
	}
	return b
}
