// Package sendgrid speaks with SendGrid.
package sendgrid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"empire/internal/domain"
)

// Setting names where the verification key comes from.
const Setting = "webhooks.sendgrid"

// Headers of a signed delivery, see
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.
const (
	signatureHeader = "X-Twilio-Email-Event-Webhook-Signature"
	timestampHeader = "X-Twilio-Email-Event-Webhook-Timestamp"
)

// tolerance is how far a delivery's timestamp may be away. The vendor names none.
const tolerance = 10 * time.Minute

// Webhook verifies deliveries of the signed event webhook.
type Webhook struct{ key *ecdsa.PublicKey }

// NewWebhook takes the verification key as the vendor shows it: the base64 of a
// public key in DER, with or without PEM armor.
func NewWebhook(key string) (*Webhook, error) {
	text := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == ' ' {
			return -1
		}
		return r
	}, strings.NewReplacer("-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "").Replace(key))
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil, domain.Invalid(Setting, "The verification key is not base64; copy it from Mail Settings, Event Webhook.")
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, domain.Invalid(Setting, "The verification key is not a public key.")
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, domain.Invalid(Setting, "The verification key is not one for ECDSA on P-256.")
	}
	return &Webhook{public}, nil
}

// Rules implements the webhook intake's Verifier.
func (*Webhook) Rules() domain.WebhookRules { return domain.WebhookRules{} }

// Verify checks the signature over timestamp and raw body, then the timestamp, and
// reads the array of events.
func (w *Webhook) Verify(r *domain.WebhookRequest, now time.Time) ([]domain.WebhookNotice, error) {
	if r.Path != "" {
		return nil, domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
	}
	text, ok := r.HeaderValue(signatureHeader)
	stamp, okStamp := r.HeaderValue(timestampHeader)
	if !ok || !okStamp {
		return nil, domain.NotAuthentic("The delivery is not signed: switch on the signed event webhook.")
	}
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, domain.NotAuthentic("The signature is not base64.")
	}
	h := sha256.New()
	h.Write([]byte(stamp))
	h.Write(r.Body)
	if !ecdsa.VerifyASN1(w.key, h.Sum(nil), signature) {
		return nil, domain.NotAuthentic("The signature is wrong.")
	}
	if err := domain.CheckWebhookTime(stamp, now, tolerance); err != nil {
		return nil, err
	}
	return notices(r)
}

// notices reads the events of an authentic delivery.
func notices(r *domain.WebhookRequest) ([]domain.WebhookNotice, error) {
	if !r.IsType("application/json") {
		return nil, domain.Unreadable("The body is not application/json.")
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(r.Body, &raw); err != nil {
		return nil, domain.Unreadable("The body is not a JSON array of events.")
	}
	out := make([]domain.WebhookNotice, 0, len(raw))
	for i, one := range raw {
		var e struct {
			ID        string  `json:"sg_event_id"`
			Event     string  `json:"event"`
			Timestamp float64 `json:"timestamp"`
		}
		if err := json.Unmarshal(one, &e); err != nil || e.Event == "" {
			return nil, domain.Unreadable("Event %d of the body is not an event.", i+1)
		}
		if e.ID == "" { // what has no name is named by its content
			sum := sha256.Sum256(one)
			e.ID = "sha256:" + hex.EncodeToString(sum[:])
		}
		n := domain.WebhookNotice{EventID: e.ID, Type: e.Event}
		if e.Timestamp > 0 && e.Timestamp < 1e11 {
			n.At = time.UnixMicro(int64(e.Timestamp * 1e6)).UTC()
		}
		out = append(out, n)
	}
	return out, nil
}
