package awin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/integration/awin"
)

const secret = "tests-0123456789abcdef"

const push = `{"transactionId":"345678901","transactionDate":"2026-03-01 12:00:00","transactionAmount":"55.92","commission":"2.81",` +
	`"affiliateId":"45628","merchantId":"1001","clickRef":"tea"}`

func request(method, path, kind, body string) *domain.WebhookRequest {
	r := &domain.WebhookRequest{Method: method, Path: path, Header: map[string][]string{}}
	if kind != "" {
		r.Header["Content-Type"] = []string{kind}
	}
	if method == "GET" {
		r.Query = body
	} else {
		r.Body = []byte(body)
	}
	return r
}

func form(value string) string { return url.Values{"AwinTransactionPush": {value}}.Encode() }

func newWebhook(t testing.TB) *awin.Webhook {
	t.Helper()
	w, err := awin.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestVerify(t *testing.T) {
	t.Parallel()
	const formType, jsonType = "application/x-www-form-urlencoded", "application/json"
	w := newWebhook(t)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		r    *domain.WebhookRequest
		at   time.Time
		want domain.Code
	}{
		{"form", request("POST", secret, formType, form(push)), noon, ""},
		{"form with other fields", request("POST", secret, formType, form(push)+"&a=b"), noon, ""},
		{"form without content type", request("POST", secret, "", form(push)), noon, ""},
		{"JSON", request("POST", secret, jsonType, " \n"+push), noon, ""},
		{"id as a number", request("POST", secret, jsonType, `{"transactionId":345678901}`), time.Time{}, ""},
		{"odd date", request("POST", secret, jsonType, `{"transactionId":"345678901","transactionDate":"today"}`), time.Time{}, ""},
		{"GET", request("GET", secret, "", "transactionId=345678901&transactionDate=2026-03-01+12%3A00%3A00&clickRef=tea"), noon, ""},
		{"wrong secret", request("POST", secret+"x", formType, form(push)), noon, domain.CodeUnauthenticated},
		{"part of the secret", request("POST", secret[:10], formType, form(push)), noon, domain.CodeUnauthenticated},
		{"no secret", request("POST", "", formType, form(push)), noon, domain.CodeUnauthenticated},
		{"secret in the query", request("GET", "", "", "secret="+secret+"&transactionId=1"), noon, domain.CodeUnauthenticated},
		{"another content type", request("POST", secret, "text/plain", form(push)), noon, domain.CodeMalformed},
		{"another field", request("POST", secret, formType, "Push="+url.QueryEscape(push)), noon, domain.CodeMalformed},
		{"the field twice", request("POST", secret, formType, form(push)+"&"+form(push)), noon, domain.CodeMalformed},
		{"broken form", request("POST", secret, formType, "AwinTransactionPush=%zz"), noon, domain.CodeMalformed},
		{"broken JSON", request("POST", secret, formType, form(`{"transactionId":`)), noon, domain.CodeMalformed},
		{"no id", request("POST", secret, formType, form(`{"transactionDate":"2026-03-01 12:00:00"}`)), noon, domain.CodeMalformed},
		{"id of another shape", request("POST", secret, formType, form(`{"transactionId":[1]}`)), noon, domain.CodeMalformed},
		{"macro that was not replaced", request("GET", secret, "", "transactionId=!!!transactionId!!!"), noon, domain.CodeMalformed},
		{"two ids", request("GET", secret, "", "transactionId=1&transactionId=2"), noon, domain.CodeMalformed},
		{"nothing", request("POST", secret, "", ""), noon, domain.CodeMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := w.Verify(tt.r, noon)
			if code := domain.CodeOf(err); code != tt.want {
				t.Fatalf("code = %q (%v), want %q", code, err, tt.want)
			}
			if err != nil {
				return
			}
			want := []domain.WebhookNotice{{EventID: "345678901", Type: "transaction", At: tt.at}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewWebhook(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "short", "with a space in it", "with/a/slash/in/it/00", "percent%20percent%20"} {
		if _, err := awin.NewWebhook(bad); err == nil || !strings.HasPrefix(err.Error(), "webhooks.awin: ") {
			t.Errorf("%q: %v, want an error that names the setting", bad, err)
		}
	}
}

// FuzzVerify: an address without the secret is never believed, and nothing that
// comes to the right one breaks the reader.
func FuzzVerify(f *testing.F) {
	w := newWebhook(f)
	f.Add(secret[1:], []byte(form(push)), false)
	f.Add("", []byte(`{"transactionId":{}}`), false)
	f.Add(secret+"/", []byte(`transactionId=%00&transactionDate=x`), true)
	f.Fuzz(func(t *testing.T, path string, body []byte, get bool) {
		method := "POST"
		if get {
			method = "GET"
		}
		if _, err := w.Verify(request(method, path, "", string(body)), time.Time{}); err == nil && path != secret {
			t.Errorf("believed %q at %q", body, path)
		}
		notices, err := w.Verify(request(method, secret, "", string(body)), time.Time{})
		if err == nil && (len(notices) != 1 || notices[0].EventID == "") || err != nil && domain.CodeOf(err) != domain.CodeMalformed {
			t.Errorf("%q: %v, %v", body, notices, err)
		}
	})
}
