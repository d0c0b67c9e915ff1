// Package digistore24 speaks with Digistore24.
package digistore24

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"empire/internal/domain"
)

// Setting names where the passphrase comes from.
const Setting = "webhooks.digistore24"

// maxPassphrase is the vendor's limit.
const maxPassphrase = 63

// Webhook verifies the two kinds of news that Digistore24 sends.
//
//	POST /webhooks/digistore24           IPN of type "Generic" for vendors, signed in sha_sign
//	GET  /webhooks/digistore24           the check of the address when it is set up
//	GET  /webhooks/digistore24/TOKEN     S2S postback for affiliates, not signed
//
// An IPN has no time and no nonce: that it counts once rests on the event's id.
type Webhook struct {
	passphrase string
	token      string
}

// NewWebhook takes the passphrase of the IPN connection.
func NewWebhook(passphrase string) (*Webhook, error) {
	if strings.TrimSpace(passphrase) == "" || len(passphrase) > maxPassphrase {
		return nil, domain.Invalid(Setting, "The IPN passphrase is empty or longer than %d characters.", maxPassphrase)
	}
	return &Webhook{passphrase, PostbackToken(passphrase)}, nil
}

// PostbackToken returns the secret part of the address for postbacks: it follows
// from the passphrase without telling it.
func PostbackToken(passphrase string) string {
	mac := hmac.New(sha256.New, []byte(passphrase))
	mac.Write([]byte("digistore24 postback"))
	return hex.EncodeToString(mac.Sum(nil))
}

// Rules implements the webhook intake's Verifier. The vendor repeats what was not
// answered with OK, for ten days.
func (*Webhook) Rules() domain.WebhookRules { return domain.WebhookRules{GET: true, Reply: "OK"} }

// Verify checks the signature of an IPN, or the address of a postback, and reads
// the event.
func (w *Webhook) Verify(r *domain.WebhookRequest, _ time.Time) ([]domain.WebhookNotice, error) {
	switch {
	case r.Path != "" && !r.IsGet():
		return nil, domain.Errorf(domain.CodeNotFound, "There is nothing at this address.")
	case r.Path != "":
		return w.postback(r)
	case r.IsGet() && r.Query == "":
		return nil, nil // nothing is told, nothing is believed
	case r.IsGet():
		return nil, domain.NotAuthentic("A postback needs the token in its address.")
	}
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil, domain.NotAuthentic("The form cannot be read, so its signature cannot be checked.")
	}
	params, err := w.checkSignature(form)
	if err != nil {
		return nil, err
	}
	if !r.IsType("application/x-www-form-urlencoded") {
		return nil, domain.Unreadable("The body is not a form.")
	}
	return ipn(params)
}

// ipn names the event of an IPN. A booking is one transaction and item of an order,
// and counts once however often it is told; other news are told apart by all that
// they say.
func ipn(p map[string]string) ([]domain.WebhookNotice, error) {
	event := p["event"]
	if event == "" {
		return nil, domain.Unreadable("The notification has no event.")
	}
	id := event + ":sha512:" + strings.ToLower(p[signField])
	if booking[event] && p["transaction_id"] != "" {
		id = event + ":" + p["transaction_id"] + ":" + p["order_item_id"]
	}
	n := domain.WebhookNotice{EventID: id, Type: event}
	if at, err := time.ParseInLocation(time.DateTime, p["transaction_date"]+" "+p["transaction_time"], berlin); err == nil {
		n.At = at.UTC()
	}
	return []domain.WebhookNotice{n}, nil
}

// booking are the events that move money.
var booking = map[string]bool{"on_payment": true, "on_refund": true, "on_chargeback": true}

// berlin is the zone of the vendor's times, which carry none.
var berlin = func() *time.Location {
	if l, err := time.LoadLocation("Europe/Berlin"); err == nil {
		return l
	}
	return time.FixedZone("CET", 3600) // a machine without zone data
}()

// postback reads what an affiliate is told. The template of its address must name
// transaction_id and transaction_type; see docs/webhooks.md.
func (w *Webhook) postback(r *domain.WebhookRequest) ([]domain.WebhookNotice, error) {
	if !domain.SameSecret(r.Path, w.token) {
		return nil, domain.NotAuthentic("The address does not end with the token.")
	}
	q, err := url.ParseQuery(r.Query)
	if err != nil {
		return nil, domain.Unreadable("The query cannot be read.")
	}
	for _, name := range []string{"transaction_id", "transaction_type"} {
		if v := q[name]; len(v) != 1 || v[0] == "" || strings.ContainsAny(v[0], "{}") {
			return nil, domain.Unreadable("The postback does not say its %s.", name)
		}
	}
	kind := q.Get("transaction_type")
	return []domain.WebhookNotice{{
		EventID: "postback:" + kind + ":" + q.Get("transaction_id"), Type: "postback_" + kind,
	}}, nil
}
