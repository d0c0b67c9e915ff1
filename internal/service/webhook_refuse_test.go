package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// TestWebhooksRefuseWhatHasNoName: nothing of a delivery is stored if one of its
// events cannot be told from others, or if it has too many.
func TestWebhooksRefuseWhatHasNoName(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		many := make([]domain.WebhookNotice, 5001)
		for i := range many {
			many[i] = domain.WebhookNotice{EventID: fmt.Sprint(i), Type: "bounce"}
		}
		good := domain.WebhookNotice{EventID: "ev1", Type: "bounce"}
		for name, notices := range map[string][]domain.WebhookNotice{
			"no id":          {good, {Type: "bounce"}},
			"long id":        {good, {EventID: strings.Repeat("x", 201), Type: "bounce"}},
			"NUL":            {good, {EventID: "a\x00b", Type: "bounce"}},
			"not UTF-8":      {good, {EventID: "a\xff", Type: "bounce"}},
			"no type":        {good, {EventID: "ev2"}},
			"line in a type": {good, {EventID: "ev2", Type: "a\nb"}},
			"long nonce":     {{EventID: "ev1", Type: "bounce", Nonce: strings.Repeat("x", 201)}},
			"too many":       many,
		} {
			if _, err := h.Receive(t.Context(), mail("x"), notices); domain.CodeOf(err) != domain.CodeMalformed {
				t.Errorf("%s: %v, want %s", name, err, domain.CodeMalformed)
			}
		}
		if n := len(h.events(t)); n != 0 || len(h.jobs) != 0 {
			t.Errorf("%d events and %d jobs, want none", n, len(h.jobs))
		}
	})
}

// TestWebhooksTakeANonceOnce: a signature that was seen cannot carry another event,
// and using it up with a forgery does not work either.
func TestWebhooksTakeANonceOnce(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		with := func(id, nonce string) []domain.WebhookNotice {
			return []domain.WebhookNotice{{EventID: id, Type: "bounce", Nonce: nonce}}
		}
		forged := mail("forged")
		forged.Nonce = "n1"
		if err := h.Refuse(t.Context(), forged, domain.NotAuthentic("The signature is wrong.")); err != nil {
			t.Fatal(err)
		}
		h.receive(t, "real", with("ev1", "n1"), 1)
		h.receive(t, "real", with("ev1", "n1"), 0)
		if _, err := h.Receive(t.Context(), mail("forged"), with("ev2", "n1")); domain.CodeOf(err) != domain.CodeUnauthenticated {
			t.Errorf("another event with the same nonce: %v, want %s", err, domain.CodeUnauthenticated)
		}
		if len(h.jobs) != 1 {
			t.Errorf("%d jobs, want 1", len(h.jobs))
		}
	})
}

// TestWebhooksKeepWhatWasRefused: forgeries within limits, the same one once, and
// what is authentic but cannot be read always. None of them can be processed, and
// none stands in the way of the real event.
func TestWebhooksKeepWhatWasRefused(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		ctx := asAda(t.Context())
		refuse := func(body string, cause error) {
			t.Helper()
			if err := h.Refuse(t.Context(), mail(body), cause); err != nil {
				t.Fatal(err)
			}
		}
		wrong := domain.NotAuthentic("The signature is wrong.")
		refuse("same", wrong)
		refuse("same", wrong)
		refuse(strings.Repeat("x", 1<<20), wrong)
		for i := range 20 {
			refuse(fmt.Sprint(i), wrong)
		}
		list := h.events(t)
		if len(list) != 9 { // ten in a minute, two of them the same
			t.Fatalf("%d events, want 9", len(list))
		}
		e, d, err := h.Get(ctx, list[1].ID)
		if err != nil || e.State != domain.WebhookRejected || e.Error != "The signature is wrong." || len(d.Body) != 64<<10 || d.Size != 1<<20 {
			t.Errorf("kept %+v of %d bytes, said to be %d: %v", e, len(d.Body), d.Size, err)
		}
		for i := range 120 {
			h.now = h.now.Add(time.Minute)
			refuse(fmt.Sprint("later ", i), wrong)
		}
		if list = h.events(t); len(list) != 100 {
			t.Errorf("%d rejected deliveries are kept, want 100", len(list))
		}
		rejected := list[0].ID
		for range 2 {
			refuse("[1]", domain.Unreadable("The body is not JSON."))
		}
		list, total, err := h.List(ctx, domain.WebhookFilter{State: domain.WebhookFailed}, domain.Window{Limit: 10})
		if err != nil || total != 1 || list[0].Type != domain.WebhookUnreadable || list[0].Error != "The body is not JSON." {
			t.Errorf("unreadable: %+v, %v", list, err)
		}
		for _, id := range []domain.WebhookEventID{rejected, list[0].ID} {
			if _, err := h.Replay(ctx, id, true); domain.CodeOf(err) != domain.CodeConflict {
				t.Errorf("replay of %s: %v, want %s", id, err, domain.CodeConflict)
			}
		}
		h.receive(t, "same", bounces("ev1"), 1)
	})
}

func TestWebhooksForgetBodies(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		h.receive(t, "erika@example.com", bounces("ev1"), 1)
		if err := h.Work(t.Context(), h.jobs[0]); err != nil {
			t.Fatal(err)
		}
		e := h.one(t, domain.WebhookProcessed, 1)
		for _, tt := range []struct{ days, want int }{{89, 0}, {91, 1}, {92, 0}} {
			h.now = noon.Add(time.Duration(tt.days) * 24 * time.Hour)
			if n, err := h.Sweep(t.Context()); n != tt.want || err != nil {
				t.Errorf("after %d days: %d swept, %v, want %d", tt.days, n, err, tt.want)
			}
		}
		_, d, err := h.Get(asAda(t.Context()), e.ID)
		if err != nil || d.Body != nil || d.SHA256 == "" {
			t.Errorf("delivery = %+v, %v", d, err)
		}
		if _, err := h.Replay(asAda(t.Context()), e.ID, true); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("replay without a body: %v", err)
		}
		h.receive(t, "again", bounces("ev1"), 0) // known for ever
	})
}

// TestWebhooksBelongToAdministrators of the installation.
func TestWebhooksBelongToAdministrators(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		h.receive(t, "x", bounces("ev1"), 1)
		id := h.one(t, domain.WebhookStored, 0).ID
		as := func(tenant domain.TenantID, p domain.Permission) context.Context {
			return domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_x", Tenant: tenant, Permissions: []domain.Permission{p}})
		}
		for _, tt := range []struct {
			name      string
			ctx       context.Context
			list, one domain.Code
			total     int
		}{
			{"nobody", t.Context(), domain.CodeUnauthenticated, domain.CodeUnauthenticated, 0},
			{"agents.manage", as("", domain.AgentsManage), domain.CodeForbidden, domain.CodeForbidden, 0},
			{"administrator", as("main", domain.AdminFull), "", "", 1},
			{"administrator of another tenant", as("acme", domain.AdminFull), "", domain.CodeNotFound, 0},
		} {
			_, total, err := h.List(tt.ctx, domain.WebhookFilter{}, domain.Window{Limit: 10})
			if domain.CodeOf(err) != tt.list || total != tt.total {
				t.Errorf("%s: list of %d, %v", tt.name, total, err)
			}
			if _, _, err := h.Get(tt.ctx, id); domain.CodeOf(err) != tt.one {
				t.Errorf("%s: get: %v", tt.name, err)
			}
			if _, err := h.Replay(tt.ctx, id, true); domain.CodeOf(err) != tt.one {
				t.Errorf("%s: replay: %v", tt.name, err)
			}
		}
	})
}
