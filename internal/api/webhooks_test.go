package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/api"
	"empire/internal/domain"
)

// webhooks has one failed event, and with force replays everything.
type webhooks struct {
	*fakes
	filter *domain.WebhookFilter
	body   []byte
}

func (f webhooks) event(id domain.WebhookEventID) (*domain.WebhookEvent, error) {
	if id != "hook_1" && id != "hook_done" {
		return nil, missing("Webhook", string(id))
	}
	return &domain.WebhookEvent{
		ID: id, Provider: "sendgrid", EventID: "e1", Type: "bounce", Position: 2, State: domain.WebhookFailed, Attempts: 3, Error: "Down.", ReceivedAt: noon,
	}, f.fail
}

func (f webhooks) List(_ context.Context, filter domain.WebhookFilter, w domain.Window) ([]domain.WebhookEvent, int, error) {
	f.note(func() {
		f.window = w
		if f.filter != nil {
			*f.filter = filter
		}
	})
	e, err := f.event("hook_1")
	return []domain.WebhookEvent{*e}, 1, err
}

func (f webhooks) Get(_ context.Context, id domain.WebhookEventID) (*domain.WebhookEvent, *domain.WebhookDelivery, error) {
	e, err := f.event(id)
	return e, &domain.WebhookDelivery{ID: "dlv_1", Method: "POST", Header: map[string]string{"User-Agent": "x"}, Body: f.body, Size: 4, SHA256: hash}, err
}

func (f webhooks) Replay(_ context.Context, id domain.WebhookEventID, force bool) (*domain.WebhookEvent, error) {
	e, err := f.event(id)
	if err != nil {
		return nil, err
	}
	if id == "hook_done" && !force {
		return nil, domain.Errorf(domain.CodeConflict, "Webhook %s was processed; force does it again.", id)
	}
	e.State = domain.WebhookStored
	return e, nil
}

// webhookAPI has no other service.
func webhookAPI(f webhooks) *api.API {
	return api.New(api.Config{Version: "test", Runs: runs{f.fakes}, Webhooks: f, Logger: slog.New(slog.DiscardHandler)})
}

// TestWebhookShowsWhatCame: the bytes as they came, as text too if they are text,
// and nothing once they are swept.
func TestWebhookShowsWhatCame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		body       []byte
		raw, plain any
	}{
		{"text", []byte("[ ]\n"), "WyBdCg==", "[ ]\n"},
		{"bytes", []byte{0xff, 0}, "/wA=", nil},
		{"empty", []byte{}, "", ""},
		{"swept", nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fakes{}
			w := call(t, webhookAPI(webhooks{fakes: f, body: tt.body}), admin, "GET", "/api/v1/webhooks/hook_1", "")
			var got struct {
				ID       string         `json:"id"`
				Error    string         `json:"error"`
				Delivery map[string]any `json:"delivery"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{
				"id": "dlv_1", "method": "POST", "headers": map[string]any{"User-Agent": "x"}, "position": 2.0, "size_bytes": 4.0, "sha256": hash,
				"body": tt.raw, "body_text": tt.plain,
			}
			if diff := cmp.Diff(want, got.Delivery); diff != "" || got.ID != "hook_1" || got.Error != "Down." {
				t.Errorf("%+v\n%s", got, diff)
			}
		})
	}
}

func TestWebhookFilterAndForce(t *testing.T) {
	t.Parallel()
	var filter domain.WebhookFilter
	a := webhookAPI(webhooks{fakes: &fakes{}, filter: &filter})
	call(t, a, admin, "GET", "/api/v1/webhooks?provider=mailgun&state=rejected", "")
	if want := (domain.WebhookFilter{Provider: "mailgun", State: domain.WebhookRejected}); filter != want {
		t.Errorf("filter = %+v, want %+v", filter, want)
	}
	if w := call(t, a, admin, "POST", "/api/v1/webhooks/hook_done/replay", ""); w.Code != 409 {
		t.Errorf("without force: %d, want 409", w.Code)
	}
	if w := call(t, a, admin, "POST", "/api/v1/webhooks/hook_done/replay?force=true", ""); w.Code != 202 || !strings.Contains(w.Body.String(), `"state":"stored"`) {
		t.Errorf("with force: %d %s, want 202", w.Code, w.Body)
	}
}

func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(domain.WithRequestID(t.Context(), "req_test"), "PUT", "/webhooks/awin/x", nil)
	api.MethodNotAllowed(w, r, "POST, GET")
	if p := problemOf(t, w); w.Code != 405 || p.Type != "urn:empire:error:method_not_allowed" || w.Header().Get("Allow") != "POST, GET" {
		t.Errorf("%d %+v %v", w.Code, p, w.Header())
	}
}
