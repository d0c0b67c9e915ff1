package sendgrid_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/integration/sendgrid"
)

var now = time.Unix(1_772_366_400, 0)

const body = `[{"email":"erika@example.com","event":"bounce","sg_event_id":"ev1","timestamp":1772366390,"category":["a","b"]},` + "\r\n" +
	`{"event":"delivered","sg_event_id":"ev2","timestamp":1772366391.5},{"event":"brand_new"},{"event":"bounce","sg_event_id":"ev1"}]` + "\r\n"

// signer is the vendor's side.
type signer struct{ key *ecdsa.PrivateKey }

func newSigner(t testing.TB) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

func (s signer) public(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func (s signer) request(t testing.TB, at time.Time, body string) *domain.WebhookRequest {
	t.Helper()
	stamp := fmt.Sprint(at.Unix())
	sum := sha256.Sum256([]byte(stamp + body))
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return &domain.WebhookRequest{Method: "POST", Body: []byte(body), Header: map[string][]string{
		"Content-Type": {"application/json; charset=utf-8"}, "X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
		"X-Twilio-Email-Event-Webhook-Signature": {base64.StdEncoding.EncodeToString(signature)},
	}}
}

func newWebhook(t testing.TB, key string) *sendgrid.Webhook {
	t.Helper()
	w, err := sendgrid.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestVerify(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	w := newWebhook(t, s.public(t))
	const signature, stamp = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
	for _, tt := range []struct {
		name   string
		at     time.Time
		body   string
		change func(r *domain.WebhookRequest)
		want   domain.Code
	}{
		{"right", now, body, nil, ""},
		{"nine minutes old", now.Add(-9 * time.Minute), body, nil, ""},
		{"nine minutes ahead", now.Add(9 * time.Minute), body, nil, ""},
		{"stale", now.Add(-11 * time.Minute), body, nil, domain.CodeUnauthenticated},
		{"from the future", now.Add(11 * time.Minute), body, nil, domain.CodeUnauthenticated},
		{"no events", now, `[]`, nil, ""},
		{"without a content type", now, body, func(r *domain.WebhookRequest) { delete(r.Header, "Content-Type") }, ""},
		{"another signer", now, body, func(r *domain.WebhookRequest) { r.Header = newSigner(t).request(t, now, body).Header }, domain.CodeUnauthenticated},
		{"one bit of the body", now, body, func(r *domain.WebhookRequest) { r.Body[40] ^= 1 }, domain.CodeUnauthenticated},
		{"without the last line end", now, body, func(r *domain.WebhookRequest) { r.Body = r.Body[:len(r.Body)-2] }, domain.CodeUnauthenticated},
		{"fresh time, old signature", now.Add(-time.Hour), body, func(r *domain.WebhookRequest) { r.Header[stamp] = []string{fmt.Sprint(now.Unix())} }, domain.CodeUnauthenticated},
		{"no signature", now, body, func(r *domain.WebhookRequest) { delete(r.Header, signature) }, domain.CodeUnauthenticated},
		{"no timestamp", now, body, func(r *domain.WebhookRequest) { delete(r.Header, stamp) }, domain.CodeUnauthenticated},
		{"empty signature", now, body, func(r *domain.WebhookRequest) { r.Header[signature] = []string{""} }, domain.CodeUnauthenticated},
		{"not base64", now, body, func(r *domain.WebhookRequest) { r.Header[signature] = []string{"%%"} }, domain.CodeUnauthenticated},
		{"two signatures", now, body, func(r *domain.WebhookRequest) { r.Header[signature] = append(r.Header[signature], "x") }, domain.CodeUnauthenticated},
		{"two timestamps", now, body, func(r *domain.WebhookRequest) { r.Header[stamp] = append(r.Header[stamp], "1") }, domain.CodeUnauthenticated},
		{"another content type", now, body, func(r *domain.WebhookRequest) { r.Header["Content-Type"] = []string{"text/plain"} }, domain.CodeMalformed},
		{"an object", now, `{"event":"bounce"}`, nil, domain.CodeMalformed},
		{"cut off", now, `[{"event":"bounce"}`, nil, domain.CodeMalformed},
		{"no type", now, `[{"sg_event_id":"x"}]`, nil, domain.CodeMalformed},
		{"a number inside", now, `[1]`, nil, domain.CodeMalformed},
		{"another path", now, body, func(r *domain.WebhookRequest) { r.Path = "x" }, domain.CodeNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := s.request(t, tt.at, tt.body)
			if tt.change != nil {
				tt.change(r)
			}
			notices, err := w.Verify(r, now)
			if got := domain.CodeOf(err); got != tt.want {
				t.Errorf("code = %q (%v), want %q", got, err, tt.want)
			}
			if err != nil && notices != nil {
				t.Errorf("refused with events %v", notices)
			}
		})
	}
}

func TestVerifyReadsEvents(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	got, err := newWebhook(t, s.public(t)).Verify(s.request(t, now, body), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) == 4 && strings.HasPrefix(got[2].EventID, "sha256:") {
		got[2].EventID = "by content"
	}
	want := []domain.WebhookNotice{
		{EventID: "ev1", Type: "bounce", At: time.Unix(1772366390, 0).UTC()},
		{EventID: "ev2", Type: "delivered", At: time.Unix(1772366391, 5e8).UTC()},
		{EventID: "by content", Type: "brand_new"},
		{EventID: "ev1", Type: "bounce"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestNewWebhook(t *testing.T) {
	t.Parallel()
	der := func(key any) []byte {
		raw, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	s := newSigner(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	armored := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der(&s.key.PublicKey)}))
	for _, tt := range []struct {
		name, key string
		ok        bool
	}{
		{"as shown", s.public(t), true},
		{"with armor", armored, true},
		{"empty", "", false},
		{"not base64", "SG.secret", false},
		{"not a key", "AAAA", false},
		{"RSA", base64.StdEncoding.EncodeToString(der(&rsaKey.PublicKey)), false},
		{"P-384", base64.StdEncoding.EncodeToString(der(&p384.PublicKey)), false},
		{"Ed25519", base64.StdEncoding.EncodeToString(der(ed)), false},
	} {
		_, err := sendgrid.NewWebhook(tt.key)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, want ok = %v", tt.name, err, tt.ok)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "webhooks.sendgrid: ") || tt.key != "" && strings.Contains(err.Error(), tt.key)) {
			t.Errorf("%s: error %q does not name the setting, or tells the value", tt.name, err)
		}
	}
}

// FuzzVerify: nothing is believed that the key has not signed, and whatever it has
// signed does not break the reader.
func FuzzVerify(f *testing.F) {
	s := newSigner(f)
	w := newWebhook(f, s.public(f))
	good := s.request(f, now, body)
	for _, text := range []string{body, `[]`, `[{"event":"x","timestamp":1e300}]`, `[{"event":"\u0000"}]`, `[null]`, "\xff"} {
		f.Add([]byte(text), good.Header["X-Twilio-Email-Event-Webhook-Signature"][0], fmt.Sprint(now.Unix()))
	}
	f.Fuzz(func(t *testing.T, raw []byte, signature, stamp string) {
		r := &domain.WebhookRequest{Method: "POST", Body: raw, Header: map[string][]string{
			"X-Twilio-Email-Event-Webhook-Signature": {signature}, "X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
		}}
		sent := bytes.Equal(append([]byte(stamp), raw...), append([]byte(fmt.Sprint(now.Unix())), body...))
		if _, err := w.Verify(r, now); err == nil && !sent {
			t.Errorf("believed %q with signature %q at %q", raw, signature, stamp)
		}
		if _, err := w.Verify(s.request(t, now, string(raw)), now); err != nil && domain.CodeOf(err) != domain.CodeMalformed {
			t.Errorf("signed %q: %v", raw, err)
		}
	})
}
