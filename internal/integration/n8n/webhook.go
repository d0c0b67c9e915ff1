// Package n8n speaks with n8n.
package n8n

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"empire/internal/domain"
)

// Setting names where the secret comes from.
const Setting = "webhooks.n8n"

// Headers of a delivery. The first two prove a signed one, the third one with a
// fixed token, which n8n's header authentication sends without any further node.
const (
	timestampHeader = "X-Empire-Timestamp"
	signatureHeader = "X-Empire-Signature"
	tokenHeader     = "X-Empire-Token"
	eventHeader     = "X-Empire-Event-Id"
)

const (
	tolerance = 5 * time.Minute
	minSecret = 16
	maxName   = 100
)

// Webhook verifies calls from workflows to /webhooks/n8n/NAME. n8n signs nothing by
// itself, so the rules are ours:
//
//	X-Empire-Signature: sha256=HEX   HMAC-SHA256 of TIMESTAMP + "." + raw body
//	X-Empire-Timestamp: TIMESTAMP    Unix seconds, at most five minutes away
//
// or X-Empire-Token with the secret itself. NAME is the type of the event.
type Webhook struct{ secret string }

// NewWebhook takes the secret that workflows sign with.
func NewWebhook(secret string) (*Webhook, error) {
	if len(secret) < minSecret || strings.TrimSpace(secret) != secret {
		return nil, domain.Invalid(Setting, "The secret has fewer than %d characters or spaces around it.", minSecret)
	}
	return &Webhook{secret}, nil
}

// Rules implements the webhook intake's Verifier.
func (*Webhook) Rules() domain.WebhookRules { return domain.WebhookRules{} }

// Verify checks the signature, or the token if there is no signature, and names the
// event: by the id in the body, else a signed one by its content and time.
func (w *Webhook) Verify(r *domain.WebhookRequest, now time.Time) ([]domain.WebhookNotice, error) {
	if !validName(r.Path) {
		return nil, domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
	}
	if len(r.Header[signatureHeader]) == 0 {
		return w.byToken(r)
	}
	signature, ok := r.HeaderValue(signatureHeader)
	stamp, okStamp := r.HeaderValue(timestampHeader)
	if !ok || !okStamp {
		return nil, domain.NotAuthentic("A signed delivery has one " + signatureHeader + " and one " + timestampHeader + ".")
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil {
		return nil, domain.NotAuthentic("The signature is not hexadecimal.")
	}
	mac := hmac.New(sha256.New, []byte(w.secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(r.Body)
	sum := mac.Sum(nil)
	if !hmac.Equal(given, sum) {
		return nil, domain.NotAuthentic("The signature is wrong.")
	}
	if err := domain.CheckWebhookTime(stamp, now, tolerance); err != nil {
		return nil, err
	}
	id, err := bodyID(r)
	if err != nil {
		return nil, err
	}
	if id == "" { // the header is not signed; the content with its time is
		digest := sha256.Sum256(append([]byte(stamp+"."), r.Body...))
		id = "sha256:" + hex.EncodeToString(digest[:])
	}
	return []domain.WebhookNotice{{EventID: id, Type: r.Path}}, nil
}

// byToken checks a delivery that carries the secret. Nothing in it tells two calls
// with equal bodies apart, so it must name its event.
func (w *Webhook) byToken(r *domain.WebhookRequest) ([]domain.WebhookNotice, error) {
	token, ok := r.HeaderValue(tokenHeader)
	if !ok {
		return nil, domain.NotAuthentic("The delivery has neither " + signatureHeader + " nor " + tokenHeader + ".")
	}
	if !domain.SameSecret(token, w.secret) {
		return nil, domain.NotAuthentic("The token is wrong.")
	}
	id, err := bodyID(r)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id, ok = r.HeaderValue(eventHeader)
		if !ok {
			return nil, domain.Unreadable("The event has no name: send an id in the body, or the header %s.", eventHeader)
		}
	}
	return []domain.WebhookNotice{{EventID: id, Type: r.Path}}, nil
}

// bodyID returns the member "id" of a JSON object, a text or a number; "" if the
// body has none or is something else than JSON.
func bodyID(r *domain.WebhookRequest) (string, error) {
	if len(r.Header["Content-Type"]) == 0 || !r.IsType("application/json") {
		return "", nil
	}
	if !json.Valid(r.Body) {
		return "", domain.Unreadable("The body is not JSON.")
	}
	var o struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(r.Body, &o); err != nil {
		return "", nil //nolint:nilerr // a list or a number has no id
	}
	var name string
	if err := json.Unmarshal(o.ID, &name); err == nil {
		return name, nil
	}
	var number json.Number
	if err := json.Unmarshal(o.ID, &number); err != nil {
		return "", nil //nolint:nilerr // null, an object, or missing
	}
	return number.String(), nil
}

// validName reports whether a path names a kind of event: lower-case letters,
// digits and . _ - /.
func validName(path string) bool {
	return path != "" && len(path) <= maxName && strings.Trim(path, "abcdefghijklmnopqrstuvwxyz0123456789._-/") == ""
}
