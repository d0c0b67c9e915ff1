package n8n_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/n8n"
)

const (
	secret    = "0123456789abcdef-tests"
	stampName = "X-Empire-Timestamp"
	signName  = "X-Empire-Signature"
	tokenName = "X-Empire-Token"
	idName    = "X-Empire-Event-Id"
)

var now = time.Unix(1_772_366_400, 0)

func signature(key, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(stamp + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func signed(key string, at time.Time, path, body string) *domain.WebhookRequest {
	stamp := fmt.Sprint(at.Unix())
	return &domain.WebhookRequest{Method: "POST", Path: path, Body: []byte(body), Header: map[string][]string{
		"Content-Type": {"application/json"}, stampName: {stamp}, signName: {"sha256=" + signature(key, stamp, body)},
	}}
}

func withToken(token, body string, id ...string) *domain.WebhookRequest {
	r := &domain.WebhookRequest{Method: "POST", Path: "rebuild", Body: []byte(body), Header: map[string][]string{
		"Content-Type": {"application/json"}, tokenName: {token},
	}}
	if len(id) > 0 {
		r.Header[idName] = id
	}
	return r
}

func with(r *domain.WebhookRequest, change func(r *domain.WebhookRequest)) *domain.WebhookRequest {
	change(r)
	return r
}

func newWebhook(t testing.TB) *n8n.Webhook {
	t.Helper()
	w, err := n8n.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestVerify(t *testing.T) {
	t.Parallel()
	w := newWebhook(t)
	const body = `{"id":"ev1","site":"tea"}`
	digest := func(at time.Time, body string) string {
		sum := sha256.Sum256([]byte(fmt.Sprint(at.Unix()) + "." + body))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	for _, tt := range []struct {
		name string
		r    *domain.WebhookRequest
		id   string // of the event; empty: it is refused
		want domain.Code
	}{
		{"signed", signed(secret, now, "rebuild", body), "ev1", ""},
		{"signed, deep name", signed(secret, now, "team/rebuild.v2", body), "ev1", ""},
		{"signed without prefix", with(signed(secret, now, "rebuild", body), func(r *domain.WebhookRequest) {
			r.Header[signName][0] = strings.TrimPrefix(r.Header[signName][0], "sha256=")
		}), "ev1", ""},
		{"signed, number as id", signed(secret, now, "rebuild", `{"id":12}`), "12", ""},
		{"signed, no id", signed(secret, now, "rebuild", `{"id":null}`), digest(now, `{"id":null}`), ""},
		{"signed list", signed(secret, now, "rebuild", `[{"id":"x"}]`), digest(now, `[{"id":"x"}]`), ""},
		{"signed text", with(signed(secret, now, "rebuild", `{"id":`), func(r *domain.WebhookRequest) { r.Header["Content-Type"] = []string{"text/plain"} }), digest(now, `{"id":`), ""},
		{"the header's id is not signed", with(signed(secret, now, "rebuild", `{}`), func(r *domain.WebhookRequest) { r.Header[idName] = []string{"other"} }), digest(now, `{}`), ""},
		{"four minutes old", signed(secret, now.Add(-4*time.Minute), "rebuild", body), "ev1", ""},
		{"stale", signed(secret, now.Add(-6*time.Minute), "rebuild", body), "", domain.CodeUnauthenticated},
		{"from the future", signed(secret, now.Add(6*time.Minute), "rebuild", body), "", domain.CodeUnauthenticated},
		{"another key", signed("another", now, "rebuild", body), "", domain.CodeUnauthenticated},
		{"one bit of the body", with(signed(secret, now, "rebuild", body), func(r *domain.WebhookRequest) { r.Body[3] ^= 1 }), "", domain.CodeUnauthenticated},
		{"another time", with(signed(secret, now.Add(-time.Hour), "rebuild", body), func(r *domain.WebhookRequest) { r.Header[stampName] = []string{fmt.Sprint(now.Unix())} }), "", domain.CodeUnauthenticated},
		{"no time", with(signed(secret, now, "rebuild", body), func(r *domain.WebhookRequest) { delete(r.Header, stampName) }), "", domain.CodeUnauthenticated},
		{"not hexadecimal", with(signed(secret, now, "rebuild", body), func(r *domain.WebhookRequest) { r.Header[signName] = []string{"sha256=xyz"} }), "", domain.CodeUnauthenticated},
		{"two signatures", with(signed(secret, now, "rebuild", body), func(r *domain.WebhookRequest) { r.Header[signName] = append(r.Header[signName], "00") }), "", domain.CodeUnauthenticated},
		{"a wrong signature beside the token", with(signed("another", now, "rebuild", body), func(r *domain.WebhookRequest) { r.Header[tokenName] = []string{secret} }), "", domain.CodeUnauthenticated},
		{"signed, broken JSON", signed(secret, now, "rebuild", `{"id":`), "", domain.CodeMalformed},
		{"no name", signed(secret, now, "", body), "", domain.CodeNotFound},
		{"odd name", signed(secret, now, "Rebuild", body), "", domain.CodeNotFound},
		{"long name", signed(secret, now, strings.Repeat("a", 101), body), "", domain.CodeNotFound},

		{"token, id in the body", withToken(secret, body), "ev1", ""},
		{"token, id in the header", withToken(secret, `{"site":"tea"}`, "ev9"), "ev9", ""},
		{"token, both", withToken(secret, body, "ev9"), "ev1", ""},
		{"token without id", withToken(secret, `{"site":"tea"}`), "", domain.CodeMalformed},
		{"token with two ids", withToken(secret, `{}`, "a", "b"), "", domain.CodeMalformed},
		{"wrong token", withToken(secret+"x", body), "", domain.CodeUnauthenticated},
		{"two tokens", with(withToken(secret, body), func(r *domain.WebhookRequest) { r.Header[tokenName] = []string{secret, secret} }), "", domain.CodeUnauthenticated},
		{"nothing", &domain.WebhookRequest{Method: "POST", Path: "rebuild", Body: []byte(body)}, "", domain.CodeUnauthenticated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			notices, err := w.Verify(tt.r, now)
			if got := domain.CodeOf(err); got != tt.want {
				t.Fatalf("code = %q (%v), want %q", got, err, tt.want)
			}
			if tt.id == "" {
				return
			}
			if len(notices) != 1 || notices[0].EventID != tt.id || notices[0].Type != tt.r.Path {
				t.Errorf("events = %+v, want %s of type %s", notices, tt.id, tt.r.Path)
			}
		})
	}
}

func TestNewWebhook(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "short", "0123456789abcdef ", strings.Repeat(" ", 20)} {
		if _, err := n8n.NewWebhook(bad); err == nil || !strings.HasPrefix(err.Error(), "webhooks.n8n: ") {
			t.Errorf("%q: %v, want an error that names the setting", bad, err)
		}
	}
}

// FuzzVerify: without the secret nothing is believed, and signed content does not
// break the reader.
func FuzzVerify(f *testing.F) {
	w := newWebhook(f)
	f.Add("rebuild", []byte(`{"id":"ev1"}`), "sha256=00", fmt.Sprint(now.Unix()), "token")
	f.Add("a", []byte(`{"id":1e999}`), "", "", "")
	f.Add("a", []byte(`{"id":["x"],"id":"\u0000"}`), "zz", "-1", secret[:10])
	f.Fuzz(func(t *testing.T, path string, body []byte, sign, stamp, token string) {
		r := &domain.WebhookRequest{Method: "POST", Path: path, Body: body, Header: map[string][]string{
			signName: {sign}, stampName: {stamp}, tokenName: {token}, "Content-Type": {"application/json"},
		}}
		if _, err := w.Verify(r, now); err == nil {
			t.Errorf("believed %q with %q", body, r.Header)
		}
		delete(r.Header, signName)
		if _, err := w.Verify(r, now); err == nil && token != secret {
			t.Errorf("believed %q with token %q", body, token)
		}
		notices, err := w.Verify(signed(secret, now, "rebuild", string(body)), now)
		if err == nil && len(notices) != 1 || err != nil && domain.CodeOf(err) != domain.CodeMalformed {
			t.Errorf("signed %q: %v, %v", body, notices, err)
		}
	})
}
