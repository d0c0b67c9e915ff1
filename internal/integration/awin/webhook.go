// Package awin speaks with AWIN, as a publisher.
package awin

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"empire/internal/domain"
)

// Setting names where the secret comes from.
const Setting = "webhooks.awin"

const (
	minSecret = 16
	pushField = "AwinTransactionPush"
	// typeTransaction is the only kind of event: a transaction was recorded. Later
	// changes of it are not pushed.
	typeTransaction = "transaction"
)

// Webhook verifies transaction notifications. AWIN signs nothing, so the address
// itself is the secret: /webhooks/awin/SECRET. What a notification says is checked
// against the API before money depends on it.
//
// A POST is a form whose field AwinTransactionPush is a JSON text, or that JSON
// itself; a GET has the macros of the same names as its query.
type Webhook struct{ secret string }

// NewWebhook takes the secret part of the address.
func NewWebhook(secret string) (*Webhook, error) {
	if len(secret) < minSecret || url.PathEscape(secret) != secret {
		return nil, domain.Invalid(Setting, "The secret has fewer than %d characters, or some that do not fit into an address.", minSecret)
	}
	return &Webhook{secret}, nil
}

// Rules implements the webhook intake's Verifier.
func (*Webhook) Rules() domain.WebhookRules { return domain.WebhookRules{GET: true} }

// Verify compares the address with the secret and reads the transaction.
func (w *Webhook) Verify(r *domain.WebhookRequest, _ time.Time) ([]domain.WebhookNotice, error) {
	if !domain.SameSecret(r.Path, w.secret) {
		return nil, domain.NotAuthentic("The address does not end with the secret.")
	}
	t, err := read(r)
	if err != nil {
		return nil, err
	}
	if t.ID == "" || strings.Contains(t.ID, "!!!") {
		return nil, domain.Unreadable("The notification has no transactionId.")
	}
	n := domain.WebhookNotice{EventID: t.ID, Type: typeTransaction}
	if at, err := time.Parse(time.DateTime, t.Date); err == nil { // UTC
		n.At = at
	}
	return []domain.WebhookNotice{n}, nil
}

// transaction is what the intake needs of a notification. All values are texts;
// the id is also taken as a number.
type transaction struct {
	ID   string
	Date string
}

func read(r *domain.WebhookRequest) (transaction, error) {
	if r.IsGet() {
		q, err := url.ParseQuery(r.Query)
		if err != nil || len(q["transactionId"]) > 1 {
			return transaction{}, domain.Unreadable("The query cannot be read.")
		}
		return transaction{q.Get("transactionId"), q.Get("transactionDate")}, nil
	}
	raw := r.Body
	switch {
	case !r.IsType("application/json", "application/x-www-form-urlencoded"):
		return transaction{}, domain.Unreadable("The body is neither a form nor JSON.")
	case !looksLikeObject(raw):
		form, err := url.ParseQuery(string(raw))
		if err != nil || len(form[pushField]) != 1 {
			return transaction{}, domain.Unreadable("The form has no field %s.", pushField)
		}
		raw = []byte(form.Get(pushField))
	}
	var t struct {
		ID   json.RawMessage `json:"transactionId"`
		Date string          `json:"transactionDate"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return transaction{}, domain.Unreadable("The notification is not a JSON object.")
	}
	id := ""
	if json.Unmarshal(t.ID, &id) != nil {
		id = string(t.ID)
		if strings.Trim(id, "0123456789") != "" {
			id = ""
		}
	}
	return transaction{id, t.Date}, nil
}

func looksLikeObject(raw []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(raw[:min(len(raw), 64)]), " \t\r\n"), "{")
}
