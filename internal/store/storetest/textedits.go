package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/store"
)

func testTextEdits(t *testing.T, st *store.Store) {
	ctx := t.Context()
	e := &domain.TextEdit{
		ID: "edit_1", Tenant: "acme", RunID: "run_1", Number: 1, WebsiteID: "site_1", ApprovalID: "appr_1", Base: "aa", Draft: "bb", ActorID: "user_1",
		At: time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC), State: domain.EditChecking, Changes: []domain.TextChange{{Page: "/", Ref: "title", Old: "Tea", New: "Teas"}},
	}
	if err := st.TextEdits.Insert(ctx, e); err != nil {
		t.Fatal(err)
	}
	again := *e
	again.ID = "edit_2"
	if err := st.TextEdits.Insert(ctx, &again); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("a second edit with number 1: %v, want conflict", err)
	}
	again.Number = 2
	if err := st.TextEdits.Insert(ctx, &again); err != nil {
		t.Fatal(err)
	}
	settled := *e
	settled.State, settled.Detail = domain.EditRefused, "Gate compliance is red."
	if err := st.TextEdits.Settle(ctx, &settled); err != nil {
		t.Fatal(err)
	}
	late := *e
	late.State = domain.EditAccepted
	if err := st.TextEdits.Settle(ctx, &late); err != nil {
		t.Fatal(err)
	}
	got, err := st.TextEdits.List(ctx, "run_1")
	if diff := cmp.Diff([]domain.TextEdit{settled, again}, got); diff != "" || err != nil {
		t.Errorf("edits (-want +got): %s, %v", diff, err)
	}
	if other, err := st.TextEdits.List(ctx, "run_2"); len(other) != 0 || err != nil {
		t.Errorf("edits of another run: %+v, %v", other, err)
	}
}
