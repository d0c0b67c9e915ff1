// Package mailgun speaks with Mailgun.
package mailgun

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"empire/internal/domain"
)

// Setting names where the signing key comes from.
const Setting = "webhooks.mailgun"

// tolerance is how far a delivery's timestamp may be away. The vendor names none.
const tolerance = 10 * time.Minute

// maxToken bounds the vendor's random token, which has 50 characters.
const maxToken = 100

// Webhook verifies deliveries. Their signature covers a timestamp and a token, but
// not the event itself: what keeps a seen signature from being used for another
// event is that a token is taken for one content only.
type Webhook struct{ key []byte }

// NewWebhook takes the HTTP webhook signing key, which is not the API key.
func NewWebhook(key string) (*Webhook, error) {
	if strings.TrimSpace(key) == "" || strings.TrimSpace(key) != key {
		return nil, domain.Invalid(Setting, "The HTTP webhook signing key is empty or has spaces around it.")
	}
	return &Webhook{[]byte(key)}, nil
}

// Rules implements the webhook intake's Verifier.
func (*Webhook) Rules() domain.WebhookRules { return domain.WebhookRules{} }

// signed is the part of a delivery that proves where it is from.
type signed struct {
	Signature struct {
		Timestamp text   `json:"timestamp"`
		Token     string `json:"token"`
		Signature string `json:"signature"`
	} `json:"signature"`
	Event json.RawMessage `json:"event-data"`
}

// text is a JSON string, or a number in its own digits.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	*t = text(n)
	return err
}

// Verify checks the signature that is part of the body, then its timestamp, and
// reads the event. A body without a signature that can be read is not authentic.
func (w *Webhook) Verify(r *domain.WebhookRequest, now time.Time) ([]domain.WebhookNotice, error) {
	if r.Path != "" {
		return nil, domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
	}
	var d signed
	if err := json.Unmarshal(r.Body, &d); err != nil {
		return nil, domain.NotAuthentic("The delivery has no signature that can be read.")
	}
	s := d.Signature
	given, err := hex.DecodeString(s.Signature)
	if err != nil || s.Token == "" || len(s.Token) > maxToken {
		return nil, domain.NotAuthentic("The delivery is not signed.")
	}
	mac := hmac.New(sha256.New, w.key)
	mac.Write([]byte(string(s.Timestamp) + s.Token))
	if !hmac.Equal(given, mac.Sum(nil)) {
		return nil, domain.NotAuthentic("The signature is wrong.")
	}
	if err := domain.CheckWebhookTime(string(s.Timestamp), now, tolerance); err != nil {
		return nil, err
	}
	if !r.IsType("application/json") {
		return nil, domain.Unreadable("The body is not application/json.")
	}
	n, err := notice(d.Event)
	if err != nil {
		return nil, err
	}
	// Together, so that no digit can move from one to the other.
	n.Nonce = string(s.Timestamp) + s.Token
	return []domain.WebhookNotice{n}, nil
}

// notice reads the event. The vendor promises that its id is unique within a day, so
// the day belongs to it.
func notice(raw json.RawMessage) (domain.WebhookNotice, error) {
	var e struct {
		ID        string  `json:"id"`
		Event     string  `json:"event"`
		Timestamp float64 `json:"timestamp"`
	}
	if err := json.Unmarshal(raw, &e); err != nil || e.ID == "" || e.Event == "" {
		return domain.WebhookNotice{}, domain.Unreadable("The event-data has no id or no event.")
	}
	n := domain.WebhookNotice{EventID: e.ID, Type: e.Event}
	if e.Timestamp > 0 && e.Timestamp < 1e11 {
		n.At = time.UnixMicro(int64(e.Timestamp * 1e6)).UTC()
		n.EventID = n.At.Format(time.DateOnly) + "/" + e.ID
	}
	return n, nil
}
