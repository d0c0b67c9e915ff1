package service_test

import (
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
)

// TestEditBeforeApproval: an edit voids the approval that was seen, the run asks again
// about the new text, and only that answer publishes; the old text, the old hash and a
// second reviewer with the old page are refused.
func TestEditBeforeApproval(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ctx := in(t.Context(), "acme")
		site := e.register(ctx, t, "tea.example")
		run, asked := e.build(ctx, t, site.ID)
		change := []domain.TextChange{{Page: "/guide/", Ref: "title", Old: "Guide", New: "  Guide  to tea "}}
		edit := func(id domain.ApprovalID, hash string, c []domain.TextChange) (*domain.TextEdit, error) {
			return e.approvals.Edit(ctx, id, domain.EditRequest{PayloadHash: hash, Changes: c})
		}
		for name, tt := range map[string]struct {
			hash   string
			change domain.TextChange
			want   domain.Code
		}{
			"no hash":       {"", change[0], domain.CodeInvalid},
			"another hash":  {"aa", change[0], domain.CodeConflict},
			"other words":   {asked.PayloadHash, domain.TextChange{Page: "/guide/", Ref: "title", Old: "Guides", New: "x"}, domain.CodeConflict},
			"no such page":  {asked.PayloadHash, domain.TextChange{Page: "/x/", Ref: "title", New: "x"}, domain.CodeInvalid},
			"no such text":  {asked.PayloadHash, domain.TextChange{Page: "/guide/", Ref: "blocks/9/heading", New: "x"}, domain.CodeInvalid},
			"nothing":       {asked.PayloadHash, domain.TextChange{Page: "/guide/", Ref: "title", New: "  "}, domain.CodeInvalid},
			"no difference": {asked.PayloadHash, domain.TextChange{Page: "/guide/", Ref: "title", New: "Guide"}, domain.CodeInvalid},
			"not grounded":  {asked.PayloadHash, domain.TextChange{Page: "/guide/", Ref: "title", New: "wrong"}, domain.CodeInvalid},
		} {
			_, err := edit(asked.ID, tt.hash, []domain.TextChange{tt.change})
			wantCode(t, name, err, tt.want)
		}
		done, err := edit(asked.ID, asked.PayloadHash, change)
		if err != nil {
			t.Fatal(err)
		}
		if c := done.Changes[0]; c.Old != "Guide" || c.New != "Guide to tea" || done.Number != 1 || done.ActorID != "user_acme" {
			t.Errorf("edit = %+v", done)
		}
		_, err = e.approvals.Decide(ctx, asked.ID, domain.Decision{Approve: true, PayloadHash: asked.PayloadHash})
		wantCode(t, "approve the old text", err, domain.CodeConflict)
		_, err = edit(asked.ID, asked.PayloadHash, change)
		wantCode(t, "a second reviewer edits the old text", err, domain.CodeConflict)
		e.workAll(t)
		open, _, err := e.approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending, RunID: run.ID}, domain.Window{Limit: 10})
		if err != nil || len(open) != 1 || open[0].PayloadHash == asked.PayloadHash {
			t.Fatalf("open approvals: %+v, %v, want one about the new text", open, err)
		}
		texts, err := e.approvals.Texts(ctx, open[0].ID, "/guide/")
		if err != nil || texts[0].Text != "Guide to tea" {
			t.Fatalf("texts = %+v, %v", texts, err)
		}
		// a second version on top of the first
		if _, err := edit(open[0].ID, open[0].PayloadHash, []domain.TextChange{{Page: "/guide/", Ref: "title", New: "All about tea"}}); err != nil {
			t.Fatal(err)
		}
		e.workAll(t)
		open, _, err = e.approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending, RunID: run.ID}, domain.Window{Limit: 10})
		if err != nil || len(open) != 1 {
			t.Fatalf("open approvals: %+v, %v", open, err)
		}
		_, err = e.approvals.Decide(ctx, open[0].ID, domain.Decision{Approve: true, PayloadHash: asked.PayloadHash})
		wantCode(t, "approve with the first hash", err, domain.CodeConflict)
		if _, err := e.approvals.Decide(ctx, open[0].ID, domain.Decision{Approve: true, PayloadHash: open[0].PayloadHash}); err != nil {
			t.Fatal(err)
		}
		e.workAll(t)
		got, err := e.websites.Get(ctx, site.ID)
		if err != nil || got.State != domain.WebsiteLive {
			t.Fatalf("website: %+v, %v", got, err)
		}
		live, err := st.Releases.Get(ctx, got.LiveRelease)
		if err != nil {
			t.Fatal(err)
		}
		edits, err := e.approvals.Edits(ctx, open[0].ID)
		if err != nil || len(edits) != 2 || edits[0].State != domain.EditAccepted || edits[1].Base != edits[0].Draft || live.Draft != edits[1].Draft {
			t.Errorf("edits %+v, %v; the live release is of draft %s", edits, err, live.Draft)
		}
		if r, err := e.approvals.VerifyLog(ctx); err != nil || len(r.Faults) > 0 {
			t.Errorf("the log of approvals: %+v, %v", r, err)
		}
	})
}
