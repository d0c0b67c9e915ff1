package hook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/hook"
	"empire/internal/integration/n8n"
)

const secret = "0123456789abcdef"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func message(test bool) domain.AlertMessage {
	return domain.AlertMessage{Subject: "[empire] x", Delivery: &domain.AlertDelivery{
		ID: "adel_1", Tenant: "main", Test: test, CreatedAt: noon, Fired: []domain.AlertNews{{ID: "alert_1", Title: "A & <b> ü"}}, Cleared: []domain.AlertNews{},
	}}
}

// TestSend: the receiver can prove who sent a delivery with the rules that this program
// itself has for workflows.
func TestSend(t *testing.T) {
	t.Parallel()
	var got domain.WebhookRequest
	var query string
	var parsed struct {
		ID, Type, Tenant, Summary string
		Fired                     []domain.AlertNews
	}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		query = r.URL.RawQuery
		got = domain.WebhookRequest{Method: r.Method, Path: "alerts", Header: r.Header, Body: body}
	}))
	defer s.Close()
	c, err := hook.New(hook.Config{URL: s.URL + "/x?token=y", Secret: secret, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	if c.Target() != strings.TrimPrefix(s.URL, "http://") {
		t.Errorf("target = %q, want the host alone", c.Target())
	}
	if err := c.Send(t.Context(), message(false)); err != nil {
		t.Fatal(err)
	}
	if query != "token=y" {
		t.Errorf("query = %q, want that of the address", query)
	}
	verifier, err := n8n.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	notices, err := verifier.Verify(&got, noon)
	if err != nil || len(notices) != 1 || notices[0].EventID != "adel_1" {
		t.Errorf("verified: %+v, %v", notices, err)
	}
	if err := json.Unmarshal(got.Body, &parsed); err != nil || parsed.Type != "alerts" || parsed.Tenant != "main" || len(parsed.Fired) != 1 || parsed.Fired[0].Title != "A & <b> ü" {
		t.Errorf("body = %s, %v", got.Body, err)
	}
	got.Body = append(got.Body, ' ')
	if _, err := verifier.Verify(&got, noon); err == nil {
		t.Error("a changed body is authentic")
	}
	if err := c.Send(t.Context(), message(true)); err != nil || !strings.Contains(string(got.Body), `"alerts.test"`) {
		t.Errorf("test: %v, %s", err, got.Body)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	c, err := hook.New(hook.Config{URL: s.URL, Secret: secret, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[int]domain.Code{
		204: "", 302: domain.CodeInvalid, 400: domain.CodeInvalid, 410: domain.CodeInvalid, 401: domain.CodeUnavailable, 404: domain.CodeUnavailable, 429: domain.CodeUnavailable, 500: domain.CodeUnavailable,
	} {
		status = code
		if err := c.Send(t.Context(), message(false)); domain.CodeOf(err) != want {
			t.Errorf("status %d: %v, want %q", code, err, want)
		}
	}
	s.Close()
	if err := c.Send(t.Context(), message(false)); domain.CodeOf(err) != domain.CodeUnavailable || strings.Contains(err.Error(), secret) {
		t.Errorf("nobody there: %v", err)
	}
	for _, bad := range []hook.Config{{URL: "ftp://x", Secret: secret}, {URL: "https://x.example", Secret: "short"}, {URL: "https://x.example", Secret: secret + " "}, {URL: "://", Secret: secret}} {
		if _, err := hook.New(bad); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
