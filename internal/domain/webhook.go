package domain

import (
	"crypto/subtle"
	"mime"
	"net/textproto"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// WebhookEventID identifies a received event: hook_….
type WebhookEventID string

// WebhookDeliveryID identifies a request that brought events: dlv_….
type WebhookDeliveryID string

// WebhookState says how far a received event got.
type WebhookState string

// The states of an event.
const (
	WebhookStored    WebhookState = "stored"    // a job will process it
	WebhookProcessed WebhookState = "processed" // done, once
	WebhookIgnored   WebhookState = "ignored"   // of a type that nothing acts on
	WebhookFailed    WebhookState = "failed"    // the last attempt failed, or it could not be read
	WebhookRejected  WebhookState = "rejected"  // its signature or time was wrong; nothing in it is believed
)

// WebhookUnreadable is the type of the event that stands for a delivery in which no
// event could be read.
const WebhookUnreadable = "unreadable"

// WebhookRequest is a delivery as it came, for the provider's rules to check.
type WebhookRequest struct {
	Method string
	Path   string // below /webhooks/PROVIDER/, without slashes at its ends
	Query  string // raw
	Header map[string][]string
	Body   []byte // byte for byte: signatures are over it
}

// HeaderValue returns the only value of a header; not ok if there is none, or
// several, of which a proxy might read another one than we do.
func (r *WebhookRequest) HeaderValue(name string) (value string, ok bool) {
	values := r.Header[textproto.CanonicalMIMEHeaderKey(name)]
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], true
}

// IsType reports whether the request says that its body is of one of the media
// types, or does not say anything.
func (r *WebhookRequest) IsType(kinds ...string) bool {
	values := r.Header["Content-Type"]
	if len(values) == 0 || values[0] == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(values[0])
	return err == nil && len(values) == 1 && slices.Contains(kinds, kind)
}

// methodGet is http.MethodGet; what does no I/O does not import net/http.
const methodGet = "GET"

// IsGet reports whether the delivery has no body: its query is what it tells.
func (r *WebhookRequest) IsGet() bool { return r.Method == methodGet }

// Raw returns what the delivery holds: its body, or the query of a GET.
func (r *WebhookRequest) Raw() []byte {
	if r.IsGet() {
		return []byte(r.Query)
	}
	return r.Body
}

// WebhookRules are what a provider expects beside a POST that is answered with 200.
type WebhookRules struct {
	GET   bool   // it also calls with GET
	Reply string // text of the answer; empty: a JSON summary
}

// WebhookNotice is what a verified delivery tells: one event. A delivery may hold
// several.
type WebhookNotice struct {
	EventID string // of the provider; the same in every delivery of the event
	Type    string // in the provider's words
	At      time.Time
	// Nonce must not come again with other content, by the provider's rules; empty:
	// it has none. All notices of a delivery have the same.
	Nonce string
}

// Bounds of what a notice may hold.
const (
	maxWebhookEventID = 200
	maxWebhookType    = 100
)

// Validate checks that a notice can be stored: an event without a name would make
// all such events one.
func (n *WebhookNotice) Validate() error {
	if !plainName(n.EventID, maxWebhookEventID) {
		return Errorf(CodeMalformed, "An event has no id of 1 to %d visible characters.", maxWebhookEventID)
	}
	if !plainName(n.Type, maxWebhookType) {
		return Errorf(CodeMalformed, "An event has no type of 1 to %d visible characters.", maxWebhookType)
	}
	if len(n.Nonce) > maxWebhookEventID || n.Nonce != "" && !plainName(n.Nonce, maxWebhookEventID) {
		return Errorf(CodeMalformed, "A delivery has an unusable token.")
	}
	return nil
}

func plainName(s string, longest int) bool {
	if s == "" || len(s) > longest || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// WebhookDelivery is a request that brought events. Body is kept byte for byte for a
// while and is nil after that.
type WebhookDelivery struct {
	ID         WebhookDeliveryID
	Provider   string            // awin, digistore24, n8n, sendgrid, mailgun
	Method     string            // of a GET, Body is the query
	Header     map[string]string // those worth keeping; never a credential
	Body       []byte
	SHA256     string // of Body, hex
	Size       int    // of Body, in bytes
	Nonce      string // see WebhookNotice
	ReceivedAt time.Time
}

// WebhookEvent is one event of a delivery.
type WebhookEvent struct {
	ID          WebhookEventID
	DeliveryID  WebhookDeliveryID
	Provider    string
	EventID     string // of the provider; unique with Provider
	Type        string // in the provider's words
	Position    int    // in the delivery, from 0
	State       WebhookState
	Attempts    int
	Error       string     // of the last attempt
	OccurredAt  *time.Time // as the provider says; nil if it does not
	ReceivedAt  time.Time
	ProcessedAt *time.Time // also when it was ignored
}

// WebhookFilter selects events. Empty fields select all.
type WebhookFilter struct {
	Provider string
	State    WebhookState
}

// WebhookReceipt says what a delivery brought.
type WebhookReceipt struct {
	Received int // events in the delivery
	New      int // of which were not known before
}

// NotAuthentic returns the error for a delivery that nobody with the key has signed
// just now. The reason is for whoever set up the webhook.
func NotAuthentic(reason string) *Error { return Errorf(CodeUnauthenticated, "%s", reason) }

// Unreadable returns the error for a delivery that is authentic but cannot be read.
func Unreadable(format string, args ...any) *Error { return Errorf(CodeMalformed, format, args...) }

// CheckWebhookTime refuses a Unix time in seconds, as decimal digits, that is more
// than the tolerance away from now.
func CheckWebhookTime(stamp string, now time.Time, tolerance time.Duration) error {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(stamp) > 12 || stamp[0] < '0' || stamp[0] > '9' {
		return NotAuthentic("The timestamp is not in Unix seconds.")
	}
	at := time.Unix(seconds, 0)
	switch {
	case at.Before(now.Add(-tolerance)):
		return NotAuthentic("The timestamp is too old: the delivery may be a repetition.")
	case at.After(now.Add(tolerance)):
		return NotAuthentic("The timestamp is ahead of this machine's clock.")
	}
	return nil
}

// SameSecret compares two texts in a time that does not depend on where they differ.
func SameSecret(given, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}
